/**
 * Which form a PersistentVolume gets: kubelets up to 1.25 mount `spec.glusterfs` themselves, later ones do not know it any
 * more and need the node plugin. Pure; src/controller/volume-forms.ts asks for the versions.
 */
import type { MountForm } from '../domain/parameter-table.ts';

/** What a PersistentVolume can be. */
export type VolumeForm = Exclude<MountForm, 'auto'>;

/** What is known of the cluster, each `undefined` when it may not be asked. */
export interface ClusterVersions {
  /** Of the API server: `v1.36.0`. */
  readonly server: string | undefined;
  /** How many nodes there are of each kubelet version. */
  readonly kubelets: ReadonlyMap<string, number> | undefined;
}

export interface FormChoice {
  readonly form: VolumeForm;
  /** What people should know about it, in a sentence or two; `undefined` when it is clear. */
  readonly notice: { readonly topic: 'mixed' | 'unseen'; readonly message: string } | undefined;
}

/** The first 1.x whose kubelets do not mount `spec.glusterfs`. */
const firstWithout = 26;

/** `undefined` for text that is no version; what distributions put behind the numbers does not matter. */
function mountsGlusterfs(version: string): boolean | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)(?!\d)/.exec(version) ?? [];
  return major === undefined ? undefined : Number(major) === 1 && Number(minor) < firstWithout;
}

/**
 * `glusterfs` only when server and kubelets are all below 1.26. Else `csi`, which works on kubelets of every version, where
 * the node plugin runs: a volume outlives the upgrade of a cluster, and its pods move between old and new nodes meanwhile.
 */
export function chooseForm({ server, kubelets }: ClusterVersions): FormChoice {
  if (kubelets === undefined) {
    const form = server !== undefined && mountsGlusterfs(server) === true ? 'glusterfs' : 'csi';
    const by = server === undefined ? 'neither they nor the API server could be asked' : `the API server is ${server}`;
    const message = `the kubelets' versions are not known: PersistentVolumes get the form ${form}, because ${by}`;
    return { form, notice: { topic: 'unseen', message } };
  }
  const known = [...kubelets.keys(), ...(server === undefined ? [] : [server])].map(mountsGlusterfs);
  // Nothing at all is known when there is no node either.
  const form = known.length > 0 && known.every((mounts) => mounts === true) ? 'glusterfs' : 'csi';
  const isMixed = form === 'csi' && [...kubelets.keys()].some((version) => mountsGlusterfs(version) === true);
  return { form, notice: isMixed ? { topic: 'mixed', message: mixed(server, kubelets) } : undefined };
}

function mixed(server: string | undefined, kubelets: ReadonlyMap<string, number>): string {
  const nodes = [...kubelets]
    .toSorted(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
    .map(([version, count]) => `${version} on ${count} node${count === 1 ? '' : 's'}`);
  return (
    `the cluster has kubelets below and from 1.${firstWithout} on, or is about to: ${nodes.join(', ')}; the API server is ` +
    `${server ?? 'of a version that could not be asked'}. PersistentVolumes get the form csi, which all of them mount where ` +
    'the node plugin runs: see that it runs on every node (manifests/node). mount: glusterfs in the class keeps the old form'
  );
}
