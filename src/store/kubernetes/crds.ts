/** The CustomResourceDefinitions of the records, made from the schemas that the engine reads them with. */
import type { z } from 'zod';
import { clusterIdShape } from '../../domain/name-shapes.ts';
import { clusterRecord, nodeRecord } from '../../domain/topology.ts';
import { volumeRecord } from '../../domain/volume.ts';
import { descriptions } from './descriptions.ts';
import type { RecordKind } from './record-api.ts';
import { immutable, structuralSchema, type Rule, type Structural } from './structural-schema.ts';
import { omit, type Fields } from './wishes.ts';

const recordGroup = 'brickyard.dev';
const recordVersion = 'v1alpha1';

interface Definition {
  readonly kind: RecordKind;
  readonly plural: string;
  readonly shortName: string;
  readonly statusApart: boolean;
  readonly schema: Structural;
  readonly columns: readonly Fields[];
}

const age = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

function column(name: string, jsonPath: string, type = 'string'): Fields {
  return { name, type, jsonPath };
}

/** One object of `spec` and perhaps `status`, with rules about all of it. */
function root(
  properties: Readonly<Record<string, Structural>>,
  required: readonly string[],
  rules: Rule[],
): Structural {
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      ...properties,
    },
    ...(rules.length === 0 ? {} : { 'x-kubernetes-validations': rules }),
  };
}

/** The record without the fields that stand elsewhere in the object. */
function specOf(record: z.ZodType, ...elsewhere: readonly string[]): Structural {
  const { required = [], properties = {}, ...rest } = structuralSchema(record);
  const kept = required.filter((field) => !elsewhere.includes(field));
  return {
    ...rest,
    ...(kept.length === 0 ? {} : { required: kept }),
    properties: omit(properties, ...elsewhere) as Readonly<Record<string, Structural>>,
  };
}

/** The schema with `change` made to what is at `path`. Throws when there is nothing. */
function at(schema: Structural, path: readonly string[], change: (inner: Structural) => Structural): Structural {
  const [step, ...rest] = path;
  if (step === undefined) {
    return change(schema);
  }
  const inner = step === '[]' ? schema.items : schema.properties?.[step];
  if (inner === undefined) {
    throw new Error(`no field ${step} in the schema`);
  }
  const changed = at(inner, rest, change);
  return step === '[]'
    ? { ...schema, items: changed }
    : { ...schema, properties: { ...schema.properties, [step]: changed } };
}

function ruled(schema: Structural, path: readonly string[], ...rules: readonly Rule[]): Structural {
  return at(schema, path, (inner) => ({
    ...inner,
    'x-kubernetes-validations': [...(inner['x-kubernetes-validations'] ?? []), ...rules],
  }));
}

const keyedBy = (key: string): Fields => ({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] });

const condition: Structural = {
  type: 'object',
  required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
  properties: {
    type: { type: 'string' },
    status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
    lastTransitionTime: { type: 'string', format: 'date-time' },
    reason: { type: 'string' },
    message: { type: 'string' },
  },
};

function clusterDefinition(): Definition {
  const rule = {
    rule: `self.metadata.name.matches('${clusterIdShape.pattern}')`,
    message: 'the name must be a lower-case DNS label of at most 40 characters that begins with a letter',
  };
  return {
    kind: 'GlusterCluster',
    plural: 'glusterclusters',
    shortName: 'gcluster',
    statusApart: false,
    schema: root({ spec: specOf(clusterRecord, 'id') }, [], [rule]),
    columns: [age],
  };
}

