import { localAdmin } from '../../api/local-admin.ts';
import { startAdminServer } from '../../api/server.ts';
import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { VolumeEngine } from '../../engine/api.ts';
import type { Config } from '../config/schema.ts';
import { exitCode } from '../exit-codes.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { brickyardVersion } from '../version.ts';
import { createKubeClient } from './kube-client.ts';
import { standForElection } from './leadership.ts';
import type { StorageAccess } from './nodes/access.ts';
import { openStorageNodes } from './nodes/open.ts';
import { startOpsServer } from './ops-server.ts';
import { Status } from './status.ts';
import { startWork, type Work } from './work.ts';

export interface BrickyardParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

/** What whoever started it in this process may ask of it. */
export interface Brickyard {
  readonly status: Status;
  /** The engine, on a replica that leads. */
  engine(): VolumeEngine | undefined;
  /** Where /healthz, /readyz and /metrics are. */
  readonly opsUrl: string;
}

/**
 * Starts everything in order, and leaves with `lifecycle` how to stop it in the reverse one: servers for people first, so
 * that they can say what is going on; then the Kubernetes client; then the lease. Work begins when the lease is had,
 * which is later than this function's return. Rejects when a part cannot start.
 */
export async function startBrickyard(parts: BrickyardParts): Promise<Brickyard> {
  const { config, log, lifecycle } = parts;
  const status = new Status();
  let work: Work | undefined;
  const engine = (): VolumeEngine | undefined => work?.engine();
  lifecycle.draining.addEventListener('abort', () => status.stopping(reasonOf(lifecycle.draining)), { once: true });

  const metrics = createMetrics({
    version: brickyardVersion(),
    clock: parts.clock,
    leading: () => status.role === 'leader',
    engine,
    controller: () => work?.controller(),
    ...(config.nodes.kind === 'agent' ? { certDir: config.nodes.certDir } : {}),
  });
  const ops = await startOpsServer({ ...config.ops, registry: metrics.registry, readiness: () => status.readiness() });
  lifecycle.onClose('ops server', () => ops.close());
  log.info({ url: ops.url }, 'serving /healthz, /readyz and /metrics');

  const admin = await startAdminServer(
    config.admin.socket,
    localAdmin({
      version: brickyardVersion(),
      role: () => status.role,
      engine: () => engine() ?? `this replica is ${status.role}: only the one that leads has the state open`,
    }),
  );
  lifecycle.onClose('admin socket', () => admin.close());
  log.info({ socket: config.admin.socket }, 'admin API listens');

  const mayAct = (): boolean => leadership.leading();
  const kube = await createKubeClient({ ...parts, observer: metrics.kube, mayWrite: mayAct });
  lifecycle.onClose('Kubernetes client', () => kube.close());

  const elected = (): void => {
    if (lifecycle.stage !== 'running') {
      return;
    }
    log.info({}, 'this replica leads');
    status.starting('reading the state');
    const openNodes = (): Promise<StorageAccess> => openStorageNodes({ ...parts, config: config.nodes, mayAct });
    work = startWork({ ...parts, kube, openNodes, metrics, status, leading: mayAct });
    work.failed.catch((error: unknown) => {
      log.error({ err: error }, 'work could not begin');
      lifecycle.stop('work could not begin', exitCode.failed);
    });
  };
  const leadership = standForElection({
    ...parts,
    kube,
    onElected: elected,
    onLost: (reason) => {
      log.error({ reason }, 'the lease is lost: another replica may take over');
      lifecycle.stop(`lease lost: ${reason}`, exitCode.failed);
    },
  });
  // Without an election this process leads already.
  if (status.role === 'starting' && work === undefined) {
    status.standby();
  }
  lifecycle.onClose('lease', () => leadership.release());
  lifecycle.onClose('work', async (abort) => work?.stop(abort));
  return { status, engine, opsUrl: ops.url };
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof Error ? signal.reason.message : 'stopping';
}
