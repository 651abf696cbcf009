/** What users are told through events. Reasons are those of sig-storage-lib-external-provisioner. */
import type { Setback } from '../domain/outcome.ts';
import type { KubeObject } from '../kube/resources.ts';

export type EventReason =
  | 'Provisioning'
  | 'ProvisioningSucceeded'
  | 'ProvisioningFailed'
  | 'VolumeFailedDelete'
  | 'EndpointsBlocked';

export interface EventSubject {
  readonly kind: 'PersistentVolumeClaim' | 'PersistentVolume' | 'Namespace';
  readonly object: KubeObject;
}

export interface Announcement {
  readonly type: 'Normal' | 'Warning';
  readonly reason: EventReason;
  readonly message: string;
}

/** Says a thing once and repeats it after 5 minutes at the earliest. Never throws, never makes its caller wait. */
export interface EventSink {
  announce(subject: EventSubject, announcement: Announcement): void;
}

/** API servers take at most 1024 bytes; what is cut off is in the log. */
const longest = 1024;

/** `message` in at most 1024 bytes of UTF-8, cut between characters. */
export function clipped(message: string): string {
  if (Buffer.byteLength(message) <= longest) {
    return message;
  }
  let text = '';
  let size = Buffer.byteLength('...');
  for (const character of message) {
    size += Buffer.byteLength(character);
    if (size > longest) {
      break;
    }
    text += character;
  }
  return `${text}...`;
}

/** The sentence that tells what happens next, behind the reason of a setback. */
export function explained(setback: Setback): string {
  switch (setback.kind) {
    case 'rejected':
      return `${setback.reason}. It cannot work as it is; it is looked at again when the class, the storage or the claim changes`;
    case 'waiting':
      return `waiting: ${setback.reason}`;
    case 'failed':
      return `${setback.reason}. It is tried again`;
    case 'unknown':
      return `no answer yet: ${setback.reason}`;
  }
}
