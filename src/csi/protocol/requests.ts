/**
 * Requests of the Node service, read once where they come in. Names are those of the wire, so that a complaint names the
 * field as the caller knows it. Secrets are not read at all.
 */
import { z } from 'zod';
import { branded } from '../../domain/schema.ts';
import { hostPath, volumeHandle } from './grammar.ts';

/** Protobuf has no absent text: what was not said is empty. */
const required = <T extends string>(expected: string, parse: (text: string, field: string) => T) =>
  branded((text) => {
    if (text === '') {
      throw new TypeError(`expected ${expected}, got nothing`);
    }
    // The schema puts the field in front.
    return withoutField(() => parse(text, ''));
  });

function withoutField<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof Error ? new TypeError(error.message.replace(/^: /, ''), { cause: error }) : error;
  }
}

const handle = required('the id of a volume', volumeHandle);
const path = required('an absolute path', hostPath);

const accessMode = z.enum([
  'UNKNOWN',
  'SINGLE_NODE_WRITER',
  'SINGLE_NODE_READER_ONLY',
  'MULTI_NODE_READER_ONLY',
  'MULTI_NODE_SINGLE_WRITER',
  'MULTI_NODE_MULTI_WRITER',
  'SINGLE_NODE_SINGLE_WRITER',
  'SINGLE_NODE_MULTI_WRITER',
]);

const mountVolume = z.object({
  fs_type: z.string(),
  mount_flags: z.array(z.string()),
  volume_mount_group: z.string(),
});

const capability = z.object(
  {
    block: z.object({}).nullish(),
    mount: mountVolume.nullish(),
    access_mode: z.object({ mode: accessMode }, 'expected an access mode, got nothing'),
  },
  'expected how the volume will be used, got nothing',
);

/** Key by key, as the volume has them since it was made. */
const context = z.record(z.string(), z.string());

export const stageRequest = z.object({
  volume_id: handle,
  staging_target_path: path,
  volume_capability: capability,
  volume_context: context,
});

export const unstageRequest = z.object({ volume_id: handle, staging_target_path: path });

export const publishRequest = z.object({
  volume_id: handle,
  target_path: path,
  volume_capability: capability,
  /** Empty is not a wrong argument by the contract, but a step that was left out: the service says so. */
  staging_target_path: z.union([z.literal(''), path]),
  readonly: z.boolean(),
  volume_context: context,
});

export const unpublishRequest = z.object({ volume_id: handle, target_path: path });

/** A path that can name nothing is one where no volume is, which is the service's to say. */
const anyPath = z.string().min(1, 'expected an absolute path, got nothing');

export const statsRequest = z.object({ volume_id: handle, volume_path: anyPath });

const byteCount = z.string().transform(Number);

export const expandRequest = z.object({
  volume_id: handle,
  volume_path: anyPath,
  capacity_range: z.object({ required_bytes: byteCount, limit_bytes: byteCount }).nullish(),
  volume_capability: capability.nullish(),
});

export type Capability = z.output<typeof capability>;
