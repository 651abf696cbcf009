import { z } from 'zod';
import { messageOf } from '../domain/error-message.ts';
import type { DesiredCluster, DesiredDevice, DesiredNode, DesiredTopology } from '../domain/desired-topology.ts';
import { nearest } from '../domain/nearest.ts';
import { clusterId, deviceName, hostName, nodeId } from '../domain/names.ts';
import { branded, describeIssues } from '../domain/schema.ts';
import { serialNumber, tags } from '../domain/topology.ts';

/** The file is no topology. One problem a line: path of the field, what was expected, what came. */
export class TopologyFileError extends Error {
  override readonly name = 'TopologyFileError';
  readonly issues: readonly z.core.$ZodIssue[];

  constructor(error: z.ZodError) {
    super(describeIssues(error));
    this.issues = error.issues;
  }
}

/** Heketi counts zones, Brickyard names them: `1` and `"1"` are the same zone, and `"rack-b"` is fine as well. */
const zone = z.unknown().transform((value, context) => {
  const number = typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
  if (number || (typeof value === 'string' && /^[a-zA-Z0-9_.-]{1,63}$/.test(value))) {
    return String(value);
  }
  context.addIssue(
    `expected a number from 1 or a name of letters, digits, _ . and -, got ${JSON.stringify(value) ?? 'nothing'}`,
  );
  return z.NEVER;
});

/** Heketi takes lists here and uses their first entry only. */
const hosts = z
  .array(branded((text) => hostName(text, 'host')))
  .min(1)
  .transform(([first], context) => {
    if (first === undefined) {
      context.addIssue('expected at least one host name');
      return z.NEVER;
    }
    return first;
  });

const device = z
  .union(
    [
      z.string(),
      z.strictObject({
        name: z.string(),
        tags: tags.default({}),
        destroydata: z.boolean().default(false),
        /** Ours: heketi knows disks by their names only. */
        serial: serialNumber.optional(),
      }),
    ],
    {
      error: (issue) =>
        `expected a path such as "/dev/vdb" or {"name": "/dev/vdb", "tags": {...}, "destroydata": false, "serial": "..."}, got ${JSON.stringify(issue.input)}`,
    },
  )
  .transform((given, context): DesiredDevice => {
    const { name, tags, destroydata, serial } =
      typeof given === 'string' ? { name: given, tags: {}, destroydata: false, serial: undefined } : given;
    try {
      return { name: deviceName(name), tags, wipe: destroydata, ...(serial === undefined ? {} : { serial }) };
    } catch (error) {
      context.addIssue(messageOf(error));
      return z.NEVER;
    }
  });

const node = z
  .strictObject({
    node: z.strictObject({
      hostnames: z.strictObject({ manage: hosts, storage: hosts }),
      zone,
      tags: tags.default({}),
    }),
    devices: z.array(device).default([]),
  })
  .transform(({ node: { hostnames, zone, tags }, devices }, context): DesiredNode => {
    try {
      const id = nodeId(hostnames.manage, 'node.hostnames.manage[0]');
      return { id, zone, ...hostnames, tags, devices };
    } catch (error) {
      context.addIssue(messageOf(error));
      return z.NEVER;
    }
  });

const cluster = z
  .strictObject({
    /** Ours: heketi gives clusters random ids and has no way to say one. */
    id: branded((text) => clusterId(text, 'id')).optional(),
    nodes: z.array(node).min(1, 'expected at least one node'),
    block: z.boolean().optional(),
    // Heketi: may file volumes be placed here? Brickyard places nothing else.
    file: z
      .literal(true, { error: 'expected true or nothing: a cluster without file volumes is of no use here' })
      .optional(),
  })
  .transform(({ id, nodes }): DesiredCluster => ({ ...(id === undefined ? {} : { id }), nodes }));

const file = z
  .strictObject({ clusters: z.array(cluster).min(1, 'expected at least one cluster') })
  .superRefine(({ clusters }, context) => {
    for (const problem of duplicates(clusters)) {
      context.addIssue({ code: 'custom', ...problem });
    }
  });

interface Duplicate {
  readonly path: (string | number)[];
  readonly message: string;
}

/** Where a host or a device stands again that must stand once. */
function duplicates(clusters: readonly DesiredCluster[]): readonly Duplicate[] {
  const seen = new Set<string>();
  const isNew = (...what: readonly string[]): boolean => seen.size < seen.add(JSON.stringify(what)).size;
  const nodes = clusters.flatMap(({ nodes }, cluster) =>
    nodes.map((node, index) => ({ node, path: ['clusters', cluster, 'nodes', index] })),
  );
  return nodes.flatMap(({ node, path }, number) => [
    ...(['manage', 'storage'] as const).flatMap((kind): Duplicate[] => {
      const message = `${kind} host ${node[kind]}: expected one node, got several`;
      return isNew(kind, node[kind]) ? [] : [{ path: [...path, 'node', 'hostnames', kind, 0], message }];
    }),
    ...node.devices.flatMap(({ name }, index): Duplicate[] => {
      const message = `node ${node.id}: expected device ${name} once, got it twice`;
      return isNew('device', String(number), name) ? [] : [{ path: [...path, 'devices', index], message }];
    }),
  ]);
}

/** Every key of the format, for suggestions. */
export const topologyFileKeys: readonly string[] = [
  'clusters',
  'id',
  'nodes',
  'node',
  'hostnames',
  'manage',
  'storage',
  'zone',
  'tags',
  'devices',
  'name',
  'destroydata',
  'serial',
  'block',
  'file',
];

/** Names the key that was probably meant. */
function withSuggestions(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'unrecognized_keys') {
    return issue;
  }
  const words = issue.keys.map((key) => {
    const meant = nearest(key, topologyFileKeys);
    return meant === undefined ? key : `${key} (did you mean ${meant}?)`;
  });
  return { ...issue, message: `expected no such key: ${words.join(', ')}` };
}

/**
 * Reads heketi's topology.json, already parsed from JSON or YAML. What heketi ignores and what Brickyard adds is said at
 * the fields above. Throws TopologyFileError with every problem.
 */
export function parseTopologyFile(document: unknown): DesiredTopology {
  const parsed = file.safeParse(document);
  if (!parsed.success) {
    throw new TopologyFileError(new z.ZodError(parsed.error.issues.map(withSuggestions)));
  }
  return parsed.data;
}
