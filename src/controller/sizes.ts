/** Sizes that objects of the API name. Its quantities reach further than ours, and nobody keeps people from using that. */
import { parseQuantity, type Bytes } from '../domain/quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../kube/resources.ts';

const storage = 'storage';

/** `undefined` when there is none, or none that we can count. */
function readable(quantity: string | undefined): Bytes | undefined {
  try {
    return quantity === undefined ? undefined : parseQuantity(quantity);
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

/** Bytes that a claim asks for. */
export function requestOf({ spec }: PersistentVolumeClaim): Bytes | undefined {
  return readable(spec.resources.requests[storage]);
}

/** Bytes that the volume of a claim has, as the claim's status says. */
export function capacityOf({ status }: PersistentVolumeClaim): Bytes | undefined {
  return readable(status.capacity[storage]);
}

/** Bytes that are being worked for, as the claim's status says: nothing on old servers. */
export function allocatedOf({ status }: PersistentVolumeClaim): Bytes | undefined {
  return readable(status.allocatedResources[storage]);
}

/** Bytes that a PersistentVolume has, as it says itself. */
export function sizeOfVolume({ spec }: PersistentVolume): Bytes | undefined {
  return readable(spec.capacity[storage]);
}

/** Does the claim ask for more than it has? A request that we cannot count counts as more: it is refused in words. */
export function wantsMore(claim: PersistentVolumeClaim): boolean {
  const [wanted, has] = [claim.spec.resources.requests[storage], claim.status.capacity[storage]];
  if (wanted === undefined || has === undefined || wanted === has) {
    return false;
  }
  return (requestOf(claim) ?? Infinity) > (capacityOf(claim) ?? Infinity);
}

/** Does it ask for less than it has, and for less than it did before? API servers refuse that. */
export function comesToShrink(claim: PersistentVolumeClaim, before: PersistentVolumeClaim): boolean {
  const [wanted, wantedBefore, has] = [requestOf(claim), requestOf(before), capacityOf(claim)];
  return (
    wanted !== undefined && wantedBefore !== undefined && has !== undefined && wanted < wantedBefore && wanted < has
  );
}
