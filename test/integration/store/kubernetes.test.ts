/** The store's contract on a Kubernetes API: the sandbox's, over HTTP, with the kinds of manifests/crds. */
import { CoreV1Api, CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { expect, it } from 'vitest';
import { kubeRecordApi } from '../../../src/cli/serve/record-api.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import type { KubeSandbox } from '../../../src/sandbox/api/start.ts';
import { KubernetesStore } from '../../../src/store/kubernetes/kubernetes.ts';
import { mulberry32 } from '../../support/random.ts';
import { applyRecordKinds } from '../../support/record-kinds.ts';
import { realClock, startTestApi } from '../../support/test-api.ts';
import { storeContract, type Medium } from '../../unit/store/contract.ts';
import { records } from '../../unit/store/documents.ts';

const namespace = 'brickyard';
const group = { group: 'brickyard.dev', version: 'v1alpha1' };

interface Cluster {
  readonly sandbox: KubeSandbox;
  readonly kubeConfig: KubeConfig;
  readonly kube: KubeClient;
}

async function newCluster(): Promise<Cluster> {
  const sandbox = await startTestApi();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(sandbox.kubeconfig);
  await kubeConfig.makeApiClient(CoreV1Api).createNamespace({ body: { metadata: { name: namespace } } });
  await applyRecordKinds(sandbox.kubeconfig);
  const kube = new KubeClient({
    kubeConfig: () => kubeConfig,
    clock: realClock,
    random: mulberry32(3),
    log: silentLog,
    version: 'test',
    buckets: { default: { qps: 10_000, burst: 10_000 } },
  });
  return { sandbox, kubeConfig, kube };
}

function mediumOf(cluster: Cluster): Medium {
  const { sandbox, kubeConfig, kube } = cluster;
  let holder: symbol | undefined;
  return {
    store: () => {
      const me = Symbol('store');
      return new KubernetesStore({
        api: kubeRecordApi({ kube, namespace, clock: realClock, random: mulberry32(5), log: silentLog }),
        possession: {
          take: () => {
            holder ??= me;
            return holder === me;
          },
          held: () => holder === me,
          release: () => {
            holder = holder === me ? undefined : holder;
          },
        },
        now: () => realClock.now(),
      });
    },
    // The API server is what survives: its answer was the promise. Only who held it is gone.
    afterPowerCut: async () => ({ ...mediumOf(cluster), dispose: async () => undefined }),
    damage: async ({ id }) => {
      const custom = kubeConfig.makeApiClient(CustomObjectsApi);
      const name = { ...group, plural: 'glustervolumes', name: id };
      const object = (await custom.getClusterCustomObject(name)) as { spec: object };
      // What the schema holds back never gets in. This does get in, and is more than a size can be.
      const spec = { ...object.spec, size: 2 ** 60 };
      await custom.replaceClusterCustomObject({ ...name, body: { ...object, spec } });
      return { ...spec, id, phase: 'ready' };
    },
    dispose: async () => {
      await kube.close();
      await sandbox.close();
    },
  };
}

storeContract('the kubernetes store on a Kubernetes API', async () => mediumOf(await newCluster()), records);

it('says what is missing when the kinds have not been applied', async () => {
  const sandbox = await startTestApi();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(sandbox.kubeconfig);
  const kube = new KubeClient({
    kubeConfig: () => kubeConfig,
    clock: realClock,
    random: mulberry32(3),
    log: silentLog,
    version: 'test',
  });
  const api = kubeRecordApi({ kube, namespace, clock: realClock, random: mulberry32(5), log: silentLog });
  const possession = { take: () => true, held: () => true, release: () => undefined };
  const store = new KubernetesStore({ api, possession, now: () => 0 });
  await expect(store.open()).rejects.toThrow(/no kind Gluster\w+ yet: apply manifests\/crds/);
  await kube.close();
  await sandbox.close();
});
