import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileMemory } from '../../../../src/csi/mounts/memory.ts';
import { staged, Warnings } from './support.ts';

let folder: string;
let file: string;
let log: Warnings;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memory-'));
  file = join(folder, 'clients.json');
  log = new Warnings();
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const words = new Map([[staged, ['/usr/sbin/glusterfs', '--process-name', 'fuse.brickyard-0123456789ab', staged]]]);

describe('how clients were started', () => {
  it('is known to the next process, and readable to nobody but root', async () => {
    const memory = fileMemory(file, log);
    expect(await memory.recall()).toEqual(new Map());
    await memory.remember(words);
    expect(await fileMemory(file, log).recall()).toEqual(words);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['clients.json']);
    await memory.remember(new Map());
    expect(await memory.recall()).toEqual(new Map());
    expect(log.said).toEqual([]);
  });

  it.each([
    ['is torn', '{"/a": ["glus'],
    ['is of another shape', '{"/a": "glusterfs /a"}'],
    ['tells to run something else', '{"/a": ["/bin/sh", "/a"]}'],
    ['tells to mount elsewhere', '{"/a": ["/usr/sbin/glusterfs", "/b"]}'],
  ])('is not known when the file %s, and the log says so', async (_what, text) => {
    await writeFile(file, text);
    expect(await fileMemory(file, log).recall()).toEqual(new Map());
    expect(log.said).toEqual(['how gluster clients were started could not be read']);
  });

  it('costs no more than a word in the log when it cannot be kept', async () => {
    await fileMemory(join(folder, 'nowhere', 'file'), log).remember(words);
    expect(log.said).toEqual(['how gluster clients were started could not be kept']);
  });
});
