/** Claims of one class in one namespace, and what became of them, as seen through the Kubernetes API. */
import { randomBytes } from 'node:crypto';
import { CoreV1Api, KubeConfig, StorageV1Api, type V1PersistentVolume } from '@kubernetes/client-node';
import { waitFor } from './wait-for.ts';

const namespace = 'default';
const className = 'brickyard';

export interface TestClaim {
  readonly name: string;
  readonly uid: string;
}

export class TestClaims {
  readonly #core: CoreV1Api;
  readonly #log: () => Promise<string>;

  /** `log`: the controller's, to be shown when something does not happen. */
  constructor(core: CoreV1Api, log: () => Promise<string>) {
    this.#core = core;
    this.#log = log;
  }

  /** Makes `count` claims at once. */
  create(count: number, storage = '1Gi'): Promise<TestClaim[]> {
    return Promise.all(
      Array.from({ length: count }, async () => {
        const name = `claim-${randomBytes(6).toString('hex')}`;
        const resources = { requests: { storage } };
        const created = await this.#core.createNamespacedPersistentVolumeClaim({
          namespace,
          body: {
            metadata: { name },
            spec: { accessModes: ['ReadWriteMany'], storageClassName: className, resources },
          },
        });
        return { name, uid: created.metadata?.uid ?? '' };
      }),
    );
  }

  async delete({ name }: TestClaim): Promise<void> {
    await this.#core.deleteNamespacedPersistentVolumeClaim({ name, namespace });
  }

  /** Asks for that much, as `kubectl patch` does. */
  async grow({ name }: TestClaim, storage: string): Promise<void> {
    await this.#core.patchNamespacedPersistentVolumeClaim({
      name,
      namespace,
      body: [{ op: 'replace', path: '/spec/resources/requests/storage', value: storage }],
    });
  }

  /** What events say of a node, as `REASON: message`. */
  async eventsOfNode(node: string): Promise<readonly string[]> {
    const fieldSelector = `involvedObject.kind=Node,involvedObject.name=${node}`;
    const { items } = await this.#core.listNamespacedEvent({ namespace, fieldSelector });
    return items.map(({ reason, message }) => `${reason}: ${message}`);
  }

  /** What the claim's status says that it has. */
  async capacity({ name }: TestClaim): Promise<string | undefined> {
    const { status } = await this.#core.readNamespacedPersistentVolumeClaim({ name, namespace });
    return status?.capacity?.['storage'];
  }

  async allBound(claims: readonly TestClaim[], deadline = 120_000): Promise<void> {
    try {
      await waitFor('every claim is bound', async () => (await this.#unbound(claims)).length === 0, deadline);
    } catch (error) {
      const log = (await this.#log()).split('\n').slice(-20).join('\n');
      throw new Error(`not bound: ${(await this.#unbound(claims)).join(' ')}\nlog:\n${log}`, { cause: error });
    }
  }

  async bound(claims: readonly TestClaim[]): Promise<number> {
    return claims.length - (await this.#unbound(claims)).length;
  }

  async #unbound(claims: readonly TestClaim[]): Promise<string[]> {
    const { items } = await this.#core.listNamespacedPersistentVolumeClaim({ namespace });
    const bound = new Set(items.filter(({ status }) => status?.phase === 'Bound').map(({ metadata }) => metadata?.uid));
    return claims.filter((claim) => !bound.has(claim.uid)).map((claim) => claim.name);
  }

  async volumes(): Promise<V1PersistentVolume[]> {
    return (await this.#core.listPersistentVolume()).items;
  }
}

/** The class that the claims name, and the namespace that the controller works in. */
export async function prepareApi(kubeconfig: string, allowVolumeExpansion = false): Promise<CoreV1Api> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  await config.makeApiClient(StorageV1Api).createStorageClass({
    body: { metadata: { name: className }, provisioner: 'brickyard.dev/glusterfs', allowVolumeExpansion },
  });
  const core = config.makeApiClient(CoreV1Api);
  await core.createNamespace({ body: { metadata: { name: 'brickyard' } } });
  return core;
}
