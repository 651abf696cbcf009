/** Why a client could not mount, from its log: it says nothing of use anywhere else. */
import { failed, waiting, type Setback } from '../../domain/outcome.ts';
import type { MountWish } from './api.ts';

/** `log`: the end of the client's log file, which earlier attempts may have written to as well. */
export function explain(wish: MountWish, said: string, log: string): Setback {
  const attempt = log.slice(Math.max(0, log.lastIndexOf('Started running version')));
  const words = wordsOf(attempt) || said.trim();
  const servers = wish.servers.join(', ');
  if (/failed to fetch volume file/.test(attempt)) {
    return failed(`none of the servers ${servers} gives out a volume ${wish.volume}: ${words}`);
  }
  if (
    /Exhausted all volfile servers|DNS resolution failed|disconnected from remote-host/.test(attempt) &&
    !/Final graph/.test(attempt)
  ) {
    return waiting({ what: 'node', name: servers }, `no server of ${wish.volume} answers, asked: ${servers}: ${words}`);
  }
  if (/first lookup on root failed|All subvolumes are down|Client-quorum is not met/.test(attempt)) {
    return waiting(
      { what: 'condition', name: `bricks of ${wish.volume}` },
      `too few bricks of ${wish.volume} answer: ${words}`,
    );
  }
  return failed(`${wish.volume} could not be mounted: ${words}`);
}

/** The last things that the log calls errors or warnings, or that say where it gave up. */
function wordsOf(attempt: string): string {
  const lines = attempt.split('\n').flatMap((line) => {
    const [, message] = /\] (?:[EC] \[.*?|I \[(?=[^\]]*mgmt_rpc_notify).*?)\] \S+: (.*)$/.exec(line) ?? [];
    return message === undefined ? [] : [message.trim()];
  });
  return [...new Set(lines)].slice(-3).join('; ').slice(-400);
}
