import { describe, expect, it } from 'vitest';
import { csiAttributesOf, csiDriverName, readCsiAttributes } from '../../../src/domain/csi-names.ts';
import { clusterId, volumeName } from '../../../src/domain/names.ts';

const volume = {
  endpointsNamespace: 'brickyard',
  endpoints: 'gluster-default',
  volume: volumeName('vol_6f1b0e5c-7d2a-4c56-9f53-0c3f3f1f7a01'),
  cluster: clusterId('default'),
};

describe('the attributes of a csi volume', () => {
  it('are read back as they were written', () => {
    expect(csiAttributesOf(volume)).toEqual({
      endpointsNamespace: 'brickyard',
      endpoints: 'gluster-default',
      volume: 'vol_6f1b0e5c-7d2a-4c56-9f53-0c3f3f1f7a01',
      cluster: 'default',
    });
    expect(readCsiAttributes(csiAttributesOf(volume))).toEqual(volume);
  });

  it('need no cluster, so that people can write them for a volume of yesterday', () => {
    const { cluster: _none, ...byHand } = volume;
    expect(readCsiAttributes(csiAttributesOf(byHand))).toEqual(byHand);
  });

  it('may have keys of Kubernetes beside them', () => {
    const more = { ...csiAttributesOf(volume), 'storage.kubernetes.io/csiProvisionerIdentity': 'x' };
    expect(readCsiAttributes(more)).toEqual(volume);
  });

  it.each([
    [{ endpointsNamespace: '' }, 'volumeAttributes.endpointsNamespace: expected the name of a namespace, got ""'],
    [
      { endpointsNamespace: '../x' },
      'volumeAttributes.endpointsNamespace: expected the name of a namespace, got "../x"',
    ],
    [{ endpoints: 'a/b' }, 'volumeAttributes.endpoints: expected the name of an Endpoints object, got "a/b"'],
    [
      { volume: 'films/new' },
      'volumeAttributes.volume: expected at most 128 letters, digits, _ and -, got "films/new"',
    ],
    [{ cluster: 'A' }, /^volumeAttributes\.cluster: expected a lower-case DNS label/],
    [{ volumes: 'x' }, 'volumeAttributes: expected volume, not another key, got "volumes"'],
    [{ colour: 'x' }, 'volumeAttributes: expected only endpointsNamespace, endpoints, volume, cluster, got "colour"'],
  ])('are refused by name: %j', (change, message) => {
    expect(() => readCsiAttributes({ ...csiAttributesOf(volume), ...change })).toThrow(message);
  });

  it('belong to a driver whose name Kubernetes takes', () => {
    expect(csiDriverName).toMatch(/^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
  });
});
