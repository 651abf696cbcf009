import { describe, expect, it } from 'vitest';
import { chooseForm } from '../../../src/controller/form-choice.ts';

const kubelets = (...versions: readonly string[]): ReadonlyMap<string, number> =>
  new Map(versions.map((version) => [version, versions.filter((each) => each === version).length]));
const choose = (server: string | undefined, ...versions: readonly string[]) =>
  chooseForm({ server, kubelets: kubelets(...versions) });

describe('the form of PersistentVolumes', () => {
  it.each<[string | undefined, ...string[]]>([
    ['v1.25.16', 'v1.25.16', 'v1.24.3'],
    ['v1.20.15-gke.100', 'v1.20.15+k3s1'],
    ['v1.25.0-rc.1'],
    [undefined, 'v1.25.16'],
  ])('is glusterfs when server and kubelets are all below 1.26: %j', (server, ...versions) => {
    expect(choose(server, ...versions)).toEqual({ form: 'glusterfs', notice: undefined });
  });

  it.each<[string | undefined, ...string[]]>([
    ['v1.26.0', 'v1.26.0'],
    ['v1.36.0-eks-123', 'v1.36.0-eks-123', 'v1.35.2'],
    ['v1.36.0'],
    ['v2.0.0', 'v2.0.0'],
    [undefined, 'v1.26.1'],
    ['v1.260.0'],
  ])('is csi when they are all of 1.26 or later: %j', (server, ...versions) => {
    expect(choose(server, ...versions)).toEqual({ form: 'csi', notice: undefined });
  });

  it.each([
    ['some kubelets are later', 'v1.26.4', ['v1.25.16', 'v1.26.4']],
    ['the server alone is later', 'v1.26.4', ['v1.25.16', 'v1.25.16']],
    ['a kubelet says something strange', 'v1.25.16', ['v1.25.16', 'wasm-edge']],
  ])('is csi, and that is said, when %s', (_case, server, versions) => {
    expect(choose(server, ...versions)).toMatchObject({ form: 'csi', notice: { topic: 'mixed' } });
  });

  it('is said with the number of nodes of each version, and with what to see to', () => {
    const { notice } = choose('v1.26.4', 'v1.26.4', 'v1.25.16', 'v1.9.0', 'v1.25.16');
    expect(notice?.message).toBe(
      'the cluster has kubelets below and from 1.26 on, or is about to: v1.9.0 on 1 node, v1.25.16 on 2 nodes, ' +
        'v1.26.4 on 1 node; the API server is v1.26.4. PersistentVolumes get the form csi, which all of them mount where the ' +
        'node plugin runs: see that it runs on every node (manifests/node). mount: glusterfs in the class keeps the old form',
    );
  });

  it.each([
    ['v1.25.16', 'glusterfs', 'the API server is v1.25.16'],
    ['v1.36.0', 'csi', 'the API server is v1.36.0'],
    [undefined, 'csi', 'neither they nor the API server could be asked'],
  ] as const)('follows the server %s alone when kubelets cannot be seen, and that is said', (server, form, why) => {
    expect(chooseForm({ server, kubelets: undefined })).toEqual({
      form,
      notice: {
        topic: 'unseen',
        message: `the kubelets' versions are not known: PersistentVolumes get the form ${form}, because ${why}`,
      },
    });
  });
});
