import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readKubeConfig } from '../../../src/kube/credentials.ts';
import { isUnauthorized } from '../../../src/kube/errors.ts';
import { storageClasses } from '../../../src/kube/resources.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { clientFor, json, kubeConfigFor, startServer, status, type Handler } from './server.ts';

const tls = new URL('../../fixtures/tls/', import.meta.url);
const pem = (name: string): Promise<string> => readFile(new URL(name, tls), 'utf8');

const name = { name: 'gluster' };
const classJson = {
  metadata: { name: 'gluster', uid: 'u', resourceVersion: '1' },
  provisioner: 'gluster.brickyard.dev',
};

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'kube-credentials-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** Answers to whoever bears the token that `accepted` names, and refuses everybody else. */
function guarded(accepted: () => string): Handler {
  return (request, response) => {
    if (request.headers.authorization === `Bearer ${accepted()}`) {
      json(response, 200, classJson);
    } else {
      status(response, 401, 'Unauthorized');
    }
  };
}

describe('who we are', () => {
  test.each([
    ['a token', { token: 'secret' }, { authorization: 'Bearer secret' }],
    ['user and password', { username: 'u', password: 'p' }, { authorization: 'Basic dTpw' }],
    ['impersonation', { token: 't', impersonateUser: 'admin' }, { 'impersonate-user': 'admin' }],
    [
      'an exec plugin',
      {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: process.execPath,
          args: ['-e', `process.stdout.write(JSON.stringify({ status: { token: 'from-plugin' } }))`],
        },
      },
      { authorization: 'Bearer from-plugin' },
    ],
  ])('%s goes into the headers of every request', async (_name, user, headers) => {
    const server = await startServer((_request, response) => json(response, 200, classJson));

    await clientFor(server.url, { kubeConfig: () => kubeConfigFor(server.url, user) }).get(storageClasses, name);

    expect(server.seen[0]?.headers).toMatchObject(headers);
  });

  test('a kubeconfig file is read, with the context that was asked for', async () => {
    const server = await startServer((_request, response) => json(response, 200, classJson));
    const path = join(await folder(), 'config');
    await writeFile(
      path,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: `${server.url}/gateway/` } }],
        users: [
          { name: 'one', user: { token: '1' } },
          { name: 'two', user: { token: '2' } },
        ],
        contexts: [
          { name: 'first', context: { cluster: 'c', user: 'one' } },
          { name: 'second', context: { cluster: 'c', user: 'two' } },
        ],
        'current-context': 'first',
      }),
    );

    await clientFor('', { kubeConfig: () => readKubeConfig({ kind: 'file', path, context: 'second' }) }).get(
      storageClasses,
      name,
    );

    expect(server.seen[0]?.headers.authorization).toBe('Bearer 2');
    expect(server.seen[0]?.path).toBe('/gateway/apis/storage.k8s.io/v1/storageclasses/gluster');
  });

  test('a context that does not exist is named', async () => {
    const config = kubeConfigFor('http://127.0.0.1:1');
    config.setCurrentContext('nowhere');

    await expect(clientFor('', { kubeConfig: () => config }).get(storageClasses, name)).rejects.toThrow(
      'kubeconfig: there is no cluster for context "nowhere"',
    );
  });

  test('plain HTTP to another host is refused', async () => {
    const client = clientFor('', { kubeConfig: () => kubeConfigFor('http://kubernetes.example:8080') });

    await expect(client.get(storageClasses, name)).rejects.toThrow('HTTP protocol is not allowed');
  });

  test('a plugin that fails is a problem of the set-up, and its words are passed on', async () => {
    const exec = {
      apiVersion: 'v1',
      command: process.execPath,
      args: ['-e', `console.error('no login'); process.exit(1)`],
    };
    const client = clientFor('', { kubeConfig: () => kubeConfigFor('http://127.0.0.1:1', { exec }) });

    await expect(client.get(storageClasses, name)).rejects.toMatchObject({
      kind: 'setup',
      message: expect.stringContaining('no login') as string,
    });
  });
});

