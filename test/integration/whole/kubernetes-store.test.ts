import { readFile } from 'node:fs/promises';
import { CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { waitFor } from '../../support/wait-for.ts';
import { startWhole, type TestClaim, type Whole } from './support.ts';

const group = { group: 'brickyard.dev', version: 'v1alpha1' };
const volumes = { ...group, plural: 'glustervolumes' };
const nodes = { ...group, plural: 'glusternodes' };

function customObjects(whole: Whole): CustomObjectsApi {
  const config = new KubeConfig();
  config.loadFromString(whole.api.kubeconfig);
  return config.makeApiClient(CustomObjectsApi);
}

const volumeList = z.object({
  items: z.array(z.object({ metadata: z.object({ name: z.string() }), status: z.object({ phase: z.string() }) })),
});

async function phases(api: CustomObjectsApi): Promise<Record<string, string>> {
  const { items } = volumeList.parse(await api.listClusterCustomObject(volumes));
  return Object.fromEntries(items.map(({ metadata, status }) => [metadata.name, status.phase]));
}

const nodeObject = z.object({
  metadata: z.object({ deletionTimestamp: z.string().optional() }),
  spec: z.looseObject({}),
  status: z
    .object({
      devices: z.array(z.object({ name: z.string(), size: z.number() })).optional(),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() }))
        .default([]),
    })
    .default({ conditions: [] }),
});

describe('the controller on the kubernetes store', () => {
  let whole: Whole;

  beforeAll(async () => {
    whole = await startWhole({}, { store: 'kubernetes' });
  });
  afterAll(async () => {
    await whole?.close();
  });

  it('binds claims with at most five API writes each, events included', async () => {
    const before = whole.controllerWrites().total;
    const claims = await whole.createClaims(100);
    await whole.allBound(claims, 60_000);
    await whole.atRest(claims);
    const api = customObjects(whole);
    await waitFor('every record is ready', async () =>
      Object.values(await phases(api)).every((phase) => phase === 'ready'),
    );
    expect(Object.keys(await phases(api)).toSorted()).toEqual(claims.map(({ uid }) => uid).toSorted());
    const writes = whole.controllerWrites();
    // + one Service, one Endpoints
    expect(writes.total - before, JSON.stringify(writes)).toBeLessThanOrEqual(5 * claims.length + 5);
    await Promise.all(claims.map((claim) => whole.deleteClaim(claim)));
    await waitFor('every record is gone', async () => Object.keys(await phases(api)).length === 0);
    await waitFor('no PersistentVolume is left', async () => (await whole.leftovers([])).length === 0);
    await whole.atRest([]);
  }, 180_000);

  it('carries on from its records after SIGKILL, again and again', async () => {
    let wanted: TestClaim[] = [];
    for (let round = 0; round < 8; round += 1) {
      const claims = await whole.createClaims(6);
      wanted.push(...claims);
      const doomed = wanted.splice(0, 2);
      const deleting = Promise.all(doomed.map((claim) => whole.deleteClaim(claim)));
      const target = whole.storage.commands() + round * 7;
      await waitFor('some work is done', () => whole.storage.commands() >= target);
      await whole.brickyard.kill();
      await deleting;
      await whole.restart();
    }
    await whole.allBound(wanted, 120_000);
    await waitFor('nothing unwanted is left', async () => (await whole.leftovers(wanted)).length === 0, 120_000);
    await whole.atRest(wanted);
    const api = customObjects(whole);
    await waitFor('every record is ready', async () => {
      const all = await phases(api);
      return Object.keys(all).length === wanted.length && Object.values(all).every((phase) => phase === 'ready');
    });
    wanted = [];
  }, 300_000);

  it('sets a record aside that somebody has broken by hand, and works on', async () => {
    const [broken, ...others] = await whole.createClaims(3);
    await whole.allBound([...others, ...(broken === undefined ? [] : [broken])], 60_000);
    const api = customObjects(whole);
    const name = broken?.uid ?? '';
    await waitFor('its record is ready', async () => (await phases(api))[name] === 'ready');
    // A size that the schema lets in, and that no volume can have.
    const body = [{ op: 'replace', path: '/spec/size', value: 2 ** 60 }];
    await api.patchClusterCustomObject({ ...volumes, name, body });
    await whole.brickyard.kill();
    await whole.restart();
    const more = await whole.createClaims(2);
    await whole.allBound(more, 60_000);
    expect(await whole.brickyard.log()).toMatch(new RegExp(`"id":"${name}","problem":"size: expected`));
    expect(whole.storage.volumes().map((volume) => volume.name)).toContain(`vol_${name}`);
  }, 180_000);
});

