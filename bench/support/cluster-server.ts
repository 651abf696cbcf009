import { randomBytes } from 'node:crypto';
import { ApiException, CoreV1Api, KubeConfig, StorageV1Api } from '@kubernetes/client-node';
import { silentLog } from '../../src/domain/log.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { glusterVolumes, persistentVolumeClaims } from '../../src/kube/resources.ts';
import { applyRecordKinds } from '../../test/support/record-kinds.ts';
import { realClock } from '../../test/support/test-api.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { claimSpec, type ClaimServer } from './claim-server.ts';

const unlimited = { qps: 10_000, burst: 10_000 };
/** Milliseconds for all volumes to go. */
const patience = 20 * 60_000;

/**
 * Any API server, by KUBECONFIG. Namespace, class and provisioner have random names, so that a Brickyard which is
 * installed there is not in the way, nor the other way round. Records of a kubernetes store belong to the whole
 * cluster: with `records` the kinds are made where they are missing, and stay; a cluster that holds any is refused.
 */
export async function clusterServer(records: boolean): Promise<ClaimServer> {
  const config = new KubeConfig();
  config.loadFromDefault();
  const kube = new KubeClient({
    kubeConfig: () => config,
    clock: realClock,
    random: Math.random,
    log: silentLog,
    version: 'bench',
    connections: 128,
    buckets: { default: unlimited },
  });
  const core = config.makeApiClient(CoreV1Api);
  const storage = config.makeApiClient(StorageV1Api);
  const name = `brickyard-bench-${randomBytes(4).toString('hex')}`;
  const provisioner = `${name}.example/glusterfs`;
  if (records) {
    await ensureEmptyRecords(kube, config.exportConfig());
  }
  await core.createNamespace({ body: { metadata: { name } } });
  await storage.createStorageClass({ body: { metadata: { name }, provisioner } });
  const ours = async (): Promise<string[]> =>
    (await core.listPersistentVolume()).items
      .filter(({ metadata }) => metadata?.annotations?.['pv.kubernetes.io/provisioned-by'] === provisioner)
      .map(({ metadata }) => metadata?.name ?? '');
  console.log(`namespace, class and provisioner: ${name}`);
  return {
    kubeconfig: config.exportConfig(),
    provisioner,
    namespace: name,
    create: (claim) => {
      const body = { metadata: { name: claim, namespace: name }, spec: claimSpec(name) };
      // What could not be made is never bound, so say why.
      kube.create(persistentVolumeClaims, body).catch((error: unknown) => console.error(error));
    },
    onBound: async (bound) => {
      const shared = { api: kube, clock: realClock, random: Math.random, log: silentLog };
      const claims = new Reflector({ ...shared, resource: persistentVolumeClaims, selection: { namespace: name } });
      claims.addHandler({
        update: ({ metadata, status }, before) => {
          if (status.phase === 'Bound' && before.status.phase !== 'Bound') {
            bound(metadata.name);
          }
        },
      });
      claims.start();
      await claims.synced();
      return () => void claims.stop();
    },
    writes: () => undefined,
    cleanUp: async () => {
      await core.deleteCollectionNamespacedPersistentVolumeClaim({ namespace: name });
      try {
        await waitFor('every PersistentVolume of the bench is gone', async () => (await ours()).length === 0, patience);
      } finally {
        await core.deleteNamespace({ name });
        await storage.deleteStorageClass({ name });
      }
    },
    close: () => kube.close(),
  };
}

async function ensureEmptyRecords(kube: KubeClient, kubeconfig: string): Promise<void> {
  try {
    const { items } = await kube.list(glusterVolumes);
    if (items.length > 0) {
      throw new Error(`expected a cluster without GlusterVolumes for --store kubernetes, got one with ${items.length}`);
    }
  } catch (error) {
    if (!(error instanceof Error && /not ?found|404/i.test(error.message))) {
      throw error;
    }
    await applyRecordKinds(kubeconfig).catch((cause: unknown) => {
      if (!(cause instanceof ApiException && cause.code === 409)) {
        throw cause;
      }
    });
    await waitFor(
      'the kinds of the records are served',
      async () => (await kube.list(glusterVolumes)).items !== undefined,
    );
  }
}
