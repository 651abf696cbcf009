import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../support/cluster.ts';
import { bound, createClaim, createClass, event, getClaim } from '../support/objects.ts';

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await startTestCluster();
  namespace = await cluster.namespace();
});

afterAll(async () => {
  await cluster?.close();
});

describe('a claim that can never work is refused with an event that says what to change', () => {
  it.each([
    ['an unknown class parameter', { parameters: { volumetpye: 'replicate:3' } }, {}, /volumetpye.*volumetype/s],
    [
      'a malformed class parameter',
      { parameters: { volumetype: 'replicate:many' } },
      {},
      /volumetype.*replicate:many/s,
    ],
    ["heketi's address in the class", { parameters: { resturl: 'http://heketi:8080' } }, {}, /resturl/],
    ['block mode', {}, { volumeMode: 'Block' }, /block/i],
    ['a selector', {}, { selector: { matchLabels: { a: 'b' } } }, /selector/],
    ['a data source', {}, { dataSource: { kind: 'PersistentVolumeClaim', name: 'other' } }, /data ?source|clone/i],
    ['more copies than nodes', { parameters: { volumetype: 'replicate:9' } }, {}, /9 nodes/],
  ])('%s', async (_what, classOverrides, spec, message) => {
    const sc = await createClass(cluster, classOverrides);
    const claim = await createClaim(cluster, namespace, sc.metadata.name, { spec });
    expect(await event(cluster, claim, 'ProvisioningFailed', message)).toBeDefined();
    expect((await getClaim(cluster, claim)).status?.phase).toBe('Pending');
  });
});

it('a refusal is lifted when the class is replaced', async () => {
  const sc = await createClass(cluster, { parameters: { volumetype: 'mirror' } });
  const claim = await createClaim(cluster, namespace, sc.metadata.name);
  await event(cluster, claim, 'ProvisioningFailed', /mirror/);
  await cluster.storageApi.deleteStorageClass({ name: sc.metadata.name });
  await createClass(cluster, { metadata: { name: sc.metadata.name }, parameters: { volumetype: 'replicate:2' } });
  await bound(cluster, claim);
});
