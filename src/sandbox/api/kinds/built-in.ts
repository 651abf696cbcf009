import { customResourceDefinitions } from '../custom-resources/definitions.ts';
import { accessKinds } from './access.ts';
import { leases, namespaces, nodes } from './cluster.ts';
import { persistentVolumeClaims } from './claims.ts';
import { configMaps, secrets, serviceAccounts } from './config.ts';
import { events, newerEvents } from './events.ts';
import { csiDrivers, csiNodes } from './csi.ts';
import { endpoints, endpointSlices } from './endpoints.ts';
import { services } from './services.ts';
import { storageClasses } from './storage-classes.ts';
import { persistentVolumes } from './volumes.ts';
import { daemonSets, pods, statefulSets } from './workloads.ts';
import type { Kind } from './kind.ts';

/** Every kind that is served without a CustomResourceDefinition. */
export const builtInKinds: readonly Kind[] = [
  configMaps,
  endpoints,
  events,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
  daemonSets,
  leases,
  endpointSlices,
  newerEvents,
  csiDrivers,
  csiNodes,
  storageClasses,
  ...accessKinds,
  customResourceDefinitions,
];
