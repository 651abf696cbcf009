/** The whole product but real storage: sandbox API, simulated nodes, and the real binary in a process that can be killed. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { KubeSandbox, KubeSandboxOptions } from '../../../src/sandbox/api/start.ts';
import { loadTopology, startBrickyard, type BrickyardProcess } from '../../support/brickyard-process.ts';
import { prepareApi, TestClaims, type TestClaim } from '../../support/claims.ts';
import { applyRecordKinds } from '../../support/record-kinds.ts';
import { startStorage, type TestStorage } from '../../support/storage.ts';
import { startTestApi } from '../../support/test-api.ts';

export type { TestClaim } from '../../support/claims.ts';

export interface Whole {
  readonly api: KubeSandbox;
  readonly storage: TestStorage;
  readonly brickyard: BrickyardProcess;
  /** Another controller on the same cluster and nodes, with a state folder of its own. To be stopped by the test. */
  standby(): Promise<BrickyardProcess>;
  /** Starts the controller anew, after `brickyard.kill()`. */
  restart(): Promise<void>;
  createClaims(count: number): Promise<TestClaim[]>;
  deleteClaim(claim: TestClaim): Promise<void>;
  allBound(claims: readonly TestClaim[], deadline: number): Promise<void>;
  /** PVs, gluster volumes and logical volumes that belong to none of the claims. */
  leftovers(claims: readonly TestClaim[]): Promise<string[]>;
  /** Fails unless exactly the claims' PVs, volumes, bricks and mounts stand, each once, and every command was understood. */
  atRest(claims: readonly TestClaim[]): Promise<void>;
  /** Successful writes of the controller to the API so far. */
  controllerWrites(): { readonly total: number; readonly byResource: Readonly<Record<string, number>> };
  close(): Promise<void>;
}

export interface WholeOptions {
  /** @default 'sqlite' */
  readonly store?: 'sqlite' | 'kubernetes';
  /** The controller stands for election, with a lease that is soon free. */
  readonly election?: boolean;
  /** No topology is loaded: the test declares its nodes. */
  readonly noTopology?: boolean;
}

/** Short, and yet not lost by a machine that does other things as well. */
const shortLease = { enabled: true, leaseDuration: '5s', renewDeadline: '4s', retryPeriod: '250ms' };

export async function startWhole(
  options: Partial<KubeSandboxOptions> = {},
  { store = 'sqlite', election = false, noTopology = false }: WholeOptions = {},
): Promise<Whole> {
  const directory = await mkdtemp(join(tmpdir(), 'brickyard-whole-'));
  const api = await startTestApi(options);
  const kubeconfigPath = join(directory, 'kubeconfig');
  await writeFile(kubeconfigPath, api.kubeconfig, { mode: 0o600 });
  const core = await prepareApi(api.kubeconfig);
  if (store === 'kubernetes') {
    await applyRecordKinds(api.kubeconfig);
  }
  const storage = await startStorage(directory);
  const processOptions = {
    directory,
    kubeconfigPath,
    storage,
    leaderElection: election,
    config: {
      api: { qps: 1000, burst: 1000 },
      sweepInterval: '1s',
      store: { kind: store },
      ...(election ? { leaderElection: shortLease } : {}),
    },
  };
  let brickyard = await startBrickyard(processOptions);
  if (!noTopology) {
    await loadTopology(processOptions);
  }

  const all = new TestClaims(core, () => brickyard.log());
  const leftovers = async (claims: readonly TestClaim[]): Promise<string[]> => {
    const uids = claims.map((claim) => claim.uid);
    const strange = (text: string): boolean => !uids.some((uid) => text.includes(uid));
    return [
      ...(await all.volumes()).map((volume) => volume.metadata?.name ?? ''),
      ...storage.volumes().map((volume) => volume.name),
      ...storage.bricks(),
    ].filter(strange);
  };
  return {
    api,
    storage,
    get brickyard() {
      return brickyard;
    },
    standby: async () => {
      const own = join(directory, 'standby');
      await mkdir(own);
      return startBrickyard({ ...processOptions, directory: own });
    },
    restart: async () => {
      brickyard = await startBrickyard(processOptions);
    },
    createClaims: (count) => all.create(count),
    deleteClaim: (claim) => all.delete(claim),
    allBound: (claims, deadline) => all.allBound(claims, deadline),
    leftovers,
    atRest: async (claims) => {
      expect(await leftovers(claims)).toEqual([]);
      const sorted = (names: readonly string[]): string[] => [...names].sort();
      const names = sorted(claims.map((claim) => `pvc-${claim.uid}`));
      expect(sorted((await all.volumes()).map((volume) => volume.metadata?.name ?? ''))).toEqual(names);
      expect(sorted(storage.volumes().map((volume) => volume.name))).toEqual(
        sorted(claims.map((claim) => `vol_${claim.uid}`)),
      );
      expect(storage.volumes().filter((volume) => volume.status !== 'started')).toEqual([]);
      expect(storage.volumes().flatMap((volume) => volume.bricks)).toHaveLength(3 * claims.length);
      // A thin pool and a thin volume a brick.
      expect(storage.bricks()).toHaveLength(2 * 3 * claims.length);
      const state = storage.simulation.inspect();
      expect(state.nodes.flatMap((node) => node.mounts)).toHaveLength(3 * claims.length);
      expect(state.notUnderstood).toEqual([]);
      const gids = (await all.volumes()).map((volume) => volume.metadata?.annotations?.['pv.beta.kubernetes.io/gid']);
      expect(new Set(gids).size).toBe(claims.length);
    },
    controllerWrites: () => {
      const writing = api.stats
        .calls()
        .filter((call) => call.userAgent.startsWith('brickyard/') && call.code < 400)
        .filter((call) => ['create', 'update', 'patch', 'delete'].includes(call.verb));
      const byResource: Record<string, number> = {};
      for (const call of writing) {
        const key = `${call.verb} ${call.resource}`;
        byResource[key] = (byResource[key] ?? 0) + call.count;
      }
      return { total: writing.reduce((sum, call) => sum + call.count, 0), byResource };
    },
    close: async () => {
      if (brickyard.running) {
        await brickyard.kill();
      }
      await storage.close();
      await api.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
