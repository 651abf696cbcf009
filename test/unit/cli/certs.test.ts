import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { CredentialsError, readCredentials } from '../../../src/agent/credentials.ts';
import { main } from '../../../src/cli/main.ts';

let parent: string;
let directory: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'brickyard-certs-'));
  directory = join(parent, 'certs');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function certs(command: string, ...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(['certs', command, '--dir', directory, ...argv], {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    interactive: false,
    confirm: () => Promise.reject(new Error('nobody to ask')),
    environment: {},
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const certificate = async (path: string): Promise<X509Certificate> =>
  new X509Certificate(await readFile(join(directory, path, 'tls.crt')));
const days = (each: X509Certificate): number => Math.round((Date.parse(each.validTo) - Date.now()) / 86_400_000);

describe('brickyard certs', () => {
  it('makes an authority, and certificates by it that say who is who', async () => {
    expect(await certs('create', '--node', 'node-a', '--node', 'node-b', '--days', '10')).toEqual({
      code: 0,
      err: '',
      out: ['authority', 'controller.brickyard', 'node-a.agent.brickyard', 'node-b.agent.brickyard']
        .map((name) => `made in ${directory}: ${name}`)
        .join('\n'),
    });
    const authority = await certificate('ca');
    expect(authority.ca).toBe(true);
    for (const [path, name, usage] of [
      ['controller', 'controller.brickyard', '1.3.6.1.5.5.7.3.2'],
      ['nodes/node-a', 'node-a.agent.brickyard', '1.3.6.1.5.5.7.3.1'],
    ] as const) {
      const each = await certificate(path);
      expect(each).toMatchObject({ ca: false, subjectAltName: `DNS:${name}`, keyUsage: [usage] });
      expect(each.checkIssued(authority) && each.verify(authority.publicKey)).toBe(true);
      expect(each.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
      expect(days(each)).toBe(10);
      // What agent and controller make of it.
      await readCredentials(join(directory, path));
      expect((await stat(join(directory, path, 'tls.key'))).mode & 0o777).toBe(0o600);
      expect((await stat(join(directory, path))).mode & 0o777).toBe(0o700);
    }
    expect((await stat(join(directory, 'ca', 'tls.key'))).mode & 0o777).toBe(0o600);
  });

  it('overwrites nothing, and adds nodes by the authority that is there', async () => {
    await certs('create', '--node', 'node-a');
    const before = await readFile(join(directory, 'nodes/node-a/tls.crt'), 'utf8');
    expect(await certs('create', '--node', 'node-b', '--node', 'node-a')).toMatchObject({
      code: 1,
      err: `brickyard: ${directory}/nodes/node-a: expected no certificate there, got one; "brickyard certs renew" makes new ones`,
    });
    expect(await certs('create')).toMatchObject({ code: 1 });
    expect(await certs('create', '--node', 'node-b')).toMatchObject({
      code: 0,
      out: `made in ${directory}: node-b.agent.brickyard`,
    });
    expect(await readFile(join(directory, 'nodes/node-a/tls.crt'), 'utf8')).toBe(before);
    expect((await certificate('nodes/node-b')).checkIssued(await certificate('ca'))).toBe(true);
  });

  it('renews what expires soon, with new keys and the same authority', async () => {
    await certs('create', '--days', '20');
    await certs('create', '--node', 'node-a', '--days', '200');
    const [authority, node] = [await certificate('ca'), await certificate('nodes/node-a')];
    const key = await readFile(join(directory, 'controller/tls.key'), 'utf8');
    expect(await certs('renew', '--days', '100')).toMatchObject({
      code: 0,
      out: `renewed in ${directory}: controller.brickyard`,
    });
    expect(days(await certificate('controller'))).toBe(100);
    expect((await certificate('controller')).verify(authority.publicKey)).toBe(true);
    expect(await readFile(join(directory, 'controller/tls.key'), 'utf8')).not.toBe(key);
    expect((await stat(join(directory, 'controller/tls.key'))).mode & 0o777).toBe(0o600);
    expect((await certificate('nodes/node-a')).fingerprint256).toBe(node.fingerprint256);
    expect((await certificate('ca')).fingerprint256).toBe(authority.fingerprint256);
    expect((await certs('renew')).out).toBe('nothing to renew: all 2 certificates have 30 days left or more');
  });

  it('never makes a certificate that outlives its authority, and says when that is about to end', async () => {
    await certs('create', '--ca-days', '5', '--days', '365');
    expect(days(await certificate('controller'))).toBe(5);
    expect((await certs('renew')).err).toContain('the authority itself has 4 days left');
  });

  it('shows what there is', async () => {
    await certs('create', '--node', 'node-a', '--days', '10', '--ca-days', '100');
    const { out } = await certs('show');
    expect(out.split('\n').map((line) => line.split(/\s{2,}/).filter((_cell, index) => index !== 2))).toEqual([
      ['PATH', 'IDENTITY', 'DAYS LEFT'],
      ['ca', 'authority', '99'],
      ['controller', 'DNS:controller.brickyard', '9'],
      ['nodes/node-a', 'DNS:node-a.agent.brickyard', '9'],
    ]);
    const listed: unknown = JSON.parse((await certs('show', '-o', 'json')).out);
    expect(listed).toMatchObject([{ path: 'ca' }, { path: 'controller' }, { path: 'nodes/node-a', daysLeft: 9 }]);
    await rm(join(directory, 'ca'), { recursive: true });
    expect(await certs('show')).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${directory}/ca/tls.crt: expected a readable file`) as string,
    });
  });

  it('prints Secrets that kubernetes.io/tls mounts look like these folders', async () => {
    await certs('create', '--node', 'node-a');
    const secret = z.object({
      kind: z.literal('Secret'),
      type: z.literal('kubernetes.io/tls'),
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      data: z.record(z.string(), z.base64()),
    });
    const { out } = await certs('secrets', '--agent-namespace', 'storage');
    const secrets = parseAllDocuments(out).map((document) => secret.parse(document.toJS()));
    expect(secrets.map(({ metadata }) => metadata)).toMatchObject([
      { name: 'brickyard-controller-tls', namespace: 'brickyard' },
      { name: 'brickyard-agent-tls-node-a', namespace: 'storage' },
    ]);
    for (const name of ['tls.crt', 'tls.key', 'ca.crt']) {
      const text = Buffer.from(secrets[1]?.data[name] ?? '', 'base64').toString();
      expect(text).toBe(await readFile(join(directory, 'nodes/node-a', name), 'utf8'));
    }
    // Who can sign is not to be found in a cluster.
    expect(out).not.toContain(Buffer.from(await readFile(join(directory, 'ca/tls.key'))).toString('base64'));
    expect(await certs('secrets', '--namespace', 'A b')).toMatchObject({ code: 2 });
  });
});

describe('a folder of credentials', () => {
  it('with the key of another certificate is refused, naming the file', async () => {
    await certs('create', '--node', 'node-a');
    await rm(join(directory, 'controller/tls.key'));
    await expect(readCredentials(join(directory, 'controller'))).rejects.toThrow(CredentialsError);
    const { copyFile } = await import('node:fs/promises');
    await copyFile(join(directory, 'nodes/node-a/tls.key'), join(directory, 'controller/tls.key'));
    await expect(readCredentials(join(directory, 'controller'))).rejects.toThrow(
      `${directory}/controller/tls.key: expected the key of tls.crt, got another one`,
    );
  });
});
