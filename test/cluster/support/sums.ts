/** That volumes, bricks and PersistentVolumes add up: none twice, none that nobody asked for. */
import { expect } from 'vitest';
import { provisionedByAnnotation } from '../../../src/controller/annotations.ts';
import { waitFor } from '../../support/wait-for.ts';
import { patience, type TestCluster } from './cluster.ts';
import { bound, names, type ClaimRef } from './objects.ts';
import type { OwnController } from './own-controller.ts';

/** Each claim is bound to a volume of its own, with three bricks and a GID that no other one has. */
export async function eachHasOne(cluster: TestCluster, claims: readonly ClaimRef[]): Promise<void> {
  const volumes = await Promise.all(claims.map((claim) => bound(cluster, claim)));
  expect(new Set(volumes.map((volume) => names(volume).gluster)).size).toBe(claims.length);
  const gids = volumes.map(({ metadata }) => metadata?.annotations?.['pv.beta.kubernetes.io/gid']);
  expect(new Set(gids).size).toBe(claims.length);
  for (const { uid } of claims) {
    expect(new Set((await cluster.storage.bricks(uid)).map(({ node }) => node)).size).toBe(3);
  }
}

/** Waits until the nodes of an own controller hold the claims' volumes and bricks, each once, and nothing besides. */
export async function nothingElse(
  cluster: TestCluster,
  { storage }: OwnController,
  claims: readonly ClaimRef[],
): Promise<void> {
  const isOfNone = (text: string): boolean => !claims.some(({ uid }) => text.includes(uid));
  await waitFor(
    'nothing that nobody asked for is left',
    async () => {
      const stored = [...storage.volumes().map(({ name }) => name), ...storage.bricks()];
      return ![...stored, ...(await ourVolumes(cluster))].some(isOfNone);
    },
    patience,
  );
  expect(storage.volumes().filter(({ status }) => status !== 'started')).toEqual([]);
  // A thin pool and a thin volume each.
  expect(storage.bricks()).toHaveLength(2 * 3 * claims.length);
  expect(await ourVolumes(cluster)).toHaveLength(claims.length);
}

/** Names of the PersistentVolumes that the controller has made. */
async function ourVolumes({ core, provisioner }: TestCluster): Promise<string[]> {
  const { items } = await core.listPersistentVolume();
  return items
    .filter(({ metadata }) => metadata?.annotations?.[provisionedByAnnotation] === provisioner)
    .map(({ metadata }) => metadata?.name ?? '');
}
