/**
 * Runs commands on nodes by ssh, for a gluster that already runs elsewhere: nothing has to be installed there but sshd,
 * coreutils and util-linux.
 */
import type { Clock } from '../../domain/clock.ts';
import { silentLog, type Log } from '../../domain/log.ts';
import type { HostName } from '../../domain/names.ts';
import { laneFile, Lanes, standardLaneDirectory, type LaneBusy } from '../lane.ts';
import { answerOf } from '../node-answer.ts';
import { standardPath } from '../node-command.ts';
import { patience } from '../patience.ts';
import type { Command, CommandResult, CommandRunner, Permitted } from '../runner.ts';
import { Link } from './link.ts';
import { shellLineUntil, type LoginPlace } from './shell-line.ts';

export interface SshRunnerOptions extends Permitted {
  readonly clock: Clock;
  /** Told of connections and of why there is none. Default: nobody is told. */
  readonly log?: Log;
  /** Who to log in as, on every node. Default: root. */
  readonly user?: string;
  /** Default: 22. */
  readonly port?: number;
  /** A private key without passphrase. Read anew for every connection. */
  readonly keyFile: string;
  /** The hosts' public keys. A host that is not in it is refused. Read anew for every connection. */
  readonly knownHostsFile: string;
  /** Become root by `sudo -n` for every command. Default: false. */
  readonly sudo?: boolean;
  /** Where the nodes look for programs. */
  readonly path?: string;
  /** Directory of the lanes' lock files on the nodes. All senders have to agree on it. Default: /run. */
  readonly laneDirectory?: string;
  /** Milliseconds between questions whether a node is still there; it is given up after the third without an answer. Default: 5,000. */
  readonly keepaliveMs?: number;
}

export interface SshRunner extends CommandRunner {
  /** Closes all connections, for good. */
  close(): void;
}

/** The kernel takes no longer word (bytes, its end included), and for a shell the whole command is one. */
const longestLine = 128 * 1024;

/** The node comes so much later (milliseconds) than our own clock, which can say why. */
const ownHeadStart = 1_000;

export function createSshRunner(options: SshRunnerOptions): SshRunner {
  const { clock, sudo = false, path = standardPath, laneDirectory = standardLaneDirectory } = options;
  const place: LoginPlace = { sudo, path, laneDirectory };
  const lanes = new Lanes(clock);
  const links = createLinks(options, place);
  const attempt = async (host: HostName, command: Command, signal: AbortSignal): Promise<CommandResult | LaneBusy> => {
    const there = { ...command, deadlineMs: command.deadlineMs + ownHeadStart };
    const length = Buffer.byteLength(shellLineUntil(Number.MAX_SAFE_INTEGER, there, place));
    if (length >= longestLine) {
      return { kind: 'not-started', cause: 'refused', reason: `no shell takes a command of ${length} bytes` };
    }
    const caller = patience(clock, command.deadlineMs, signal);
    const result = await links.to(host).execute(there, caller);
    caller.release();
    return result.kind === 'exited'
      ? answerOf(result, { lane: command.lane !== undefined, ...(sudo ? { prefix: 'sudo' } : {}) })
      : result;
  };
  return {
    async run({ manage }, command, { signal }) {
      if (signal.aborted) {
        return { kind: 'not-started', cause: 'aborted', reason: 'the caller gave up' };
      }
      const key = command.lane === undefined ? undefined : `${manage} ${laneFile(command.lane, laneDirectory)}`;
      return lanes.run(key, command.deadlineMs, signal, (deadlineMs) =>
        attempt(manage, { ...command, deadlineMs }, signal),
      );
    },
    close: () => links.close(),
  };
}

interface Links {
  to(host: HostName): Link;
  close(): void;
}

function createLinks(options: SshRunnerOptions, place: LoginPlace): Links {
  const { clock, log = silentLog, user = 'root', port = 22, keyFile, knownHostsFile, keepaliveMs = 5_000 } = options;
  const { mayAct = () => true } = options;
  const common = { user, port, keyFile, knownHostsFile, keepaliveMs, place, clock, log, mayAct };
  const links = new Map<HostName, Link>();
  let closed = false;
  return {
    to(host) {
      const link = links.get(host) ?? new Link({ host, ...common });
      links.set(host, link);
      if (closed) {
        link.close();
      }
      return link;
    },
    close() {
      closed = true;
      links.forEach((link) => link.close());
    },
  };
}
