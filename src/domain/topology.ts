import { z } from 'zod';
import { clusterId, deviceName, hostName, nodeId } from './names.ts';
import { clusterIdShape, deviceNameShape, hostNameShape, nodeIdShape } from './name-shapes.ts';
import { bytes } from './quantity.ts';
import { branded, byteSize } from './schema.ts';

/** May new bricks be placed here? `offline`: not now; `failed`: never again, move what is here away. */
export const placementState = z.enum(['online', 'offline', 'failed']);
export type PlacementState = z.infer<typeof placementState>;

/** Free-form labels that placement rules match on, such as `arbiter=required` or `media=ssd`. */
export const tags = z.record(z.string().regex(/^[a-zA-Z0-9_.-]{1,32}$/), z.string().regex(/^[a-zA-Z0-9_.:/-]{0,64}$/));
export type Tags = z.infer<typeof tags>;

/** As the disk says it: `lsblk -o SERIAL` on the node shows it. */
export const serialNumber = z.string().regex(/^[a-zA-Z0-9_.:-]{1,128}$/);

/** A disk (or folder) that bricks are cut from. */
export const deviceRecord = z.object({
  name: branded(deviceName, deviceNameShape),
  state: placementState.default('online'),
  tags: tags.default({}),
  /** Bytes that bricks may use, as the node reported them. Absent until the node has prepared the device. */
  size: byteSize.optional(),
  /** Bytes of `size` that placement leaves alone. */
  reserved: byteSize.default(bytes(0)),
  /** The administrator agreed that whatever is on this device may be destroyed when it is prepared. */
  wipe: z.boolean().default(false),
  /** The serial number that the device must have to be prepared, so that a disk under another name is never taken for it. */
  serial: serialNumber.optional(),
});
export type DeviceRecord = z.infer<typeof deviceRecord>;

export const zoneName = /^[a-zA-Z0-9_.-]{1,63}$/;
/** `zoneName` in words, for messages. */
export const zoneNameShape = 'a zone of 1 to 63 letters, digits, _ . and -';

/** A storage server and its devices: one self-contained record. */
export const nodeRecord = z.object({
  id: branded(nodeId, nodeIdShape),
  cluster: branded(clusterId, clusterIdShape),
  /** Failure domain. Nodes of the same zone are expected to fail together. */
  zone: z.string().regex(zoneName),
  /** Where commands for this node go. */
  manage: branded(hostName, hostNameShape),
  /** What gluster peers and clients call it: stands in brick names, so it never changes. */
  storage: branded(hostName, hostNameShape),
  state: placementState.default('online'),
  tags: tags.default({}),
  devices: z.array(deviceRecord).default([]),
});
export type NodeRecord = z.infer<typeof nodeRecord>;

/** A trusted storage pool. */
export const clusterRecord = z.object({
  id: branded(clusterId, clusterIdShape),
});
export type ClusterRecord = z.infer<typeof clusterRecord>;

/** What a verb needs to reach a node. */
export type NodeRef = Pick<NodeRecord, 'id' | 'manage' | 'storage'>;
