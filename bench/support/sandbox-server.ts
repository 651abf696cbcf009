import { applyRecordKinds } from '../../test/support/record-kinds.ts';
import { startTestApi } from '../../test/support/test-api.ts';
import type { KubeSandbox } from '../../src/sandbox/api/start.ts';
import { claimSpec, type ClaimServer } from './claim-server.ts';

const claimType = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' } as const;
const provisioner = 'brickyard.dev/glusterfs';
const className = 'bench';
const namespace = 'brickyard';

export interface SandboxServer extends ClaimServer {
  readonly sandbox: KubeSandbox;
}

/** The sandbox's API and binder, in this process. */
export async function sandboxServer(): Promise<SandboxServer> {
  const sandbox = await startTestApi();
  const { api, stats } = sandbox;
  await applyRecordKinds(sandbox.kubeconfig);
  api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  api.create({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: className }, provisioner });
  return {
    sandbox,
    kubeconfig: sandbox.kubeconfig,
    provisioner,
    namespace,
    create: (name) => {
      // Whoever watches must not write, so the claim is made in a turn of its own.
      setImmediate(() => api.create({ ...claimType, metadata: { name, namespace }, spec: claimSpec(className) }));
    },
    onBound: async (bound) =>
      api.watch(claimType, {}, (event) => {
        if (event.type === 'MODIFIED' && isBound(event.object['status'])) {
          bound(event.object.metadata.name);
        }
      }),
    writes: () => stats.writes('brickyard/'),
    cleanUp: async () => undefined,
    close: () => sandbox.close(),
  };
}

function isBound(status: unknown): boolean {
  return typeof status === 'object' && status !== null && 'phase' in status && status.phase === 'Bound';
}
