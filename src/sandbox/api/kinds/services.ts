import { invalid, required, unsupported } from '../errors.ts';
import { arrayAt, objectAt, sameJson, show, textAt, valueAt } from '../json.ts';
import {
  integer,
  intOrString,
  keyedList,
  kindSchema,
  list,
  map,
  object,
  open,
  optionalText,
  text,
  truth,
} from '../schema/builders.ts';
import { resourceId } from '../store/store.ts';
import { dns1035Problem } from '../validation/names.ts';
import { ageColumn, column, defineKind, nameColumn } from './kind.ts';
import type { FieldError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';
import type { KindContext } from './kind.ts';

/** Where Services are kept. */
export const serviceResource = resourceId('', 'services');

/** A free address of 10.96.0.0/12, the range that kubeadm uses. */
function allocateAddress(context: KindContext): string {
  const taken = new Set(context.list(serviceResource).map((one) => textAt(one, 'spec', 'clusterIP')));
  for (;;) {
    const number = 1 + Math.floor(context.random() * (2 ** 20 - 2));
    const address = `10.${96 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
    if (!taken.has(address)) {
      return address;
    }
  }
}

function withPortDefaults(port: JsonObject): JsonObject {
  return { ...port, protocol: textAt(port, 'protocol') ?? 'TCP', targetPort: port['targetPort'] ?? port['port'] };
}

function prepareCreate(service: KubeObject, context: KindContext): KubeObject {
  const spec = objectAt(service, 'spec');
  const type = textAt(spec, 'type') ?? 'ClusterIP';
  const external = type === 'ExternalName';
  const address = external ? undefined : (textAt(spec, 'clusterIP') ?? allocateAddress(context));
  const ports = arrayAt(spec, 'ports').map((port) => withPortDefaults(port as JsonObject));
  return {
    ...service,
    spec: {
      ...spec,
      ...(ports.length === 0 ? {} : { ports }),
      type,
      sessionAffinity: textAt(spec, 'sessionAffinity') ?? 'None',
      ...(address === undefined
        ? {}
        : {
            clusterIP: address,
            clusterIPs: spec['clusterIPs'] ?? [address],
            internalTrafficPolicy: textAt(spec, 'internalTrafficPolicy') ?? 'Cluster',
            ipFamilies: spec['ipFamilies'] ?? ['IPv4'],
            ipFamilyPolicy: textAt(spec, 'ipFamilyPolicy') ?? 'SingleStack',
          }),
    },
    status: { loadBalancer: {} },
  };
}

/** What a PUT leaves out of the allocated fields stays as it was. */
function prepareUpdate(next: KubeObject, previous: KubeObject, context: KindContext): KubeObject {
  const allocated = ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'];
  const kept = Object.fromEntries(
    allocated.flatMap((field) => {
      const value = valueAt(next, 'spec', field) ?? valueAt(previous, 'spec', field);
      return value === undefined ? [] : [[field, value]];
    }),
  );
  return {
    ...prepareCreate({ ...next, spec: { ...objectAt(next, 'spec'), ...kept } }, context),
    status: next['status'] ?? { loadBalancer: {} },
  };
}

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

function validate(service: KubeObject): readonly FieldError[] {
  const ports = arrayAt(service, 'spec', 'ports');
  const type = textAt(service, 'spec', 'type') ?? '';
  const headless = textAt(service, 'spec', 'clusterIP') === 'None';
  return [
    ...(types.includes(type) ? [] : [unsupported('spec.type', type, types)]),
    ...(ports.length === 0 && !headless && type !== 'ExternalName' ? [required('spec.ports')] : []),
    ...ports.flatMap((port, index) => validatePort(port as JsonObject, `spec.ports[${index}]`, ports.length > 1)),
  ];
}

/** What is wrong with a port; of several, each needs a name. */
export function validatePort(port: JsonObject, field: string, named: boolean): readonly FieldError[] {
  const number = port['port'];
  return [
    ...(named && textAt(port, 'name') === undefined ? [required(`${field}.name`)] : []),
    ...(typeof number === 'number' && number >= 1 && number <= 65_535
      ? []
      : [invalid(`${field}.port`, number ?? 0, 'must be between 1 and 65535, inclusive')]),
  ];
}

function validateUpdate(next: KubeObject, previous: KubeObject): readonly FieldError[] {
  const addresses = valueAt(next, 'spec', 'clusterIPs');
  return sameJson(addresses, valueAt(previous, 'spec', 'clusterIPs'))
    ? []
    : [invalid('spec.clusterIPs[0]', addresses, 'may not change once set')];
}

function describePorts(service: KubeObject): string {
  const ports = arrayAt(service, 'spec', 'ports').map((port) => {
    const node = valueAt(port, 'nodePort');
    const number = valueAt(port, 'port');
    return `${show(number)}${typeof node === 'number' ? `:${node}` : ''}/${textAt(port, 'protocol') ?? 'TCP'}`;
  });
  return ports.length === 0 ? '<none>' : ports.join(',');
}

const port = object({
  name: text,
  protocol: text,
  appProtocol: optionalText,
  port: integer,
  targetPort: intOrString,
  nodePort: integer,
});

/** Services: get an address of their own unless headless, and keep it. */
export const services = defineKind({
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  subresources: ['status'],
  createOnUpdate: true,
  returnsDeleted: true,
  nameProblem: dns1035Problem,
  schema: kindSchema({
    spec: object({
      ports: keyedList(['port', 'protocol'], port),
      selector: { ...map(text), 'x-kubernetes-map-type': 'atomic' },
      clusterIP: text,
      clusterIPs: list(text),
      type: text,
      externalIPs: list(text),
      externalName: text,
      externalTrafficPolicy: text,
      internalTrafficPolicy: text,
      sessionAffinity: text,
      sessionAffinityConfig: open,
      ipFamilies: list(text),
      ipFamilyPolicy: text,
      publishNotReadyAddresses: truth,
      loadBalancerIP: text,
      loadBalancerSourceRanges: list(text),
      loadBalancerClass: optionalText,
      allocateLoadBalancerNodePorts: truth,
      healthCheckNodePort: integer,
      trafficDistribution: text,
    }),
    status: open,
  }),
  prepareCreate,
  prepareUpdate,
  validate,
  validateUpdate,
  columns: () => [
    nameColumn,
    column('Type', (service) => textAt(service, 'spec', 'type') ?? ''),
    column('Cluster-IP', (service) => textAt(service, 'spec', 'clusterIP') ?? '<none>'),
    column('External-IP', (service) => textAt(service, 'spec', 'externalName') ?? '<none>'),
    column('Port(s)', describePorts),
    ageColumn,
    column(
      'Selector',
      (service) =>
        Object.entries(objectAt(service, 'spec', 'selector'))
          .map(([key, value]) => `${key}=${show(value)}`)
          .join(',') || '<none>',
      { wide: true },
    ),
  ],
});
