/**
 * Names and ids: branded, so that one cannot stand in for another, and checked against a strict grammar before they
 * get near a command line, a path or a Kubernetes object. Text that fails is answered with NameError, which says which
 * field, what was expected and what came.
 */

import { z } from 'zod';

/** One trusted storage pool. A DNS-1035 label of at most 40 characters: Service names are made of it. */
export type ClusterId = string & { readonly __brand: 'ClusterId' };
/** One storage server. A DNS-1123 subdomain, usually its management host name. */
export type NodeId = string & { readonly __brand: 'NodeId' };
/** A disk or folder of one node, by its absolute path: `/dev/vdb`. Unique within the node only. */
export type DeviceName = string & { readonly __brand: 'DeviceName' };
/** A volume's identity for life: the lower-case UUID of the claim that it was made for. */
export type VolumeId = string & { readonly __brand: 'VolumeId' };
/** What gluster calls the volume: `vol_<VolumeId>`, or with the class's prefix in place of `vol`. */
export type VolumeName = string & { readonly __brand: 'VolumeName' };
/** `<VolumeId>-<set>-<position>-<generation>`; the generation rises when a brick is replaced. */
export type BrickId = string & { readonly __brand: 'BrickId' };
/** An IPv4 address, IPv6 address or DNS name. */
export type HostName = string & { readonly __brand: 'HostName' };

/** A name that breaks its grammar. `message` names the field, what was expected and what came. */
export class NameError extends Error {
  override readonly name = 'NameError';
  readonly field: string;

  constructor(field: string, expected: string, got: string) {
    super(`${field}: expected ${expected}, got ${JSON.stringify(got)}`);
    this.field = field;
  }
}

function checked<T extends string>(field: string, text: string, grammar: RegExp, expected: string): T {
  if (!grammar.test(text)) {
    throw new NameError(field, expected, text);
  }
  return text as T;
}

const clusterIdGrammar = /^[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?$/;
const nodeIdGrammar = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const deviceNameGrammar = /^(?=.{2,255}$)(?!.*(?:^|\/)\.\.?(?:\/|$))(?:\/[a-zA-Z0-9_.:+-]+)+$/;
const volumeIdGrammar = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const volumeNamePrefixGrammar = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$/;
const volumeNameGrammar = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,127}$/;
/** Ends like an IPv4 address. No DNS name does: its last label has a letter (RFC 3696). */
const numericEnd = /(?:^|\.)\d+$/;
const ipv4 = z.ipv4();
const ipv6 = z.ipv6();

export function clusterId(text: string, field = 'cluster'): ClusterId {
  return checked(
    field,
    text,
    clusterIdGrammar,
    'a lower-case DNS label of at most 40 characters that begins with a letter',
  );
}

export function nodeId(text: string, field = 'node'): NodeId {
  return checked(field, text, nodeIdGrammar, 'a lower-case DNS name');
}

export function deviceName(text: string, field = 'device'): DeviceName {
  return checked(field, text, deviceNameGrammar, 'an absolute path such as /dev/vdb, without . or .. in it');
}

export function volumeId(text: string, field = 'volume id'): VolumeId {
  return checked(field, text, volumeIdGrammar, 'a lower-case UUID');
}

export function volumeName(text: string, field = 'volume name'): VolumeName {
  return checked(field, text, volumeNameGrammar, 'at most 128 letters, digits, _ and -');
}

/** Case is of no meaning in a host, so it is lower case from here on. */
export function hostName(text: string, field = 'host'): HostName {
  const host = text.toLowerCase();
  const isAddress = ipv4.safeParse(host).success || ipv6.safeParse(host).success;
  if (!isAddress && (!nodeIdGrammar.test(host) || numericEnd.test(host))) {
    throw new NameError(field, 'an IP address or a DNS name', text);
  }
  return host as HostName;
}

/** The gluster name of a volume. From the id alone, so that no claim can have a name that is too long. */
export function volumeNameFor(id: VolumeId, prefix = 'vol'): VolumeName {
  return volumeName(`${prefix}_${id}`);
}

/** The id of one brick: `set` and `position` count from 0, `generation` rises when the brick is replaced. */
export function brickIdFor(volume: VolumeId, set: number, position: number, generation = 0): BrickId {
  return `${volume}-${set}-${position}-${generation}` as BrickId;
}

export const brickIdGrammar = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d{1,4}-\d{1,3}-\d{1,6}$/;

export function brickId(text: string, field = 'brick id'): BrickId {
  return checked(field, text, brickIdGrammar, '<volume uuid>-<set>-<position>-<generation>');
}
