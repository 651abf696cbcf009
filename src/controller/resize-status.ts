/**
 * What the status of a claim says about growth, in the words that external-resizer uses:
 *
 *     conditions                   Resizing while more is asked for than there is; ControllerResizeError: why it is not there
 *     allocatedResources           the size that is being worked for; quotas count the larger of it and the request
 *     allocatedResourceStatuses    ControllerResizeInProgress, ControllerResizeInfeasible; nothing when it is over
 *
 * Pure: each function says how the status must be changed, or `undefined` when it need not be. Nodes have no part in it:
 * bricks and their file systems grow on the servers, and clients see the new size at their next look. API servers before
 * 1.28 do not know `allocatedResourceStatuses`, and before 1.32 they drop both fields unless a feature gate is on.
 */
import { formatQuantity, type Bytes } from '../domain/quantity.ts';
import type { PersistentVolumeClaim } from '../kube/resources.ts';
import { nodeExpansionNotRequiredAnnotation, storageResizerAnnotation } from './annotations.ts';
import { allocatedOf, capacityOf } from './sizes.ts';

type Condition = PersistentVolumeClaim['status']['conditions'][number];

/** A merge patch of the status subresource, which takes annotations as well. */
export interface StatusChange {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly status: {
    readonly capacity?: Readonly<Record<string, string>>;
    readonly conditions?: readonly Condition[] | null;
    readonly allocatedResources?: Readonly<Record<string, string>>;
    readonly allocatedResourceStatuses?: Readonly<Record<string, string | null>>;
  };
}

/** Why it does not go on, in one word: the condition's reason. */
export type Trouble = 'Waiting' | 'Failed' | 'Rejected';

const resizing = 'Resizing';
const resizeError = 'ControllerResizeError';
const inProgress = 'ControllerResizeInProgress';
const infeasible = 'ControllerResizeInfeasible';
const key = 'storage';

/** Does the status speak of a growth that is under way or failed? */
export function hasTraces({ status }: PersistentVolumeClaim): boolean {
  return (
    status.conditions.some(({ type }) => type === resizing || type === resizeError) ||
    (status.allocatedResourceStatuses[key] ?? '').startsWith('ControllerResize')
  );
}

/** Does the status say already that this size is being worked for, be it in vain? */
function isBegun(claim: PersistentVolumeClaim, requested: Bytes): boolean {
  const { status } = claim;
  return (
    allocatedOf(claim) === requested &&
    [inProgress, infeasible].includes(status.allocatedResourceStatuses[key] ?? '') &&
    status.conditions.some(({ type }) => type === resizing)
  );
}

/** Work for this size begins. What went wrong with another size does not count any more. `now`: RFC 3339. */
export function begun(
  claim: PersistentVolumeClaim,
  requested: Bytes,
  volume: { readonly csi: boolean },
  now: string,
): StatusChange | undefined {
  if (isBegun(claim, requested)) {
    return undefined;
  }
  return {
    // Before the PersistentVolume shows the new size, which is what kubelets act on.
    ...(volume.csi ? { annotations: { [nodeExpansionNotRequiredAnnotation]: 'true' } } : {}),
    status: {
      conditions: [...others(claim), resizingOf(claim, now)],
      allocatedResources: { [key]: formatQuantity(requested) },
      allocatedResourceStatuses: { [key]: inProgress },
    },
  };
}

/**
 * It does not go on. `Resizing` stays: up to 1.25 the in-tree expander puts it back whenever it is taken off. The allocated
 * size stays too: it is what the engine has in hand, whatever is asked for by now.
 */
export function troubled(
  claim: PersistentVolumeClaim,
  trouble: { readonly kind: Trouble; readonly message: string },
  now: string,
): StatusChange | undefined {
  const before = claim.status.conditions.find(({ type }) => type === resizeError);
  const word = trouble.kind === 'Rejected' ? infeasible : inProgress;
  // Without an allocated size after `begun` the server knows neither field: not sent, not missed.
  const known = claim.status.allocatedResources[key] !== undefined;
  const saidWord = !known || claim.status.allocatedResourceStatuses[key] === word;
  if (before?.reason === trouble.kind && before.message === trouble.message && before.status === 'True' && saidWord) {
    return undefined;
  }
  const error: Condition = {
    type: resizeError,
    status: 'True',
    reason: trouble.kind,
    message: trouble.message,
    lastProbeTime: undefined,
    lastTransitionTime: before?.lastTransitionTime ?? now,
  };
  return {
    status: {
      conditions: [...others(claim), resizingOf(claim, now), error],
      ...(known ? { allocatedResourceStatuses: { [key]: word } } : {}),
    },
  };
}

/**
 * The volume has `size`. When less was asked for in the end than before, then all that it has is what quotas count:
 * otherwise asking for much, and for little again while that is being done, would be a way around them.
 */
export function finished(
  claim: PersistentVolumeClaim,
  requested: Bytes,
  size: Bytes,
  provisioner: string,
): StatusChange | undefined {
  const grown = (capacityOf(claim) ?? 0) < size;
  const rest = tidied(claim, provisioner);
  if (!grown && rest === undefined) {
    return undefined;
  }
  const lowered = (allocatedOf(claim) ?? 0) > requested;
  return {
    ...rest,
    status: {
      ...rest?.status,
      ...(grown ? { capacity: { [key]: formatQuantity(size) } } : {}),
      ...(lowered ? { allocatedResources: { [key]: formatQuantity(size) } } : {}),
    },
  };
}

/** Nothing is under way: what speaks of growth goes, and whoever else was named as the resizer was not. */
export function tidied(claim: PersistentVolumeClaim, provisioner: string): StatusChange | undefined {
  if (!hasTraces(claim)) {
    return undefined;
  }
  const kept = others(claim);
  const named = claim.metadata.annotations[storageResizerAnnotation] ?? provisioner;
  const word = claim.status.allocatedResourceStatuses[key];
  return {
    ...(named === provisioner ? {} : { annotations: { [storageResizerAnnotation]: provisioner } }),
    status: {
      conditions: kept.length === 0 ? null : kept,
      ...(word === undefined ? {} : { allocatedResourceStatuses: { [key]: null } }),
    },
  };
}

/** Without the two fields that a server may refuse words of. */
export function withoutAllocation({ status, ...change }: StatusChange): StatusChange {
  const { allocatedResources: _size, allocatedResourceStatuses: _word, ...rest } = status;
  return { ...change, status: rest };
}

/** Conditions that are not about growth on the server: somebody else's business. */
function others({ status }: PersistentVolumeClaim): Condition[] {
  return status.conditions.filter(({ type }) => type !== resizing && type !== resizeError);
}

function resizingOf({ status }: PersistentVolumeClaim, now: string): Condition {
  const before = status.conditions.find((one) => one.type === resizing && one.status === 'True');
  return (
    before ?? {
      type: resizing,
      status: 'True',
      reason: undefined,
      message: undefined,
      lastProbeTime: undefined,
      lastTransitionTime: now,
    }
  );
}
