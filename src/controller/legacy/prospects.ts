/**
 * What is known of the gluster volume behind a PersistentVolume of yesterday, and what can be done next. Pure: whoever
 * calls has asked Kubernetes for the Endpoints, and a running Brickyard for its topology, its records and gluster's volumes.
 */
import type { LegacyVolume } from './recognise.ts';

/** A gluster cluster of the topology. */
export interface KnownCluster {
  readonly id: string;
  /** Names and addresses that its nodes are reached by, for storage and otherwise. */
  readonly hosts: ReadonlySet<string>;
  /** Names of all volumes that its gluster has, or why it did not say. */
  readonly volumes: ReadonlySet<string> | { readonly unseen: string };
}

/** A record of Brickyard's. */
export interface KnownRecord {
  readonly name: string;
  readonly cluster: string;
  readonly adopted: boolean;
}

export type StorageKnowledge =
  | { readonly kind: 'known'; readonly clusters: readonly KnownCluster[]; readonly records: readonly KnownRecord[] }
  /** Nobody could be asked. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** Addresses that the Endpoints give, or why they are not known. */
export type ServerAddresses = readonly string[] | { readonly unknown: string };

export type ClusterVerdict =
  | { readonly kind: 'told'; readonly id: string; readonly by: 'record' | 'endpoints' | 'volume name' }
  /** `contradiction`: what is known does not go together; without it, too little is known. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly contradiction: boolean };

export type InGluster =
  | { readonly kind: 'present' }
  /** Its cluster answered, and has no volume of that name. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly reason: string };

export type NextStep =
  /** Take it into the records. */
  | 'adopt'
  /** Recorded: nothing is left to be done. */
  | 'nothing'
  /** Its cluster is not in the topology. */
  | 'load-topology'
  /** Gluster has no such volume, or what is known does not go together: somebody has to look. */
  | 'look-into'
  /** Somebody has to be reachable first. */
  | 'ask-again';

export interface Prospects {
  readonly cluster: ClusterVerdict;
  readonly gluster: InGluster;
  readonly record: KnownRecord | undefined;
  readonly next: NextStep;
}

/** Never guesses: what is not plain is `unknown`, with the reason. */
export function prospectsOf(legacy: LegacyVolume, addresses: ServerAddresses, storage: StorageKnowledge): Prospects {
  if (storage.kind === 'unknown') {
    const gluster = { kind: 'unknown', reason: storage.reason } as const;
    return { cluster: { ...gluster, contradiction: false }, gluster, record: undefined, next: 'ask-again' };
  }
  const cluster = tellCluster(legacy.volume, addresses, storage);
  const known = cluster.kind === 'told' ? storage.clusters.find(({ id }) => id === cluster.id) : undefined;
  const gluster = lookIn(legacy.volume, known, cluster);
  const record = storage.records.find(({ name, cluster: home }) => name === legacy.volume && home === known?.id);
  return { cluster, gluster, record, next: nextStep(cluster, gluster, record) };
}

/** What pods mount from decides; the name of the volume only where the addresses say nothing. */
function tellCluster(
  volume: string,
  addresses: ServerAddresses,
  { clusters, records }: Extract<StorageKnowledge, { kind: 'known' }>,
): ClusterVerdict {
  const served = 'unknown' in addresses ? [] : clusters.filter(({ hosts }) => addresses.some((one) => hosts.has(one)));
  const recorded = records.filter(({ name }) => name === volume).map(({ cluster }) => cluster);
  const holding = clusters.filter((each) => has(each, volume));
  const [first, ...others] = served;
  if (others.length > 0) {
    return contradiction(`its Endpoints name nodes of several clusters: ${list(served)}`);
  }
  if (first !== undefined) {
    const elsewhere = holding.length > 0 && !holding.includes(first);
    return elsewhere
      ? contradiction(`its Endpoints name nodes of ${first.id}, but the volume is in ${list(holding)}`)
      : { kind: 'told', id: first.id, by: recorded.includes(first.id) ? 'record' : 'endpoints' };
  }
  const [home, ...homes] = new Set(recorded);
  if (home !== undefined && homes.length === 0) {
    return { kind: 'told', id: home, by: 'record' };
  }
  const [holder, ...holders] = holding;
  if (holder !== undefined && holders.length === 0) {
    return { kind: 'told', id: holder.id, by: 'volume name' };
  }
  return holder === undefined
    ? { kind: 'unknown', reason: nowhere(addresses), contradiction: false }
    : contradiction(`there is a volume ${volume} in each of ${list(holding)}`);
}

const contradiction = (reason: string): ClusterVerdict => ({ kind: 'unknown', reason, contradiction: true });

const has = ({ volumes }: KnownCluster, volume: string): boolean => volumes instanceof Set && volumes.has(volume);
const list = (clusters: readonly KnownCluster[]): string => clusters.map(({ id }) => id).join(', ');

function nowhere(addresses: ServerAddresses): string {
  if ('unknown' in addresses) {
    return `${addresses.unknown}, and no cluster of the topology is known to have the volume`;
  }
  return addresses.length === 0
    ? 'its Endpoints name no server, and no cluster of the topology is known to have the volume'
    : `its servers (${addresses.join(', ')}) belong to no cluster of the topology`;
}

function lookIn(volume: string, cluster: KnownCluster | undefined, verdict: ClusterVerdict): InGluster {
  if (cluster === undefined) {
    const reason = verdict.kind === 'unknown' ? verdict.reason : `cluster ${verdict.id} is not in the topology`;
    return { kind: 'unknown', reason };
  }
  if ('unseen' in cluster.volumes) {
    return { kind: 'unknown', reason: `cluster ${cluster.id} did not answer: ${cluster.volumes.unseen}` };
  }
  return { kind: cluster.volumes.has(volume) ? 'present' : 'absent' };
}

function nextStep(cluster: ClusterVerdict, gluster: InGluster, record: KnownRecord | undefined): NextStep {
  if (cluster.kind === 'unknown') {
    return cluster.contradiction ? 'look-into' : 'load-topology';
  }
  switch (gluster.kind) {
    case 'unknown':
      return 'ask-again';
    case 'absent':
      return 'look-into';
    case 'present':
      return record === undefined ? 'adopt' : 'nothing';
  }
}
