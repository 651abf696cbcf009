import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { resolveConfig } from '../../../src/cli/config/load.ts';
import { findTools } from '../../cluster/kind/tools.ts';
import type { Answer, Programs, RunOptions } from '../../cluster/kind/programs.ts';
import { runOnKind, type Site } from '../../cluster/kind/run.ts';

const fine: Answer = { kind: 'exited', ok: true, said: '' };
const absent: Answer = { kind: 'absent' };

/** A machine on which these programs answer like this, and others are not there. */
const machine = (answers: Readonly<Record<string, Answer>>): Pick<Programs, 'ask'> => ({
  ask: async ([program = '']) => answers[program] ?? absent,
});

describe('what a run on kind needs', () => {
  it.each([
    ['docker', { docker: fine, podman: fine }],
    ['podman', { podman: fine }],
    ['podman', { docker: { kind: 'exited', ok: false, said: 'no daemon' }, podman: fine }],
  ] as const)('is there with %s', async (engine, engines) => {
    const tools = await findTools(machine({ kind: fine, kubectl: fine, ...engines }));
    expect(tools).toEqual({ kind: 'there', engine });
  });

  it('is named, all of it, when nothing is there', async () => {
    const tools = await findTools(machine({}));
    expect(tools).toEqual({
      kind: 'missing',
      missing: [
        expect.stringMatching(/^kind: https:.*npm has another program/),
        expect.stringMatching(/^kubectl: https:/),
        'Docker or Podman, running: neither is installed',
      ],
    });
  });

  it('is named with what an engine says that does not run', async () => {
    const docker: Answer = { kind: 'exited', ok: false, said: 'Client: 1\nCannot connect to the daemon\n' };
    expect(await findTools(machine({ kind: fine, kubectl: fine, docker }))).toEqual({
      kind: 'missing',
      missing: ['Docker or Podman, running: "docker info" says: Cannot connect to the daemon'],
    });
  });
});

interface Step {
  readonly line: string;
  readonly options: RunOptions;
}

const site: Site = {
  engine: 'docker',
  root: '/src',
  folder: '/tmp/run',
  cluster: 'one',
  nodeImage: undefined,
  scenarios: ['scenarios'],
};

/** What is run, until the first line that matches, which fails. */
async function steps(changes: Partial<Site> = {}, failing?: RegExp): Promise<{ ran: Step[]; error: unknown }> {
  const ran: Step[] = [];
  const programs: Programs = {
    ask: async () => fine,
    run: async (argv, options = {}) => {
      const line = argv.join(' ');
      ran.push({ line, options });
      if (failing?.test(line) === true) {
        throw new Error(`${line} failed`);
      }
    },
  };
  const error = await runOnKind(programs, { ...site, ...changes }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { ran, error };
}

const verbs = (ran: readonly Step[]): string[] =>
  ran.map(({ line }) => line.replace('--kubeconfig /tmp/run/kubeconfig ', '').split(' ').slice(0, 2).join(' '));

const deleted = 'kind delete cluster --kubeconfig /tmp/run/kubeconfig --name one';

describe('a run on kind', () => {
  it('builds, makes a cluster, loads, deploys, runs the scenarios against the controller there, and deletes the cluster', async () => {
    const { ran, error } = await steps();
    expect(error).toBeUndefined();
    expect(verbs(ran)).toEqual([
      'docker build',
      'kind create',
      'docker save',
      'kind load',
      'kubectl apply',
      'kubectl wait',
      'kubectl apply',
      'kubectl rollout',
      'kubectl apply',
      'kubectl wait',
      'scenarios',
      'kind delete',
    ]);
    expect(ran.at(-2)?.options.environment).toEqual({
      KUBECONFIG: '/tmp/run/kubeconfig',
      BRICKYARD_TEST_CLUSTER: '',
      BRICKYARD_TEST_CONTROLLER: 'cluster',
    });
    expect(ran.at(-1)).toMatchObject({ line: deleted, options: { isLast: true } });
  });

  it('never uses a kubeconfig but its own', async () => {
    const { ran } = await steps();
    const talking = ran.filter(({ line }) => /^(kubectl|kind (create|delete))/.test(line));
    expect(talking.filter(({ line }) => !line.includes('--kubeconfig /tmp/run/kubeconfig'))).toEqual([]);
  });

  it('tells kind of the engine, and of the version of Kubernetes', async () => {
    const { ran } = await steps({ engine: 'podman', nodeImage: 'kindest/node:v1.25.16' });
    const kind = ran.filter(({ line }) => line.startsWith('kind '));
    expect(kind.map(({ options }) => options.environment)).toEqual(
      Array.from({ length: 3 }, () => ({ KIND_EXPERIMENTAL_PROVIDER: 'podman' })),
    );
    expect(kind[0]?.line).toContain('--image kindest/node:v1.25.16');
  });

  it.each(['kind create', 'save', 'kind load', 'crds', 'rollout', 'nodes.yaml', 'scenarios'])(
    'deletes the cluster when %s fails',
    async (what) => {
      const { ran, error } = await steps({}, new RegExp(what));
      expect(error).toMatchObject({ message: expect.stringContaining('failed') as string });
      expect(ran.at(-1)?.line).toBe(deleted);
    },
  );

  it('shows the log of the controller when scenarios fail', async () => {
    const { ran } = await steps({}, /scenarios/);
    expect(ran.at(-2)?.line).toContain('logs --namespace brickyard deployment/brickyard');
  });

  it('makes no cluster when the image cannot be built', async () => {
    expect(verbs((await steps({}, /docker build/)).ran)).toEqual(['docker build']);
  });
});

describe('what a run on kind deploys', () => {
  const read = (name: string): string => readFileSync(new URL(`../../cluster/kind/${name}`, import.meta.url), 'utf8');

  it('is the base, with the image that the run has built', async () => {
    const overlay = z
      .object({
        resources: z.array(z.string()),
        images: z.array(z.object({ name: z.string(), newName: z.string(), newTag: z.string() })),
      })
      .parse(parse(read('kustomization.yaml')));
    expect(overlay.resources).toEqual(['../../../manifests/base']);
    const [image] = overlay.images;
    expect(image?.name).toBe('brickyard');
    const { ran } = await steps();
    expect(ran[0]?.line).toContain(`--tag ${image?.newName}:${image?.newTag} `);
    expect(ran[2]?.line).toContain(` ${image?.newName}:${image?.newTag}`);
  });

  it('has a configuration that the process accepts: simulated nodes of its own, records in the cluster', () => {
    const { data } = z
      .object({ data: z.object({ 'config.yaml': z.string() }) })
      .parse(parse(read('config-patch.yaml')));
    const file = { name: 'config.yaml', content: data['config.yaml'] };
    const config = resolveConfig({ flags: new Map(), environment: {}, file });
    expect(config.store.kind).toBe('kubernetes');
    expect(config.nodes).toEqual({ kind: 'simulated' });
  });

  it('has nodes in three zones', () => {
    const node = z.object({
      kind: z.literal('GlusterNode'),
      spec: z.object({ zone: z.string(), storage: z.string() }),
    });
    const nodes = parseAllDocuments(read('nodes.yaml')).map((document) =>
      node.parse('toJS' in document && document.toJS()),
    );
    expect(new Set(nodes.map(({ spec }) => spec.zone)).size).toBe(3);
    expect(new Set(nodes.map(({ spec }) => spec.storage)).size).toBe(nodes.length);
  });
});
