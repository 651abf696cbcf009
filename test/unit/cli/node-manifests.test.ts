import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { loadNodeConfig } from '../../../src/cli/node/config.ts';
import { endpointsName } from '../../../src/controller/pv.ts';
import { csiDriverName } from '../../../src/domain/csi-names.ts';
import { clusterId } from '../../../src/domain/names.ts';

const read = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), 'utf8');

const object = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }).optional(),
});
const kustomization = z.object({
  resources: z.array(z.string()),
  images: z.array(z.object({ name: z.string(), newTag: z.string() })),
});
const files = kustomization.parse(parseAllDocuments(read('manifests/node/kustomization.yaml'))[0]?.toJS());
const objects = files.resources.flatMap((file) =>
  parseAllDocuments(read(`manifests/node/${file}`)).map((document) => object.parse(document.toJS())),
);
const find = (kind: string): z.infer<typeof object> => {
  const [found, ...others] = objects.filter((each) => each.kind === kind);
  if (found === undefined || others.length > 0) {
    throw new Error(`expected one ${kind} in manifests/node, got ${others.length + (found === undefined ? 0 : 1)}`);
  }
  return found;
};

const mount = z.strictObject({
  name: z.string(),
  mountPath: z.string(),
  mountPropagation: z.string().optional(),
});
const daemonSet = z
  .object({
    spec: z.object({
      updateStrategy: z.object({ type: z.string() }),
      template: z.object({
        spec: z.looseObject({
          priorityClassName: z.string(),
          tolerations: z.array(z.unknown()),
          hostPID: z.boolean(),
          enableServiceLinks: z.boolean(),
          terminationGracePeriodSeconds: z.number(),
          containers: z.tuple([
            z.looseObject({
              image: z.string(),
              args: z.array(z.string()),
              securityContext: z.unknown(),
              livenessProbe: z.object({ exec: z.object({ command: z.array(z.string()) }) }).loose(),
              volumeMounts: z.array(mount),
            }),
          ]),
          volumes: z.array(
            z.strictObject({ name: z.string(), hostPath: z.object({ path: z.string(), type: z.string() }) }),
          ),
        }),
      }),
    }),
  })
  .parse(find('DaemonSet')).spec;
const pod = daemonSet.template.spec;
const [container] = pod.containers;

