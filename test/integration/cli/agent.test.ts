/** `brickyard agent` as a process, and its manifests as kubectl renders them. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { loadAgentConfig } from '../../../src/cli/agent/config.ts';
import { waitFor } from '../../support/wait-for.ts';
import { clientTo, forever, nodeAt, portOf, TestCertificates } from '../agent/bench.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('brickyard agent', () => {
  let directory: string;
  let certificates: TestCertificates;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'brickyard-agent-'));
    certificates = await TestCertificates.make(['node-1']);
  });
  afterAll(async () => {
    for (const child of children) {
      child.kill('SIGKILL');
    }
    await certificates.remove();
    await rm(directory, { recursive: true, force: true });
  });

  function start(...argv: string[]): { readonly child: ChildProcess; readonly said: () => string } {
    const child = spawn(process.execPath, [join(root, 'src/main.ts'), 'agent', ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {},
    });
    children.push(child);
    let said = '';
    child.stdout.on('data', (part: Buffer) => (said += part.toString()));
    child.stderr.on('data', (part: Buffer) => (said += part.toString()));
    return { child, said: () => said };
  }

  it('serves the controller, keeps quiet about keys, and ends when told to', async () => {
    const device = join(directory, 'bricks');
    await mkdir(device);
    const { child, said } = start(
      '--node=node-1',
      `--device=${device}`,
      '--listen=127.0.0.1:0',
      `--cert-dir=${certificates.node('node-1')}`,
      '--log-level=debug',
    );
    const url = await waitFor('it listens', () => /"url":"(https:[^"]+)"/.exec(said())?.[1], 60_000);
    const client = clientTo(portOf(url), certificates.controller);
    // This machine is the node: it has a boot id, whether or not gluster runs here.
    const facts = await waitFor('it takes operations', async () => {
      const outcome = await client.inspectNode(nodeAt('node-1'), forever);
      return outcome.kind === 'done' && outcome.value;
    });
    expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await client.readiness(nodeAt('node-1'), forever)).toMatchObject({ node: 'node-1', devices: [{ device }] });
    client.close();
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(child.exitCode).toBe(0);
    expect(said()).not.toMatch(/PRIVATE|BEGIN/);
  });

  it('does not start without certificates, and says which file is missing', async () => {
    const { child, said } = start('--node', 'node-1', '--device', directory, '--cert-dir', directory);
    await once(child, 'close');
    expect(child.exitCode).toBe(1);
    expect(said()).toContain(`${directory}/tls.crt: expected a readable file`);
  });
});

const manifest = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
type Manifest = z.infer<typeof manifest>;

async function rendered(folder: string): Promise<Manifest[]> {
  const { stdout } = await run('kubectl', ['kustomize', join(root, folder)]);
  return parseAllDocuments(stdout).map((document) => manifest.parse(document.toJS()));
}

function one<T>(documents: readonly Manifest[], kind: string, schema: z.ZodType<T>): T {
  return schema.parse(documents.find((document) => document.kind === kind));
}

const daemonSet = z.object({
  spec: z.object({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({
        nodeSelector: z.record(z.string(), z.string()),
        terminationGracePeriodSeconds: z.number(),
        containers: z.array(
          z.looseObject({
            args: z.array(z.string()),
            ports: z.array(z.object({ name: z.string(), containerPort: z.number(), hostPort: z.number() })),
            readinessProbe: z.unknown(),
            volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
          }),
        ),
        volumes: z.array(z.looseObject({ name: z.string() })),
      }),
    }),
  }),
});

const storageSet = z.object({
  spec: z.looseObject({
    updateStrategy: z.unknown(),
    template: z.object({
      spec: z.looseObject({
        shareProcessNamespace: z.boolean(),
        containers: z.array(
          z.looseObject({
            name: z.string(),
            image: z.string(),
            volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
          }),
        ),
      }),
    }),
  }),
});

describe('manifests of the agent', () => {
  it('render, with a configuration that the agent takes on each of its nodes', async () => {
    const documents = await rendered('manifests/agent');
    expect(documents.map(({ kind }) => kind).sort()).toEqual(['ConfigMap', 'DaemonSet', 'Namespace']);
    const { data } = one(documents, 'ConfigMap', z.object({ data: z.object({ 'agent.yaml': z.string() }) }));
    const { template } = one(documents, 'DaemonSet', daemonSet).spec;
    const [container] = template.spec.containers;
    const directory = await mkdtemp(join(tmpdir(), 'brickyard-manifest-'));
    const file = join(directory, 'agent.yaml');
    await writeFile(file, data['agent.yaml']);
    for (const node of ['node-a', 'node-b', 'node-c']) {
      const config = await loadAgentConfig(new Map(), { BRICKYARD_AGENT_NODE: node }, file);
      expect(config).toMatchObject({ devices: ['/dev/vdb'], listen: { port: container?.ports[0]?.containerPort } });
      expect(container?.volumeMounts.map(({ mountPath }) => mountPath)).toContain(config.certDir);
      expect(config.shutdownGrace / 1000 + 5).toBeLessThan(template.spec.terminationGracePeriodSeconds);
      expect(config.prefix[0]).toBe('nsenter');
    }
    await rm(directory, { recursive: true });
    expect(template.spec).toMatchObject({ hostPID: true, hostNetwork: true, automountServiceAccountToken: false });
    expect(container?.readinessProbe).toMatchObject({ httpGet: { path: '/readyz', scheme: 'HTTPS' } });
  });

  it('say why of every privilege, in the line above it', async () => {
    const lines = (await readFile(join(root, 'manifests/agent/daemonset.yaml'), 'utf8')).split('\n');
    for (const privilege of ['hostPID: true', 'hostNetwork: true', 'privileged: true', 'runAsUser: 0']) {
      const at = lines.findIndex((line) => line.trim() === privilege);
      expect(lines[at - 1]?.trim()).toMatch(/^# \w.{20,}\.$/);
    }
  });

  it('with glusterd beside it run both from one image, on the same bricks, and nothing on the host', async () => {
    const documents = await rendered('manifests/storage');
    const { data } = one(documents, 'ConfigMap', z.object({ data: z.object({ 'agent.yaml': z.string() }) }));
    const directory = await mkdtemp(join(tmpdir(), 'brickyard-manifest-'));
    const file = join(directory, 'agent.yaml');
    await writeFile(file, data['agent.yaml']);
    const config = await loadAgentConfig(new Map(), { BRICKYARD_AGENT_NODE: 'node-a' }, file);
    await rm(directory, { recursive: true });
    expect(config).toMatchObject({ prefix: [], devices: ['/dev/vdb'] });
    const { spec } = one(documents, 'DaemonSet', storageSet);
    expect(spec.updateStrategy).toEqual({ type: 'OnDelete' });
    const { containers, shareProcessNamespace, ...pod } = spec.template.spec;
    expect(pod).not.toHaveProperty('hostPID');
    expect(shareProcessNamespace).toBe(true);
    expect(containers.map(({ name, image }) => `${name} ${image}`)).toEqual([
      'agent brickyard-storage:0.1.0',
      'glusterd brickyard-storage:0.1.0',
    ]);
    const seen = containers.map(({ volumeMounts }) => new Map(volumeMounts.map(({ name, ...rest }) => [name, rest])));
    expect(seen.map((mounts) => mounts.get('bricks'))).toEqual([
      { mountPath: '/var/lib/brickyard', mountPropagation: 'Bidirectional' },
      { mountPath: '/var/lib/brickyard', mountPropagation: 'HostToContainer' },
    ]);
    for (const shared of ['dev', 'run', 'glusterd', 'logs']) {
      expect(seen[0]?.get(shared)).toEqual(seen[1]?.get(shared));
    }
  });

  it('of one node mount the Secret that its certificate is kept in, on that node only', async () => {
    const [documents, issued] = await Promise.all([
      rendered('manifests/agent-cert-manager/node-a'),
      rendered('manifests/agent-cert-manager'),
    ]);
    const { spec } = one(documents, 'DaemonSet', daemonSet);
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(spec.selector.matchLabels).toMatchObject({ 'brickyard.dev/agent-of': 'node-a' });
    expect(spec.template.spec.nodeSelector).toMatchObject({ 'kubernetes.io/hostname': 'node-a' });
    const tls = spec.template.spec.volumes.find(({ name }) => name === 'tls');
    expect(tls).toEqual({ name: 'tls', secret: { secretName: 'brickyard-agent-tls-node-a', defaultMode: 256 } });
    const certificate = z.looseObject({
      spec: z.looseObject({ secretName: z.string(), dnsNames: z.array(z.string()).default([]) }),
    });
    const names = issued
      .filter(({ kind }) => kind === 'Certificate')
      .map((document) => certificate.parse(document).spec)
      .map(({ secretName, dnsNames }) => `${secretName}: ${dnsNames.join()}`);
    expect(names).toContain('brickyard-agent-tls-node-a: node-a.agent.brickyard');
    expect(names).toContain('brickyard-controller-tls: controller.brickyard');
  });
});
