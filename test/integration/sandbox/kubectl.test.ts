/** kubectl as the judge: it must find nothing to complain about that it would not find on a real cluster. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestApi } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { KubeSandbox } from '../../../src/sandbox/api/start.ts';

function hasKubectl(): boolean {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('kubectl is not on this machine: test/integration/sandbox/kubectl.test.ts is skipped\n');
    return false;
  }
}

const run = promisify(execFile);

const manifest = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: gold
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: brickyard.dev/gluster
allowVolumeExpansion: true
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteMany]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: c
        image: nginx
        volumeMounts: [{name: d, mountPath: /d}]
  volumeClaimTemplates:
  - metadata: {name: d}
    spec:
      accessModes: [ReadWriteOnce]
      resources: {requests: {storage: 1Gi}}
`;

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.dev}
spec:
  group: example.dev
  scope: Namespaced
  names: {plural: widgets, kind: Widget, shortNames: [wd]}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            description: What is wanted.
            required: [size]
            properties: {size: {type: integer, minimum: 1}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
`;

describe.skipIf(!hasKubectl())('kubectl', () => {
  let sandbox: KubeSandbox;
  let folder: string;

  beforeAll(async () => {
    sandbox = await startTestApi();
    folder = mkdtempSync(join(tmpdir(), 'brickyard-kubectl-'));
    writeFileSync(join(folder, 'config'), sandbox.kubeconfig);
    write('all.yaml', manifest);
    write('crd.yaml', definition);
  });
  afterAll(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function write(name: string, text: string): string {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  }

  async function kubectl(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('kubectl', ['--request-timeout=20s', ...args], { env: environment() });
    return stdout.trim();
  }

  function environment(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: join(folder, 'config') };
  }

  /** What kubectl says when it fails. */
  async function complaint(...args: readonly string[]): Promise<string> {
    try {
      await kubectl(...args);
    } catch (error) {
      return String((error as { readonly stderr?: unknown }).stderr).trim();
    }
    throw new Error(`expected kubectl ${args.join(' ')} to fail`);
  }

  it('discovers what there is', async () => {
    expect((await kubectl('api-versions')).split('\n')).toEqual(
      expect.arrayContaining(['v1', 'apps/v1', 'storage.k8s.io/v1', 'coordination.k8s.io/v1']),
    );
    expect(await kubectl('api-resources', '--no-headers')).toMatch(
      /persistentvolumeclaims +pvc +v1 +true +PersistentVolumeClaim/,
    );
    expect(await kubectl('version')).toContain('Server Version: v1.32.0');
    expect(await kubectl('explain', 'persistentvolumeclaim.spec')).toContain('accessModes\t<[]string>');
  });

  it('applies the manifests of the node plugin, and finds nothing to change in them the second time', async () => {
    const folder = fileURLToPath(new URL('../../../manifests/node', import.meta.url));
    await kubectl('create', 'namespace', 'brickyard');
    const created = (await kubectl('apply', '-k', folder)).split('\n');
    expect(created).toEqual(
      expect.arrayContaining([
        'csidriver.storage.k8s.io/glusterfs.brickyard.dev created',
        'role.rbac.authorization.k8s.io/brickyard-node created',
        'daemonset.apps/brickyard-node created',
      ]),
    );
    expect((await kubectl('apply', '-k', folder)).split('\n').map((line) => line.replace(/^.* /, ''))).toEqual(
      created.map(() => 'unchanged'),
    );
    const driver = ['get', 'csidriver', 'glusterfs.brickyard.dev', '-o', 'jsonpath={.spec.fsGroupPolicy}'];
    expect(await kubectl(...driver)).toBe('None');
    const image = '{.spec.template.spec.containers[0].image}';
    expect(await kubectl('-n', 'brickyard-node', 'get', 'ds', 'brickyard-node', '-o', `jsonpath=${image}`)).toBe(
      'brickyard-node:0.1.0',
    );
  });

  it('applies, and applies again', async () => {
    const file = join(folder, 'all.yaml');
    expect(await kubectl('apply', '-f', file)).toBe(
      'storageclass.storage.k8s.io/gold created\npersistentvolumeclaim/data created\nstatefulset.apps/web created',
    );
    expect(await kubectl('apply', '-f', file)).toBe(
      'storageclass.storage.k8s.io/gold unchanged\npersistentvolumeclaim/data unchanged\nstatefulset.apps/web unchanged',
    );
    write('more.yaml', manifest.replace('metadata: {name: data}', 'metadata: {name: data, labels: {tier: a}}'));
    expect(await kubectl('apply', '-f', join(folder, 'more.yaml'))).toContain('persistentvolumeclaim/data configured');
    expect(await kubectl('apply', '-f', file)).toContain('persistentvolumeclaim/data configured');
    expect(await kubectl('get', 'pvc', 'data', '-o', 'jsonpath={.metadata.labels}')).toBe('');
  });

  it('gets in all its forms', async () => {
    await waitFor('the claim to name its provisioner', async () =>
      (await kubectl('get', 'pvc', 'data', '-o', 'yaml')).includes('storage-provisioner'),
    );
    expect(await kubectl('get', 'pvc')).toMatch(
      /^NAME +STATUS +VOLUME +CAPACITY +ACCESS MODES +STORAGECLASS +VOLUMEATTRIBUTESCLASS +AGE\ndata +Pending +gold +<unset> +\d+s$/,
    );
    expect(await kubectl('get', 'pvc', '-A', '-o', 'wide')).toMatch(/VOLUMEMODE\ndefault +data .* Filesystem$/);
    expect(await kubectl('get', 'pvc,sc', '-o', 'name')).toBe(
      'persistentvolumeclaim/data\nstorageclass.storage.k8s.io/gold',
    );
    expect(JSON.parse(await kubectl('get', 'sc', 'gold', '-o', 'json'))).toMatchObject({
      kind: 'StorageClass',
      apiVersion: 'storage.k8s.io/v1',
    });
    expect(await kubectl('get', 'sc')).toMatch(/gold \(default\) +brickyard\.dev\/gluster +Delete +Immediate +true/);
    expect(await kubectl('get', '--raw', '/healthz')).toBe('ok');
  });

  it('describes, with events', async () => {
    const text = await kubectl('describe', 'pvc', 'data');
    expect(text).toMatch(/Status: +Pending/);
    expect(text).toMatch(
      /Normal +ExternalProvisioning .* persistentvolume-controller +Waiting for a volume to be created/,
    );
    expect(await kubectl('get', 'events')).toMatch(/Normal +ExternalProvisioning +persistentvolumeclaim\/data/);
  });

  it('applies on the server side, with conflicts', async () => {
    const map = (value: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ssa}\ndata: {k: "${value}"}`;
    const one = write('one.yaml', map('1'));
    const two = write('two.yaml', map('2'));
    expect(await kubectl('apply', '--server-side', '-f', one)).toBe('configmap/ssa serverside-applied');
    expect(await complaint('apply', '--server-side', '--field-manager=other', '-f', two)).toContain(
      'Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.k',
    );
    await kubectl('apply', '--server-side', '--field-manager=other', '--force-conflicts', '-f', two);
    expect(await kubectl('get', 'cm', 'ssa', '-o', 'jsonpath={.data.k}')).toBe('2');
    expect(await kubectl('apply', '--server-side', '-f', join(folder, 'all.yaml'))).toContain(
      'persistentvolumeclaim/data serverside-applied',
    );
  });

  it('creates, labels, annotates and patches in every way', async () => {
    expect(await kubectl('create', 'namespace', 'team')).toBe('namespace/team created');
    await kubectl('create', 'configmap', 'm', '-n', 'team', '--from-literal=a=1');
    await kubectl('create', 'secret', 'generic', 's', '-n', 'team', '--from-literal=p=geheim');
    await kubectl('create', 'serviceaccount', 'bot', '-n', 'team');
    await kubectl('create', 'service', 'clusterip', 'svc', '-n', 'team', '--tcp=80:8080');
    expect(await kubectl('get', 'svc', 'svc', '-n', 'team', '-o', 'jsonpath={.spec.ports[0].targetPort}')).toBe('8080');
    expect(await kubectl('get', 'secret', 's', '-n', 'team', '-o', 'jsonpath={.data.p}')).toBe(
      Buffer.from('geheim').toString('base64'),
    );
    await kubectl('label', 'cm', 'm', '-n', 'team', 'x=y');
    await kubectl('annotate', 'cm', 'm', '-n', 'team', 'note=hello');
    for (const [type, body] of [
      ['merge', '{"data":{"b":"2"}}'],
      ['strategic', '{"data":{"c":"3"}}'],
      ['json', '[{"op":"add","path":"/data/d","value":"4"}]'],
    ] as const) {
      await kubectl('patch', 'cm', 'm', '-n', 'team', `--type=${type}`, '-p', body);
    }
    expect(await kubectl('get', 'cm', 'm', '-n', 'team', '-o', 'jsonpath={.data}')).toBe(
      '{"a":"1","b":"2","c":"3","d":"4"}',
    );
    expect(await kubectl('get', 'cm', '-n', 'team', '-l', 'x in (y,z)', '-o', 'name')).toBe('configmap/m');
    expect(await kubectl('get', 'cm', '-A', '--field-selector', 'metadata.name=m', '-o', 'name')).toBe('configmap/m');
  });

  it('shows what is refused', async () => {
    const bad = write(
      'bad.yaml',
      manifest.replace('name: data}', 'name: bad}').replace('ReadWriteMany', 'ReadSometimes'),
    );
    expect(await complaint('apply', '-f', bad)).toContain(
      'The PersistentVolumeClaim "bad" is invalid: spec.accessModes: Unsupported value: "ReadSometimes": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    );
    const typo = write('typo.yaml', manifest.replace('name: data}', 'name: typo}').replace('resources:', 'resource:'));
    expect(await complaint('apply', '-f', typo)).toContain('unknown field "spec.resource"');
    expect(await complaint('get', 'pvc', 'none')).toBe(
      'Error from server (NotFound): persistentvolumeclaims "none" not found',
    );
    expect(await complaint('get', 'gadgets')).toBe('error: the server doesn\'t have a resource type "gadgets"');
    expect(await complaint('delete', 'ns', 'default')).toContain('this namespace may not be deleted');
  });

  it('serves custom resources', async () => {
    await kubectl('apply', '-f', join(folder, 'crd.yaml'));
    expect(await kubectl('wait', '--for=condition=Established', 'crd/widgets.example.dev')).toContain('condition met');
    const widget = write(
      'widget.yaml',
      'apiVersion: example.dev/v1alpha1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 3}',
    );
    expect(await kubectl('apply', '-f', widget)).toBe('widget.example.dev/w created');
    expect(await kubectl('get', 'wd')).toMatch(/^NAME +SIZE\nw +3$/);
    expect(await complaint('patch', 'wd', 'w', '--type=merge', '-p', '{"spec":{"size":0}}')).toContain(
      'spec.size in body should be greater than or equal to 1',
    );
    expect(await kubectl('explain', 'widget.spec')).toContain('What is wanted.');
    expect(await kubectl('delete', 'crd', 'widgets.example.dev')).toContain('deleted');
    // kubectl still has the name from its discovery cache; the server has not.
    expect(await complaint('get', 'wd')).toContain('the server could not find the requested resource');
  });

  it('waits for a field, watches, and asks what it may', async () => {
    const waiting = kubectl('wait', '--for=jsonpath={.data.ready}=yes', 'cm/m', '-n', 'team', '--timeout=20s');
    await kubectl('patch', 'cm', 'm', '-n', 'team', '-p', '{"data":{"ready":"yes"}}');
    expect(await waiting).toContain('condition met');
    expect(await kubectl('auth', 'can-i', 'create', 'secrets')).toBe('yes');
    const watching = run(
      'kubectl',
      ['get', 'cm', 'm', '-n', 'team', '-w', '--output-watch-events', '--request-timeout=3s'],
      { env: environment() },
    ).catch((error: unknown) => error as { readonly stdout: string });
    await waitFor('kubectl to watch', () =>
      sandbox.faults.openWatches().some((call) => call.userAgent.startsWith('kubectl')),
    );
    await kubectl('label', 'cm', 'm', '-n', 'team', 'later=yes');
    expect((await watching).stdout).toMatch(/^EVENT +NAME +DATA +AGE\nADDED +m +5 .*\nMODIFIED +m +5 /);
  });

  it('edits', async () => {
    const editor = write('editor.sh', '#!/bin/sh\nsed -i s/hello/bye/ "$1"\n');
    const env = { ...environment(), KUBE_EDITOR: `sh ${editor}` };
    expect((await run('kubectl', ['edit', 'cm', 'm', '-n', 'team'], { env })).stdout).toContain('configmap/m edited');
    expect(await kubectl('get', 'cm', 'm', '-n', 'team', '-o', 'jsonpath={.metadata.annotations.note}')).toBe('bye');
  });

  it('deletes, and waits until it is gone', async () => {
    expect(await kubectl('delete', '-f', join(folder, 'all.yaml'))).toContain('persistentvolumeclaim "data" deleted');
    expect(await kubectl('get', 'pvc,sc,sts', '-o', 'name')).toBe('');
    expect(await kubectl('delete', 'ns', 'team', '--timeout=15s')).toBe('namespace "team" deleted');
    const held = write(
      'held.yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [example.dev/x]}',
    );
    await kubectl('apply', '-f', held);
    expect(await kubectl('delete', 'cm', 'held', '--wait=false')).toBe('configmap "held" deleted');
    expect(await kubectl('get', 'cm', 'held', '-o', 'jsonpath={.metadata.deletionTimestamp}')).toMatch(/^\d{4}-/);
    await kubectl('patch', 'cm', 'held', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    expect(await complaint('get', 'cm', 'held')).toContain('not found');
  });
});
