/** Who is who, by DNS names in certificates. Nothing else in a certificate counts, its common name least of all. */
import type { X509Certificate } from 'node:crypto';
import type { NodeId } from '../domain/names.ts';

/** The DNS name in the controller's certificate. */
export const controllerIdentity = 'controller.brickyard';

/** The DNS name in the certificate of a node's agent. */
export function agentIdentity(node: NodeId): string {
  return `${node}.agent.brickyard`;
}

/** Exactly this name: a wildcard would make one node's certificate good for all of them. */
export function hasIdentity(certificate: X509Certificate, identity: string): boolean {
  return certificate.checkHost(identity, { subject: 'never', wildcards: false }) !== undefined;
}

/** What a certificate says that it is, for messages. */
export function describeIdentity(certificate: X509Certificate): string {
  return certificate.subjectAltName ?? 'no name at all';
}
