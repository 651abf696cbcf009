/** A pod's ServiceAccount, on real files and a real TLS server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { KubeConfig } from '@kubernetes/client-node';
import { readKubeConfig } from '../../../src/kube/credentials.ts';
import { storageClasses } from '../../../src/kube/resources.ts';
import { ServiceAccount } from '../../../src/kube/service-account.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { clientFor, json, startServer, status, type TestServer } from './server.ts';

const tls = new URL('../../fixtures/tls/', import.meta.url);
const pem = (name: string): Promise<string> => readFile(new URL(name, tls), 'utf8');
const name = { name: 'gluster' };
const classJson = {
  metadata: { name: 'gluster', uid: 'u', resourceVersion: '1' },
  provisioner: 'gluster.brickyard.dev',
};

async function temporary(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'kube-service-account-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** A folder as the kubelet mounts it. */
async function mounted(token = 'first', ca = 'ca-old.crt'): Promise<string> {
  const folder = await temporary();
  // The kubelet's own file has no line break at its end; those that people write have.
  await writeFile(join(folder, 'token'), `${token}\n`);
  await writeFile(join(folder, 'ca.crt'), await pem(ca));
  return folder;
}

/** Lets in who bears the token that `accepted` names. */
async function apiServer(accepted: () => string, which = 'old', port = 0): Promise<TestServer> {
  return startServer(
    (request, response) => {
      if (request.headers.authorization === `Bearer ${accepted()}`) {
        json(response, 200, classJson);
      } else {
        status(response, 401, 'Unauthorized');
      }
    },
    { key: await pem(`server-${which}.key`), cert: await pem(`server-${which}.crt`) },
    port,
  );
}

const podOf = ({ url }: TestServer): Record<string, string> => ({
  KUBERNETES_SERVICE_HOST: '127.0.0.1',
  KUBERNETES_SERVICE_PORT: new URL(url).port,
});

describe('a ServiceAccount', () => {
  test('says who we are, to the server that its authority vouches for', async () => {
    const server = await apiServer(() => 'first');
    const folder = await mounted();
    const kubeConfig = () => readKubeConfig({ kind: 'in-cluster', environment: podOf(server), folder });

    expect(await clientFor('', { kubeConfig }).get(storageClasses, name)).toMatchObject({ metadata: name });
    expect(server.seen[0]?.headers.authorization).toBe('Bearer first');
  });

  test('gives its token to no server of another authority', async () => {
    const server = await apiServer(() => 'first', 'new');
    const folder = await mounted();
    const kubeConfig = () => readKubeConfig({ kind: 'in-cluster', environment: podOf(server), folder });

    await expect(clientFor('', { kubeConfig, retries: 0 }).get(storageClasses, name)).rejects.toMatchObject({
      kind: 'network',
      unsent: true,
    });
    expect(server.seen).toEqual([]);
  });

  test('is read again as it ages: a new token is used before the old one is refused', async () => {
    const clock = new FakeClock();
    const server = await apiServer(() => 'first');
    const folder = await mounted();
    const kubeConfig = () => readKubeConfig({ kind: 'in-cluster', environment: podOf(server), folder });
    const client = clientFor('', { clock, kubeConfig });
    await client.get(storageClasses, name);

    await writeFile(join(folder, 'token'), 'second');
    await client.get(storageClasses, name);
    await clock.advance(10_000);
    await client.get(storageClasses, name).catch(() => undefined);

    expect(server.seen.slice(0, 3).map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first',
      'Bearer first',
      'Bearer second',
    ]);
  });

  test('is read again at once when its token is refused', async () => {
    let accepted = 'first';
    const server = await apiServer(() => accepted);
    const folder = await mounted();
    const kubeConfig = () => readKubeConfig({ kind: 'in-cluster', environment: podOf(server), folder });
    const client = clientFor('', { kubeConfig });
    await client.get(storageClasses, name);

    accepted = 'second';
    await writeFile(join(folder, 'token'), 'second');

    expect(await client.get(storageClasses, name)).toMatchObject({ metadata: name });
  });

  test('reaches a server behind a new authority', async () => {
    const clock = new FakeClock();
    const first = await apiServer(() => 'first');
    const folder = await mounted();
    const environment = podOf(first);
    const client = clientFor('', {
      clock,
      retries: 0,
      kubeConfig: () => readKubeConfig({ kind: 'in-cluster', environment, folder }),
    });
    await client.get(storageClasses, name);

    await first.close();
    await apiServer(() => 'first', 'new', Number(new URL(first.url).port));
    await writeFile(join(folder, 'ca.crt'), await pem('ca-new.crt'));
    await clock.advance(10_000);

    expect(await client.get(storageClasses, name)).toMatchObject({ metadata: name });
  });

  test.each(['token', 'ca.crt'])('without its %s is a problem of the set-up that names the file', async (file) => {
    const folder = await mounted();
    await rm(join(folder, file));
    const environment = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

    await expect(readKubeConfig({ kind: 'in-cluster', environment, folder })).rejects.toMatchObject({
      kind: 'setup',
      message: expect.stringContaining(`expected a readable file ${join(folder, file)}, got ENOENT`) as string,
    });
    await writeFile(join(folder, file), '\n');
    await expect(readKubeConfig({ kind: 'in-cluster', environment, folder })).rejects.toThrow(
      `expected something in ${join(folder, file)}, got an empty file`,
    );
  });
});

