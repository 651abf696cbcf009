/** Opens one ssh connection: the host checked, the user logged in. Says what was wrong when it cannot. */
import { createConnection, type Socket } from 'node:net';
import ssh2, { type Client } from 'ssh2';
import { readCredentials, type Credentials, type CredentialFiles } from './credentials.ts';
import { refused, type ConnectFailure } from './connect-failure.ts';
import { hostCheck, type HostCheck, type HostRefusal } from './host-check.ts';

export interface ConnectOptions extends CredentialFiles {
  readonly user: string;
  readonly port: number;
  /** Milliseconds between questions whether the other end is still there. */
  readonly keepaliveMs: number;
}

export interface OpenClient {
  readonly kind: 'open';
  readonly client: Client;
  readonly socket: Socket;
}

/** Milliseconds for everything up to the login. */
const loginMs = 15_000;

/** So many questions without an answer, and the connection is lost. */
const unanswered = 3;

export async function connect(host: string, options: ConnectOptions): Promise<OpenClient | ConnectFailure> {
  const credentials = await readCredentials(options);
  return credentials.kind === 'failure' ? credentials : logIn(host, options, credentials);
}

function logIn(host: string, options: ConnectOptions, credentials: Credentials): Promise<OpenClient | ConnectFailure> {
  const { user, port, knownHostsFile } = options;
  const check = hostCheck(credentials.knownHosts, knownHostsFile, host, port);
  const socket = createConnection({ host, port, noDelay: true });
  const client = new ssh2.Client();
  return new Promise((resolve) => {
    const attempt: Attempt = { login: `${user}@${host}:${port}`, credentials, options };
    client.once('ready', () => resolve({ kind: 'open', client, socket }));
    client.once('handshake', () => (attempt.handshake = true));
    // Stays for the whole life of the connection: an error that nobody listens to ends the process.
    client.on('error', (error: SshError) => {
      drop(socket);
      resolve(failureOf(error, attempt));
    });
    client.once('close', () => resolve(failureOf(new Error('the connection was closed'), attempt)));
    client.connect({
      sock: socket,
      username: user,
      privateKey: credentials.key,
      authHandler: ['publickey'],
      algorithms: { serverHostKey: check.algorithms },
      hostVerifier: verifier(check, attempt),
      readyTimeout: loginMs,
      keepaliveInterval: options.keepaliveMs,
      keepaliveCountMax: unanswered,
    });
  });
}

/**
 * Ends a connection so that nothing more of it leaves this machine. An ordinary close would have the kernel send for
 * minutes what was not yet acknowledged, and a command that counts as lost could begin after its successor.
 */
export function drop(socket: Socket): void {
  if (socket.connecting || socket.writableEnded) {
    // Not to be reset yet, or any more: Node would never close it.
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}

/** What is known of an attempt by the time that it fails. */
interface Attempt {
  readonly login: string;
  readonly credentials: Credentials;
  readonly options: ConnectOptions;
  refusal?: HostRefusal;
  handshake?: boolean;
}

const verifier =
  (check: HostCheck, attempt: Attempt) =>
  (key: Buffer): boolean => {
    const refusal = check.refusal(key);
    if (refusal !== undefined) {
      attempt.refusal = refusal;
    }
    return refusal === undefined;
  };

/** The ssh library's: `level` names the layer that failed; a number as `code` is the other end's reason to leave. */
interface SshError extends Error {
  readonly level?: string;
  readonly code?: string | number;
}

function failureOf(error: SshError, { login, credentials, options, refusal, handshake }: Attempt): ConnectFailure {
  if (refusal !== undefined) {
    return { kind: 'failure', cause: 'refused', ...refusal };
  }
  if (error.level === 'client-authentication') {
    return refused(
      `${login} does not accept the key in ${options.keyFile} (${credentials.description}): ` +
        `its public half has to be in ${options.user}'s authorized_keys there`,
    );
  }
  const leftDuringLogin = handshake === true && typeof error.code === 'number';
  if (leftDuringLogin || /no matching/.test(error.message)) {
    return refused(`${login}: ${error.message}`);
  }
  return { kind: 'failure', cause: 'unreachable', reason: `${login}: ${error.message}`, alarming: false };
}
