import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKubeConfig } from '../../../src/kube/credentials.ts';
import { loadKubeConfig, partsOf, type KubeConfigParts } from '../../../src/kube/kube-config.ts';
import { PlainKubeConfig } from '../../../src/kube/plain-kubeconfig.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brickyard-kubeconfig-'));
  await Promise.all(['ca', 'crt', 'key'].map((name) => writeFile(join(folder, `${name}.pem`), pem(name))));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pem = (what: string): string => `-----BEGIN ${what}-----\nAAAA\n-----END ${what}-----\n`;
const base64 = (what: string): string => Buffer.from(pem(what)).toString('base64');

async function written(cluster: object, user: object, more: object = {}): Promise<string> {
  const path = join(folder, `config-${Math.floor(performance.now() * 1e6)}`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    preferences: {},
    clusters: [
      { name: 'other', cluster: { server: 'https://192.0.2.2' } },
      { name: 'c', cluster: { server: 'https://192.0.2.1:6443/gateway', ...cluster } },
    ],
    users: [{ name: 'u', user }],
    contexts: [
      { name: 'elsewhere', context: { cluster: 'other', user: 'u' } },
      { name: 'here', context: { cluster: 'c', user: 'u', namespace: 'team' } },
    ],
    'current-context': 'here',
    ...more,
  };
  await writeFile(path, stringify(config));
  return path;
}

/** With files as text: client-node reads them as bytes. */
function comparable({ server, headers, tls, proxy }: KubeConfigParts): unknown {
  const texts = Object.entries(tls).map(([key, value]) => `${key}: ${String(value)}`);
  return { server: server.href, headers, tls: texts.toSorted(), proxy };
}

describe('a plain kubeconfig', () => {
  test.each<[string, object, object, string?]>([
    ['a token', {}, { token: 'secret' }],
    ['another context', {}, { token: 'secret' }, 'elsewhere'],
    ['an authority in a file beside it', { 'certificate-authority': 'ca.pem' }, { token: 'secret' }],
    ['an authority in itself', { 'certificate-authority-data': base64('ca') }, { token: 'secret' }],
    ['a client certificate in files', {}, { 'client-certificate': 'crt.pem', 'client-key': 'key.pem' }],
    [
      'a client certificate in itself',
      {},
      { 'client-certificate-data': base64('crt'), 'client-key-data': base64('key') },
    ],
    ['another name in the certificate', { 'tls-server-name': 'kubernetes' }, { token: 'secret' }],
    ['no verification', { 'insecure-skip-tls-verify': true }, { token: 'secret' }],
    ['nobody in particular', {}, {}],
  ])('with %s is read as client-node reads it', async (_what, cluster, user, context) => {
    const path = await written(cluster, user);
    const access = await readKubeConfig({ kind: 'file', path, ...(context !== undefined && { context }) });
    if (!(access instanceof PlainKubeConfig)) {
      throw new TypeError('expected it to be read without client-node');
    }
    expect(comparable(await access.read())).toEqual(comparable(await partsOf(loadKubeConfig(path, context))));
  });

  test.each<[string, object, object, object?]>([
    ['a plugin', {}, { exec: { apiVersion: 'v1', command: 'true' } }],
    ['a password', {}, { username: 'u', password: 'p' }],
    ['impersonation', {}, { token: 'secret', as: 'admin' }],
    ['a file with a token', {}, { tokenFile: 'token' }],
    ['data and a file', { 'certificate-authority': 'ca.pem', 'certificate-authority-data': base64('ca') }, {}],
    ['a proxy', { 'proxy-url': 'http://192.0.2.3' }, { token: 'secret' }],
    ['plain HTTP to another host', { server: 'http://192.0.2.1' }, { token: 'secret' }],
    ['a context that is not there', {}, { token: 'secret' }, { 'current-context': 'nowhere' }],
    ['a user who is not there', {}, {}, { users: [] }],
  ])('is no more plain with %s', async (_what, cluster, user, more) => {
    expect(await PlainKubeConfig.load(await written(cluster, user, more), undefined)).toBeUndefined();
  });

  test('whose certificate cannot be read says which', async () => {
    const access = await PlainKubeConfig.load(
      await written({ 'certificate-authority': 'gone.pem' }, { token: 'secret' }),
      undefined,
    );
    await expect(access?.read()).rejects.toThrow(join(folder, 'gone.pem'));
  });
});
