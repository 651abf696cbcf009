/**
 * Growth of a bound claim. From 1.26 on the control plane only says that somebody else has to do it. Before, the in-tree
 * expander takes every `spec.glusterfs` volume, whoever made it, and fails on it again and again (recorded). Only when it
 * finds the PersistentVolume large enough at one of its tries does it write the claim's status to the end, by itself.
 */
import { arrayAt, textAt } from '../api/json.ts';
import { compareQuantities } from '../api/schema/quantity.ts';
import { sourcesOf } from '../api/kinds/volumes.ts';
import { atLeast } from '../api/server-version.ts';
import { keyOf, timestamp } from '../api/object.ts';
import { findVolume } from './claims.ts';
import { annotations, claimType, phaseOf, volumeNameOf } from './readers.ts';
import type { KubeObject } from '../api/object.ts';
import type { BinderContext } from './context.ts';

const component = 'volume_expand';

/** Looks whether a bound claim wants more than it has. */
export function syncExpansion(context: BinderContext, claim: KubeObject): void {
  const wanted = textAt(claim, 'spec', 'resources', 'requests', 'storage');
  const has = textAt(claim, 'status', 'capacity', 'storage');
  const volume = findVolume(context, volumeNameOf(claim) ?? '');
  if (volume === undefined || phaseOf(claim) !== 'Bound' || compareQuantities(wanted, has) <= 0) {
    return;
  }
  const intree = !atLeast(context.version, 26) && sourcesOf(volume).includes('glusterfs');
  if (intree) {
    expandInTree(context, claim, textAt(volume, 'spec', 'capacity', 'storage'));
  } else {
    context.recorder.event(claim, ...waiting(context), { component });
  }
}

function waiting(context: BinderContext): readonly ['Normal' | 'Warning', string, string] {
  return atLeast(context.version, 27)
    ? ['Normal', 'ExternalExpanding', 'waiting for an external controller to expand this PVC']
    : [
        'Warning',
        'ExternalExpanding',
        "Ignoring the PVC: didn't find a plugin capable of expanding the volume; waiting for an external controller to process this PVC.",
      ];
}

function expandInTree(context: BinderContext, claim: KubeObject, capacity: string | undefined): void {
  const { name, namespace = '' } = claim.metadata;
  const key = keyOf(namespace, name);
  const reference = { ...claimType, namespace, name };
  const now = context.clock.monotonic();
  if (now < (context.nextExpansion.get(key) ?? 0)) {
    return;
  }
  context.nextExpansion.set(key, now + context.options.expandRetry * 0.9);
  context.client.patch(reference, {
    metadata: { annotations: { [annotations.storageResizer]: 'kubernetes.io/glusterfs' } },
  });
  const others = arrayAt(claim, 'status', 'conditions').filter((one) => textAt(one, 'type') !== 'Resizing');
  const wanted = textAt(claim, 'spec', 'resources', 'requests', 'storage');
  if (wanted !== undefined && compareQuantities(capacity, wanted) >= 0) {
    const status = { capacity: { storage: wanted }, conditions: others.length === 0 ? null : others };
    const grown = context.client.patch(reference, { status }, 'status');
    const message = `ExpandVolume succeeded for volume ${key}`;
    context.recorder.event(grown, 'Normal', 'VolumeResizeSuccessful', message, { component });
    return;
  }
  const since = arrayAt(claim, 'status', 'conditions').find((one) => textAt(one, 'type') === 'Resizing');
  const resizing = since ?? { type: 'Resizing', status: 'True', lastTransitionTime: timestamp(context.clock.now()) };
  const marked = context.client.patch(reference, { status: { conditions: [...others, resizing] } }, 'status');
  const why = `error expanding volume "${key}" of plugin "kubernetes.io/glusterfs": StorageClass for provisioner kubernetes.io/glusterfs must contain 'resturl' parameter`;
  context.recorder.event(marked, 'Warning', 'VolumeResizeFailed', why, { repeat: true, component });
  context.again(`expand:${key}`, context.options.expandRetry);
}
