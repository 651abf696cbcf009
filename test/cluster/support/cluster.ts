/**
 * The cluster under test. By default a sandbox API of our own; with KUBECONFIG set (and BRICKYARD_TEST_CLUSTER not
 * `sandbox`, which `npm test` sets so that nobody's real cluster is touched by accident) whatever that file names.
 * Either way the controller is the real binary in a process of its own, and the storage nodes are simulated here.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig, StorageV1Api, VersionApi } from '@kubernetes/client-node';
import { loadTopology, startBrickyard, type BrickyardProcess } from '../../support/brickyard-process.ts';
import { startStorage, type TestStorage } from '../../support/storage.ts';
import { startTestApi } from '../../support/test-api.ts';

/** Real PV controllers may take up to 16 s to notice a deleted claim; see the sandbox's options for its own delay. */
export const patience = 60_000;

export interface TestCluster {
  readonly core: CoreV1Api;
  readonly storageApi: StorageV1Api;
  /** The provisioner name of this run: random, so that a Brickyard installed in the cluster is not in the way. */
  readonly provisioner: string;
  /** Where this run's Endpoints live. */
  readonly systemNamespace: string;
  readonly storage: TestStorage;
  readonly brickyard: BrickyardProcess;
  /** Of the API server: 32 for v1.32.4. */
  readonly minor: number;
  /** Ends the controller as SIGKILL does, and starts another one on its state. */
  killAndStart(): Promise<void>;
  /** A new namespace, removed at the end. */
  namespace(): Promise<string>;
  /** Removes at the end whatever `remove` removes. */
  cleanUp(remove: () => Promise<unknown>): void;
  close(): Promise<void>;
}

function wantedKubeconfig(): string | undefined {
  const path = process.env['KUBECONFIG'];
  return process.env['BRICKYARD_TEST_CLUSTER'] === 'sandbox' || path === undefined || path === '' ? undefined : path;
}

export async function startTestCluster(): Promise<TestCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'brickyard-cluster-'));
  const undo: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (const step of undo.toReversed()) {
      await step().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) {
      throw new AggregateError(errors, 'cleaning up after the cluster tests');
    }
  };
  try {
    let kubeconfigPath = wantedKubeconfig();
    if (kubeconfigPath === undefined) {
      const api = await startTestApi();
      undo.push(() => api.close());
      kubeconfigPath = join(directory, 'kubeconfig');
      await writeFile(kubeconfigPath, api.kubeconfig, { mode: 0o600 });
    }
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigPath);
    const core = config.makeApiClient(CoreV1Api);

    const run = randomBytes(3).toString('hex');
    const namespace = async (): Promise<string> => {
      const name = `brickyard-test-${run}-${randomBytes(3).toString('hex')}`;
      await core.createNamespace({ body: { metadata: { name } } });
      undo.push(() => core.deleteNamespace({ name }).catch(() => undefined));
      return name;
    };
    const systemNamespace = await namespace();
    const storage = await startStorage(directory);
    undo.push(() => storage.close());
    const provisioner = `test-${run}.brickyard.dev/glusterfs`;
    const options = {
      directory,
      kubeconfigPath,
      provisioner,
      namespace: systemNamespace,
      storage,
      leaderElection: true,
    };
    let brickyard = await startBrickyard(options);
    undo.push(() => brickyard.stop());
    await loadTopology(options);
    // Managed clusters say "32+".
    const { minor } = await config.makeApiClient(VersionApi).getCode();
    return {
      core,
      storageApi: config.makeApiClient(StorageV1Api),
      provisioner,
      systemNamespace,
      storage,
      get brickyard() {
        return brickyard;
      },
      minor: Number.parseInt(minor, 10),
      killAndStart: async () => {
        await brickyard.kill();
        brickyard = await startBrickyard(options);
      },
      namespace,
      cleanUp: (remove) => {
        undo.push(() => remove().catch(() => undefined));
      },
      close,
    };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}
