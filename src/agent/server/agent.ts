/** The node agent: everything that it consists of, put together and taken apart. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { hostName, type DeviceName, type NodeId } from '../../domain/names.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { StorageNodes } from '../../engine/ports.ts';
import { CredentialSource } from '../credentials.ts';
import type { ReadinessAnswer } from '../protocol/messages.ts';
import { Operations, type OperationLimits } from './operations.ts';
import { submissionOf } from './perform.ts';
import { Refusal } from './refusal.ts';
import { startServer, type AgentServer } from './server.ts';
import { Startup } from './startup.ts';

export interface AgentOptions {
  /** Whose agent this is. */
  readonly node: NodeId;
  /** The devices that verbs may touch, and whose bricks are mounted at start. */
  readonly devices: readonly DeviceName[];
  /** What does the work, on this machine. */
  readonly nodes: StorageNodes;
  /** Address and port (0: any free one) to listen on. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Folder of tls.crt, tls.key and ca.crt. */
  readonly certDir: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: OperationLimits;
  /** Milliseconds after which a call that takes long is answered "running", to be asked again. */
  readonly pollMs?: number;
  /** Milliseconds between two looks for rotated certificates. */
  readonly lookEveryMs?: number;
  /** Milliseconds between two tries of what did not work at start. */
  readonly retryMs?: number;
}

export interface Agent {
  /** `https://127.0.0.1:24017` */
  readonly url: string;
  readonly ready: boolean;
  /** What is missing until it is ready, and what did not work although it is. */
  readonly reasons: readonly string[];
  /**
   * Takes nothing new on, lets what runs end and its callers know, and closes. When `abort` fires what still runs is ended
   * early.
   */
  close(abort: AbortSignal): Promise<void>;
}

const lingerMs = 500;

/** Resolves as soon as it listens; it is ready when its bricks are mounted and served. Throws CredentialsError. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { clock, log, certDir, lookEveryMs = 10_000, retryMs = 10_000 } = options;
  const self = selfOf(options.node);
  const operations = new Operations(clock, options.limits);
  const startup = new Startup({ ...options, node: self, retryMs });
  let stopping = false;
  const server = await startServer({
    ...options.listen,
    node: options.node,
    instance: randomUUID(),
    clock,
    log,
    credentials: new CredentialSource({ directory: certDir, clock, log, lookEveryMs }),
    lookEveryMs,
    pollMs: options.pollMs ?? 20_000,
    operations,
    submissionOf: (request) => submissionOf(options, request),
    expectOpen: () => {
      if (stopping) {
        throw new Refusal('stopping', `the agent of ${options.node} is stopping`);
      }
      if (!startup.restored) {
        throw new Refusal('not-ready', `the agent of ${options.node} is starting: ${startup.reasons.join('; ')}`);
      }
    },
    ready: () => startup.ready && !stopping,
    readiness: (signal) => readinessOf(options, self, startup, signal),
  });
  const stop = new AbortController();
  const started = startup.run(stop.signal);
  return {
    url: server.url,
    get ready() {
      return startup.ready && !stopping;
    },
    get reasons() {
      return startup.reasons;
    },
    close: async (abort) => {
      stopping = true;
      stop.abort(new Error('the agent is stopping'));
      // Their callers ask for the outcomes in turns, and may be between two of them.
      const linger = operations.active > 0 ? lingerMs : 0;
      await closeAll({ server, operations, started, clock, linger }, abort);
    },
  };
}

interface Closing {
  readonly server: AgentServer;
  readonly operations: Operations;
  readonly started: Promise<void>;
  readonly clock: Clock;
  /** Milliseconds for which outcomes can still be fetched when all is over. */
  readonly linger: number;
}

async function closeAll({ server, operations, started, clock, linger }: Closing, abort: AbortSignal): Promise<void> {
  const cancel = (): void => operations.cancelAll('the agent is stopping');
  if (abort.aborted) {
    cancel();
  }
  abort.addEventListener('abort', cancel, { once: true });
  try {
    await Promise.all([operations.idle(), started]);
    await clock.sleep(linger);
    await server.close(abort);
  } finally {
    abort.removeEventListener('abort', cancel);
  }
}

/** The agent's own node, as verbs name it. Nothing is reached by its host names from here. */
function selfOf(id: NodeId): NodeRef {
  const here = hostName('localhost');
  return { id, manage: here, storage: here };
}

async function readinessOf(
  { node, devices, nodes, version }: AgentOptions,
  self: NodeRef,
  startup: Startup,
  signal: AbortSignal,
): Promise<ReadinessAnswer> {
  return {
    node,
    version,
    ready: startup.ready,
    reasons: [...startup.reasons],
    devices: await Promise.all(
      devices.map(async (device) => {
        const outcome = await nodes.inspectDevice(self, device, { signal });
        return outcome.kind === 'done' ? { device, facts: outcome.value } : { device, problem: outcome.reason };
      }),
    ),
  };
}
