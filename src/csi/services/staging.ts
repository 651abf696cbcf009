/** One mount of the volume on this node, for all the pods that use it here. */
import type { CallContext, Mounts } from '../mounts/api.ts';
import type { HostPath, VolumeHandle } from '../protocol/grammar.ts';
import { stageRequest, unstageRequest } from '../protocol/requests.ts';
import { accessOf } from './access.ts';
import { change, expectInside } from './change.ts';
import type { NodeParts } from './parts.ts';
import { alreadyExists, notFound, precondition, refusalOf } from './refusal.ts';
import { inWords, isOther, valueOf } from './standing.ts';
import { volumeOf, wishOf } from './wish.ts';

export async function stageVolume(parts: NodeParts, raw: unknown, context: CallContext): Promise<object> {
  const request = stageRequest.parse(raw);
  const { volume_id: volume, staging_target_path: path } = request;
  expectInside(path, parts, 'staging_target_path');
  const access = accessOf(request.volume_capability);
  const wanted = volumeOf(volume, request.volume_context);
  return change(parts, { call: 'NodeStageVolume', volume, path }, async () => {
    const wish = await wishOf(wanted, access, parts.servers, context);
    const outcome = await parts.mounts.stage(path, wish, context);
    if (outcome.kind !== 'done') {
      throw refusalOf(outcome, alreadyExists);
    }
  });
}

export async function unstageVolume(parts: NodeParts, raw: unknown, context: CallContext): Promise<object> {
  const { volume_id: volume, staging_target_path: path } = unstageRequest.parse(raw);
  expectInside(path, parts, 'staging_target_path');
  return change(parts, { call: 'NodeUnstageVolume', volume, path }, async () => {
    await expectUnused(parts.mounts, volume, path, context);
    const outcome = await parts.mounts.unstage(path, context);
    if (outcome.kind !== 'done') {
      throw refusalOf(outcome, precondition);
    }
  });
}

/** To unstage ends the client process, under whatever still uses it. */
async function expectUnused(mounts: Mounts, volume: VolumeHandle, path: HostPath, context: CallContext): Promise<void> {
  const standing = valueOf(await mounts.look(path, context));
  if (isOther(standing, volume)) {
    throw notFound(`staging_target_path: expected volume ${volume} at ${path}, got ${inWords(standing)}`);
  }
  if (standing.kind !== 'mounted') {
    return;
  }
  const targets = valueOf(await mounts.targets(path, context));
  if (targets.length > 0) {
    throw precondition(
      `staging_target_path: ${volume} is still published at ${targets.join(', ')}; unpublish it first`,
    );
  }
}
