/**
 * The cluster under test, and the controller that serves it: place.ts says where. By default that is a sandbox API and a
 * controller of the scenario's own, out of the cluster.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApiextensionsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  StorageV1Api,
  VersionApi,
} from '@kubernetes/client-node';
import { startTestApi } from '../../support/test-api.ts';
import { startOwnController, type OwnController, type OwnControllerOptions } from './own-controller.ts';
import { placeOf, type Installed } from './place.ts';
import { lendRecordKinds } from './record-kinds.ts';
import { recordView } from './record-view.ts';
import { simulatedView } from './simulated-view.ts';
import type { StorageView } from './storage-view.ts';
import { takeAway } from './take-away.ts';

/** Real PV controllers may take up to 16 s to notice a deleted claim; see the sandbox's options for its own delay. */
export const patience = 60_000;

/** The API of the cluster, in its parts. */
export interface ClusterApi {
  readonly core: CoreV1Api;
  readonly storageApi: StorageV1Api;
  readonly custom: CustomObjectsApi;
  readonly definitions: ApiextensionsV1Api;
  /** For whoever speaks to it by other means. */
  readonly kubeconfig: string;
}

export interface TestCluster extends ClusterApi {
  /** Of an own controller random, so that a Brickyard installed in the cluster is not in the way. */
  readonly provisioner: string;
  /** Where the controller's Endpoints live. */
  readonly systemNamespace: string;
  readonly storage: StorageView;
  readonly own: OwnController | undefined;
  /** Why there is no own controller, where there is none. */
  readonly withoutOwn: string;
  /** Of the API server: 32 for v1.32.4. */
  readonly minor: number;
  /** A new namespace, removed at the end with all volumes of its claims, retained ones too. */
  namespace(): Promise<string>;
  /** Removes at the end whatever `remove` removes. The last one comes first; all before the controller ends. */
  cleanUp(remove: () => Promise<unknown>): void;
  close(): Promise<void>;
}

export interface TestClusterOptions extends OwnControllerOptions {
  /** What an own controller keeps its records in. @default 'sqlite' */
  readonly store?: 'sqlite' | 'kubernetes';
}

/** `options` are for an own controller; scenarios that live on them ask for `ownOf(...)`. */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (const step of undo.splice(0).toReversed()) {
      await step().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) {
      throw new AggregateError(errors, 'cleaning up after the cluster tests');
    }
  };
  try {
    return { ...(await setUp(options, undo)), close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

/** `undo`: what has to be done at the end, the last first. */
async function setUp(
  options: TestClusterOptions,
  undo: (() => Promise<unknown>)[],
): Promise<Omit<TestCluster, 'close'>> {
  const { kubeconfig, installed } = placeOf(process.env);
  const directory = await mkdtemp(join(tmpdir(), 'brickyard-cluster-'));
  undo.push(() => rm(directory, { recursive: true, force: true }));
  const kubeconfigPath = kubeconfig ?? (await startSandbox(directory, undo));
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  const api = apiOf(config);
  const cleanUp: TestCluster['cleanUp'] = (remove) => {
    undo.push(() => remove().catch(() => undefined));
  };
  const run = randomBytes(3).toString('hex');
  const newNamespace = async (): Promise<string> => {
    const name = `brickyard-test-${run}-${randomBytes(3).toString('hex')}`;
    await api.core.createNamespace({ body: { metadata: { name } } });
    return name;
  };
  const service =
    installed === undefined
      ? await startOwn({ api, cleanUp, newNamespace, directory, kubeconfigPath, run }, options)
      : servedBy(api, installed, 'not with BRICKYARD_TEST_CONTROLLER=cluster');
  const { own, provisioner } = service;
  if (own !== undefined) {
    undo.push(() => own.close());
  }
  // Managed clusters say "32+".
  const { minor } = await config.makeApiClient(VersionApi).getCode();
  return {
    ...api,
    ...service,
    minor: Number.parseInt(minor, 10),
    namespace: async () => {
      const name = await newNamespace();
      undo.push(() => {
        own?.storage.simulation.faults.clear();
        return takeAway(api.core, name, provisioner, patience);
      });
      return name;
    },
    cleanUp,
  };
}

/** Who serves the claims, and what can be seen of the storage. */
type Service = Pick<TestCluster, 'provisioner' | 'systemNamespace' | 'storage' | 'own' | 'withoutOwn'>;

const servedBy = ({ custom }: ClusterApi, { provisioner, namespace }: Installed, why: string): Service => ({
  provisioner,
  systemNamespace: namespace,
  storage: recordView(custom),
  own: undefined,
  withoutOwn: why,
});

interface Site {
  readonly api: ClusterApi;
  readonly cleanUp: TestCluster['cleanUp'];
  readonly newNamespace: () => Promise<string>;
  readonly directory: string;
  readonly kubeconfigPath: string;
  /** What tells this run from others. */
  readonly run: string;
}

async function startOwn(site: Site, { store = 'sqlite', ...options }: TestClusterOptions): Promise<Service> {
  const { api, cleanUp, newNamespace, directory, kubeconfigPath, run } = site;
  const provisioner = `test-${run}.brickyard.dev/glusterfs`;
  const namespace = await newNamespace();
  cleanUp(() => api.core.deleteNamespace({ name: namespace }));
  if (store === 'kubernetes' && !(await lendRecordKinds(api, cleanUp))) {
    return servedBy(api, { provisioner, namespace }, 'not in a cluster where a Brickyard keeps its records already');
  }
  const config = { ...options.config, store: { kind: store } };
  const own = await startOwnController({ directory, kubeconfigPath, provisioner, namespace }, { ...options, config });
  return { provisioner, systemNamespace: namespace, storage: simulatedView(own.storage), own, withoutOwn: '' };
}

async function startSandbox(directory: string, undo: (() => Promise<unknown>)[]): Promise<string> {
  const sandbox = await startTestApi();
  undo.push(() => sandbox.close());
  const path = join(directory, 'kubeconfig');
  await writeFile(path, sandbox.kubeconfig, { mode: 0o600 });
  return path;
}

const apiOf = (config: KubeConfig): ClusterApi => ({
  core: config.makeApiClient(CoreV1Api),
  storageApi: config.makeApiClient(StorageV1Api),
  custom: config.makeApiClient(CustomObjectsApi),
  definitions: config.makeApiClient(ApiextensionsV1Api),
  kubeconfig: config.exportConfig(),
});

/**
 * The scenario's own controller. Where there is none the test is skipped, and one line says what it `needs` one for, such
 * as "kills the controller".
 */
export function ownOf({ own, withoutOwn }: TestCluster, skip: (note: string) => never, needs: string): OwnController {
  return own ?? skip(`${needs}: ${withoutOwn}`);
}
