import { z } from 'zod';
import type { V1Endpoints, V1Service } from '@kubernetes/client-node';
import { defineResource, listOf, maybe, objectSchema, stringMap, type Immutable } from '../resource.ts';

const address = z.object({ ip: z.string(), hostname: maybe(z.string()) });
const endpointPort = z.object({ name: maybe(z.string()), port: z.number(), protocol: maybe(z.string()) });

const endpointsSchema = objectSchema({
  subsets: listOf(
    z.object({
      addresses: listOf(address),
      notReadyAddresses: listOf(address),
      ports: listOf(endpointPort),
    }),
  ),
});

export type Endpoints = Immutable<z.output<typeof endpointsSchema>>;
export type EndpointsBody = V1Endpoints;

export const endpoints = defineResource<Endpoints, EndpointsBody>({
  group: '',
  version: 'v1',
  plural: 'endpoints',
  kind: 'Endpoints',
  namespaced: true,
  schema: endpointsSchema,
});

const servicePort = z.object({ name: maybe(z.string()), port: z.number(), protocol: maybe(z.string()) });

const serviceSchema = objectSchema({
  spec: z.object({
    /** `None` for a headless service. */
    clusterIP: maybe(z.string()),
    type: maybe(z.string()),
    ports: listOf(servicePort),
    selector: stringMap,
  }),
});

export type Service = Immutable<z.output<typeof serviceSchema>>;
export type ServiceBody = V1Service;

export const services = defineResource<Service, ServiceBody>({
  group: '',
  version: 'v1',
  plural: 'services',
  kind: 'Service',
  namespaced: true,
  schema: serviceSchema,
});