describe('two replicas on the kubernetes store', () => {
  let whole: Whole;

  beforeAll(async () => {
    whole = await startWhole({}, { store: 'kubernetes', election: true });
  });
  afterAll(async () => {
    await whole?.close();
  });

  it('take over from each other in the middle of work', async () => {
    const standby = await whole.standby();
    try {
      const first = await whole.createClaims(5);
      await whole.allBound(first, 60_000);
      await waitFor('the other stands by', async () => (await standby.log()).includes('somebody leads'));
      const target = whole.storage.commands() + 10;
      const second = await whole.createClaims(20);
      await waitFor('some work is done', () => whole.storage.commands() >= target);
      await whole.brickyard.kill();
      await whole.allBound([...first, ...second], 60_000);
      await waitFor(
        'nothing unwanted is left',
        async () => (await whole.leftovers([...first, ...second])).length === 0,
      );
      await whole.atRest([...first, ...second]);
      expect(await standby.log()).toContain('this replica leads');
    } finally {
      await standby.kill();
    }
  }, 180_000);
});

describe('a leader that stands still for longer than its lease', () => {
  let whole: Whole;

  beforeAll(async () => {
    whole = await startWhole({}, { store: 'kubernetes', election: true });
  });
  afterAll(async () => {
    await whole?.close();
  });

  /** Of all replicas, renewals of the lease left out. */
  const writes = (): number => {
    const { total, byResource } = whole.controllerWrites();
    return total - (byResource['update leases'] ?? 0);
  };

  it('ends when it goes on, and nothing of it lands that undoes or repeats what the other has done', async () => {
    const standby = await whole.standby();
    const { pid } = whole.brickyard;
    try {
      const kept = await whole.createClaims(3);
      await whole.allBound(kept, 60_000);
      await waitFor('the other stands by', async () => (await standby.log()).includes('somebody leads'));
      // Some are to go meanwhile: those that are served already, and those in the middle of whose making it stops.
      const [served, ...stay] = kept;
      const target = whole.storage.commands() + 25;
      const begun = await whole.createClaims(20);
      await waitFor('it is in the middle of some', () => whole.storage.commands() >= target);
      process.kill(pid, 'SIGSTOP');
      await waitFor('the other leads', async () => (await standby.log()).includes('this replica leads'));
      const doomed = [...begun.splice(0, 10), ...(served === undefined ? [] : [served])];
      await Promise.all(doomed.map((claim) => whole.deleteClaim(claim)));
      const wanted = [...stay, ...begun, ...(await whole.createClaims(5))];
      await whole.allBound(wanted, 60_000);
      const done = async (): Promise<boolean> => (await whole.leftovers(wanted)).length === 0;
      await waitFor('nothing unwanted is left', done);
      const api = customObjects(whole);
      await waitFor('every record is ready', async () => {
        const all = Object.values(await phases(api));
        return all.length === wanted.length && all.every((phase) => phase === 'ready');
      });
      // The other one's last events are on their way still: what is written from here on is to be the first one's.
      let [seen, since] = [writes(), performance.now()];
      await waitFor('the other one has nothing left to write', () => {
        [seen, since] = writes() === seen ? [seen, since] : [writes(), performance.now()];
        return performance.now() - since > 5_000;
      });
      const [before, data] = [writes(), whole.storage.volumes().map(({ uuid }) => uuid)];

      process.kill(pid, 'SIGCONT');
      await waitFor('the first one has ended', () => !whole.brickyard.running);
      expect(await whole.brickyard.stop()).toBe(1);
      expect(await whole.brickyard.log()).toContain('lease lost');
      expect(writes() - before).toBe(0);
      expect(whole.storage.volumes().map(({ uuid }) => uuid)).toEqual(data);
      await whole.atRest(wanted);
      await whole.allBound(wanted, 1_000);
    } finally {
      await standby.kill();
    }
  }, 240_000);
});

