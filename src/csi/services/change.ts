/** What the four calls that change something have in common. */
import { status } from '@grpc/grpc-js';
import { isInside, type HostPath, type VolumeHandle } from '../protocol/grammar.ts';
import type { NodeParts } from './parts.ts';
import { invalid, Refusal } from './refusal.ts';

export interface Change {
  readonly call: string;
  readonly volume: VolumeHandle;
  readonly path: HostPath;
}

/** Alone on its volume, and with one line in the log. `work` throws Refusal. Resolves with the empty answer. */
export async function change(
  { lanes, clock, log }: NodeParts,
  { call, volume, path }: Change,
  work: () => Promise<void>,
): Promise<object> {
  const begun = clock.monotonic();
  const fields = () => ({ call, volume, path, ms: Math.round(clock.monotonic() - begun) });
  try {
    await lanes.run(volume, call, work);
    log.info(fields(), 'done');
    return {};
  } catch (error) {
    if (error instanceof Refusal) {
      log.warn({ ...fields(), code: status[error.code] }, error.message);
    }
    throw error;
  }
}

/** Throws Refusal: a mount elsewhere would be seen by this container only, and not by the host. */
export function expectInside(path: HostPath, { kubeletDirectory }: NodeParts, field: string): void {
  if (!isInside(path, kubeletDirectory)) {
    throw invalid(
      `${field}: expected a path in ${kubeletDirectory}, got ${path}; --kubelet-dir says where kubelets mount`,
    );
  }
}
