/** What a failed exchange with an agent means: whether anything can have been begun, and what a person should look at. */
import { join } from 'node:path';
import { isAxiosError } from 'axios';
import type { NodeRef } from '../../domain/topology.ts';
import { messageOf } from '../../domain/error-message.ts';
import { credentialFiles } from '../credentials.ts';
import { agentIdentity } from '../identity.ts';

/** No answer, or none that can be used. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  /** The request provably did not reach the agent. */
  readonly notSent: boolean;
  /** Another try may go better at once: a kept connection had ended. */
  readonly stale: boolean;
  /** It is about certificates: other ones may help. */
  readonly identity: boolean;

  constructor(
    message: string,
    facts: {
      readonly notSent: boolean;
      readonly stale?: boolean;
      readonly identity?: boolean;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: facts.cause });
    this.notSent = facts.notSent;
    this.stale = facts.stale ?? false;
    this.identity = facts.identity ?? false;
  }
}

/** Code of the error by which a connection to somebody else than the node's agent is given up. */
export const wrongIdentityCode = 'ERR_BRICKYARD_IDENTITY';

/** Errors of name resolution and of connecting: no byte of the request has left. */
const unreachable: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
]);

/** Handshakes that did not come about. Certificates are checked before the request is sent. */
const handshake = /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO$|ERR_BRICKYARD_IDENTITY$)/;
const ourCertificate = /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|ACCESS_DENIED)/;

export interface Place {
  readonly node: NodeRef;
  /** `host:port` */
  readonly address: string;
  readonly certDir: string;
}

const whenAway = 'see that the machine and its agent run, and that nothing on the way blocks the port';
const renewing = 'renew it (brickyard certs renew), or put the clocks right';

/** What an agent says of us, and what helps if it is that our certificate is not valid now. */
export function withRenewal(message: string): string {
  return /\bCERT_(?:HAS_EXPIRED|NOT_YET_VALID)\b/.test(message) ? `${message}: ${renewing}` : message;
}

/** Throws `error` itself when it did not come from the exchange. */
export function linkError(error: unknown, place: Place): LinkError {
  if (!isAxiosError(error)) {
    throw error;
  }
  const { node, address } = place;
  const code = error.code ?? 'no code';
  const at = `${node.id}: the agent at ${address}`;
  if (handshake.test(code)) {
    return new LinkError(`${at}: ${handshakeProblem(code, messageOf(error), place)}`, {
      notSent: true,
      identity: true,
      cause: error,
    });
  }
  if (unreachable.has(code)) {
    return new LinkError(`${at} cannot be reached (${code}): ${whenAway}`, { notSent: true, cause: error });
  }
  return new LinkError(`${at} does not answer (${code}): ${whenAway}`, {
    notSent: false,
    stale: code === 'ECONNRESET' || code === 'EPIPE',
    cause: error,
  });
}

function handshakeProblem(code: string, message: string, { node, certDir }: Place): string {
  const identity = agentIdentity(node.id);
  const authority = join(certDir, credentialFiles.authority);
  if (code === wrongIdentityCode) {
    return message;
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return `expected a certificate for ${identity} that is valid now, got ${code}: ${renewing}`;
  }
  if (ourCertificate.test(code)) {
    const ours = join(certDir, credentialFiles.certificate);
    return `expected it to take our certificate ${ours}, got ${code}`;
  }
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') {
    return `expected TLS 1.3, got ${code}: is it a Brickyard agent?`;
  }
  return `expected a certificate for ${identity} that ${authority} vouches for, got ${code}`;
}
