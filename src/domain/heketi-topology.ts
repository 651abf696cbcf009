/**
 * heketi's topology.json, the file that its users have. Two extensions: a cluster may have a `name` (or `id`), so that it
 * need not be found by its nodes, and a zone may be a name as well as a number.
 */
import { z } from 'zod';
import { messageOf } from './error-message.ts';
import type { DesiredCluster, DesiredDevice, DesiredNode, DesiredTopology } from './desired-topology.ts';
import { clusterId, deviceName, hostName, NameError, nodeId } from './names.ts';
import { describeIssues } from './schema.ts';
import { tags, zoneName, type Tags } from './topology.ts';

/** The text is no topology. `problems`: one line each, led by the path of the field. */
export class TopologyFileError extends Error {
  override readonly name = 'TopologyFileError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

function show(input: unknown): string {
  return input === undefined ? 'nothing' : JSON.stringify(input);
}

/** What to say when a value is not `what`. */
const expected = (what: string): { error: (issue: z.core.$ZodRawIssue) => string } => ({
  error: (issue) =>
    issue.code === 'unrecognized_keys'
      ? `unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}; expected ${what}`
      : `expected ${what}, got ${show(issue.input)}`,
});

/** Text that `parse` turns into a name. */
const name = <T>(what: string, parse: (text: string) => T): z.ZodType<T, string> =>
  z.string(expected(what)).transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof NameError)) {
        throw error;
      }
      context.addIssue(`expected ${what}, got ${show(text)}`);
      return z.NEVER;
    }
  });

const host = name('an IP address or a DNS name', hostName);
const hostList = z.array(host, expected('a list of host names')).min(1, expected('at least one host name'));
const path = name('an absolute path such as /dev/vdb', deviceName);
const labels = z
  .unknown()
  .transform((value, context): Tags => {
    const parsed = tags.safeParse(value);
    if (parsed.success) {
      return parsed.data;
    }
    const shape =
      'an object of texts such as {"media": "ssd"}, keys of 1 to 32 and values of 0 to 64 letters, digits, _.-';
    context.addIssue(`expected ${shape}, got ${show(value)}`);
    return z.NEVER;
  })
  .prefault({});

const plainDevice = path.transform((device): DesiredDevice => ({ name: device, tags: {}, wipe: false }));
const deviceObject = z
  .strictObject(
    {
      name: path,
      tags: labels,
      destroydata: z.boolean(expected('true or false')).default(false),
    },
    expected('a path, or an object with name, tags and destroydata'),
  )
  .transform(({ name, tags, destroydata }): DesiredDevice => ({ name, tags, wipe: destroydata }));

const device = z.unknown().transform((value, context): DesiredDevice => {
  const parsed = (typeof value === 'string' ? plainDevice : deviceObject).safeParse(value);
  if (parsed.success) {
    return parsed.data;
  }
  for (const { path, message } of parsed.error.issues) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
  return z.NEVER;
});

const zoneExpected = expected('a whole number from 1, or a name of letters, digits, _, . and -');
const zone = z
  .union([z.number(), z.string()], zoneExpected)
  .refine(
    (value) => (typeof value === 'number' ? Number.isInteger(value) && value >= 1 : zoneName.test(value)),
    zoneExpected,
  )
  .transform((value) => String(value));

const node = z
  .strictObject(
    {
      node: z.strictObject(
        {
          hostnames: z.strictObject({ manage: hostList, storage: hostList }, expected('manage and storage')),
          zone,
          tags: labels,
        },
        expected('hostnames, zone and tags'),
      ),
      devices: z.array(device, expected('a list of devices')).default([]),
    },
    expected('node and devices'),
  )
  .transform(({ node, devices }, context): DesiredNode => {
    // heketi too uses the first of each list; the others are checked, and kept apart from other nodes' hosts.
    const [manage] = node.hostnames.manage;
    const [storage] = node.hostnames.storage;
    const id = name('a DNS name or an IPv4 address, which becomes the id of the node', nodeId).safeParse(manage);
    if (!id.success || manage === undefined || storage === undefined) {
      const path = ['node', 'hostnames', 'manage', 0];
      context.addIssue({ code: 'custom', path, message: id.error?.issues[0]?.message ?? 'expected a host name' });
      return z.NEVER;
    }
    return { id: id.data, zone: node.zone, manage, storage, tags: node.tags, devices };
  });

const clusterName = name('a lower-case DNS label of at most 40 characters', clusterId).optional();
const cluster = z
  .strictObject(
    {
      name: clusterName,
      id: clusterName,
      nodes: z.array(node, expected('a list of nodes')).min(1, expected('at least one node')),
      // Whether heketi may put block volumes here means nothing to us; whether it may put file volumes does.
      block: z.boolean(expected('true or false')).optional(),
      file: z.literal(true, expected('true: a cluster without file volumes has no use here')).optional(),
    },
    expected('nodes, name, id, block and file'),
  )
  .transform(({ name, id, nodes }, context): DesiredCluster => {
    if (name !== undefined && id !== undefined && name !== id) {
      context.addIssue({ code: 'custom', path: ['id'], message: `expected the same as name, got ${show(id)}` });
    }
    const called = name ?? id;
    return called === undefined ? { nodes } : { id: called, nodes };
  });

const file = z.strictObject(
  { clusters: z.array(cluster, expected('a list of clusters')) },
  expected('an object with clusters'),
);

/** Hosts, devices and cluster names that stand in the file twice. */
function duplicates({ clusters }: DesiredTopology): readonly string[] {
  const problems: string[] = [];
  const firstSeen = new Map<string, { readonly path: string; readonly owner: string }>();
  const note = (kind: string, value: string, path: string, owner: string, scope = ''): void => {
    const first = firstSeen.get(`${kind} ${value} ${scope}`);
    if (first === undefined) {
      firstSeen.set(`${kind} ${value} ${scope}`, { path, owner });
    } else if (first.owner !== owner) {
      problems.push(`${path}: ${kind} ${value} stands at ${first.path} already`);
    }
  };
  clusters.forEach((cluster, c) => {
    if (cluster.id !== undefined) {
      note('cluster', cluster.id, `clusters[${c}].name`, String(c));
    }
    cluster.nodes.forEach((node, n) => {
      const path = `clusters[${c}].nodes[${n}]`;
      // Management and storage may be one host, of one node.
      note('host', node.manage, `${path}.node.hostnames.manage[0]`, path);
      note('host', node.storage, `${path}.node.hostnames.storage[0]`, path);
      node.devices.forEach(({ name }, d) => {
        note('device', name, `${path}.devices[${d}]`, String(d), path);
      });
    });
  });
  return problems;
}

/** Reads the file's text. Throws TopologyFileError with every problem that it has. */
export function parseHeketiTopology(text: string): DesiredTopology {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new TopologyFileError([`expected JSON: ${messageOf(error)}`]);
  }
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    throw new TopologyFileError(describeIssues(parsed.error).split('\n'));
  }
  const problems = duplicates(parsed.data);
  if (problems.length > 0) {
    throw new TopologyFileError(problems);
  }
  return parsed.data;
}
