/** Topology files and declared nodes, read as the engine reads them. */
import { parseTopologyFile, TopologyFileError, topologyFileKeys } from '../../api/topology-file.ts';
import type { DesiredTopology } from '../../domain/desired-topology.ts';
import { clusterRecord, nodeRecord, type NodeRecord } from '../../domain/topology.ts';
import { toDocument } from '../../store/kubernetes/codec.ts';
import { recordDefinitions } from '../../store/kubernetes/crds.ts';
import { isFields } from '../../store/kubernetes/wishes.ts';
import {
  complaintsOf,
  problemAt,
  textAt,
  unknownKey,
  valueAt,
  type Complaint,
  type LintProblem,
  type Subject,
} from './problem.ts';
import type { FieldPath } from './source.ts';
import { recordsOf, type Storage } from './storage.ts';

export interface LintedStorage {
  readonly problems: readonly LintProblem[];
  /** Absent: nothing can be said about what would fit. */
  readonly storage?: Storage;
}

export function lintTopologyFile(subject: Subject): LintedStorage {
  const { value } = subject.source;
  let desired: DesiredTopology;
  try {
    desired = parseTopologyFile(value);
  } catch (error) {
    if (error instanceof TopologyFileError) {
      const complaints = complaintsOf(error.issues, value, topologyFileKeys);
      return { problems: complaints.map((complaint) => problemAt(subject, complaint)) };
    }
    throw error;
  }
  const { nodes, refused } = recordsOf([desired]);
  const problems = refused.map(({ node, reason }) => {
    const path = desired.clusters.flatMap((cluster, c) =>
      cluster.nodes.flatMap(({ id }, n) => (id === node ? ['clusters', c, 'nodes', n] : [])),
    );
    return problemAt(subject, { path: path.slice(0, 4), message: reason, fix: 'write each node and host once' });
  });
  const named = desired.clusters.every(({ id }) => id !== undefined);
  return problems.length > 0 ? { problems } : { problems, storage: { nodes, named } };
}

interface Declared {
  readonly subject: Subject;
  readonly record: NodeRecord;
}

/** All GlusterNodes of the input: each by itself, then beside those that came before it. */
export function lintNodes(subjects: readonly Subject[]): LintedStorage {
  const problems: LintProblem[] = [];
  const declared: Declared[] = [];
  for (const subject of subjects) {
    const record = readNode(subject);
    if ('id' in record) {
      declared.push({ subject, record });
    } else {
      problems.push(...record);
    }
  }
  const { nodes, refused } = recordsOf(
    declared.map(({ record }) => ({ clusters: [{ id: record.cluster, only: [record.id], nodes: [record] }] })),
  );
  for (const { node, reason } of refused) {
    const subject = declared.findLast(({ record }) => record.id === node)?.subject;
    if (subject !== undefined) {
      problems.push(problemAt(subject, { path: ['spec'], message: reason, fix: 'write each host once', onKey: true }));
    }
  }
  const sized = nodes.map((node) => withSizes(node, declared));
  // What a bad node would have added is not known.
  return problems.length > 0 || nodes.length === 0
    ? { problems }
    : { problems, storage: { nodes: sized, named: true } };
}

/** The comparison plans records of nodes that nobody has prepared; what their status says of devices is known better. */
function withSizes(node: NodeRecord, declared: readonly Declared[]): NodeRecord {
  return declared.findLast(({ record }) => record.id === node.id)?.record ?? node;
}

export function lintCluster(subject: Subject): readonly LintProblem[] {
  const { value } = subject.source;
  const name = textAt(value, 'metadata', 'name');
  const parsed = clusterRecord.safeParse(joined('cluster', name, value));
  const issues = parsed.success ? [] : complaintsOf(parsed.error.issues, value, [], inObject);
  return [...issues, ...unknownFields('GlusterCluster', value)].map((complaint) => problemAt(subject, complaint));
}

function readNode(subject: Subject): NodeRecord | readonly LintProblem[] {
  const { value } = subject.source;
  const name = textAt(value, 'metadata', 'name');
  const parsed = nodeRecord.safeParse(joined('node', name, value));
  const complaints = [
    ...(parsed.success ? [] : complaintsOf(parsed.error.issues, value, [], inObject)),
    ...unknownFields('GlusterNode', value),
  ];
  return parsed.success && complaints.length === 0
    ? parsed.data
    : complaints.map((complaint) => problemAt(subject, complaint));
}

/** The object as the record that the store makes of it. */
function joined(kind: 'node' | 'cluster', name: string, value: unknown): unknown {
  const [spec, status] = [valueAt(value, ['spec']), valueAt(value, ['status'])];
  const metadata = { name, resourceVersion: '0', finalizers: [] };
  return toDocument(kind, {
    metadata,
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
  }).body;
}

/** Where a field of the record stands in the object. */
function inObject(path: FieldPath): FieldPath {
  return path[0] === 'id' ? ['metadata', 'name'] : ['spec', ...path];
}

/** Fields that the CustomResourceDefinition does not have: an API server drops them, or refuses the object. */
function unknownFields(kind: string, value: unknown): Complaint[] {
  const definition = [...recordDefinitions().values()].find(({ spec }) => pick(spec, 'names', 'kind') === kind);
  const [version] = (pick(definition?.['spec'], 'versions') ?? []) as readonly unknown[];
  return strangers(pick(version, 'schema', 'openAPIV3Schema'), value, []);
}

function strangers(schema: unknown, value: unknown, path: FieldPath): Complaint[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => strangers(pick(schema, 'items'), item, [...path, index]));
  }
  const properties = pick(schema, 'properties');
  if (!isFields(value) || !isFields(properties)) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    Object.hasOwn(properties, key)
      ? strangers(properties[key], inner, [...path, key])
      : [unknownKey([...path, key], Object.keys(properties))],
  );
}

function pick(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isFields(inner) ? inner[key] : undefined), value);
}
