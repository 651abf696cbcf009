/** Names that Kubernetes and Brickyard use to talk through objects: who writes each, and who reads it. */

/** On claims, by kube-controller-manager since 1.23: the provisioner that is to serve the claim. */
export const storageProvisionerAnnotation = 'volume.kubernetes.io/storage-provisioner';
/** The same under its older name, the only one that 1.20 writes. */
export const betaStorageProvisionerAnnotation = 'volume.beta.kubernetes.io/storage-provisioner';
/** On claims, by users of old: the class. Wins over spec.storageClassName. */
export const betaStorageClassAnnotation = 'volume.beta.kubernetes.io/storage-class';
/** On claims of WaitForFirstConsumer classes, by the scheduler: the node of the pod that waits. */
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';
/** The same under its first name. */
export const alphaSelectedNodeAnnotation = 'volume.alpha.kubernetes.io/selected-node';
/**
 * On claims, by kube-controller-manager up to 1.25, and by us once we have grown the volume: who sees to it that it grows.
 * Nothing decides by it.
 */
export const storageResizerAnnotation = 'volume.kubernetes.io/storage-resizer';
/** On claims of csi volumes, by us: kubelets need not do anything for the pods to see the new size. */
export const nodeExpansionNotRequiredAnnotation = 'volume.kubernetes.io/node-expansion-not-required';

/** On volumes, by us: whose they are. Read by kube-controller-manager (leaves their deletion to us) and by us. */
export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by';
/** On volumes, by us: the group of their data. Read by kubelets, which give it to pods as a supplemental group. */
export const gidAnnotation = 'pv.beta.kubernetes.io/gid';

/** On volumes, by and for us: all that is needed to delete them when the class has gone. */
export const volumeIdAnnotation = 'brickyard.dev/volume-id';
/** What gluster calls the volume. */
export const volumeNameAnnotation = 'brickyard.dev/volume-name';
/** The gluster cluster that holds it. */
export const clusterAnnotation = 'brickyard.dev/cluster';

/** On volumes with reclaim policy Delete: keeps the object until the data is gone, even when a user deletes it first. */
export const volumeFinalizer = 'external-provisioner.volume.kubernetes.io/finalizer';

/** On objects of ours in our own namespace; an object of our name without it is somebody else's. */
export const managedByLabel = 'app.kubernetes.io/managed-by';
export const managedByBrickyard = 'brickyard';
/** The gluster cluster that an Endpoints or Service object is for. */
export const clusterLabel = 'brickyard.dev/cluster';
