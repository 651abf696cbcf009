/** Calls that look at a mounted volume. They change nothing, so they wait for nobody. */
import { status } from '@grpc/grpc-js';
import type { CallContext, Standing, Usage } from '../mounts/api.ts';
import { expandRequest, statsRequest } from '../protocol/requests.ts';
import { accessOf } from './access.ts';
import type { NodeParts } from './parts.ts';
import { invalid, Refusal, refusalOf } from './refusal.ts';
import { mountedAt, valueOf } from './standing.ts';

type Mounted = Exclude<Standing, { kind: 'nothing' }>;

/** Usage and condition. A dead or silent mount is an answer, not an error: that is what the condition is for. */
export async function volumeStats({ mounts }: NodeParts, raw: unknown, context: CallContext): Promise<object> {
  const { volume_id: volume, volume_path: path } = statsRequest.parse(raw);
  const { place, standing } = await mountedAt(mounts, volume, path, context);
  if (standing.kind === 'dead') {
    return abnormal(deathNote(standing));
  }
  const outcome = await mounts.usage(place, context);
  switch (outcome.kind) {
    case 'done':
      return { usage: usageOf(outcome.value), volume_condition: { abnormal: false, message: 'the volume is mounted' } };
    case 'waiting':
    case 'unknown':
      return abnormal(`the volume does not answer: ${outcome.reason}`);
    case 'rejected':
    case 'failed':
      throw refusalOf(outcome, invalid);
  }
}

const abnormal = (message: string) => ({ usage: [], volume_condition: { abnormal: true, message } });

const deathNote = ({ volume }: Mounted): string =>
  `the client process of ${volume ?? 'the volume'} has ended, and every access fails; ` +
  'delete the pods that use it on this node: the first new one has it mounted again';

const usageOf = ({ bytes, inodes }: Usage) => [
  { unit: 'BYTES', ...bytes },
  { unit: 'INODES', ...inodes },
];

/** Gluster's clients see the new size by themselves. What is said here is what the mount says. */
export async function expandVolume({ mounts }: NodeParts, raw: unknown, context: CallContext): Promise<object> {
  const {
    volume_id: volume,
    volume_path: path,
    capacity_range: range,
    volume_capability: capability,
  } = expandRequest.parse(raw);
  if (capability !== undefined && capability !== null) {
    accessOf(capability, invalid);
  }
  expectRange(range ?? { required_bytes: 0, limit_bytes: 0 });
  const { place, standing } = await mountedAt(mounts, volume, path, context);
  if (standing.kind === 'dead') {
    throw new Refusal(status.UNAVAILABLE, `volume_path: ${deathNote(standing)}`);
  }
  const { bytes } = valueOf(await mounts.usage(place, context));
  return { capacity_bytes: bytes.total };
}

/** 0 stands for a bound that is not there. */
function expectRange({
  required_bytes: least,
  limit_bytes: most,
}: {
  required_bytes: number;
  limit_bytes: number;
}): void {
  if (least < 0 || most < 0 || (most > 0 && most < least)) {
    throw new Refusal(
      status.OUT_OF_RANGE,
      `capacity_range: expected sizes of 0 or more, the limit not below what is required, got ${least} to ${most}`,
    );
  }
}
