import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { CallObserver } from '../../kube/caller.ts';
import { KubeClient } from '../../kube/client.ts';
import { readKubeConfig } from '../../kube/credentials.ts';
import type { Config } from '../config/schema.ts';
import { brickyardVersion } from '../version.ts';

/** Bucket for what merely informs: events must not use up what claims need. */
export const eventsBucket = 'events';

export interface KubeClientParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly observer: CallObserver;
  /** May this process change anything at this very moment? Default: yes, for commands that people give. */
  readonly mayWrite?: () => boolean;
}

/** The client for all work. Rejects when there is no configuration to reach an API server with. */
export async function createKubeClient({
  config,
  clock,
  random,
  log,
  observer,
  mayWrite,
}: KubeClientParts): Promise<KubeClient> {
  const { kubeconfig, context, api, workers } = config;
  const place =
    kubeconfig === undefined
      ? ({ kind: 'default', context, environment: process.env } as const)
      : ({ kind: 'file', path: kubeconfig, context } as const);
  // Read once now, so that a file that is not there ends the start instead of being tried again for ever.
  await readKubeConfig(place);
  const limits = { qps: api.qps, burst: api.burst };
  return new KubeClient({
    kubeConfig: () => readKubeConfig(place),
    clock,
    random,
    log,
    version: brickyardVersion(),
    // Each of the five caches holds a connection for its watch; the rest is for workers.
    connections: Math.max(32, workers + 16),
    buckets: { default: limits, status: limits, [eventsBucket]: limits },
    timeoutMs: api.timeout,
    observer,
    mayWrite,
  });
}
