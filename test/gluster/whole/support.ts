/** The whole product on real storage: sandbox API, real nodes with real bricks, and the real binary in the nodes' network. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import type { CoreV1Api, V1PersistentVolume } from '@kubernetes/client-node';
import type { KubeSandbox } from '../../../src/sandbox/api/start.ts';
import { loadTopology, startBrickyard, type BrickyardProcess } from '../../support/brickyard-process.ts';
import { prepareApi, TestClaims, type TestClaim } from '../../support/claims.ts';
import { mountSourceOf } from '../../support/mount-source.ts';
import { startTestApi } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait-for.ts';
import { startRealCluster, type RealCluster, type RealNode } from '../harness/cluster.ts';
import { openDoor } from '../harness/door.ts';
import { empty, standingOn } from '../harness/leftovers.ts';
import { onNetwork } from '../harness/namespaces.ts';
import { openWay, type Way } from './ways.ts';

export interface RealWholeOptions {
  /** How the controller reaches the nodes. */
  readonly way: Way;
  /** @default 3 */
  readonly nodes?: number;
  /** GiB that the test will write to the machine's disk. */
  readonly diskGiB: number;
  /** More of the controller's configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface RealWhole {
  readonly cluster: RealCluster;
  readonly api: KubeSandbox;
  readonly core: CoreV1Api;
  readonly claims: TestClaims;
  readonly brickyard: BrickyardProcess;
  /** Starts the controller anew, after `brickyard.kill()`. */
  restart(): Promise<void>;
  /** A node that was killed comes back as it was, with all that runs on it. */
  revive(node: RealNode): Promise<void>;
  /** Mounts a claim's volume at the client as a kubelet would: by what its PersistentVolume says, and nothing else. */
  mount(claim: TestClaim): Promise<string>;
  /** Fails unless exactly the claims' PVs, volumes, bricks, mounts and loop devices stand, each once, on every node. */
  atRest(claims: readonly TestClaim[]): Promise<void>;
  close(): Promise<void>;
}

export async function startRealWhole(options: RealWholeOptions): Promise<RealWhole> {
  const cluster = await startRealCluster(options.nodes ?? 3, { diskGiB: options.diskGiB });
  const closing: (() => Promise<void>)[] = [() => cluster.close()];
  const close = async (): Promise<void> => {
    for (const each of closing.splice(0).toReversed()) {
      await each();
    }
  };
  try {
    return await begin(cluster, options, closing, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function begin(
  cluster: RealCluster,
  { way, config }: RealWholeOptions,
  closing: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<RealWhole> {
  const api = await startTestApi();
  closing.push(() => api.close());
  closing.push(await openDoor(cluster.outer, Number(new URL(api.url).port)));
  const access = await openWay(way, cluster);
  const core = await prepareApi(api.kubeconfig, true);
  const directory = join(cluster.directory, 'controller');
  await mkdir(directory);
  const kubeconfigPath = join(directory, 'kubeconfig');
  await writeFile(kubeconfigPath, api.kubeconfig, { mode: 0o600 });
  const processOptions = {
    directory,
    kubeconfigPath,
    storage: { topology: topologyOf(cluster.nodes), access: access.config },
    under: ['setpriv', '--pdeathsig', 'KILL', '--', ...onNetwork(cluster.outer)],
    config: {
      api: { qps: 1000, burst: 1000 },
      sweepInterval: '5s',
      limits: { minBrickSize: '300Mi' },
      ...config,
    },
  };
  let brickyard = await startBrickyard(processOptions);
  closing.push(async () => {
    if (brickyard.running) {
      await brickyard.kill();
    }
  });
  await loadTopology(processOptions);
  const claims = new TestClaims(core, () => brickyard.log());
  return {
    cluster,
    api,
    core,
    claims,
    get brickyard() {
      return brickyard;
    },
    restart: async () => {
      brickyard = await startBrickyard(processOptions);
    },
    revive: async (node) => {
      await cluster.revive(node);
      await access.revived(node);
    },
    mount: async (claim) => {
      const pv = (await claims.volumes()).find((each) => each.spec?.claimRef?.uid === claim.uid);
      const source = await sourceOf(core, pv);
      return cluster.client.mount(`${source.hosts[0]}:/${source.path}`, ...others(source.hosts));
    },
    atRest: (wanted) => expectAtRest(cluster, claims, wanted),
    close,
  };
}

/** In heketi's format: every node a zone of its own. */
const topologyOf = (nodes: readonly RealNode[]): object => ({
  clusters: [
    {
      nodes: nodes.map((node, index) => ({
        node: { hostnames: { manage: [node.manage], storage: [node.storage] }, zone: index + 1 },
        devices: node.devices,
      })),
    },
  ],
});

async function sourceOf(
  core: CoreV1Api,
  pv: V1PersistentVolume | undefined,
): Promise<{ readonly hosts: readonly string[]; readonly path: string }> {
  const { endpoints, volume } = mountSourceOf(pv);
  const { subsets = [] } = await core.readNamespacedEndpoints(endpoints);
  return { path: volume, hosts: subsets.flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip)) };
}

/** As a kubelet passes the endpoints that it does not mount from. */
const others = ([, ...rest]: readonly string[]): readonly string[] =>
  rest.length === 0 ? [] : [`backup-volfile-servers=${rest.join(':')}`];

async function expectAtRest(cluster: RealCluster, claims: TestClaims, wanted: readonly TestClaim[]): Promise<void> {
  const named = (prefix: string): string[] => wanted.map(({ uid }) => `${prefix}${uid}`).sort();
  const volumes = (await claims.volumes()).map((volume) => volume.metadata?.name ?? '').sort();
  expect(volumes).toEqual(named('pvc-'));
  const gids = (await claims.volumes()).map((volume) => volume.metadata?.annotations?.['pv.beta.kubernetes.io/gid']);
  expect(new Set(gids).size).toBe(wanted.length);
  for (const node of cluster.nodes) {
    const standing = await standingOn(node);
    if (wanted.length === 0) {
      expect(standing, node.id).toEqual(empty);
    }
    // One brick of each volume on each of three nodes, each with its file, loop device, mount and process.
    expect(standing.volumes, node.id).toEqual(named('vol_'));
    const bricks = standing.directories.map((path) => path.replace(/^.*\//, '').slice(0, 36)).sort();
    expect(bricks, node.id).toEqual(named(''));
    const images = standing.files.filter((file) => file.endsWith('.xfs'));
    expect(images.map((file) => file.slice(0, 36)).sort(), node.id).toEqual(named(''));
    for (const kind of ['mounts', 'loops', 'brickProcesses'] as const) {
      expect(standing[kind], `${kind} of ${node.id}`).toHaveLength(wanted.length);
    }
  }
}

/** After a test that failed: the end of what the controller said. */
export function tellAfterFailure(whole: () => RealWhole | undefined): void {
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') {
      const log = (await whole()?.brickyard.log()) ?? 'there is no controller';
      process.stderr.write(`${log.split('\n').slice(-60).join('\n')}\n`);
    }
  });
}

/** Resolves when nothing but the claims' own is left anywhere. What is left is in the error. */
export async function settled(whole: RealWhole, wanted: readonly TestClaim[], deadline: number): Promise<void> {
  await waitFor(
    `exactly ${wanted.length} claims' things stand`,
    async () => {
      await whole.atRest(wanted);
      return true;
    },
    deadline,
  );
}
