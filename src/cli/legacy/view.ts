/** What `brickyard legacy list -o json` prints, and what the table is made of. */
import {
  prospectsOf,
  type NextStep,
  type Prospects,
  type StorageKnowledge,
} from '../../controller/legacy/prospects.ts';
import type { LegacyMaker } from '../../controller/legacy/recognise.ts';
import type { FoundLegacy } from './cluster-side.ts';

export interface LegacyView {
  readonly persistentVolume: string;
  readonly phase: string;
  readonly claim?: { readonly namespace: string; readonly name: string };
  readonly storageClass: string;
  /** Bytes, as the PersistentVolume says. */
  readonly size?: number;
  readonly reclaimPolicy: string;
  /** Gluster's name for the volume; `path` is what pods mount of it. */
  readonly volume: string;
  readonly path: string;
  readonly endpoints: {
    readonly namespace?: string;
    readonly name: string;
    readonly addresses?: readonly string[];
    /** Why there are no addresses. */
    readonly problem?: string;
  };
  readonly madeBy: string;
  readonly heketiVolumeId?: string;
  readonly gid?: string;
  readonly cluster: Prospects['cluster'];
  readonly gluster: Prospects['gluster'];
  /** Brickyard's record of the volume, if it has one. */
  readonly record?: { readonly adopted: boolean };
  readonly next: { readonly step: NextStep; readonly commands: readonly string[]; readonly why: string };
}

export function viewLegacy({ legacy, addresses }: FoundLegacy, storage: StorageKnowledge): LegacyView {
  const { claim, className, size, endpoints, madeBy, heketiId, gid } = legacy;
  const prospects = prospectsOf(legacy, addresses, storage);
  const { record } = prospects;
  return {
    persistentVolume: legacy.persistentVolume,
    phase: legacy.phase,
    ...(claim === undefined ? {} : { claim }),
    storageClass: className,
    ...(size === undefined ? {} : { size }),
    reclaimPolicy: legacy.reclaimPolicy,
    volume: legacy.volume,
    path: legacy.path,
    endpoints: {
      ...(endpoints.namespace === undefined ? {} : { namespace: endpoints.namespace }),
      name: endpoints.name,
      ...('unknown' in addresses ? { problem: addresses.unknown } : { addresses }),
    },
    madeBy: makerText(madeBy),
    ...(heketiId === undefined ? {} : { heketiVolumeId: heketiId }),
    ...(gid === undefined ? {} : { gid }),
    cluster: prospects.cluster,
    gluster: prospects.gluster,
    ...(record === undefined ? {} : { record: { adopted: record.adopted } }),
    next: nextOf(legacy.persistentVolume, legacy.volume, legacy.reclaimPolicy, prospects),
  };
}

function makerText(maker: LegacyMaker): string {
  switch (maker.kind) {
    case 'in-tree':
      return 'kubernetes.io/glusterfs';
    case 'heketi':
      return 'heketi';
    case 'provisioner':
      return maker.name;
    case 'hand':
      return 'hand';
  }
}

function nextOf(pv: string, volume: string, policy: string, prospects: Prospects): LegacyView['next'] {
  const { cluster, gluster, next } = prospects;
  // Its provisioner is gone: a delete would end with a PersistentVolume in phase Failed and the data left behind.
  const retain = `kubectl patch persistentvolume ${pv} -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`;
  const keep = policy === 'Delete' ? [retain] : [];
  const reason = cluster.kind === 'unknown' ? cluster.reason : gluster.kind === 'unknown' ? gluster.reason : '';
  switch (next) {
    case 'adopt': {
      const at = cluster.kind === 'told' ? ` --cluster ${cluster.id}` : '';
      const commands = [...keep, `brickyard volume adopt ${volume}${at} --dry-run`];
      return { step: next, commands, why: 'gluster has it, and Brickyard has no record of it' };
    }
    case 'nothing':
      return { step: next, commands: keep, why: 'Brickyard has a record of it and leaves it as it is' };
    case 'load-topology':
      return { step: next, commands: [...keep, 'brickyard topology load FILE'], why: reason };
    case 'look-into':
      return { step: next, commands: keep, why: reason === '' ? 'its cluster has no volume of that name' : reason };
    case 'ask-again':
      return { step: next, commands: keep, why: reason };
  }
}