describe('the manifests of the node plugin', () => {
  it('name the driver as PersistentVolumes do, everywhere', () => {
    expect(find('CSIDriver').metadata?.name).toBe(csiDriverName);
    const plugin = pod.volumes.find(({ name }) => name === 'plugin');
    expect(plugin?.hostPath.path).toBe(`/var/lib/kubelet/plugins/${csiDriverName}`);
  });

  it('tell Kubernetes that there is nothing to attach, and to leave the groups of the data alone', () => {
    expect(find('CSIDriver')['spec']).toEqual({
      attachRequired: false,
      podInfoOnMount: false,
      fsGroupPolicy: 'None',
      volumeLifecycleModes: ['Persistent'],
    });
  });

  it('let the plugin read the Endpoints of its cluster and write events about nodes, and do nothing else at the API', () => {
    const rights = objects.filter(({ kind }) => kind === 'Role');
    expect(rights.map((role) => [role.metadata?.namespace, role['rules']])).toEqual([
      [
        'brickyard',
        [
          {
            apiGroups: [''],
            resources: ['endpoints'],
            resourceNames: [endpointsName(clusterId('default'))],
            verbs: ['get'],
          },
        ],
      ],
      ['default', [{ apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] }]],
    ]);
    expect(objects.filter(({ kind }) => kind.startsWith('ClusterRole'))).toEqual([]);
    const { name, namespace } = find('ServiceAccount').metadata ?? { name: '' };
    const bindings = objects.filter(({ kind }) => kind === 'RoleBinding');
    expect(bindings.map((binding) => binding.metadata?.namespace)).toEqual(['brickyard', 'default']);
    for (const binding of bindings) {
      expect(binding).toMatchObject({
        roleRef: { kind: 'Role', name: rights[0]?.metadata?.name },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      });
    }
    expect(pod['serviceAccountName']).toBe(name);
  });

  it('put the pods into a namespace that allows what they need', () => {
    const { name } = find('Namespace').metadata ?? { name: '' };
    expect(find('Namespace')).toMatchObject({
      metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
    });
    expect(find('DaemonSet').metadata?.namespace).toBe(name);
  });

  it('run the plugin on every node, before other pods, and replace it node by node', () => {
    expect(pod.tolerations).toEqual([{ operator: 'Exists' }]);
    expect(pod.priorityClassName).toBe('system-node-critical');
    expect(daemonSet.updateStrategy.type).toBe('RollingUpdate');
    expect(pod.enableServiceLinks).toBe(false);
  });

  it('start a command that exists, with flags that it takes', () => {
    const [group, command, ...flags] = container.args;
    expect([group, command]).toEqual(['node', 'serve']);
    const given = new Map(
      flags.map((flag) => {
        const cut = flag.indexOf('=');
        // Kubernetes puts the node's name where it stands.
        return [flag.slice(0, cut), flag.slice(cut + 1).replace('$(NODE_NAME)', 'node-a')] as const;
      }),
    );
    expect(loadNodeConfig(given, {})).toMatchObject({
      name: 'node-a',
      kubeletDir: '/var/lib/kubelet',
      csiSocket: `/var/lib/kubelet/plugins/${csiDriverName}/csi.sock`,
      registrationDir: '/var/lib/kubelet/plugins_registry',
    });
  });

  it('give it the privileges that mounting on the host takes, and no others', () => {
    expect(container.securityContext).toEqual({
      privileged: true,
      runAsUser: 0,
      runAsGroup: 0,
      readOnlyRootFilesystem: true,
    });
    expect(pod.hostPID).toBe(true);
    expect(pod).not.toHaveProperty('hostNetwork');
    expect(pod).not.toHaveProperty('hostIPC');
  });

  it('say why of every privilege and every folder of the host, in the lines above it', () => {
    const lines = read('manifests/node/daemonset.yaml')
      .split('\n')
      .map((line) => line.trim());
    const privileges = ['hostPID: true', 'privileged: true', 'runAsUser: 0', '- operator: Exists', '- name: plugin'];
    for (const privilege of [...privileges, '- name: registration', '- name: client']) {
      const before = lines.slice(0, lines.indexOf(privilege)).toReversed();
      expect(
        before.find((line) => line !== 'tolerations:'),
        privilege,
      ).toMatch(/^# \w.{15,}\.$/);
    }
  });

  it('mount folders of the host under the same path as on the host, and never the kubelet’s own as a whole', () => {
    const hostPaths = new Map(pod.volumes.map(({ name, hostPath }) => [name, hostPath.path]));
    expect(container.volumeMounts.map(({ name, mountPath }) => [name, mountPath])).toEqual([...hostPaths]);
    expect([...hostPaths.values()]).not.toContain('/var/lib/kubelet');
    // The kubelet's folder is mounted in the client's: mounts in there must not be held by the container.
    expect(container.volumeMounts.find(({ name }) => name === 'client')?.mountPropagation).toBe('HostToContainer');
  });

  it('start the command of the image, on the host by nsenter, and ask it by the same program', () => {
    expect(container.args.slice(0, 2)).toEqual(['node', 'serve']);
    expect(container.args).toContain('--prefix=nsenter --target 1 --mount --uts --ipc --net --cgroup --');
    const entry = /^ENTRYPOINT \["node", .*"(\/[^"]+)"\]$/m.exec(read('Dockerfile'))?.[1];
    expect(container.livenessProbe.exec.command).toEqual(['node', entry, 'node', 'probe']);
  });

  it('use the image of the node target', () => {
    expect(container.image).toBe('brickyard-node');
    expect(files.images.map(({ name }) => name)).toEqual(['brickyard-node']);
  });
});

describe('every image that the manifests name', () => {
  it('is a target of the Dockerfile', () => {
    const targets = [...read('Dockerfile').matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name);
    const used = ['base', 'agent', 'node', 'storage'].flatMap((folder) =>
      [...read(`manifests/${folder}/kustomization.yaml`).matchAll(/- name: (brickyard\S*)/g)].map(([, name]) => name),
    );
    expect(new Set(used)).toEqual(new Set(['brickyard', 'brickyard-node', 'brickyard-storage']));
    const targetOf = (image = ''): string => (image === 'brickyard' ? 'controller' : image.replace('brickyard-', ''));
    expect(targets).toEqual(expect.arrayContaining(used.map(targetOf)));
  });
});
