import { customResourceDefinitions } from '../custom-resources/definitions.ts';
import { leases, namespaces, nodes } from './cluster.ts';
import { persistentVolumeClaims } from './claims.ts';
import { configMaps, secrets, serviceAccounts } from './config.ts';
import { events, newerEvents } from './events.ts';
import { endpoints, endpointSlices } from './endpoints.ts';
import { services } from './services.ts';
import { csiDrivers, storageClasses } from './storage-classes.ts';
import { persistentVolumes } from './volumes.ts';
import { pods, statefulSets } from './workloads.ts';
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
  leases,
  endpointSlices,
  newerEvents,
  csiDrivers,
  storageClasses,
  customResourceDefinitions,
];
