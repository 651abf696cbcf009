/** The node plugin's way to the Kubernetes API, by the pod's service account or by a kubeconfig. */
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { SingleCaller, type SingleCalls } from '../../kube/single-caller.ts';
import { ServiceAccount } from '../../kube/service-account.ts';

export interface NodeApiOptions {
  readonly kubeconfig: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
}

/** Milliseconds for one call: the kubelet waits for two minutes in all, and asks again. */
const timeoutMs = 10_000;

/**
 * Reads what there is to read once, so that a start without credentials ends in an error. The full client and its library
 * are loaded for a kubeconfig only. Rejects with KubeError, or with what a kubeconfig has wrong.
 */
export async function openNodeApi({
  kubeconfig,
  environment,
  clock,
  log,
  version,
}: NodeApiOptions): Promise<SingleCalls> {
  if (kubeconfig === undefined) {
    const account = new ServiceAccount(environment);
    await account.read();
    return new SingleCaller({ account, clock, version, timeoutMs });
  }
  const [{ KubeClient }, { readKubeConfig }] = await Promise.all([
    import('../../kube/client.ts'),
    import('../../kube/credentials.ts'),
  ]);
  const kubeConfig = () => readKubeConfig({ kind: 'file', path: kubeconfig });
  await kubeConfig();
  return new KubeClient({ kubeConfig, clock, random: Math.random, log, version, timeoutMs, retries: 1 });
}
