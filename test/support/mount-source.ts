/** What a PersistentVolume tells a kubelet or the node plugin, whichever form it has. */
import type { V1PersistentVolume } from '@kubernetes/client-node';
import { csiDriverName, readCsiAttributes } from '../../src/domain/csi-names.ts';

export interface MountSource {
  readonly form: 'glusterfs' | 'csi';
  /** Where the addresses of the servers are. */
  readonly endpoints: { readonly namespace: string; readonly name: string };
  /** What gluster calls the volume. */
  readonly volume: string;
}

/** Throws when it is neither form. */
export function mountSourceOf(pv: V1PersistentVolume | undefined): MountSource {
  const { glusterfs, csi } = pv?.spec ?? {};
  if (glusterfs?.endpointsNamespace !== undefined) {
    const { endpoints: name, endpointsNamespace: namespace, path } = glusterfs;
    return { form: 'glusterfs', endpoints: { namespace, name }, volume: path };
  }
  if (csi?.driver === csiDriverName) {
    const { endpoints: name, endpointsNamespace: namespace, volume } = readCsiAttributes(csi.volumeAttributes ?? {});
    return { form: 'csi', endpoints: { namespace, name }, volume };
  }
  throw new Error(`expected a PersistentVolume of gluster that names its endpoints, got ${JSON.stringify(pv?.spec)}`);
}
