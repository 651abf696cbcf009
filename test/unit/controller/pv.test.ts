import { describe, expect, it } from 'vitest';
import { buildPersistentVolume, identityOf, isOurs } from '../../../src/controller/pv.ts';
import { persistentVolumes, type PersistentVolume } from '../../../src/kube/resources.ts';
import { claim, claimUid, provisioner, record, storageClass } from './objects.ts';

function build(changes: Partial<Parameters<typeof buildPersistentVolume>[0]> = {}) {
  return buildPersistentVolume({
    claim: claim(),
    storageClass: storageClass(),
    volume: record(),
    provisioner,
    namespace: 'brickyard',
    form: 'glusterfs',
    ...changes,
  });
}

interface Stored {
  readonly metadata: { readonly name: string; readonly annotations: Record<string, string> };
  readonly spec: { readonly glusterfs: { path: string } };
}

interface StoredCsi extends Pick<Stored, 'metadata'> {
  readonly spec: { readonly csi: { volumeAttributes: Record<string, string> } };
}

/** As the API server gives the built object back, with changed annotations, name or path. */
function stored(
  changes: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly name?: string;
    readonly path?: string;
  } = {},
): PersistentVolume {
  const raw = JSON.parse(JSON.stringify(build())) as Stored;
  Object.assign(raw.metadata, { uid: 'pv-1', resourceVersion: '9', name: changes.name ?? raw.metadata.name });
  Object.assign(raw.metadata.annotations, changes.annotations);
  raw.spec.glusterfs.path = changes.path ?? raw.spec.glusterfs.path;
  return persistentVolumes.parse(raw);
}

/** The same in the form csi, with what is changed of the source and its attributes. */
function storedCsi(source: object = {}, attributes: object = {}): PersistentVolume {
  const raw = JSON.parse(JSON.stringify(build({ form: 'csi' }))) as StoredCsi;
  Object.assign(raw.metadata, { uid: 'pv-1', resourceVersion: '9' });
  Object.assign(raw.spec.csi, source);
  Object.assign(raw.spec.csi.volumeAttributes, attributes);
  return persistentVolumes.parse(raw);
}

describe('the PersistentVolume of a claim', () => {
  it('has everything that mounting it, and deleting it without its class, needs', () => {
    expect(build({ storageClass: storageClass({ mountOptions: ['log-level=WARNING'] }) })).toEqual({
      metadata: {
        name: `pvc-${claimUid}`,
        annotations: {
          'pv.kubernetes.io/provisioned-by': provisioner,
          'pv.beta.kubernetes.io/gid': '2000',
          'brickyard.dev/volume-id': claimUid,
          'brickyard.dev/volume-name': `vol_${claimUid}`,
          'brickyard.dev/cluster': 'default',
        },
        finalizers: ['external-provisioner.volume.kubernetes.io/finalizer'],
      },
      spec: {
        capacity: { storage: '5Gi' },
        accessModes: ['ReadWriteMany'],
        volumeMode: 'Filesystem',
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: 'gluster',
        mountOptions: ['log-level=WARNING'],
        claimRef: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          namespace: 'team-a',
          name: 'data',
          uid: claimUid,
          resourceVersion: '41',
        },
        glusterfs: {
          endpoints: 'gluster-default',
          endpointsNamespace: 'brickyard',
          path: `vol_${claimUid}`,
          readOnly: false,
        },
      },
    });
  });

  it('differs in its source alone when it is of the form csi, and names no server there', () => {
    const { glusterfs, ...rest } = build().spec ?? {};
    const body = build({ form: 'csi' });
    expect(glusterfs).toBeDefined();
    expect(body.metadata).toEqual(build().metadata);
    expect(body.spec).toEqual({
      ...rest,
      csi: {
        driver: 'glusterfs.brickyard.dev',
        volumeHandle: claimUid,
        volumeAttributes: {
          endpointsNamespace: 'brickyard',
          endpoints: 'gluster-default',
          volume: `vol_${claimUid}`,
          cluster: 'default',
        },
      },
    });
  });

  it('has no finalizer when the policy is Retain, since nothing depends on seeing it go', () => {
    const body = build({ storageClass: storageClass({ reclaimPolicy: 'Retain' }) });
    expect(body.metadata).not.toHaveProperty('finalizers');
    expect(body.spec?.persistentVolumeReclaimPolicy).toBe('Retain');
  });

  it('says the size that was allocated, not the one that was asked for', () => {
    expect(build({ volume: record({ size: 5 * 1024 ** 3 + 4 * 1024 ** 2 }) }).spec?.capacity).toEqual({
      storage: '5124Mi',
    });
  });

  it('names the class that the claim names, be it by the beta annotation', () => {
    const annotations = { 'volume.beta.kubernetes.io/storage-class': 'old-style' };
    expect(build({ claim: claim({ annotations }) }).spec?.storageClassName).toBe('old-style');
  });

  it('has no gid annotation when the volume belongs to root', () => {
    const body = build({ volume: record({ gid: undefined }) });
    expect(body.metadata?.annotations).not.toHaveProperty(['pv.beta.kubernetes.io/gid']);
  });

  it('keeps the access modes as claimed and is not read-only', () => {
    const body = build({ claim: claim({ spec: { accessModes: ['ReadOnlyMany'] } }) });
    expect(body.spec?.accessModes).toEqual(['ReadOnlyMany']);
    expect(body.spec?.glusterfs?.readOnly).toBe(false);
  });
});

