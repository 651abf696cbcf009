/** The engine's port to storage nodes, by the agents that run on them. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock, Random } from '../../domain/clock.ts';
import { silentLog, type Log } from '../../domain/log.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { CallContext, StorageNodes } from '../../engine/ports.ts';
import { CredentialSource } from '../credentials.ts';
import { readinessAnswer, readinessPath, type ReadinessAnswer } from '../protocol/messages.ts';
import { verbNames, type ArgumentsOf, type OutcomeOf, type Verb } from '../protocol/verbs.ts';
import { Asking } from './asking.ts';
import { Link } from './link.ts';

export interface AgentStorageNodesOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  /** May this client begin anything at this very moment? Asked before every try. Default: always. */
  readonly mayAct?: () => boolean;
  /** Port that every agent listens on, at its node's `manage` host. */
  readonly port: number;
  /** Folder of tls.crt, tls.key and ca.crt. Read when first needed, and again as they change. */
  readonly certDir: string;
  /** Milliseconds between two looks for rotated certificates. Default: 10 s. */
  readonly lookEveryMs?: number;
  /** Milliseconds without any sign of an agent after which its answer is waited for no longer. Default: 45 s. */
  readonly silenceMs?: number;
  /** Milliseconds after which one exchange is given up and repeated. More than the agents take to say "running". Default: 30 s. */
  readonly answerMs?: number;
}

export interface AgentStorageNodes extends StorageNodes {
  /** How the start of a node's agent went. Throws Error when it does not say so. */
  readiness(node: NodeRef, context: CallContext): Promise<ReadinessAnswer>;
  /** Ends all connections. */
  close(): void;
}

/** Milliseconds after which an agent that does not say who it is counts as out of reach. */
const longestGreeting = 5_000;
/** Milliseconds in which an agent has looked at its devices. */
const readinessTimeout = 60_000;

export function createAgentStorageNodes(options: AgentStorageNodesOptions): AgentStorageNodes {
  const { clock, random, log = silentLog, port, certDir, lookEveryMs, silenceMs = 45_000, answerMs = 30_000 } = options;
  const { mayAct = () => true } = options;
  const credentials = new CredentialSource({
    directory: certDir,
    clock,
    log,
    ...(lookEveryMs === undefined ? {} : { lookEveryMs }),
  });
  const parts = { clock, random, log, sender: randomUUID(), silenceMs, answerMs, mayAct };
  const greetingMs = Math.min(longestGreeting, answerMs);
  const links = new Map<string, Link>();
  let sequence = 0;
  const linkTo = (node: NodeRef): Link => {
    // Another address is another machine, perhaps.
    const key = `${node.id} ${node.manage}`;
    const link = links.get(key) ?? new Link({ node, port, certDir, credentials, clock, greetingMs });
    links.set(key, link);
    return link;
  };
  const call = <V extends Verb>(
    verb: V,
    node: NodeRef,
    args: ArgumentsOf<V>,
    context: CallContext,
  ): Promise<OutcomeOf<V>> => {
    sequence += 1;
    return new Asking(parts, linkTo(node), { node, verb, args, sequence }, context).outcome();
  };
  return {
    ...portOver(call),
    readiness: async (node, { signal }) => {
      const { status, data } = await linkTo(node).get(readinessPath, signal, readinessTimeout);
      const answer = readinessAnswer.safeParse(data);
      if (!answer.success) {
        throw new Error(`${node.id}: the agent answered ${status}: ${z.prettifyError(answer.error)}`);
      }
      return answer.data;
    },
    close: () => {
      for (const link of links.values()) {
        link.close();
      }
      links.clear();
    },
  };
}

type Call = <V extends Verb>(
  verb: V,
  node: NodeRef,
  args: ArgumentsOf<V>,
  context: CallContext,
) => Promise<OutcomeOf<V>>;

/** The port, method by method from the table: node first, context last, whatever stands between them in the middle. */
function portOver(call: Call): StorageNodes {
  const methodOf =
    <V extends Verb>(verb: V) =>
    (node: NodeRef, ...rest: readonly unknown[]): Promise<OutcomeOf<V>> =>
      call(verb, node, rest.slice(0, -1) as ArgumentsOf<V>, rest.at(-1) as CallContext);
  return Object.fromEntries(verbNames.map((verb) => [verb, methodOf(verb)])) as unknown as StorageNodes;
}
