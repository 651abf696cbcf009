import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { configurationTable } from '../../../src/cli/config/document.ts';
import { resolveConfig } from '../../../src/cli/config/load.ts';
import { parseTopologyFile } from '../../../src/api/topology-file.ts';
import * as resources from '../../../src/kube/resources.ts';
import { codecOf, metaConfigMap, resourceDocumentKinds } from '../../../src/store/kubernetes/codec.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }).optional(),
});
const rule = z.strictObject({
  apiGroups: z.array(z.string()),
  resources: z.array(z.string()),
  verbs: z.array(z.string()),
  resourceNames: z.array(z.string()).optional(),
});
type Permission = `${string}/${string} ${string}`;

function documentsIn(folder: string): z.infer<typeof manifest>[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
    .flatMap((entry) => parseAllDocuments(readFileSync(join(root, folder, entry.name), 'utf8')))
    .map((document) => {
      expect('errors' in document ? document.errors : []).toEqual([]);
      return manifest.parse(document.toJS());
    });
}

const base = documentsIn('manifests/base');
const find = (kind: string): z.infer<typeof manifest> => {
  const found = base.find((document) => document.kind === kind);
  if (found === undefined) {
    throw new Error(`no ${kind} in manifests/base`);
  }
  return found;
};

function granted(kind: 'Role' | 'ClusterRole'): Permission[] {
  return z
    .array(rule)
    .parse(find(kind)['rules'])
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb): Permission => `${group}/${resource} ${verb}`)),
      ),
    );
}

function sourcesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}

const verbOf: Readonly<Record<string, string>> = {
  get: 'get',
  list: 'list',
  pages: 'list',
  create: 'create',
  replace: 'update',
  patch: 'patch',
  delete: 'delete',
};

