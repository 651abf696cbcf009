/** What scenarios see of an installed controller, held to the nodes themselves: the real binary on the kubernetes store. */
import { CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordView } from '../../cluster/support/record-view.ts';
import { simulatedView } from '../../cluster/support/simulated-view.ts';
import type { SeenBrick, SeenNode, StorageView } from '../../cluster/support/storage-view.ts';
import { waitFor } from '../../support/wait-for.ts';
import { startWhole, type TestClaim, type Whole } from '../whole/support.ts';

let whole: Whole;
let records: StorageView;
let nodes: StorageView;

beforeAll(async () => {
  whole = await startWhole({}, { store: 'kubernetes' });
  const config = new KubeConfig();
  config.loadFromString(whole.api.kubeconfig);
  records = recordView(config.makeApiClient(CustomObjectsApi));
  nodes = simulatedView(whole.storage);
});
afterAll(async () => {
  await whole?.close();
});

const sorted = (seen: readonly (SeenBrick | SeenNode)[]): string[] =>
  seen.map((each) => JSON.stringify(each)).toSorted();

async function threeBound(): Promise<TestClaim[]> {
  const claims = await whole.createClaims(3);
  await whole.allBound(claims, 60_000);
  return claims;
}

describe('the view by records', () => {
  it('has the nodes, with zone and address', async () => {
    const seen = await records.nodes();
    expect(sorted(seen)).toEqual(sorted(await nodes.nodes()));
    expect(new Set(seen.map(({ zone }) => zone)).size).toBe(3);
  });

  it('has the volumes and the bricks of each claim, as they stand on the nodes', async () => {
    const claims = await threeBound();
    await waitFor('every record is ready', async () => (await records.volumes()).every(({ started }) => started));
    const names = claims.map(({ uid }) => `vol_${uid}`).toSorted();
    for (const view of [records, nodes]) {
      const there = (await view.volumes()).filter(({ name }) => names.includes(name));
      expect(there.map(({ name }) => name).toSorted()).toEqual(names);
      expect(there.every(({ started }) => started)).toBe(true);
    }
    for (const { uid } of claims) {
      const bricks = await records.bricks(uid);
      expect(bricks.map(({ gib }) => gib)).toEqual([1, 1, 1]);
      expect(sorted(bricks)).toEqual(sorted(await nodes.bricks(uid)));
    }
  });

  it('has a volume that is being made, and does not call it started', async () => {
    const fault = whole.storage.simulation.faults.add({ effect: { kind: 'unreachable' }, argv: 'volume create' });
    const [claim] = await whole.createClaims(1);
    const name = `vol_${claim?.uid ?? ''}`;
    const seen = await waitFor('its record is there', async () =>
      (await records.volumes()).find((volume) => volume.name === name),
    );
    expect(seen.started).toBe(false);
    whole.storage.simulation.faults.remove(fault);
    await waitFor(
      'it is started',
      async () => (await records.volumes()).find((volume) => volume.name === name)?.started,
    );
  });

  it('has nothing of a claim that is gone', async () => {
    const [claim] = await threeBound();
    expect(claim).toBeDefined();
    if (claim === undefined) {
      return;
    }
    await whole.deleteClaim(claim);
    await waitFor('its bricks are gone from the records', async () => (await records.bricks(claim.uid)).length === 0);
    expect(await nodes.bricks(claim.uid)).toEqual([]);
    expect((await records.volumes()).map(({ name }) => name)).not.toContain(`vol_${claim.uid}`);
  });
});
