import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { KubeApi } from '../../kube/api.ts';
import type { IsolationOptions } from '../../kube/client.ts';
import { LeaderElector } from '../../kube/leader-elector.ts';
import type { Config } from '../config/schema.ts';

/** Gives a client that shares nothing with other work. */
export interface IsolatingApi {
  isolated(name: string, options: IsolationOptions): KubeApi & { close(): Promise<void> };
}

export interface LeadershipParts {
  readonly config: Config;
  readonly kube: IsolatingApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called at most once each. */
  readonly onElected: () => void;
  readonly onLost: (reason: string) => void;
}

export interface Leadership {
  /** May this process act as leader at this very moment? */
  leading(): boolean;
  /** Who leads, as far as was seen; '' when nobody does or nobody asks. */
  leader(): string;
  /** Gives the lease back. To be called when all work has ended. */
  release(): Promise<void>;
}

/** Stands for election, or leads at once where the configuration says that there is nobody else. */
export function standForElection(parts: LeadershipParts): Leadership {
  const { config, kube, clock, random, log, onElected, onLost } = parts;
  const { leaderElection: lease } = config;
  if (!lease.enabled) {
    log.warn({}, 'leader election is off: make sure that no second replica runs');
    onElected();
    return { leading: () => true, leader: () => '', release: async () => undefined };
  }
  // Connections and tokens of its own: no amount of other work may delay a renewal.
  const api = kube.isolated('lease', {
    qps: 10,
    burst: 10,
    retries: 0,
    timeoutMs: Math.max(1000, Math.floor(lease.renewDeadline / 2)),
  });
  const elector = new LeaderElector({
    api,
    clock,
    random,
    log,
    namespace: lease.leaseNamespace,
    name: lease.leaseName,
    identity: `${hostname()}_${randomUUID()}`,
    leaseDurationMs: lease.leaseDuration,
    renewDeadlineMs: lease.renewDeadline,
    retryPeriodMs: lease.retryPeriod,
    onElected,
    onLost,
    onLeader: (leader) => log.info({ leader }, leader === '' ? 'nobody leads' : 'somebody leads'),
  });
  elector.start();
  return {
    leading: () => elector.isLeader(),
    leader: () => elector.leader(),
    release: async () => {
      await elector.stop();
      await api.close();
    },
  };
}
