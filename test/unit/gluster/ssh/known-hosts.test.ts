import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hostCheck } from '../../../../src/gluster/ssh/host-check.ts';
import { fingerprint, judge, knownName, parseKnownHosts } from '../../../../src/gluster/ssh/known-hosts.ts';

/** A public key in ssh's own form: its type, and something that tells it from others. */
function keyOf(type: string, content: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.from(content)]);
}
const mine = keyOf('ssh-ed25519', 'mine');
const other = keyOf('ssh-ed25519', 'other');
const rsa = keyOf('ssh-rsa', 'rsa');
const line = (names: string, key: Buffer, type = 'ssh-ed25519'): string => `${names} ${type} ${key.toString('base64')}`;
const verdict = (text: string, name: string, key = mine): string => judge(parseKnownHosts(text), name, key).kind;

describe('a host in known_hosts', () => {
  it.each([
    ['node-1', 'node-1'],
    ['other,node-1', 'node-1'],
    ['NODE-1', 'node-1'],
    ['node-*', 'node-1'],
    ['node-?', 'node-1'],
    ['*', 'node-1'],
    ['[node-1]:2222', '[node-1]:2222'],
    ['[node-*]:2222', '[node-1]:2222'],
    ['[10.0.0.1]:2222', '[10.0.0.1]:2222'],
    ['fd00::1', 'fd00::1'],
  ])('is known as %s when it is called %s', (names, name) => {
    expect(verdict(line(names, mine), name)).toBe('known');
  });

  it.each([
    ['node-1', 'node-10'],
    ['node-1', '[node-1]:2222'],
    ['[node-1]:2222', 'node-1'],
    ['node-*,!node-1', 'node-1'],
    ['!node-1', 'node-2'],
    ['node.1', 'nodex1'],
    ['node-?', 'node-10'],
  ])('is not known as %s when it is called %s', (names, name) => {
    expect(verdict(line(names, mine), name)).toBe('unknown');
  });

  it('may have its name hashed', () => {
    const salt = Buffer.from('twenty bytes of salt');
    const hash = createHmac('sha1', salt).update('[node-1]:2222').digest('base64');
    const text = line(`|1|${salt.toString('base64')}|${hash}`, mine);
    expect(verdict(text, '[node-1]:2222')).toBe('known');
    expect(verdict(text, '[node-1]:2223')).toBe('unknown');
    expect(verdict(line('|1|broken', mine), 'node-1')).toBe('unknown');
  });

  it('may have several keys, of one type and of several', () => {
    const text = [line('node-1', other), line('node-1', mine), line('node-1', rsa, 'ssh-rsa')].join('\n');
    expect([mine, other, rsa].map((key) => verdict(text, 'node-1', key))).toEqual(['known', 'known', 'known']);
  });

  it('has changed when another key of the type is known, and not when one of another type is', () => {
    expect(verdict(line('node-1', other), 'node-1')).toBe('changed');
    expect(judge(parseKnownHosts(line('node-1', rsa, 'ssh-rsa')), 'node-1', mine)).toEqual({
      kind: 'unknown',
      otherTypes: ['ssh-rsa'],
    });
  });

  it('is never known by a revoked key, wherever that stands', () => {
    expect(verdict(`${line('node-1', mine)}\n@revoked ${line('*', mine)}`, 'node-1')).toBe('revoked');
    expect(verdict(`@revoked ${line('node-1', other)}`, 'node-1')).toBe('unknown');
  });

  it('is not known by comments, certificates of others, or lines that are cut off', () => {
    const lines = [
      `# ${line('node-1', mine)}`,
      `@cert-authority ${line('node-1', mine)}`,
      'node-1 ssh-ed25519',
      '',
      '@revoked',
    ];
    expect(verdict(lines.join('\r\n'), 'node-1')).toBe('unknown');
  });

  it('is called by its port unless that is the usual one', () => {
    expect([knownName('Node-1', 22), knownName('node-1', 2222)]).toEqual(['node-1', '[node-1]:2222']);
  });
});

describe('the check of a host', () => {
  it('asks first for the types of key that are known, and never for signatures by SHA-1', () => {
    const check = hostCheck(line('node-1', rsa, 'ssh-rsa'), '/hosts', 'node-1', 22);
    expect(check.algorithms.slice(0, 3)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
    expect(check.algorithms).not.toContain('ssh-rsa');
    expect(check.refusal(rsa)).toBeUndefined();
  });

  it('tells how to add a host that is not known', () => {
    const refusal = hostCheck('', '/etc/hosts-of-ssh', 'node-1', 2222).refusal(keyOf('ecdsa-sha2-nistp256', 'x'));
    expect(refusal?.alarming).toBe(false);
    expect(refusal?.reason).toContain('"ssh-keygen -l -f /etc/ssh/ssh_host_ecdsa_key.pub" on the node');
    expect(refusal?.reason).toContain('"ssh-keyscan -p 2222 -t ecdsa node-1 >> /etc/hosts-of-ssh"');
  });

  it('is alarmed by another key, and names it', () => {
    const refusal = hostCheck(line('node-1', other), '/hosts', 'node-1', 22).refusal(mine);
    expect(refusal?.alarming).toBe(true);
    expect(refusal?.reason).toContain(
      `the ssh-ed25519 host key of node-1, ${fingerprint(mine)}, is not the one in /hosts`,
    );
  });
});
