/** The kinds that Brickyard reads and writes. */
export { persistentVolumeClaims } from './resources/claim.ts';
export type { PersistentVolumeClaim, PersistentVolumeClaimBody } from './resources/claim.ts';
export { namespaces, nodes, serverVersion } from './resources/cluster.ts';
export type { KubeNode, Namespace } from './resources/cluster.ts';
export { endpoints, services } from './resources/endpoints.ts';
export type { Endpoints, EndpointsBody, Service, ServiceBody } from './resources/endpoints.ts';
export { events } from './resources/event.ts';
export type { KubeEvent, KubeEventBody } from './resources/event.ts';
export { leases } from './resources/lease.ts';
export type { Lease, LeaseBody, LeaseSpec } from './resources/lease.ts';
export { persistentVolumes } from './resources/persistent-volume.ts';
export type { PersistentVolume, PersistentVolumeBody } from './resources/persistent-volume.ts';
export { configMaps, glusterClusters, glusterNodes, glusterVolumes } from './resources/records.ts';
export type { ConfigMap, RecordResource } from './resources/records.ts';
export { storageClasses } from './resources/storage-class.ts';
export type { StorageClass, StorageClassBody } from './resources/storage-class.ts';
export { keyOf, nameFromKey } from './resource.ts';
export type { KubeObject, ObjectMeta, ObjectName, Resource } from './resource.ts';
