import { describe, expect, it } from 'vitest';
import { decideClaim, type ClaimDecision } from '../../../src/controller/claims.ts';
import type { PersistentVolumeClaim, StorageClass } from '../../../src/kube/resources.ts';
import { claim, claimUid, provisioner, storageClass } from './objects.ts';

function decide(subject: PersistentVolumeClaim, ...classes: readonly StorageClass[]): ClaimDecision {
  const known = classes.length === 0 ? [storageClass()] : classes;
  return decideClaim(subject, (name) => known.find((candidate) => candidate.metadata.name === name), provisioner);
}

const newAnnotation = 'volume.kubernetes.io/storage-provisioner';
const betaAnnotation = 'volume.beta.kubernetes.io/storage-provisioner';
const other = 'example.com/nfs';

describe('which claims are ours', () => {
  it.each<[string, Readonly<Record<string, string>>, ClaimDecision['kind']]>([
    ['the annotation of 1.23 and later', { [newAnnotation]: provisioner }, 'provision'],
    ['the beta annotation alone, as 1.20 writes it', { [betaAnnotation]: provisioner }, 'provision'],
    ['both', { [newAnnotation]: provisioner, [betaAnnotation]: provisioner }, 'provision'],
    ['the newer annotation over the older', { [newAnnotation]: other, [betaAnnotation]: provisioner }, 'ignore'],
    [
      'the newer annotation over a strange older one',
      { [newAnnotation]: provisioner, [betaAnnotation]: other },
      'provision',
    ],
    ['an empty newer annotation', { [newAnnotation]: '', [betaAnnotation]: provisioner }, 'ignore'],
    ['no annotation yet', {}, 'ignore'],
  ])('by %s', (_name, annotations, kind) => {
    expect(decide(claim({ annotations })).kind).toBe(kind);
  });

  it.each<[string, PersistentVolumeClaim, ClaimDecision]>([
    [
      'one that has a volume',
      claim({ spec: { volumeName: 'pv-by-hand' } }),
      { kind: 'ignore', why: 'it has a volume' },
    ],
    [
      'one that is being deleted',
      claim({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      { kind: 'ignore', why: 'it is being deleted' },
    ],
    [
      'one that asks for no class',
      claim({ spec: { storageClassName: '' } }),
      { kind: 'ignore', why: 'it has no class' },
    ],
    [
      'one without a class',
      claim({ spec: { storageClassName: undefined } }),
      { kind: 'ignore', why: 'it has no class' },
    ],
    [
      'one whose class does not exist',
      claim({ spec: { storageClassName: 'gone' } }),
      { kind: 'wait', why: 'its class gone does not exist' },
    ],
  ])('not %s', (_name, subject, decision) => {
    expect(decide(subject)).toEqual(decision);
  });

  it('not one whose class came back with another provisioner', () => {
    expect(decide(claim(), storageClass({ provisioner: other }))).toEqual({
      kind: 'ignore',
      why: `its class is for ${other}`,
    });
  });

  it('by the class in the beta annotation, which wins over the one in the spec', () => {
    const annotations = { [newAnnotation]: provisioner, 'volume.beta.kubernetes.io/storage-class': 'old-style' };
    const oldStyle = storageClass({ metadata: { name: 'old-style', uid: 'class-2', resourceVersion: '8' } });
    expect(decide(claim({ annotations }), storageClass(), oldStyle)).toMatchObject({
      kind: 'provision',
      storageClass: { metadata: { name: 'old-style' } },
      request: { owner: { className: 'old-style' } },
    });
  });
});

describe('a class that waits for the first consumer', () => {
  const late = storageClass({ volumeBindingMode: 'WaitForFirstConsumer' });
  const selected = 'volume.kubernetes.io/selected-node';

  it.each([
    ['no node', {}, 'wait'],
    ['an empty node', { [selected]: '' }, 'wait'],
    ['a node', { [selected]: 'worker-1' }, 'provision'],
  ])('with %s selected', (_name, annotations, kind) => {
    expect(decide(claim({ annotations: { [newAnnotation]: provisioner, ...annotations } }), late).kind).toBe(kind);
  });
});

describe('a claim for a volume populator', () => {
  const source = { apiGroup: 'example.com', kind: 'Backup', name: 'of-monday' };

  it.each([
    ['dataSourceRef', { dataSourceRef: source }],
    ['both fields', { dataSourceRef: source, dataSource: source }],
  ])('is left to it, without a word: %s', (_name, spec) => {
    expect(decide(claim({ spec }))).toEqual({ kind: 'ignore', why: 'a volume populator is to serve it' });
  });

  it('is served when it is the one that the populator makes, without a data source', () => {
    expect(decide(claim({ metadata: { name: 'prime-1', namespace: 'populators' } })).kind).toBe('provision');
  });
});

describe('claims of ours that can never work', () => {
  it.each<[string, PersistentVolumeClaim, string]>([
    [
      'block mode',
      claim({ spec: { volumeMode: 'Block' } }),
      'spec.volumeMode: expected Filesystem, got Block; gluster volumes cannot be raw devices',
    ],
    [
      'a selector, even an empty one',
      claim({ spec: { selector: {} } }),
      'spec.selector: expected none; a selector chooses among existing volumes, and this one would be made new',
    ],
    [
      'a data source',
      claim({ spec: { dataSource: { kind: 'PersistentVolumeClaim', name: 'other' } } }),
      'spec.dataSource: expected none; volumes cannot be made from snapshots or other claims',
    ],
    [
      'a snapshot to begin with',
      claim({
        spec: { dataSourceRef: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'x' } },
      }),
      'spec.dataSourceRef: expected none; volumes cannot be made from snapshots or other claims',
    ],
    [
      'an access mode of the future',
      claim({ spec: { accessModes: ['ReadWriteOnce', 'ReadTwice'] } }),
      'spec.accessModes: expected one or more of ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod, got ReadTwice',
    ],
    [
      'no access mode',
      claim({ spec: { accessModes: [] } }),
      'spec.accessModes: expected one or more of ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod, got none',
    ],
    [
      'no size',
      claim({ spec: { resources: { requests: {} } } }),
      'spec.resources.requests.storage: expected a size such as 10Gi, got none',
    ],
    [
      'no resources at all',
      claim({ spec: { resources: undefined } }),
      'spec.resources.requests.storage: expected a size such as 10Gi, got none',
    ],
    [
      'a size of zero',
      claim({ spec: { resources: { requests: { storage: '0' } } } }),
      'spec.resources.requests.storage: expected a size of more than 0, got "0"',
    ],
    [
      'a size that no pool has',
      claim({ spec: { resources: { requests: { storage: '100Ei' } } } }),
      'spec.resources.requests.storage: expected a size of at most 8 PiB, got "100Ei"',
    ],
    [
      'a uid that is none',
      claim({ metadata: { uid: 'x; reboot' } }),
      'metadata.uid: expected a lower-case UUID, got "x; reboot"',
    ],
  ])('are refused: %s', (_name, subject, reason) => {
    const told = `${reason}. Put it right, delete the claim and create it anew`;
    expect(decide(subject)).toEqual({ kind: 'refuse', reason: told, className: 'gluster' });
  });

  it('are refused with every problem of claim and class at once', () => {
    const decision = decide(
      claim({ spec: { volumeMode: 'Block', accessModes: [] } }),
      storageClass({ parameters: { resturl: 'http://heketi:8080', volumtype: 'replicate:3' } }),
    );
    const reason = decision.kind === 'refuse' ? decision.reason : '';
    expect(reason).toMatch(
      /spec\.volumeMode.*spec\.accessModes.*StorageClass gluster: resturl: .*did you mean volumetype\?/,
    );
  });

  it('are not refused while their scheduling is still open', () => {
    const late = storageClass({ volumeBindingMode: 'WaitForFirstConsumer' });
    expect(decide(claim({ spec: { volumeMode: 'Block' } }), late).kind).toBe('wait');
  });
});

describe('the form of the PersistentVolume', () => {
  it.each([
    [{}, 'auto'],
    [{ mount: 'glusterfs' }, 'glusterfs'],
    [{ mount: 'csi' }, 'csi'],
  ])('is left to the class: %j', (parameters, mount) => {
    expect(decide(claim(), storageClass({ parameters }))).toMatchObject({ kind: 'provision', mount });
  });
});

describe('what the engine is asked for', () => {
  it('comes from claim and class', () => {
    const decision = decide(
      claim(),
      storageClass({
        parameters: {
          volumetype: 'arbiter',
          volumeoptions: 'nfs.disable on',
          volumenameprefix: 'prod',
          gidMin: '3000',
          gidMax: '3999',
          clusterid: 'east',
          snapfactor: '2',
          zoneSpread: 'require',
        },
      }),
    );
    expect(decision.kind === 'provision' ? decision.request : decision).toEqual({
      id: claimUid,
      name: `prod_${claimUid}`,
      clusters: ['east'],
      size: 5 * 1024 ** 3,
      durability: { kind: 'arbiter' },
      options: [{ key: 'nfs.disable', value: 'on' }],
      gidRange: { min: 3000, max: 3999 },
      snapshotFactor: 2,
      zoneSpread: 'require',
      owner: { uid: claimUid, namespace: 'team-a', name: 'data', className: 'gluster' },
      preferredZones: [],
      allowedZones: [],
      tagMatch: [],
    });
  });

  it.each(['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'])('may be for %s', (mode) => {
    expect(decide(claim({ spec: { accessModes: [mode] } })).kind).toBe('provision');
  });

  it('has a name that no name of a claim can make too long', () => {
    const decision = decide(claim({ metadata: { name: 'n'.repeat(253), namespace: 's'.repeat(63) } }));
    expect(decision).toMatchObject({ kind: 'provision', request: { name: `vol_${claimUid}` } });
  });
});