describe('nodes that are declared', () => {
  let whole: Whole;
  let api: CustomObjectsApi;

  beforeAll(async () => {
    whole = await startWhole({}, { store: 'kubernetes', noTopology: true });
    api = customObjects(whole);
  });
  afterAll(async () => {
    await whole?.close();
  });

  const node = async (name: string): Promise<z.infer<typeof nodeObject>> =>
    nodeObject.parse(await api.getClusterCustomObject({ ...nodes, name }));
  const ready = (name: string, status: 'True' | 'False', reason: string): Promise<unknown> =>
    waitFor(`${name} is ${reason}`, async () => {
      const { conditions } = (await node(name)).status;
      return conditions.some((each) => each.type === 'Ready' && each.status === status && each.reason === reason);
    });
  const change = (name: string, path: string, value: unknown): Promise<unknown> =>
    api.patchClusterCustomObject({ ...nodes, name, body: [{ op: 'replace', path, value }] });

  it('are prepared, and claims are placed on them', async () => {
    const example = await readFile(new URL('../../../examples/topology/gluster-node.yaml', import.meta.url), 'utf8');
    const first = z
      .looseObject({ metadata: z.object({ name: z.string() }), spec: z.looseObject({}) })
      .parse(parse(example));
    const claims = await whole.createClaims(2);
    for (const index of [1, 2, 3]) {
      const name = `storage-${index}`;
      const spec = { ...first.spec, zone: `zone-${index}`, manage: name, storage: `198.51.100.${index}` };
      await api.createClusterCustomObject({ ...nodes, body: { ...first, metadata: { name }, spec } });
    }
    for (const index of [1, 2, 3]) {
      await ready(`storage-${index}`, 'True', 'Prepared');
    }
    await whole.allBound(claims, 60_000);
    const { status, spec } = await node('storage-1');
    expect(status.devices?.map(({ name }) => name)).toEqual(['/dev/vdb', '/dev/vdc']);
    expect(status.devices?.every(({ size }) => size > 0)).toBe(true);
    // What its author wrote stands as he wrote it; the API server itself has filled in the schema's defaults.
    expect(spec).toMatchObject(first.spec);
    expect(JSON.stringify(spec)).not.toContain('reserved');
  }, 120_000);

  it('keep a device that holds bricks, and say so', async () => {
    const before = (await node('storage-1')).status.devices;
    await change('storage-1', '/spec/devices', []);
    await ready('storage-1', 'False', 'Refused');
    const { status } = await node('storage-1');
    expect(status.conditions[0]?.message).toMatch(/device \/dev\/vd. of node storage-1 .* holds \d+ bricks/);
    await whole.brickyard.kill();
    await whole.restart();
    const claims = await whole.createClaims(1);
    await change('storage-1', '/spec/devices', [{ name: '/dev/vdb' }, { name: '/dev/vdc' }]);
    await ready('storage-1', 'True', 'Prepared');
    expect((await node('storage-1')).status.devices).toEqual(before);
    await whole.allBound(claims, 60_000);
  }, 120_000);

  it('stay when they are deleted while they hold bricks, and go when they are empty', async () => {
    await api.createClusterCustomObject({
      ...nodes,
      body: {
        apiVersion: 'brickyard.dev/v1alpha1',
        kind: 'GlusterNode',
        metadata: { name: 'storage-4' },
        spec: { cluster: 'default', zone: 'zone-1', manage: 'storage-4', storage: '198.51.100.4', devices: [] },
      },
    });
    await ready('storage-4', 'True', 'Prepared');
    await api.deleteClusterCustomObject({ ...nodes, name: 'storage-4' });
    await api.deleteClusterCustomObject({ ...nodes, name: 'storage-1' });
    await ready('storage-1', 'False', 'Refused');
    await waitFor('the empty node is gone', async () => {
      const left = z
        .object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) })
        .parse(await api.listClusterCustomObject(nodes));
      return !left.items.some(({ metadata }) => metadata.name === 'storage-4');
    });
    expect((await node('storage-1')).metadata.deletionTimestamp).toBeDefined();
  }, 120_000);
});
