import { describe, expect, it } from 'vitest';
import { decideExpansion } from '../../../src/controller/expansion.ts';
import { buildPersistentVolume } from '../../../src/controller/pv.ts';
import { persistentVolumes, type PersistentVolume, type PersistentVolumeClaim } from '../../../src/kube/resources.ts';
import { boundClaim, claim, claimUid, provisioner, record, storageClass } from './objects.ts';

interface VolumeChanges {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

function volume({ metadata = {}, spec = {} }: VolumeChanges = {}): PersistentVolume {
  const body = buildPersistentVolume({
    claim: claim(),
    storageClass: storageClass(),
    volume: record(),
    provisioner,
    namespace: 'brickyard',
    form: 'glusterfs',
  });
  return persistentVolumes.parse({
    metadata: Object.assign({ uid: 'pv-1', resourceVersion: '9' }, body.metadata, metadata),
    spec: Object.assign({}, body.spec, spec),
  });
}

const decide = (subject: PersistentVolumeClaim, pv: PersistentVolume | undefined = volume()) =>
  decideExpansion(subject, (name) => (name === pv?.metadata.name ? pv : undefined), provisioner);

describe('a claim that asks for more than it has', () => {
  it('is to grow, to the byte', () => {
    expect(decide(boundClaim('5368709121'))).toMatchObject({
      kind: 'grow',
      requested: 5_368_709_121,
      identity: { id: claimUid },
    });
    expect(decide(boundClaim('5Gi'))).toMatchObject({ kind: 'ignore' });
    expect(decide(boundClaim('5120Mi'))).toMatchObject({ kind: 'ignore' });
  });

  it('grows its volume whichever claim that was made for', () => {
    const later = boundClaim('6Gi', { metadata: { uid: '11111111-1111-4111-8111-111111111111' } });
    const rebound = volume({ spec: { claimRef: { namespace: 'team-a', name: 'data', uid: later.metadata.uid } } });
    expect(decide(later, rebound)).toMatchObject({ kind: 'grow', identity: { id: claimUid } });
  });

  it.each<[string, PersistentVolumeClaim, PersistentVolume | undefined]>([
    ['is not bound yet', claim({ spec: { resources: { requests: { storage: '9Gi' } } } }), volume()],
    ['has lost its volume', boundClaim('9Gi', { status: { phase: 'Lost' } }), volume()],
    ['is being deleted', boundClaim('9Gi', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }), volume()],
    ['has no capacity in its status yet', boundClaim('9Gi', { status: { capacity: {} } }), volume()],
    ['has a volume that the cache has not', boundClaim('9Gi', { spec: { volumeName: 'by-hand' } }), volume()],
    [
      "has somebody else's volume",
      boundClaim('9Gi'),
      volume({ metadata: { annotations: { 'pv.kubernetes.io/provisioned-by': 'example.com/nfs' } } }),
    ],
    [
      'has a volume that is for another claim',
      boundClaim('9Gi'),
      volume({ spec: { claimRef: { namespace: 'team-a', name: 'data', uid: 'other' } } }),
    ],
  ])('is left alone when it %s', (_what, subject, pv) => {
    expect(decide(subject, pv)).toMatchObject({ kind: 'ignore' });
  });

  it('is refused in words when the size is beyond all that can be counted', () => {
    expect(decide(boundClaim('9Pi'))).toEqual({
      kind: 'refuse',
      reason: 'spec.resources.requests.storage: expected a size of at most 8 PiB, got "9Pi"',
    });
  });

  it('is refused when its PersistentVolume contradicts itself', () => {
    const edited = volume({ spec: { glusterfs: { endpoints: 'gluster-default', path: 'vol_other' } } });
    expect(decide(boundClaim('9Gi'), edited)).toMatchObject({
      kind: 'refuse',
      reason: expect.stringMatching(/does not say clearly which volume it stands for: .*vol_other/) as string,
    });
  });
});

describe('a claim that asks for no more than it has', () => {
  it('is left alone, also when it asks for less: volumes may be larger than asked for', () => {
    expect(decide(boundClaim('100Mi'))).toMatchObject({ kind: 'ignore' });
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['a condition Resizing', { conditions: [{ type: 'Resizing', status: 'True' }] }],
    ['a condition ControllerResizeError', { conditions: [{ type: 'ControllerResizeError', status: 'True' }] }],
    ['an allocated size in work', { allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' } }],
  ])('is tidied up when its status still has %s', (_what, status) => {
    expect(decide(boundClaim('5Gi', { status }))).toEqual({ kind: 'tidy' });
  });

  it('keeps conditions that are not ours to judge', () => {
    const conditions = [{ type: 'FileSystemResizePending', status: 'True' }];
    expect(decide(boundClaim('5Gi', { status: { conditions } }))).toMatchObject({ kind: 'ignore' });
  });
});