describe('when credentials rotate', () => {
  test('a refused token is read anew and the call made once more', async () => {
    const config = join(await folder(), 'config');
    let accepted = 'old';
    const server = await startServer(guarded(() => accepted));
    const write = (token: string): Promise<void> =>
      writeFile(config, JSON.stringify(JSON.parse(kubeConfigFor(server.url, { token }).exportConfig())));
    await write('old');
    const client = clientFor('', { kubeConfig: () => readKubeConfig({ kind: 'file', path: config }) });
    await client.get(storageClasses, name);

    accepted = 'new';
    await write('new');

    expect(await client.get(storageClasses, name)).toMatchObject({ metadata: { name: 'gluster' } });
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer old', 'Bearer new']);
  });

  test('calls that are refused together read the credentials once', async () => {
    let reads = 0;
    const server = await startServer(guarded(() => 'token-2'));
    const client = clientFor('', {
      kubeConfig: () => {
        reads += 1;
        return kubeConfigFor(server.url, { token: `token-${reads}` });
      },
    });

    await Promise.all(Array.from({ length: 10 }, () => client.get(storageClasses, name)));

    expect(reads).toBe(2);
  });

  test('a server that refuses whatever comes does not have the credentials read again for each call', async () => {
    let reads = 0;
    const clock = new FakeClock();
    const server = await startServer((_request, response) => status(response, 401, 'Unauthorized'));
    const client = clientFor('', {
      clock,
      kubeConfig: () => {
        reads += 1;
        return kubeConfigFor(server.url, { token: 'x' });
      },
    });

    for (let call = 0; call < 5; call += 1) {
      const error: unknown = await client.get(storageClasses, name).catch((reason: unknown) => reason);
      expect(isUnauthorized(error)).toBe(true);
    }
    expect(reads).toBe(2);

    await clock.advance(10_000);
    await client.get(storageClasses, name).catch(() => undefined);
    expect(reads).toBe(3);
  });

  test('a server behind a new authority is reached by a new pool', async () => {
    const clock = new FakeClock();
    const ca = join(await folder(), 'ca.crt');
    await writeFile(ca, await pem('ca-old.crt'));
    const first = await startServer((_request, response) => json(response, 200, classJson), {
      key: await pem('server-old.key'),
      cert: await pem('server-old.crt'),
    });
    const config = kubeConfigFor(first.url, {}, { caFile: ca });
    const client = clientFor('', { clock, retries: 0, kubeConfig: () => config });
    await client.get(storageClasses, name);

    await first.close();
    await startServer(
      (_request, response) => json(response, 200, classJson),
      { key: await pem('server-new.key'), cert: await pem('server-new.crt') },
      Number(new URL(first.url).port),
    );
    await expect(client.get(storageClasses, name)).rejects.toMatchObject({ kind: 'network', unsent: true });

    await writeFile(ca, await pem('ca-new.crt'));
    await clock.advance(10_000);

    expect(await client.get(storageClasses, name)).toMatchObject({ metadata: { name: 'gluster' } });
  });

  test('a new client certificate is shown on new connections', async () => {
    const clock = new FakeClock();
    const path = await folder();
    const subjects: string[] = [];
    const server = await startServer(
      (_request, response) => {
        const socket = response.socket as TLSSocket;
        subjects.push(String(socket.getPeerCertificate().subject.CN));
        json(response, 200, classJson);
      },
      {
        key: await pem('server-old.key'),
        cert: await pem('server-old.crt'),
        ca: [await pem('ca-old.crt'), await pem('ca-new.crt')],
        requestCert: true,
        rejectUnauthorized: true,
      },
    );
    const [certFile, keyFile] = [join(path, 'client.crt'), join(path, 'client.key')];
    const install = async (which: string): Promise<void> => {
      await writeFile(certFile, await pem(`client-${which}.crt`));
      await writeFile(keyFile, await pem(`client-${which}.key`));
    };
    await install('old');
    const caData = Buffer.from(await pem('ca-old.crt')).toString('base64');
    const config = kubeConfigFor(server.url, { certFile, keyFile }, { caData });
    const client = clientFor('', { clock, kubeConfig: () => config });

    await client.get(storageClasses, name);
    await install('new');
    await clock.advance(10_000);
    await client.get(storageClasses, name);

    expect(subjects).toEqual(['client-old', 'client-new']);
    expect(server.connections()).toBe(2);
  });
});
