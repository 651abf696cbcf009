import { describe, expect, it } from 'vitest';
import { findLegacy } from '../../../src/cli/legacy/cluster-side.ts';
import { viewLegacy, type LegacyView } from '../../../src/cli/legacy/view.ts';
import { legacyText } from '../../../src/cli/output/legacy.ts';
import type { StorageKnowledge } from '../../../src/controller/legacy/prospects.ts';
import type { Page } from '../../../src/kube/api.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { endpoints, persistentVolumes, type KubeObject, type Resource } from '../../../src/kube/resources.ts';
import { heketiVolume, inTreeEndpoints, inTreeVolume, type LegacyChanges } from '../../support/legacy-objects.ts';
import { FakeApi } from '../controller/fake-api.ts';

const provisioner = 'brickyard.dev/glusterfs';
const hosts = ['10.0.0.1', '10.0.0.2'];

/** Lists in pages of one object, and may forbid Endpoints as RBAC does. */
class PagedApi extends FakeApi {
  forbidden = false;

  override async *pages<T extends KubeObject>(resource: Resource<T>): AsyncGenerator<Page<T>> {
    if (this.forbidden && resource.plural === endpoints.plural) {
      throw new KubeError('endpoints is forbidden', { kind: 'status', code: 403, reason: 'Forbidden' });
    }
    const whole = await this.list(resource);
    for (const item of whole.items) {
      yield { ...whole, items: [item] };
    }
  }
}

function apiWith(...volumes: LegacyChanges[]): PagedApi {
  const api = new PagedApi();
  volumes.forEach((changes) => api.put(persistentVolumes, inTreeVolume(changes)));
  api.put(endpoints, inTreeEndpoints(hosts));
  return api;
}

const known = (volumes: readonly string[], adopted = false): StorageKnowledge => ({
  kind: 'known',
  clusters: [{ id: 'main', hosts: new Set(hosts), volumes: new Set(volumes) }],
  records: adopted ? [{ name: heketiVolume, cluster: 'main', adopted }] : [],
});
async function views(api: PagedApi, storage: StorageKnowledge): Promise<LegacyView[]> {
  return (await findLegacy(api, provisioner)).map((found) => viewLegacy(found, storage));
}

describe('legacy list', () => {
  it('reads every page, writes nothing, and sorts by name as people count', async () => {
    const api = apiWith({ name: 'old-10' }, { name: 'old-9' }, { name: 'none', spec: { glusterfs: undefined } });
    const found = await findLegacy(api, provisioner);
    expect(found.map(({ legacy }) => legacy.persistentVolume)).toEqual(['old-9', 'old-10']);
    expect(found[0]?.addresses).toEqual(hosts);
    expect(api.writes).toEqual([]);
  });

  it('goes on without Endpoints where it may not read them, by the name of the volume', async () => {
    const api = apiWith({});
    api.forbidden = true;
    const [view] = await views(api, known([heketiVolume]));
    expect(view?.endpoints.problem).toBe('Endpoints of other namespaces may not be read by this user');
    expect(view).toMatchObject({ cluster: { kind: 'told', id: 'main', by: 'volume name' }, next: { step: 'adopt' } });
  });

  it('offers adoption by name and cluster, and Retain first where the policy is Delete', async () => {
    const [view] = await views(apiWith({ name: 'old' }), known([heketiVolume]));
    expect(view?.next.commands).toEqual([
      `kubectl patch persistentvolume old -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`,
      `brickyard volume adopt ${heketiVolume} --cluster main --dry-run`,
    ]);
    const [retained] = await views(apiWith({ policy: 'Retain' }), known([heketiVolume]));
    expect(retained?.next.commands).toEqual([`brickyard volume adopt ${heketiVolume} --cluster main --dry-run`]);
  });

  it.each<[string, StorageKnowledge, LegacyView['next']['step']]>([
    ['a record', known([heketiVolume], true), 'nothing'],
    ['no such volume in gluster', known([]), 'look-into'],
    ['nobody to ask', { kind: 'unknown', reason: 'no server listens on x' }, 'ask-again'],
    ['no cluster of that kind', { kind: 'known', clusters: [], records: [] }, 'load-topology'],
  ])('says with %s what can be done next, and what the word means', async (_name, storage, step) => {
    const shown = await views(apiWith({ policy: 'Retain' }), storage);
    expect(shown.map(({ next }) => next.step)).toEqual([step]);
    const text = legacyText(shown);
    expect(text.split('\n')[1]).toMatch(new RegExp(`${step}$`));
    expect(text).toMatch(new RegExp(`^${step}: .+\\.$`, 'm'));
    expect(text).not.toContain('reclaim policy Delete');
  });
});
