import { beforeEach, describe, expect, it } from 'vitest';
import { VolumeForms } from '../../../src/controller/volume-forms.ts';
import type { KubeApi, Page } from '../../../src/kube/api.ts';
import { errorFromAnswer, KubeError } from '../../../src/kube/errors.ts';
import type { NewEvent } from '../../../src/kube/event-recorder.ts';
import type { KubeObject, Resource } from '../../../src/kube/resource.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { storageClass } from './objects.ts';

/** A cluster whose nodes come in pages of two, and which can be made to refuse. */
class FakeCluster implements Pick<KubeApi, 'pages' | 'request'> {
  server: unknown = { major: '1', minor: '25+', gitVersion: 'v1.25.16' };
  kubelets: (string | undefined)[] = ['v1.25.16', 'v1.25.16', 'v1.25.3'];
  refusal: { readonly version?: KubeError; readonly nodes?: KubeError } = {};
  looks = 0;

  request(): Promise<unknown> {
    this.looks += 1;
    return this.refusal.version === undefined ? Promise.resolve(this.server) : Promise.reject(this.refusal.version);
  }

  async *pages<T extends KubeObject>(resource: Resource<T>): AsyncGenerator<Page<T>> {
    for (let from = 0; from < this.kubelets.length; from += 2) {
      if (this.refusal.nodes !== undefined) {
        throw this.refusal.nodes;
      }
      const items = this.kubelets.slice(from, from + 2).map((kubeletVersion, index) =>
        resource.parse({
          metadata: { name: `node-${from + index}`, uid: 'u', resourceVersion: '1' },
          ...(kubeletVersion === undefined ? {} : { status: { nodeInfo: { kubeletVersion, osImage: 'x' } } }),
        }),
      );
      yield await Promise.resolve({ items, unreadable: [], resourceVersion: '1' });
    }
  }
}

const denied = errorFromAnswer(403, {
  kind: 'Status',
  message: 'nodes is forbidden: User "b" cannot list resource "nodes" in API group "" at the cluster scope',
  reason: 'Forbidden',
  code: 403,
});
const noAnswer = new KubeError('no answer', { kind: 'timeout' });
const { signal } = new AbortController();

let cluster: FakeCluster;
let clock: FakeClock;
let said: NewEvent[];
let logged: string[];
let forms: VolumeForms;
beforeEach(() => {
  [cluster, clock, said, logged] = [new FakeCluster(), new FakeClock(), [], []];
  const log = { ...silentLog, warn: (_fields: object, message?: string) => void logged.push(message ?? '') };
  forms = new VolumeForms({ api: cluster, clock, log, events: { record: (event) => void said.push(event) } });
});
const one = storageClass();
const other = storageClass({ metadata: { name: 'other', uid: 'class-2', resourceVersion: '1' } });
const auto = async (asked = one): Promise<string> => {
  const outcome = await forms.of('auto', asked, signal);
  return outcome.kind === 'done' ? outcome.value : `${outcome.kind}: ${outcome.reason}`;
};

describe('the form that a class gives its PersistentVolumes', () => {
  it('is what it says, without a question to anybody', async () => {
    await expect(forms.of('csi', one, signal)).resolves.toEqual({ kind: 'done', value: 'csi' });
    await expect(forms.of('glusterfs', one, signal)).resolves.toEqual({ kind: 'done', value: 'glusterfs' });
    expect(cluster.looks).toBe(0);
  });

  it('follows the versions of all nodes, on whatever page they come', async () => {
    await expect(auto()).resolves.toBe('glusterfs');
    await clock.advance(300_000);
    cluster.kubelets = ['v1.25.16', 'v1.25.16', 'v1.26.0'];
    await expect(auto()).resolves.toBe('csi');
  });

  it('does not wait for a node whose kubelet has not said anything yet', async () => {
    cluster.kubelets = ['v1.25.16', undefined, ''];
    await expect(auto()).resolves.toBe('glusterfs');
    expect(said).toEqual([]);
  });

  it('is looked at once in five minutes, however many claims there are', async () => {
    await Promise.all(Array.from({ length: 20 }, () => auto()));
    await clock.advance(299_999);
    await auto();
    expect(cluster.looks).toBe(1);
    await clock.advance(1);
    await auto();
    expect(cluster.looks).toBe(2);
  });
});

describe('a cluster of two kinds of kubelets', () => {
  beforeEach(() => {
    cluster.server = { gitVersion: 'v1.26.4' };
    cluster.kubelets = ['v1.25.16', 'v1.26.4'];
  });

  it('is told of once in the log, and once on each class that it concerns', async () => {
    await auto();
    await auto();
    await clock.advance(300_000);
    // Nodes are upgraded one by one: other numbers are no news.
    cluster.kubelets = ['v1.26.4', 'v1.25.16', 'v1.26.4'];
    await auto(other);
    await auto();
    expect(logged).toHaveLength(1);
    expect(said.map(({ about, reason }) => `${reason} ${about.kind} ${about.name}`)).toEqual([
      'MixedKubeletVersions StorageClass gluster',
      'MixedKubeletVersions StorageClass other',
    ]);
    expect(said[0]?.message).toBe(logged[0]);
    expect(said[0]).toMatchObject({ type: 'Warning' });
  });

  it('is news again after it was none for a while', async () => {
    await auto();
    cluster.kubelets = ['v1.26.4'];
    await clock.advance(300_000);
    await auto();
    cluster.kubelets = ['v1.25.16', 'v1.26.4'];
    await clock.advance(300_000);
    await auto();
    expect(said).toHaveLength(2);
  });
});

describe('what cannot be read', () => {
  it('is done without when the right is missing: the server alone decides, and that is said', async () => {
    cluster.refusal = { nodes: denied };
    await expect(auto()).resolves.toBe('glusterfs');
    await auto();
    expect(said).toMatchObject([{ reason: 'KubeletVersionsUnknown', about: { name: 'gluster' } }]);
    expect(logged.join('\n')).toContain("the kubelets' versions may not be read");
    cluster.server = { gitVersion: 'v1.36.0' };
    await clock.advance(300_000);
    await expect(auto()).resolves.toBe('csi');
    expect(said).toHaveLength(1);
  });

  it('is no reason for a guess when there is no answer', async () => {
    cluster.refusal = { nodes: noAnswer };
    await expect(auto()).resolves.toBe('failed: the form of the PersistentVolume could not be decided: no answer');
    cluster.refusal = {};
    await expect(auto()).resolves.toBe('glusterfs');
  });

  it('holds on as it was found before, and is asked again after half a minute', async () => {
    await auto();
    await clock.advance(300_000);
    cluster.refusal = { version: noAnswer };
    await expect(auto()).resolves.toBe('glusterfs');
    await auto();
    expect(cluster.looks).toBe(2);
    await clock.advance(30_000);
    cluster.refusal = {};
    cluster.server = { gitVersion: 'v1.36.0' };
    cluster.kubelets = ['v1.36.0'];
    await expect(auto()).resolves.toBe('csi');
  });

  it('is an answer that makes no sense too', async () => {
    cluster.server = 'ok';
    await expect(auto()).resolves.toContain('GET /version: expected gitVersion as text');
  });

  it('rejects when it is the shutdown that ended the question', async () => {
    const abort = new AbortController();
    abort.abort(new Error('over'));
    cluster.refusal = { version: new KubeError('aborted', { kind: 'aborted' }) };
    await expect(forms.of('auto', one, abort.signal)).rejects.toThrow('over');
  });
});
