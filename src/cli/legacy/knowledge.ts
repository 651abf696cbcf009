import { AdminError } from '../../api/admin-error.ts';
import type { Admin } from '../../api/admin.ts';
import { NoServerError, remoteAdmin } from '../../api/remote-admin.ts';
import type { KnownCluster, StorageKnowledge } from '../../controller/legacy/prospects.ts';
import type { Io } from '../io.ts';
import { watchOf } from '../commands/doctor.ts';

type Asked = Pick<Admin, 'topology' | 'volumes'> & { readonly recovery: Pick<Admin['recovery'], 'glusterVolumes'> };

/** What the server on `socket` knows of the storage. One that does not run or does not answer makes it unknown. */
export async function storageKnowledge(socket: string, io: Io): Promise<StorageKnowledge> {
  try {
    return await askStorage(remoteAdmin(socket), io);
  } catch (error) {
    if (error instanceof NoServerError) {
      return { kind: 'unknown', reason: `${error.message}, so gluster could not be asked` };
    }
    if (error instanceof AdminError) {
      return { kind: 'unknown', reason: `the server could not say: ${error.message}` };
    }
    throw error;
  }
}

/** Throws AdminError. */
async function askStorage(admin: Asked, io: Io): Promise<StorageKnowledge> {
  const topology = await admin.topology();
  const records = await admin.volumes();
  const { clusters: sights } = await admin.recovery.glusterVolumes(watchOf(io));
  const clusters = topology.clusters.map(({ id, nodes }): KnownCluster => {
    const sight = sights.find(({ cluster }) => cluster === id);
    return {
      id,
      hosts: new Set(nodes.flatMap(({ storage, manage }) => [storage, manage])),
      volumes: sight?.kind === 'seen' ? new Set(sight.volumes) : { unseen: sight?.reason ?? 'it has no nodes' },
    };
  });
  return {
    kind: 'known',
    clusters,
    records: records.map(({ name, cluster, adopted }) => ({ name, cluster, adopted: adopted === true })),
  };
}
