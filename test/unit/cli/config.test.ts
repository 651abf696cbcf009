import { describe, expect, it } from 'vitest';
import { loadConfig, resolveConfig, type ConfigInputs } from '../../../src/cli/config/load.ts';
import { configFields } from '../../../src/cli/config/schema.ts';
import { UsageError } from '../../../src/cli/exit-codes.ts';
import { GiB, TiB } from '../../../src/domain/quantity.ts';

interface Given {
  readonly flags?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly yaml?: string;
}

function inputs({ flags = {}, env = {}, yaml }: Given): ConfigInputs {
  return {
    flags: new Map(Object.entries(flags)),
    environment: env,
    ...(yaml === undefined ? {} : { file: { name: 'b.yaml', content: yaml } }),
  };
}

function problems(given: Given): string[] {
  try {
    resolveConfig(inputs(given));
  } catch (error) {
    if (error instanceof UsageError) {
      return error.message.split('\n');
    }
    throw error;
  }
  return [];
}

describe('configuration', () => {
  it('is complete without any source', () => {
    const config = resolveConfig(inputs({}));
    expect(config).toMatchObject({
      provisioner: 'brickyard.dev/glusterfs',
      store: { kind: 'sqlite', path: '/var/lib/brickyard/state.db' },
      admin: { socket: '/var/lib/brickyard/admin.sock' },
      leaderElection: {
        enabled: true,
        leaseNamespace: 'brickyard',
        leaseDuration: 15_000,
        renewDeadline: 10_000,
        retryPeriod: 2_000,
      },
      limits: { minBrickSize: GiB, maxBrickSize: 4 * TiB },
      shutdownGrace: 20_000,
    });
  });

  it('lets flags win over the environment, and the environment over the file', () => {
    const config = resolveConfig(
      inputs({
        yaml: 'workers: 1\nops: {port: 1000, address: 127.0.0.1}\nlanes: {node: 3}',
        env: { BRICKYARD_WORKERS: '2', BRICKYARD_OPS_PORT: '2000' },
        flags: { '--workers': '3' },
      }),
    );
    expect(config.workers).toBe(3);
    expect(config.ops).toEqual({ address: '127.0.0.1', port: 2000 });
    expect(config.lanes).toEqual({ cluster: 8, node: 3 });
  });

  it('derives paths and namespaces from the fields that they follow', () => {
    const config = resolveConfig(inputs({ flags: { '--state-dir': '/srv/b', '--namespace': 'storage' } }));
    expect(config.store.path).toBe('/srv/b/state.db');
    expect(config.admin.socket).toBe('/srv/b/admin.sock');
    expect(config.leaderElection.leaseNamespace).toBe('storage');
  });

  it('takes the same text from every source', () => {
    const withDefault = configFields.flatMap(({ fallback, ...names }) =>
      fallback === undefined ? [] : [{ ...names, fallback }],
    );
    for (const { env, flag, fallback } of withDefault) {
      expect(problems({ env: { [env]: fallback } })).toEqual([]);
      expect(problems({ flags: { [flag]: fallback } })).toEqual([]);
    }
  });

  it.each<{ name: string; given: Given; expected: string }>([
    {
      name: 'a flag that is no number',
      given: { flags: { '--workers': 'many' } },
      expected: 'flag --workers: expected a whole number from 1 to 1000, got "many"',
    },
    {
      name: 'an environment variable out of range',
      given: { env: { BRICKYARD_OPS_PORT: '70000' } },
      expected: 'env BRICKYARD_OPS_PORT: expected a whole number from 0 to 65535, got "70000"',
    },
    {
      name: 'a duration without a unit in the file',
      given: { yaml: 'leaderElection:\n  leaseDuration: 15' },
      expected: 'file b.yaml: leaderElection.leaseDuration: expected a duration such as 500ms, 15s, 5m or 1h, got 15',
    },
    {
      name: 'an unknown key with a known one nearby',
      given: { yaml: 'leaderElection:\n  leaseDuratoin: 15s' },
      expected:
        'file b.yaml: leaderElection.leaseDuratoin: expected a known setting, got an unknown one; did you mean leaseDuration?',
    },
    {
      name: 'an unknown top-level key',
      given: { yaml: 'replicas: 3' },
      expected: 'file b.yaml: replicas: expected a known setting, got an unknown one',
    },
    {
      name: 'a mistyped environment variable',
      given: { env: { BRICKYARD_WORKRES: '3' } },
      expected:
        'env BRICKYARD_WORKRES: expected the name of a setting, got an unknown one; did you mean BRICKYARD_WORKERS?',
    },
    {
      name: 'a provisioner name that Kubernetes keeps for itself',
      given: { flags: { '--provisioner': 'kubernetes.io/glusterfs' } },
      expected:
        'flag --provisioner: expected a name such as brickyard.dev/glusterfs that does not begin with kubernetes.io/, got "kubernetes.io/glusterfs"',
    },
    {
      name: 'a group given as a word',
      given: { yaml: 'ops: 9808' },
      expected: 'file b.yaml: ops: expected a mapping with address, port, got something else',
    },
    {
      name: 'a list in place of the file',
      given: { yaml: '- workers: 3' },
      expected: 'file b.yaml: expected a mapping of settings, got a list',
    },
    {
      name: 'a renewal that takes longer than the lease',
      given: { flags: { '--leader-election-renew-deadline': '20s' } },
      expected: 'flag --leader-election-renew-deadline: expected less than leaseDuration (15000 ms), got 20000 ms',
    },
    {
      name: 'a lease that ends within a second',
      given: { flags: { '--leader-election-lease-duration': '15500ms' } },
      expected:
        'flag --leader-election-lease-duration: expected whole seconds, because a Lease holds nothing finer, got 15500 ms',
    },
    {
      name: 'a smallest brick that no file system fits on',
      given: { env: { BRICKYARD_LIMITS_MIN_BRICK_SIZE: '100Mi' } },
      expected:
        'env BRICKYARD_LIMITS_MIN_BRICK_SIZE: expected at least 300Mi, because XFS makes nothing smaller, got 104857600 bytes',
    },
    {
      name: 'a smallest brick above the largest',
      given: { env: { BRICKYARD_LIMITS_MIN_BRICK_SIZE: '5Ti' } },
      expected: `env BRICKYARD_LIMITS_MIN_BRICK_SIZE: expected at most maxBrickSize (${4 * TiB} bytes), got ${5 * TiB} bytes`,
    },
    {
      name: 'a simulation elsewhere without its token',
      given: { flags: { '--nodes-kind': 'simulated', '--nodes-url': 'http://127.0.0.1:4000' } },
      expected: 'nodes: expected url and tokenFile together, got only one of them',
    },
    {
      name: 'a simulation where agents are asked',
      given: { flags: { '--nodes-url': 'http://127.0.0.1:4000', '--nodes-token-file': 't' } },
      expected: 'flag --nodes-url: expected nodes.kind to be simulated beside it, got agent',
    },
    {
      name: 'ssh without the host keys',
      given: { yaml: 'nodes: {kind: ssh, ssh: {keyFile: /k}}' },
      expected: 'nodes.ssh.knownHostsFile: expected a path, because nodes.kind is ssh, got nothing',
    },
    {
      name: 'a prefix that only a shell could read',
      given: { env: { BRICKYARD_NODES_LOCAL_PREFIX: "sh -c 'x'" } },
      expected: `env BRICKYARD_NODES_LOCAL_PREFIX: expected words without quotes, such as nsenter --target 1 --mount --ipc --, got "sh -c 'x'"`,
    },
  ])('refuses $name, naming source and field', ({ given, expected }) => {
    expect(problems(given)).toEqual([expected]);
  });

  it('reports the problems of all sources at once', () => {
    expect(
      problems({
        yaml: 'workers: none\nlog: {level: loud}',
        env: { BRICKYARD_OPS_PORT: 'x' },
        flags: { '--namespace': 'UPPER' },
      }).map((line) => line.split(':')[0]),
    ).toEqual(['flag --namespace', 'file b.yaml', 'file b.yaml', 'env BRICKYARD_OPS_PORT']);
  });

  it('reports broken YAML as a problem of the file', () => {
    expect(problems({ yaml: 'workers: [1' })[0]).toMatch(/^file b\.yaml: expected YAML, got /);
  });

  it('ignores the variables that a Service of the name makes the kubelet set', () => {
    expect(
      problems({
        env: {
          BRICKYARD_SERVICE_HOST: '10.0.0.1',
          BRICKYARD_METRICS_SERVICE_PORT_METRICS: '9808',
          BRICKYARD_PORT: 'tcp://10.0.0.1:9808',
          BRICKYARD_PORT_9808_TCP_ADDR: '10.0.0.1',
        },
      }),
    ).toEqual([]);
  });

  it('says which source named a file that cannot be read', async () => {
    await expect(loadConfig(new Map(), {}, '/nonexistent/b.yaml')).rejects.toThrow(
      /^flag --config: expected a readable file, got ENOENT/,
    );
    await expect(loadConfig(new Map(), { BRICKYARD_CONFIG: '/nonexistent/b.yaml' }, undefined)).rejects.toThrow(
      /^env BRICKYARD_CONFIG: /,
    );
  });

  it('has one flag and one variable for each field', () => {
    expect(new Set(configFields.map((field) => field.flag)).size).toBe(configFields.length);
    expect(new Set(configFields.map((field) => field.env)).size).toBe(configFields.length);
  });
});