describe('without a kubeconfig that is named', () => {
  const pod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

  test('a pod uses its ServiceAccount, whether it has a home or not', async () => {
    const folder = await mounted();
    const home = await temporary();
    for (const environment of [pod, { ...pod, HOME: home }, { ...pod, HOME: '/nonexistent' }]) {
      expect(await readKubeConfig({ kind: 'default', environment, folder })).toBeInstanceOf(ServiceAccount);
    }
  });

  test('a token without the variables of a pod is a problem that names the variable', async () => {
    const folder = await mounted();
    await expect(readKubeConfig({ kind: 'default', environment: {}, folder })).rejects.toThrow(
      'KUBERNETES_SERVICE_HOST',
    );
  });

  test('a kubeconfig in the home or in KUBECONFIG comes first', async () => {
    const folder = await mounted();
    const home = await temporary();
    await mkdir(join(home, '.kube'));
    await writeFile(join(home, '.kube', 'config'), '{}');
    // What client-node finds then is its own affair: it looks at the environment of the process.
    expect(await readKubeConfig({ kind: 'default', environment: { ...pod, HOME: home }, folder })).toBeInstanceOf(
      KubeConfig,
    );
    expect(await readKubeConfig({ kind: 'default', environment: { ...pod, KUBECONFIG: '/x' }, folder })).toBeInstanceOf(
      KubeConfig,
    );
  });

  test('neither pod nor kubeconfig: client-node decides', async () => {
    const folder = await temporary();
    expect(await readKubeConfig({ kind: 'default', environment: {}, folder })).toBeInstanceOf(KubeConfig);
  });
});

test('a process in a pod never loads the client library', async () => {
  const server = await apiServer(() => 'first');
  const folder = await mounted();
  const source = (path: string): string => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve(specifier, context, next) {
      if (specifier.startsWith('@kubernetes/')) throw new Error('the client library was loaded');
      return next(specifier, context);
    } });
    const { CredentialSource, readKubeConfig } = await import(${source('kube/credentials.ts')});
    await import(${source('cli/serve/serve.ts')});
    const place = { kind: 'default', environment: ${JSON.stringify(podOf(server))}, folder: ${JSON.stringify(folder)} };
    const credentials = await new CredentialSource(() => readKubeConfig(place), { monotonic: () => 0 }).current();
    console.log(credentials.headers.authorization);
    const nothing = { kind: 'default', environment: {}, folder: '/nowhere' };
    await readKubeConfig(nothing).catch((error) => console.log(error.message));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../../../', import.meta.url)),
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  // The second line proves that the hook would have seen it.
  expect(said.trim().split('\n')).toEqual(['Bearer first', 'the client library was loaded']);
});