function nodeDefinition(): Definition {
  const whole = specOf(nodeRecord, 'id');
  const device = whole.properties?.['devices']?.items;
  const size = device?.properties?.['size'];
  if (device === undefined || size === undefined) {
    throw new Error('a node has no devices with sizes');
  }
  const wished = at(whole, ['devices'], (devices) => ({
    ...devices,
    items: { ...device, properties: omit(device.properties ?? {}, 'size') as Structural['properties'] },
    ...keyedBy('name'),
  }));
  const spec = ruled(
    ruled(wished, ['cluster'], immutable('the cluster of a node')),
    ['storage'],
    immutable('the storage host of a node'),
  );
  const found: Structural = {
    type: 'array',
    items: { type: 'object', required: ['name', 'size'], properties: { name: { type: 'string' }, size } },
    ...keyedBy('name'),
  };
  const conditions: Structural = { type: 'array', items: condition, ...keyedBy('type') };
  const status: Structural = { type: 'object', properties: { devices: found, conditions } };
  return {
    kind: 'GlusterNode',
    plural: 'glusternodes',
    shortName: 'gnode',
    statusApart: true,
    schema: root({ spec, status }, ['spec'], []),
    columns: [
      column('Cluster', '.spec.cluster'),
      column('Zone', '.spec.zone'),
      column('State', '.spec.state'),
      column('Ready', '.status.conditions[?(@.type=="Ready")].status'),
      column('Devices', '.status.devices[*].name'),
      column('Size', '.status.devices[*].size'),
      age,
    ],
  };
}

function volumeDefinition(): Definition {
  const whole = structuralSchema(volumeRecord);
  const phase = whole.properties?.['phase'];
  if (phase === undefined) {
    throw new Error('a volume has no phase');
  }
  const fixed = ['name', 'cluster', 'durability'].reduce(
    (schema, field) => ruled(schema, [field], immutable(`the ${field} of a volume`)),
    specOf(volumeRecord, 'id', 'phase'),
  );
  const spec = ruled(fixed, ['durability'], {
    rule: '!has(self.data) || !has(self.redundancy) || self.redundancy < self.data',
    message: 'redundancy must be below data',
  });
  const status: Structural = { type: 'object', required: ['phase'], properties: { phase } };
  const named = { rule: 'size(self.metadata.name) == 36', message: 'the name must be the UUID of a claim' };
  return {
    kind: 'GlusterVolume',
    plural: 'glustervolumes',
    shortName: 'gvol',
    statusApart: false,
    schema: root({ spec, status }, ['spec', 'status'], [named]),
    columns: [
      column('Size', '.spec.size', 'integer'),
      column('Durability', '.spec.durability.kind'),
      column('Phase', '.status.phase'),
      column('Cluster', '.spec.cluster'),
      column('Namespace', '.spec.owner.namespace'),
      column('Claim', '.spec.owner.name'),
      age,
    ],
  };
}

/** Every field that has a description, with it. An item has none of its own: its list's says what it is. */
function described(schema: Structural, path: string, isItem = false): Structural {
  const { type, properties, items, ...rest } = schema;
  const description = isItem ? undefined : descriptions[path];
  const fields = Object.entries(properties ?? {}).map(([name, inner]) => [name, described(inner, `${path}.${name}`)]);
  return {
    type,
    ...(description === undefined ? {} : { description }),
    ...rest,
    ...(properties === undefined ? {} : { properties: Object.fromEntries(fields) as Structural['properties'] }),
    ...(items === undefined ? {} : { items: described(items, path, true) }),
  };
}

function manifest({ kind, plural, shortName, statusApart, schema, columns }: Definition): Fields {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${recordGroup}`, labels: { 'app.kubernetes.io/name': 'brickyard' } },
    spec: {
      group: recordGroup,
      scope: 'Cluster',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames: [shortName] },
      versions: [
        {
          name: recordVersion,
          served: true,
          storage: true,
          ...(statusApart ? { subresources: { status: {} } } : {}),
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: described(schema, kind) },
        },
      ],
    },
  };
}

/** The definitions, by the name of the file that each is kept in. */
export function recordDefinitions(): ReadonlyMap<string, Fields> {
  return new Map(
    [clusterDefinition(), nodeDefinition(), volumeDefinition()].map((definition) => [
      `${definition.plural}.yaml`,
      manifest(definition),
    ]),
  );
}
