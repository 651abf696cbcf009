/** One command in a session of its own on an open connection. */
import type { Client, ClientChannel } from 'ssh2';
import { collect } from '../output.ts';
import { words, type Patience } from '../patience.ts';
import type { Exited, Lost } from '../runner.ts';

/**
 * `unsent`: the connection was gone before the command left. `no-session`: the other end gives no further session.
 * `refused`: it gave one, and would not take the command. In all three the command has not run, and will not.
 */
export type SessionEnd =
  | Exited
  | Lost
  | { readonly kind: 'unsent' }
  | { readonly kind: 'no-session'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

export interface Session {
  /** No later than the caller's patience. */
  readonly end: Promise<SessionEnd>;
  /** When the other end is done with it, which may be later. Never rejects. */
  readonly closed: Promise<void>;
}

/** `line`: what the login's shell reads. `connected`: whether the connection is still there, as far as is known. */
export function runSession(client: Client, line: string, { over }: Patience, connected: () => boolean): Session {
  const { promise: end, resolve: answer } = Promise.withResolvers<SessionEnd>();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  let channel: ClientChannel | undefined;
  let givenUp = false;
  const finish = (how: SessionEnd): void => {
    answer(how);
    close();
  };
  const giveUp = (why: 'deadline' | 'aborted'): void => {
    givenUp = true;
    abandon(channel);
    answer({ kind: 'lost', reason: words[why] });
  };
  void over.then(giveUp);
  const opened = (error: Error | undefined, fresh: ClientChannel): void => {
    if (error !== undefined) {
      finish(notOpened(error, connected()));
      return;
    }
    channel = fresh;
    follow(fresh, connected, finish);
    if (givenUp) {
      abandon(fresh);
    }
  };
  try {
    client.exec(line, opened);
  } catch {
    // It says so by throwing when it knows already that the socket is gone.
    finish({ kind: 'unsent' });
  }
  return { end, closed };
}

/**
 * Finishes when the channel is closed, by the other end or with the connection. To be called at once: the exit code may
 * be in the same packet as the news that the channel is open.
 */
function follow(channel: ClientChannel, connected: () => boolean, finish: (how: SessionEnd) => void): void {
  const stdout = collect(channel);
  const stderr = collect(channel.stderr);
  let exit: { readonly code: number | null; readonly signal: string | undefined } | undefined;
  channel.once('exit', (code: number | null, signal?: string) => {
    exit = { code, signal };
  });
  channel.once('close', () => {
    if (!connected()) {
      // Even with an exit code: the output may lack its end.
      finish({ kind: 'lost', reason: 'the connection was lost' });
    } else if (exit === undefined) {
      finish({ kind: 'lost', reason: 'the session was closed without an exit code' });
    } else if (exit.code === null) {
      finish({ kind: 'lost', reason: `the process was killed (${exit.signal ?? 'by a signal'})` });
    } else {
      finish({ kind: 'exited', exitCode: exit.code, stdout: stdout(), stderr: stderr() });
    }
  });
}

/** An error of the other end's, with its reason, or one of the library's about a channel that never opened. */
function notOpened(error: Error, connected: boolean): SessionEnd {
  if ('reason' in error) {
    return { kind: 'no-session', reason: error.message };
  }
  if (connected) {
    return { kind: 'refused', reason: error.message };
  }
  // The command is sent once the channel is open, and this says that it never was. Whatever else: it may be running.
  return error.message === 'No response from server'
    ? { kind: 'unsent' }
    : { kind: 'lost', reason: 'the connection was lost' };
}

/** Kills the process group where sshd may (not behind sudo; then the node's own deadline does) and lets the session go. */
function abandon(channel: ClientChannel | undefined): void {
  channel?.signal('KILL');
  channel?.close();
}