describe('reading a PersistentVolume back', () => {
  it('gives the identity that was written', () => {
    expect(isOurs(stored(), provisioner)).toBe(true);
    expect(identityOf(stored())).toEqual({ id: claimUid, name: `vol_${claimUid}`, cluster: 'default' });
  });

  it('gives the same identity whatever the form', () => {
    expect(isOurs(storedCsi(), provisioner)).toBe(true);
    expect(identityOf(storedCsi())).toEqual(identityOf(stored()));
  });

  it('knows what is not ours', () => {
    expect(
      isOurs(stored({ annotations: { 'pv.kubernetes.io/provisioned-by': 'kubernetes.io/glusterfs' } }), provisioner),
    ).toBe(false);
  });

  const foreign = '00000000-0000-4000-8000-000000000000';
  it.each([
    [
      'an id that is not the one in its name',
      { annotations: { 'brickyard.dev/volume-id': foreign } },
      /volume-id: expected the id in the name/,
    ],
    ['a name of its own choice', { name: 'restored' }, /expected the id in the name of the object \(restored\)/],
    [
      'an id that is none',
      { annotations: { 'brickyard.dev/volume-id': '' } },
      /volume-id: expected a lower-case UUID, got ""/,
    ],
    ['another path', { path: `vol_${foreign}` }, /volume-name: expected what spec\.glusterfs\.path says/],
    [
      'a volume name for a shell',
      { annotations: { 'brickyard.dev/volume-name': 'x;y' } },
      /volume-name: expected at most 128/,
    ],
    ['no cluster', { annotations: { 'brickyard.dev/cluster': '' } }, /cluster: expected a lower-case DNS label/],
  ])('is refused with %s', (_name, changes, message) => {
    expect(() => identityOf(stored(changes))).toThrow(message);
  });

  it.each([
    ['another driver', { driver: 'example.com' }, {}, 'spec.csi.driver: expected glusterfs.brickyard.dev'],
    ['another handle', { volumeHandle: foreign }, {}, /volume-id: expected what spec\.csi\.volumeHandle says/],
    ['another volume', {}, { volume: `vol_${foreign}` }, /volume-name: expected what .*volumeAttributes\.volume says/],
    ['another cluster', {}, { cluster: 'east' }, /cluster: expected what .*volumeAttributes\.cluster says \(east\)/],
    ['no attributes', { volumeAttributes: {} }, {}, /volume-name: expected what .*volumeAttributes\.volume says \(\)/],
  ])('is refused as csi with %s', (_name, source, attributes, message) => {
    expect(() => identityOf(storedCsi(source, attributes))).toThrow(message);
  });
});
