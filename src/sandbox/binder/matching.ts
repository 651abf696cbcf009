/** Which free volume a claim gets, when nobody has to make one. */
import { arrayAt, objectAt, textAt } from '../api/json.ts';
import { classNameOf } from '../api/kinds/claims.ts';
import { isDeleting } from '../api/object.ts';
import { compareQuantities } from '../api/schema/quantity.ts';
import { matchesSelector } from '../api/selectors/labels.ts';
import { isForClaim, phaseOf } from './readers.ts';
import type { LabelSelector } from '../api/selectors/labels.ts';
import type { KubeObject } from '../api/object.ts';

const capacityOf = (volume: KubeObject): string | undefined => textAt(volume, 'spec', 'capacity', 'storage');

/** Why a volume cannot hold a claim, or undefined when it can. The texts are the PV controller's. */
export function mismatch(volume: KubeObject, claim: KubeObject): string | undefined {
  if (compareQuantities(capacityOf(volume), textAt(claim, 'spec', 'resources', 'requests', 'storage')) < 0) {
    return 'requested PV is too small';
  }
  if ((classNameOf(volume) ?? '') !== (classNameOf(claim) ?? '')) {
    return 'storageClassName does not match';
  }
  if (textAt(volume, 'spec', 'volumeMode') !== textAt(claim, 'spec', 'volumeMode')) {
    return 'incompatible volumeMode';
  }
  const offered = arrayAt(volume, 'spec', 'accessModes');
  return arrayAt(claim, 'spec', 'accessModes').every((mode) => offered.includes(mode))
    ? undefined
    : 'incompatible accessMode';
}

/**
 * The volume reserved for the claim, or else the smallest that fits. With `reservedOnly` (the claim waits for its first
 * consumer) no other one is taken.
 */
export function bestMatch(
  claim: KubeObject,
  reserved: readonly KubeObject[],
  free: () => readonly KubeObject[],
  reservedOnly: boolean,
): KubeObject | undefined {
  const own = reserved.find((volume) => isForClaim(volume, claim) && mismatch(volume, claim) === undefined);
  if (own !== undefined || reservedOnly) {
    return own;
  }
  const selector = claim['spec'] === undefined ? undefined : objectAt(claim, 'spec')['selector'];
  return free()
    .filter((volume) => phaseOf(volume) === 'Available' && !isDeleting(volume))
    .filter((volume) => selector === undefined || matchesSelector(selector as LabelSelector, volume.metadata.labels))
    .filter((volume) => mismatch(volume, claim) === undefined)
    .sort((a, b) => compareQuantities(capacityOf(a), capacityOf(b)))[0];
}
