import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../support/cluster.ts';
import { bound, createClaim, createClass, deleteClaim, names, volumeGone, volumesOf } from '../support/objects.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterAll(async () => {
  await cluster?.close();
});

it('fifty claims at once are bound, each to one volume of its own, with a GID of its own across classes', async () => {
  const namespace = await cluster.namespace();
  const classes = await Promise.all([createClass(cluster), createClass(cluster)]);
  const claims = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      createClaim(cluster, namespace, classes[index % classes.length]?.metadata.name),
    ),
  );
  const volumes = await Promise.all(claims.map((claim) => bound(cluster, claim)));
  expect(new Set(volumes.map((volume) => names(volume).gluster)).size).toBe(50);
  expect(new Set(volumes.map((volume) => volume.metadata?.annotations?.['pv.beta.kubernetes.io/gid'])).size).toBe(50);
  expect(await volumesOf(cluster, claims)).toHaveLength(50);

  await Promise.all(claims.map((claim) => deleteClaim(cluster, claim)));
  await Promise.all(volumes.map((volume) => volumeGone(cluster, names(volume).pv)));
  expect(await volumesOf(cluster, claims)).toEqual([]);
  for (const { uid } of claims) {
    expect(await cluster.storage.bricks(uid)).toEqual([]);
  }
});
