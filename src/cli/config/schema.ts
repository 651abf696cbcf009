import { z } from 'zod';
import { smallestBrick } from '../../domain/placement/request.ts';
import { choice, count, duration, path, size, text, toggle } from './leaf.ts';
import type { CrossFieldProblem } from './cross-field.ts';
import { fieldsOf, type ConfigField } from './fields.ts';
import { nodeAccess, nodeAccessProblems, nodesSchema, type NodeAccess } from './node-access.ts';

const dnsLabel = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
// A DNS subdomain, a slash and a name, as Kubernetes wants it. The prefix kubernetes.io/ is refused because kube-controller-manager
// claims it for its own plugins and never hands such a claim to an external provisioner.
const provisionerName =
  /^(?!kubernetes\.io\/)[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/[a-zA-Z0-9](?:[-a-zA-Z0-9_.]*[a-zA-Z0-9])?$/;

/** Everything that can be set. Names of flags and environment variables follow from the paths (fields.ts). */
export const configSchema = z.strictObject({
  provisioner: text(
    'Name that a StorageClass gives as its provisioner. Two controllers with different names can serve one cluster.',
    'a name such as brickyard.dev/glusterfs that does not begin with kubernetes.io/',
    provisionerName,
  ).prefault('brickyard.dev/glusterfs'),
  namespace: text(
    'Namespace that holds the Endpoints and Services of the gluster clusters, and the lease.',
    'a namespace name',
    dnsLabel,
  ).prefault('brickyard'),
  kubeconfig: path(
    'Path of a kubeconfig. Absent: KUBECONFIG, then ~/.kube/config, then the service account.',
  ).optional(),
  context: text('Context of the kubeconfig. Absent: its current context.', 'a context name', /^\S+$/).optional(),
  stateDir: path(
    'Folder of the state file and the admin socket. On a local disk: SQLite and NFS do not go together.',
  ).prefault('/var/lib/brickyard'),
  workers: count('Claims, and volumes to delete, that are worked on at once.', 1, 1000).prefault(16),
  sweepInterval: duration(
    'How often records are compared with claims, to finish what nobody asks for any more.',
  ).prefault('5m'),
  shutdownGrace: duration('How long running steps may take to finish after SIGTERM before they are aborted.').prefault(
    '20s',
  ),
  api: z
    .strictObject({
      qps: count('Requests a second to the Kubernetes API, on average.', 1, 10_000).prefault(50),
      burst: count('Requests that may go out at once after a quiet time.', 1, 10_000).prefault(100),
      timeout: duration('Deadline of one request to the Kubernetes API.').prefault('15s'),
    })
    .prefault({}),
  store: z
    .strictObject({
      kind: choice(
        'Where records are kept. sqlite: one file, for one replica at a time. kubernetes: custom resources, for any number.',
        ['sqlite', 'kubernetes'],
      ).prefault('sqlite'),
      path: path('State file of the sqlite store. Absent: state.db in stateDir.').optional(),
    })
    .prefault({}),
  nodes: nodesSchema.prefault({}),
  leaderElection: z
    .strictObject({
      enabled: toggle('Take a Lease before working. Switch it off only where a second replica is impossible.').prefault(
        true,
      ),
      leaseName: text('Name of the Lease.', 'a DNS label', dnsLabel).prefault('brickyard'),
      leaseNamespace: text('Namespace of the Lease. Absent: namespace.', 'a namespace name', dnsLabel).optional(),
      leaseDuration: duration('How long others wait after the last renewal before they take over.').prefault('15s'),
      renewDeadline: duration('How long the leader tries to renew before it gives up and exits.').prefault('10s'),
      retryPeriod: duration(
        'Pause between two renewals of the lease; who stands by looks at it four times as often.',
      ).prefault('2s'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      minBrickSize: size('Bricks are never cut smaller than this.').prefault('1Gi'),
      maxBrickSize: size('Bricks are never cut larger than this; a larger volume gets more brick sets.').prefault(
        '4Ti',
      ),
      maxBricksPerVolume: count('Bricks that one volume may have.', 1, 10_000).prefault(32),
      maxVolumesPerCluster: count('Volumes that one gluster cluster may hold.', 1, 100_000).prefault(1000),
      maxVolumesPerNamespace: count(
        'Volumes that the claims of one namespace may have; further claims wait. Absent: no limit.',
        1,
        100_000,
      ).optional(),
    })
    .prefault({}),
  lanes: z
    .strictObject({
      cluster: count('Changes of different volumes that one gluster cluster does at once.', 1, 256).prefault(8),
      node: count('Bricks that one storage node makes or destroys at once.', 1, 64).prefault(2),
    })
    .prefault({}),
  watch: z
    .strictObject({
      interval: duration('How often every storage node is looked at.').prefault('15s'),
      deadline: duration('How long one question to a node may take before the node counts as silent.').prefault('10s'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: choice('Least severe messages that are logged.', ['debug', 'info', 'warn', 'error']).prefault('info'),
      format: choice('auto: lines for people on a terminal, JSON elsewhere.', ['auto', 'json', 'pretty']).prefault(
        'auto',
      ),
    })
    .prefault({}),
  ops: z
    .strictObject({
      address: text(
        'Address that /healthz, /readyz and /metrics are served on.',
        'an IP address',
        /^[0-9a-fA-F:.]+$/,
      ).prefault('0.0.0.0'),
      port: count('Port of the same. 0: any free one, which the log names.', 0, 65_535).prefault(9808),
    })
    .prefault({}),
  admin: z
    .strictObject({
      socket: path('UNIX socket of the admin API. Absent: admin.sock in stateDir.').optional(),
    })
    .prefault({}),
});

/** Every field of `brickyard serve`. */
export const configFields: readonly ConfigField[] = fieldsOf(configSchema, 'BRICKYARD');

type ParsedConfig = z.output<typeof configSchema>;

/** A configuration that is right as a whole, with everything that follows from other fields filled in. */
export interface Config extends Omit<ParsedConfig, 'store' | 'admin' | 'leaderElection' | 'nodes'> {
  readonly nodes: NodeAccess;
  readonly store: Required<ParsedConfig['store']>;
  readonly admin: { readonly socket: string };
  readonly leaderElection: Omit<ParsedConfig['leaderElection'], 'leaseNamespace'> & { readonly leaseNamespace: string };
}

/** The rules that no field can hold alone. */
export function crossFieldProblems(config: ParsedConfig): CrossFieldProblem[] {
  const { leaderElection: lease, limits, nodes } = config;
  const problems: CrossFieldProblem[] = [];
  // client-go's rules: a leader must know that it lost the lease before anybody else may take it.
  if (lease.renewDeadline >= lease.leaseDuration) {
    problems.push({
      path: ['leaderElection', 'renewDeadline'],
      message: `expected less than leaseDuration (${lease.leaseDuration} ms), got ${lease.renewDeadline} ms`,
    });
  }
  if (lease.leaseDuration % 1000 !== 0) {
    problems.push({
      path: ['leaderElection', 'leaseDuration'],
      message: `expected whole seconds, because a Lease holds nothing finer, got ${lease.leaseDuration} ms`,
    });
  }
  if (lease.retryPeriod * 1.2 >= lease.renewDeadline) {
    problems.push({
      path: ['leaderElection', 'retryPeriod'],
      message: `expected less than renewDeadline / 1.2 (${Math.floor(lease.renewDeadline / 1.2)} ms), got ${lease.retryPeriod} ms`,
    });
  }
  if (limits.minBrickSize < smallestBrick) {
    problems.push({
      path: ['limits', 'minBrickSize'],
      message: `expected at least 300Mi, because XFS makes nothing smaller, got ${limits.minBrickSize} bytes`,
    });
  }
  if (limits.minBrickSize > limits.maxBrickSize) {
    problems.push({
      path: ['limits', 'minBrickSize'],
      message: `expected at most maxBrickSize (${limits.maxBrickSize} bytes), got ${limits.minBrickSize} bytes`,
    });
  }
  problems.push(...nodeAccessProblems(nodes));
  return problems;
}

/** Fills in what follows from other fields. */
export function completeConfig(config: ParsedConfig): Config {
  return {
    ...config,
    nodes: nodeAccess(config.nodes),
    store: { ...config.store, path: config.store.path ?? `${config.stateDir}/state.db` },
    admin: { socket: config.admin.socket ?? `${config.stateDir}/admin.sock` },
    leaderElection: {
      ...config.leaderElection,
      leaseNamespace: config.leaderElection.leaseNamespace ?? config.namespace,
    },
  };
}
