import { isIP } from 'node:net';

import { invalid, required } from '../errors.ts';
import { arrayAt, show, textAt, valueAt, withField } from '../json.ts';
import { integer, kindSchema, list, object, objectReference, open, optionalText, text } from '../schema/builders.ts';
import { atLeast } from '../server-version.ts';
import { resourceId } from '../store/store.ts';
import { ageColumn, column, defineKind, nameColumn } from './kind.ts';
import { validatePort } from './services.ts';
import type { FieldError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';

/** Where Endpoints are kept. */
export const endpointsResource = resourceId('', 'endpoints');

const unusable: readonly (readonly [RegExp, string])[] = [
  [/^(?:127\.|::1$)/, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [/^(?:169\.254\.|fe[89ab])/i, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [/^(?:224\.0\.0\.|ff.2)/i, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
  [/^(?:0\.0\.0\.0|::)$/, 'may not be unspecified (0.0.0.0 or ::)'],
];

function validateAddress(address: string | undefined, field: string): readonly FieldError[] {
  if (address === undefined || isIP(address) === 0) {
    return [invalid(field, address ?? '', 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
  }
  return unusable.filter(([range]) => range.test(address)).map(([, why]) => invalid(field, address, why));
}

function validateEndpoints(endpoints: KubeObject): readonly FieldError[] {
  return arrayAt(endpoints, 'subsets').flatMap((subset, index) => {
    const field = `subsets[${index}]`;
    const ready = arrayAt(subset, 'addresses');
    const notReady = arrayAt(subset, 'notReadyAddresses');
    const ports = arrayAt(subset, 'ports');
    const empty = ready.length + notReady.length === 0;
    return [
      empty ? [[required(field, 'must specify `addresses` or `notReadyAddresses`')]] : [],
      ready.map((one, at) => validateAddress(textAt(one, 'ip'), `${field}.addresses[${at}].ip`)),
      notReady.map((one, at) => validateAddress(textAt(one, 'ip'), `${field}.notReadyAddresses[${at}].ip`)),
      ports.map((one, at) => validatePort(one as JsonObject, `${field}.ports[${at}]`, ports.length > 1)),
    ].flat(2);
  });
}

function describeEndpoints(endpoints: KubeObject): string {
  const all = arrayAt(endpoints, 'subsets').flatMap((subset) => {
    const ports = arrayAt(subset, 'ports');
    const addresses = arrayAt(subset, 'addresses').map((one) => textAt(one, 'ip') ?? '');
    return ports.length === 0
      ? addresses
      : ports.flatMap((one) =>
          addresses.map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${show(valueAt(one, 'port'))}`),
        );
  });
  const more = all.length > 3 ? ` + ${all.length - 3} more...` : '';
  return all.length === 0 ? '<none>' : `${all.slice(0, 3).join(',')}${more}`;
}

const address = object({ ip: text, hostname: text, nodeName: text, targetRef: objectReference });

function withProtocol(port: Json): Json {
  return withField(port as JsonObject, 'protocol', textAt(port, 'protocol') ?? 'TCP');
}

function withPortDefaults(subset: Json): Json {
  const ports = arrayAt(subset, 'ports').map((one) => withProtocol(one));
  return ports.length === 0 ? subset : withField(subset as JsonObject, 'ports', ports);
}

function withSubsetDefaults(endpoints: KubeObject): KubeObject {
  const subsets = arrayAt(endpoints, 'subsets').map((subset) => withPortDefaults(subset));
  return subsets.length === 0 ? endpoints : { ...endpoints, subsets };
}

/** Endpoints: addresses must be IP addresses that another machine can reach. */
export const endpoints = defineKind({
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  createOnUpdate: true,
  schema: kindSchema({
    subsets: list(
      object({
        addresses: list(address),
        notReadyAddresses: list(address),
        ports: list(object({ name: text, port: integer, protocol: text, appProtocol: optionalText })),
      }),
    ),
  }),
  prepareCreate: withSubsetDefaults,
  prepareUpdate: withSubsetDefaults,
  validate: validateEndpoints,
  columns: () => [nameColumn, column('Endpoints', describeEndpoints), ageColumn],
  warnings: (_object, version) =>
    atLeast(version, 33) ? ['v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'] : [],
});

/** EndpointSlices: stored; nothing makes them from Endpoints here. */
export const endpointSlices = defineKind({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  hasGeneration: true,
  createOnUpdate: true,
  schema: kindSchema({
    addressType: text,
    endpoints: list(open),
    ports: list(object({ name: optionalText, port: integer, protocol: text, appProtocol: optionalText })),
  }),
  validate: (slice) => (textAt(slice, 'addressType') === undefined ? [required('addressType')] : []),
  validateUpdate: (next, previous) =>
    next['addressType'] === previous['addressType']
      ? []
      : [invalid('addressType', next['addressType'], 'field is immutable')],
  columns: () => [
    nameColumn,
    column('AddressType', (slice) => textAt(slice, 'addressType') ?? ''),
    column(
      'Ports',
      (slice) =>
        arrayAt(slice, 'ports')
          .map((one) => show(valueAt(one, 'port')))
          .join(',') || '<unset>',
    ),
    column(
      'Endpoints',
      (slice) =>
        arrayAt(slice, 'endpoints')
          .flatMap((one) => arrayAt(one, 'addresses').map((address) => show(address)))
          .join(',') || '<unset>',
    ),
    ageColumn,
  ],
});
