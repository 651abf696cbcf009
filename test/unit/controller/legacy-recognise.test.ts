import { describe, expect, it } from 'vitest';
import { buildPersistentVolume } from '../../../src/controller/pv.ts';
import { recogniseLegacy, type LegacyVolume } from '../../../src/controller/legacy/recognise.ts';
import { persistentVolumes, type PersistentVolume } from '../../../src/kube/resources.ts';
import {
  heketiVolume,
  heketiVolumeId,
  inTreeVolume,
  legacyUid,
  type LegacyChanges,
} from '../../support/legacy-objects.ts';
import { FakeApi } from './fake-api.ts';
import { claim, provisioner, record, storageClass } from './objects.ts';

const recognise = (changes: LegacyChanges): LegacyVolume | undefined =>
  recogniseLegacy(persistentVolumes.parse(inTreeVolume(changes)), provisioner);

const glusterfs = (path: string, endpointsNamespace?: string) => ({
  glusterfs: { endpoints: 'servers', path, ...(endpointsNamespace === undefined ? {} : { endpointsNamespace }) },
});

describe('a PersistentVolume of yesterday', () => {
  it('is read whole when the in-tree provisioner wrote it', () => {
    expect(recognise({})).toEqual({
      persistentVolume: `pvc-${legacyUid}`,
      phase: 'Bound',
      claim: { namespace: 'team-a', name: 'data' },
      className: 'gluster',
      size: 5 * 1024 ** 3,
      reclaimPolicy: 'Delete',
      volume: heketiVolume,
      path: heketiVolume,
      endpoints: { namespace: 'team-a', name: `glusterfs-dynamic-${legacyUid}` },
      madeBy: { kind: 'in-tree' },
      heketiId: heketiVolumeId,
      gid: '2001',
    });
  });

  it.each<{ name: string; changes: LegacyChanges; maker: LegacyVolume['madeBy'] }>([
    {
      name: 'the provisioner alone',
      changes: { annotations: { 'pv.kubernetes.io/provisioned-by': 'kubernetes.io/glusterfs' } },
      maker: { kind: 'in-tree' },
    },
    {
      name: 'who created it, where somebody took the provisioner off',
      changes: { annotations: { 'kubernetes.io/createdby': 'heketi-dynamic-provisioner' } },
      maker: { kind: 'in-tree' },
    },
    {
      name: "heketi's id, where somebody wrote our provisioner over the old one",
      changes: {
        annotations: {
          'pv.kubernetes.io/provisioned-by': provisioner,
          'gluster.kubernetes.io/heketi-volume-id': heketiVolumeId,
        },
      },
      maker: { kind: 'in-tree' },
    },
    { name: "heketi's way to name volumes", changes: { annotations: {} }, maker: { kind: 'heketi' } },
    {
      name: 'nothing at all',
      changes: { annotations: {}, spec: glusterfs('data') },
      maker: { kind: 'hand' },
    },
    {
      name: 'our provisioner, but nothing else that we write',
      changes: { annotations: { 'pv.kubernetes.io/provisioned-by': provisioner }, spec: glusterfs('data') },
      maker: { kind: 'hand' },
    },
    {
      name: 'another provisioner',
      changes: { annotations: { 'pv.kubernetes.io/provisioned-by': 'gluster.org/glusterfile' } },
      maker: { kind: 'provisioner', name: 'gluster.org/glusterfile' },
    },
  ])('is told by $name', ({ changes, maker }) => {
    expect(recognise(changes)?.madeBy).toEqual(maker);
  });

  it('is known by its volume, whatever folder of it pods mount', () => {
    for (const path of ['data', '/data', 'data/team-a', '/data/team-a/']) {
      expect(recognise({ annotations: {}, spec: glusterfs(path) })).toMatchObject({ volume: 'data', path });
    }
  });

  it('has its Endpoints in the namespace that it names, else in that of its claim, else anywhere', () => {
    expect(recognise({ spec: glusterfs('data', 'storage') })?.endpoints.namespace).toBe('storage');
    expect(recognise({ spec: glusterfs('data') })?.endpoints.namespace).toBe('team-a');
    const unclaimed = { ...glusterfs('data'), claimRef: undefined };
    expect(recognise({ spec: unclaimed })).toMatchObject({ claim: undefined, endpoints: { namespace: undefined } });
  });

  it('takes no id from a name that only begins like one of heketi', () => {
    for (const path of ['vol_5f6d', `vol_${heketiVolumeId.toUpperCase()}`, `vol_${legacyUid}`]) {
      const found = recognise({ annotations: {}, spec: glusterfs(path) });
      expect(found).toMatchObject({ heketiId: undefined, madeBy: { kind: 'hand' } });
    }
  });

  it('leaves a size open that it cannot count', () => {
    expect(recognise({ spec: { capacity: { storage: '1e30' } } })?.size).toBeUndefined();
  });
});

describe('a PersistentVolume that is none of yesterday', () => {
  async function ourOwn(): Promise<PersistentVolume> {
    const api = new FakeApi();
    const input = { claim: claim(), storageClass: storageClass(), volume: record(), provisioner };
    return api.create(
      persistentVolumes,
      buildPersistentVolume({ ...input, namespace: 'brickyard', form: 'glusterfs' }),
    );
  }

  it('is our own', async () => {
    expect(recogniseLegacy(await ourOwn(), provisioner)).toBeUndefined();
  });

  it('is that of a Brickyard with another provisioner name', async () => {
    expect(recogniseLegacy(await ourOwn(), 'brickyard.dev/other')).toBeUndefined();
  });

  it('is one of another kind of storage', () => {
    expect(
      recognise({ spec: { glusterfs: undefined, csi: { driver: 'example.com/nfs', volumeHandle: 'x' } } }),
    ).toBeUndefined();
  });
});
