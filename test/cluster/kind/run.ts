/** One run on kind: images, a cluster of its own, manifests, scenarios. The cluster goes in the end, whatever came between. */
import { join } from 'node:path';
import type { Programs } from './programs.ts';
import type { Engine } from './tools.ts';

export interface Site {
  readonly engine: Engine;
  /** Of the repository. */
  readonly root: string;
  /** For files that nobody needs afterwards. */
  readonly folder: string;
  readonly cluster: string;
  /** Of the cluster's nodes, such as kindest/node:v1.25.16. Absent: kind's own choice. */
  readonly nodeImage: string | undefined;
  /** Program and words that run the scenarios. */
  readonly scenarios: readonly string[];
}

/** As the overlay names them. With a registry's name, which both engines leave as it is. */
const images: readonly (readonly [image: string, dockerfile: string])[] = [['localhost/brickyard:e2e', 'Dockerfile']];

/** Rejects when a step fails, after the cluster has been deleted. */
export async function runOnKind(programs: Programs, site: Site): Promise<void> {
  const { engine, root, folder, cluster, nodeImage, scenarios } = site;
  const kubeconfig = join(folder, 'kubeconfig');
  const kind = (words: readonly string[], isLast = false): Promise<void> =>
    programs.run(['kind', ...words, '--name', cluster], { environment: providerOf(engine), isLast });
  const kubectl = (...words: readonly string[]): Promise<void> =>
    programs.run(['kubectl', '--kubeconfig', kubeconfig, ...words]);

  for (const [image, dockerfile] of images) {
    await programs.run([engine, 'build', '--tag', image, '--file', join(root, dockerfile), root]);
  }
  try {
    const version = nodeImage === undefined ? [] : ['--image', nodeImage];
    await kind(['create', 'cluster', '--kubeconfig', kubeconfig, '--wait', '180s', ...version]);
    const archive = join(folder, 'images.tar');
    await programs.run([engine, 'save', '--output', archive, ...images.map(([image]) => image)]);
    await kind(['load', 'image-archive', archive]);
    await deploy(kubectl, root);
    await programs.run(scenarios, { environment: environmentOf(kubeconfig) }).catch(async (error: unknown) => {
      await kubectl('logs', '--namespace', 'brickyard', 'deployment/brickyard', '--tail', '200').catch(() => undefined);
      throw error;
    });
  } finally {
    await kind(['delete', 'cluster', '--kubeconfig', kubeconfig], true);
  }
}

/** kind speaks to Docker unless it is told otherwise. */
const providerOf = (engine: Engine): Record<string, string> => ({ KIND_EXPERIMENTAL_PROVIDER: engine });

const environmentOf = (kubeconfig: string): Record<string, string> => ({
  KUBECONFIG: kubeconfig,
  BRICKYARD_TEST_CLUSTER: '',
  BRICKYARD_TEST_CONTROLLER: 'cluster',
});

/** Resolves when the controller runs and its nodes are prepared. */
async function deploy(kubectl: (...words: readonly string[]) => Promise<void>, root: string): Promise<void> {
  const here = join(root, 'test', 'cluster', 'kind');
  const crds = join(root, 'manifests', 'crds');
  await kubectl('apply', '--kustomize', crds);
  // Of a new cluster: there are no others.
  await kubectl('wait', '--for', 'condition=Established', '--timeout', '60s', 'crds', '--all');
  await kubectl('apply', '--kustomize', here);
  await kubectl('rollout', 'status', '--namespace', 'brickyard', 'deployment/brickyard', '--timeout', '180s');
  await kubectl('apply', '--filename', join(here, 'nodes.yaml'));
  await kubectl('wait', '--for', 'condition=Ready', '--timeout', '120s', '--filename', join(here, 'nodes.yaml'));
}
