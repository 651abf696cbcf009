/** What a pod sees of a volume that is mounted on its node. */
import type { CsiVolume } from '../../domain/csi-names.ts';
import type { CallContext } from '../mounts/api.ts';
import type { HostPath, VolumeHandle } from '../protocol/grammar.ts';
import { publishRequest, unpublishRequest } from '../protocol/requests.ts';
import { accessOf, type Access } from './access.ts';
import { change, expectInside } from './change.ts';
import type { NodeParts } from './parts.ts';
import { alreadyExists, notFound, precondition, refusalOf } from './refusal.ts';
import { inWords, isOther, valueOf } from './standing.ts';
import { volumeOf, wishOf } from './wish.ts';

interface Publication {
  readonly volume: VolumeHandle;
  readonly wanted: CsiVolume;
  readonly access: Access;
  readonly staged: HostPath;
  readonly target: HostPath;
  /** By access mode, by mount option, or because the pod asks for it. */
  readonly readOnly: boolean;
}

export async function publishVolume(parts: NodeParts, raw: unknown, context: CallContext): Promise<object> {
  const publication = read(parts, raw);
  const { volume, staged, target, readOnly } = publication;
  return change(parts, { call: 'NodePublishVolume', volume, path: target }, async () => {
    await expectRoom(parts, publication, context);
    await ensureStaged(parts, publication, context);
    await expectAlone(parts, publication, context);
    const outcome = await parts.mounts.publish(staged, target, { readOnly }, context);
    if (outcome.kind !== 'done') {
      throw refusalOf(outcome, alreadyExists);
    }
  });
}

function read(parts: NodeParts, raw: unknown): Publication {
  const request = publishRequest.parse(raw);
  const { volume_id: volume, target_path: target, staging_target_path: staged } = request;
  const access = accessOf(request.volume_capability);
  if (staged === '') {
    throw precondition(
      'staging_target_path: expected where the volume is staged, got nothing; call NodeStageVolume first',
    );
  }
  expectInside(target, parts, 'target_path');
  expectInside(staged, parts, 'staging_target_path');
  const wanted = volumeOf(volume, request.volume_context);
  return { volume, wanted, access, staged, target, readOnly: request.readonly || access.readOnly };
}

/** The target is free, or shows what it is to show. */
async function expectRoom({ mounts }: NodeParts, publication: Publication, context: CallContext): Promise<void> {
  const { wanted, target, readOnly } = publication;
  const standing = valueOf(await mounts.look(target, context));
  if (standing.kind !== 'mounted' || (standing.volume === wanted.volume && standing.readOnly === readOnly)) {
    return;
  }
  const expected = `${wanted.volume}${readOnly ? ', read only' : ''}`;
  throw alreadyExists(`target_path: expected ${target} to be free or to show ${expected}, got ${inWords(standing)}`);
}

/**
 * A client that has died is replaced here, so that a new pod is enough to have the volume back: kubelets stage a volume
 * once, for its first pod.
 */
async function ensureStaged(parts: NodeParts, publication: Publication, context: CallContext): Promise<void> {
  const { wanted, access, staged, readOnly } = publication;
  const standing = valueOf(await parts.mounts.look(staged, context));
  if (standing.kind !== 'mounted') {
    parts.log.warn({ volume: publication.volume, path: staged, found: inWords(standing) }, 'staging the volume again');
    const wish = await wishOf(wanted, access, parts.servers, context);
    const outcome = await parts.mounts.stage(staged, wish, context);
    if (outcome.kind !== 'done') {
      throw refusalOf(outcome, precondition);
    }
    return;
  }
  if (standing.volume !== wanted.volume || (standing.readOnly && !readOnly)) {
    const expected = `${wanted.volume}${readOnly ? '' : ', writable'}`;
    throw precondition(`staging_target_path: expected ${expected} at ${staged}, got ${inWords(standing)}`);
  }
}

/** ReadWriteOncePod. Asked of the mounts themselves, because this process may have been started a moment ago. */
async function expectAlone({ mounts }: NodeParts, publication: Publication, context: CallContext): Promise<void> {
  const { volume, access, staged, target } = publication;
  if (!access.exclusive) {
    return;
  }
  const others = valueOf(await mounts.targets(staged, context)).filter((other) => other !== target);
  if (others.length > 0) {
    throw precondition(
      `volume_capability.access_mode: ${volume} is for one pod only and is published at ${others.join(', ')}`,
    );
  }
}

export async function unpublishVolume(parts: NodeParts, raw: unknown, context: CallContext): Promise<object> {
  const { volume_id: volume, target_path: target } = unpublishRequest.parse(raw);
  expectInside(target, parts, 'target_path');
  return change(parts, { call: 'NodeUnpublishVolume', volume, path: target }, async () => {
    const standing = valueOf(await parts.mounts.look(target, context));
    if (isOther(standing, volume)) {
      throw notFound(`target_path: expected volume ${volume} at ${target}, got ${inWords(standing)}`);
    }
    const outcome = await parts.mounts.unpublish(target, context);
    if (outcome.kind !== 'done') {
      throw refusalOf(outcome, precondition);
    }
  });
}
