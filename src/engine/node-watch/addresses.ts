/** Whether a node is where its storage host points to. */
import type { NodeRecord } from '../../domain/topology.ts';
import type { NodeFacts } from '../ports.ts';
import type { Resolve, WholeNodeProblem } from './api.ts';

const ipv4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** One spelling for each address: IPv6 has many. What is no address stays as it is. */
function canonical(address: string): string {
  if (!address.includes(':')) {
    return address;
  }
  try {
    return new URL(`http://[${address}]/`).hostname.slice(1, -1);
  } catch {
    return address.toLowerCase();
  }
}

/** What the node's storage host stands for. `undefined`: nobody could say just now. */
export async function expectedAddresses(
  { storage }: Pick<NodeRecord, 'storage'>,
  resolve: Resolve | undefined,
): Promise<readonly string[] | undefined> {
  if (ipv4.test(storage) || storage.includes(':')) {
    return [storage];
  }
  try {
    const found = await resolve?.(storage);
    return found === undefined || found.length === 0 ? undefined : found;
  } catch {
    return undefined;
  }
}

/** A node that names no address at all says nothing about them. */
export function addressProblem(
  { storage }: Pick<NodeRecord, 'storage'>,
  { addresses }: NodeFacts,
  expected: readonly string[] | undefined,
): WholeNodeProblem | undefined {
  if (expected === undefined || addresses.length === 0) {
    return undefined;
  }
  const own = new Set(addresses.map(canonical));
  return expected.some((address) => own.has(canonical(address)))
    ? undefined
    : { kind: 'address-changed', storage, expected, found: addresses };
}
