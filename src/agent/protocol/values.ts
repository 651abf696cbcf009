/**
 * The values of the storage-node port as JSON. Names are parsed by their grammars, so that nothing that came over the wire
 * gets near a command unchecked. Arguments are strict: a field that an agent does not know asks for something that it
 * would not do. Results are not: a newer agent may say more than its caller reads.
 */
import { z } from 'zod';
import { brickIdentity } from '../../domain/brick-identity.ts';
import { durabilitySchema } from '../../domain/durability.ts';
import { brickId, deviceName, hostName, nodeId, volumeId, volumeName } from '../../domain/names.ts';
import { volumeOptionOf } from '../../domain/options.ts';
import { messageOf } from '../../domain/error-message.ts';
import { branded, byteSize } from '../../domain/schema.ts';
import { deviceRecord, type NodeRef } from '../../domain/topology.ts';
import type { VolumeOption } from '../../domain/volume.ts';
import {
  peerStates,
  type BrickAddress,
  type BrickFacts,
  type BrickHeal,
  type BrickSpec,
  type BrickStatus,
  type DeviceFacts,
  type GlusterVolume,
  type NodeFacts,
  type Peer,
  type PrepareOptions,
  type Rebalance,
  type VolumeSpec,
} from '../../engine/ports.ts';

export const device = branded(deviceName);
export const host = branded(hostName);
export const brick = branded(brickId);
export const volume = branded(volumeName);
const count = z.int().min(0);
const absolutePath = z.string().regex(/^\/[^\0\n]+$/, 'expected an absolute path');

export const nodeRef: z.ZodType<NodeRef> = z.strictObject({ id: branded(nodeId), manage: host, storage: host });

// --- arguments ------------------------------------------------------------------------------------------------------

export const prepareOptions: z.ZodType<PrepareOptions> = z.strictObject({
  wipe: z.boolean(),
  serial: deviceRecord.shape.serial,
});

export const brickSpec: z.ZodType<BrickSpec> = z.strictObject({
  id: brick,
  volume: branded(volumeId),
  device,
  size: byteSize,
  snapshotFactor: z.number().min(1).max(100),
  arbiter: z.boolean(),
  gid: z.int().min(1).optional(),
  identity: branded(brickIdentity).optional(),
});

export const brickAddress: z.ZodType<BrickAddress> = z.strictObject({
  host,
  path: absolutePath,
  arbiter: z.boolean(),
});

export const volumeSpec: z.ZodType<VolumeSpec> = z.strictObject({
  name: volume,
  durability: durabilitySchema,
  bricks: z.array(brickAddress),
});

export const volumeOption: z.ZodType<VolumeOption> = z
  .strictObject({ key: z.string(), value: z.string() })
  .transform(({ key, value }, context): VolumeOption => {
    try {
      return volumeOptionOf(key, value);
    } catch (error) {
      context.addIssue(messageOf(error));
      return z.NEVER;
    }
  });

// --- results --------------------------------------------------------------------------------------------------------

export const nodeFacts: z.ZodType<NodeFacts> = z.object({
  bootId: z.string(),
  addresses: z.array(z.string()),
  glusterId: z.string().optional(),
});

export const deviceFacts: z.ZodType<DeviceFacts> = z.object({ device, size: byteSize, free: byteSize });

export const brickFacts: z.ZodType<BrickFacts> = z.object({
  id: brick,
  path: z.string(),
  size: byteSize,
  footprint: byteSize.optional(),
  identity: z.string().optional(),
});

export const peer: z.ZodType<Peer> = z.object({
  uuid: z.string(),
  hosts: z.array(z.string()),
  state: z.enum(peerStates),
});

const standingBrick: z.ZodType<BrickAddress> = z.object({ host, path: z.string(), arbiter: z.boolean() });

export const glusterVolume: z.ZodType<GlusterVolume> = z.object({
  name: volume,
  uuid: z.string(),
  status: z.enum(['created', 'started', 'stopped']),
  durability: durabilitySchema.optional(),
  bricks: z.array(standingBrick),
  // A Map travels as its pairs: as an object's keys, an option called `__proto__` would be lost.
  options: z.array(z.tuple([z.string(), z.string()])).transform((pairs) => new Map(pairs)),
});

export const rebalance: z.ZodType<Rebalance> = z.object({
  state: z.enum(['none', 'running', 'completed', 'failed', 'stopped']),
  task: z.string().optional(),
  files: count,
  bytes: byteSize,
  failures: count,
});

export const brickStatus: z.ZodType<BrickStatus> = z.object({
  host: z.string(),
  path: z.string(),
  online: z.boolean(),
});

export const brickHeal: z.ZodType<BrickHeal> = z.object({
  host: z.string(),
  path: z.string(),
  connected: z.boolean(),
  pending: count.optional(),
  splitBrain: count.optional(),
});
