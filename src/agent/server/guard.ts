/** Who may call: the controller, by its certificate. Probes of the kubelet have none, and are told nothing but a word. */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../domain/clock.ts';
import { controllerIdentity, describeIdentity, hasIdentity } from '../identity.ts';
import { Refusal } from './refusal.ts';

/**
 * Throws Refusal unless the connection was made with a certificate of the controller's that is good now. The TLS server
 * lets others connect, so that they can be told what is wrong: to cut the connection looks like a broken network.
 */
export function expectController({ socket }: IncomingMessage, clock: Clock): void {
  if (!(socket instanceof TLSSocket)) {
    throw new Refusal('identity', 'expected TLS, got none');
  }
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    throw new Refusal('identity', `expected a client certificate for ${controllerIdentity}, got none`);
  }
  if (!socket.authorized) {
    const problem = String(socket.authorizationError);
    throw new Refusal('identity', `expected a client certificate that the agent's ca.crt vouches for, got ${problem}`);
  }
  if (!hasIdentity(certificate, controllerIdentity)) {
    const got = describeIdentity(certificate);
    throw new Refusal('identity', `expected a client certificate with DNS name ${controllerIdentity}, got ${got}`);
  }
  // A connection can outlive the certificate that it was made with.
  if (Date.parse(certificate.validTo) <= clock.now()) {
    throw new Refusal(
      'identity',
      `expected a client certificate that is valid now, got one until ${certificate.validTo}`,
    );
  }
}