/** Every call that the process in the cluster makes, by the name of the resource that stands in it. */
function needed(): Set<Permission> {
  const known = new Map<string, { readonly group: string; readonly plural: string; readonly kind: string }>(
    Object.entries(resources).flatMap(([name, value]) =>
      typeof value === 'object' && 'plural' in value ? [[name, value]] : [],
    ),
  );
  const permissions = new Set<Permission>();
  const add = (name: string, verbs: readonly string[], subresource?: string): void => {
    const resource = known.get(name);
    const part = subresource === undefined ? '' : `/${subresource}`;
    for (const verb of resource === undefined ? [] : verbs) {
      permissions.add(`${resource?.group ?? ''}/${resource?.plural ?? ''}${part} ${verb}`);
    }
  };
  const calls = readFileSync(join(root, 'src/cli/serve/record-api.ts'), 'utf8');
  for (const [, of = '', name = ''] of calls.matchAll(/: (recordsOf|oneOf)\(kube, (\w+)/g)) {
    add(name, of === 'oneOf' ? ['get', 'create', 'patch'] : ['get', 'list', 'create', 'patch', 'delete']);
  }
  for (const kind of resourceDocumentKinds.map(codecOf).filter(({ statusApart }) => statusApart)) {
    const resource = [...known.values()].find((each) => each.kind === kind.kind);
    permissions.add(`${resource?.group ?? ''}/${resource?.plural ?? ''}/status patch`);
  }
  for (const source of ['src/controller', 'src/kube', 'src/cli/serve'].flatMap(sourcesUnder)) {
    for (const [, method = '', name = '', rest = ''] of source.matchAll(
      /\.(get|list|pages|create|replace|patch|delete)\(\s*(\w+),(?=([^;]*))/g,
    )) {
      add(name, [verbOf[method] ?? method], /\bsubresource: '(\w+)'/.exec(rest)?.[1]);
    }
    for (const [, name = ''] of source.matchAll(/\bresource: (\w+)\b/g)) {
      add(name, ['list', 'watch']);
    }
  }
  return permissions;
}

describe('manifests', () => {
  const allowed = new Set([...granted('ClusterRole'), ...granted('Role')]);

  it('allow every call that the sources make', () => {
    expect([...needed()].filter((permission) => !allowed.has(permission))).toEqual([]);
  });

  it('allow nothing that no source asks for', () => {
    const asked = needed();
    expect([...allowed].filter((permission) => !asked.has(permission))).toEqual([]);
  });

  it('name every rule exactly: no wildcards, no secrets, no pods', () => {
    const text = [...allowed].join('\n');
    expect(text).not.toMatch(/\*|secrets|pods|\/exec/);
  });

  it('hold a configuration that the process accepts', () => {
    const data = z.object({ 'config.yaml': z.string() }).parse(find('ConfigMap')['data']);
    const config = resolveConfig({
      flags: new Map(),
      environment: { BRICKYARD_NAMESPACE: 'brickyard', BRICKYARD_METRICS_SERVICE_HOST: '10.0.0.1' },
      file: { name: 'config.yaml', content: data['config.yaml'] },
    });
    expect(config.provisioner).toBe(z.string().parse(find('StorageClass')['provisioner']));
    expect(config.leaderElection.leaseName).toBe('brickyard');
    expect(config.store.kind).toBe('kubernetes');
    expect(config.store.path.startsWith('/var/lib/brickyard/')).toBe(true);
    expect(configurationTable()).toContain('`9808`');
  });

  it('let claims grow, and say so nowhere but in their status', () => {
    expect(find('StorageClass')['allowVolumeExpansion']).toBe(true);
    expect([...allowed].filter((permission) => permission.includes('persistentvolumeclaims')).toSorted()).toEqual([
      '/persistentvolumeclaims get',
      '/persistentvolumeclaims list',
      '/persistentvolumeclaims watch',
      '/persistentvolumeclaims/status patch',
    ]);
  });

  it('let the controller at one ConfigMap only, but for its creation', () => {
    const about = z
      .array(rule)
      .parse(find('Role')['rules'])
      .filter(({ resources: names }) => names.includes('configmaps'));
    expect(about).toEqual([
      { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] },
      { apiGroups: [''], resources: ['configmaps'], resourceNames: [metaConfigMap], verbs: ['get', 'patch'] },
    ]);
  });

  it('bring the kinds that the records are kept as', () => {
    const kustomization = z.object({ resources: z.array(z.string()) });
    expect(kustomization.parse(find('Kustomization')).resources).toContain('../crds');
    const crds = documentsIn('manifests/crds');
    const files = kustomization.parse(crds.find(({ kind }) => kind === 'Kustomization')).resources;
    expect(files).toHaveLength(crds.filter(({ kind }) => kind === 'CustomResourceDefinition').length);
  });

  const deployment = z.object({
    spec: z.object({ replicas: z.number(), strategy: z.object({ type: z.string() }) }),
  });

  it('run two replicas on the kubernetes store, and one on a state file', () => {
    expect(deployment.parse(find('Deployment')).spec).toMatchObject({
      replicas: 2,
      strategy: { type: 'RollingUpdate' },
    });
    expect(find('PodDisruptionBudget')['spec']).toMatchObject({ maxUnavailable: 1 });
    const patch = documentsIn('manifests/store-sqlite').find(({ kind }) => kind === 'Deployment');
    expect(deployment.parse(patch).spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    const environment = { BRICKYARD_STORE_KIND: 'sqlite' };
    expect(JSON.stringify(patch)).toContain('{"name":"BRICKYARD_STORE_KIND","value":"sqlite"}');
    const file = { name: 'config.yaml', content: 'store: {kind: kubernetes}' };
    expect(resolveConfig({ flags: new Map(), environment, file }).store.kind).toBe('sqlite');
  });

  it('run the container without a privilege', () => {
    const pod = z
      .object({
        spec: z.object({
          template: z.object({
            spec: z.looseObject({
              enableServiceLinks: z.boolean(),
              securityContext: z.looseObject({
                runAsNonRoot: z.boolean(),
                seccompProfile: z.object({ type: z.string() }),
              }),
              containers: z.array(
                z.looseObject({
                  securityContext: z.looseObject({
                    allowPrivilegeEscalation: z.boolean(),
                    readOnlyRootFilesystem: z.boolean(),
                    capabilities: z.object({ drop: z.array(z.string()) }),
                  }),
                }),
              ),
            }),
          }),
        }),
      })
      .parse(find('Deployment')).spec.template.spec;
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.enableServiceLinks).toBe(false);
    expect(pod.containers.map((container) => container.securityContext)).toEqual([
      { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    ]);
  });

  it('put everything that has a namespace into the one of Brickyard', () => {
    const elsewhere = base
      .filter(({ metadata }) => metadata?.namespace !== undefined && metadata.namespace !== 'brickyard')
      .map(({ kind }) => kind);
    expect(elsewhere).toEqual([]);
  });
});

describe('examples', () => {
  it('ask for the class that the base has, with the same parameters', () => {
    const documents = documentsIn('examples');
    const shipped = find('StorageClass');
    const example = documents.find(({ kind }) => kind === 'StorageClass');
    for (const field of ['parameters', 'allowVolumeExpansion', 'reclaimPolicy', 'volumeBindingMode']) {
      expect(example?.[field]).toEqual(shipped[field]);
    }
    expect(example?.['provisioner']).toBe(shipped['provisioner']);
    const claim = documents.find(({ kind }) => kind === 'PersistentVolumeClaim');
    expect(claim?.['spec']).toMatchObject({ storageClassName: shipped.metadata?.name });
  });

  it('are manifests that kubectl apply -f takes, each of them', () => {
    for (const folder of ['examples', 'examples/workloads']) {
      expect(documentsIn(folder).map(({ kind }) => kind)).not.toContain('Kustomization');
    }
  });

  it('hold a topology that replica 3 fits on, over three zones', () => {
    const topology = parseTopologyFile(JSON.parse(readFileSync(join(root, 'examples/topology/topology.json'), 'utf8')));
    const nodes = topology.clusters.flatMap((cluster) => cluster.nodes);
    expect(new Set(nodes.map((node) => node.zone)).size).toBe(3);
  });
});
