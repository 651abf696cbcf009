import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { volumeName, type VolumeName } from '../../../src/domain/names.ts';
import type { CallContext, StorageNodes } from '../../../src/engine/ports.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import type { TestClaim } from '../../support/claims.ts';
import { waitFor } from '../../support/wait-for.ts';
import { missingForGluster } from '../environment.ts';
import type { RealNode } from '../harness/cluster.ts';
import { settled, startRealWhole, tellAfterFailure, type RealWhole } from './support.ts';
import { ways } from './ways.ts';

const missing = await missingForGluster();
const MiB = 1024 * 1024;
const fine = { exitCode: 0, stdout: '', stderr: '' };

/** Each step stands on the one before: one claim's whole life, as its user, its administrator and its disks see it. */
describe.skipIf(missing.length > 0).each(ways)('the life of a claim, with nodes reached by %s', (way) => {
  let whole: RealWhole;
  let nodes: StorageNodes;
  let claim: TestClaim;
  let name: VolumeName;
  let mount: string;

  beforeAll(async () => {
    whole = await startRealWhole({ way, diskGiB: 8 });
    nodes = createCommandStorageNodes({ runner: whole.cluster.runner });
  });

  afterAll(async () => {
    await whole?.close();
  });

  tellAfterFailure(() => whole);

  const context = (): CallContext => ({ signal: AbortSignal.timeout(120_000) });
  const node = (index: number): RealNode => {
    const found = whole.cluster.nodes[index];
    if (found === undefined) {
      throw new Error(`expected a node ${index}`);
    }
    return found;
  };
  const client = () => whole.cluster.client;
  const write = (file: string, mebibytes: number, source = '/dev/urandom') =>
    client().run(
      'dd',
      `if=${source}`,
      `of=${mount}/${file}`,
      'bs=1M',
      `count=${mebibytes}`,
      'conv=fsync',
      'status=none',
    );
  const checksum = async (at: RealNode, path: string): Promise<string> =>
    (await at.must('sha256sum', path)).slice(0, 64);
  const df = async (): Promise<number> =>
    Number((await client().must('df', '--block-size=1', '--output=size', mount)).trim().split('\n').at(-1));

  /** The file as each brick has it, through the directory that gluster serves. */
  const onBricks = async (file: string): Promise<readonly string[]> => {
    const info = await nodes.volumeInfo(node(0), name, context());
    if (info.kind !== 'done' || info.value === undefined) {
      throw new Error(`expected the volume ${name}, got ${JSON.stringify(info)}`);
    }
    return Promise.all(
      info.value.bricks.map(async ({ host, path }) => {
        const at = whole.cluster.nodes.find(({ storage }) => storage === host);
        return at === undefined ? `no node ${host}` : checksum(at, `${path}/${file}`);
      }),
    );
  };

  it('begins with a bound PersistentVolume', async () => {
    const [made] = await whole.claims.create(1, '320Mi');
    if (made === undefined) {
      throw new Error('no claim');
    }
    claim = made;
    await whole.claims.allBound([claim]);
    await whole.atRest([claim]);
    name = volumeName(`vol_${claim.uid}`);
    expect(await whole.claims.capacity(claim)).toBe('320Mi');
  });

  it('goes on with a mount from what the PersistentVolume says, owned by its group', async () => {
    mount = await whole.mount(claim);
    const [volume] = await whole.claims.volumes();
    const gid = volume?.metadata?.annotations?.['pv.beta.kubernetes.io/gid'];
    expect((await client().must('stat', '--format=%g %a', mount)).trim()).toBe(`${gid} 2775`);
  });

  it('has every byte of a file on three bricks of three nodes', async () => {
    expect(await write('file', 20)).toEqual(fine);
    const sum = await checksum(client(), `${mount}/file`);
    expect(await onBricks('file')).toEqual([sum, sum, sum]);
    const info = await nodes.volumeInfo(node(0), name, context());
    const hosts = info.kind === 'done' ? info.value?.bricks.map(({ host }) => host) : [];
    expect([...(hosts ?? [])].sort()).toEqual(whole.cluster.nodes.map(({ storage }) => storage).sort());
  });

  it('holds no more than its size', async () => {
    expect((await write('too-much', 340, '/dev/zero')).exitCode).not.toBe(0);
    // The write that meets the brim may hear of an I/O error: the copies need not fill up at the same byte, nor say so at once.
    let another = 0;
    await waitFor(
      'a write hears that there is no room',
      async () => {
        const { exitCode, stderr } = await write(`one-more-${(another += 1)}`, 1, '/dev/zero');
        return exitCode !== 0 && stderr.includes('No space left on device');
      },
      120_000,
    );
    await client().must('find', mount, '-name', 'too-much', '-delete', '-or', '-name', 'one-more-*', '-delete');
  });

  it('shows its growth where it is mounted, and holds more', async () => {
    const before = await df();
    await whole.claims.grow(claim, '640Mi');
    await waitFor('the claim says so', async () => (await whole.claims.capacity(claim)) === '640Mi');
    const grown = async (): Promise<boolean> => (await df()) >= before + 300 * MiB;
    await waitFor('df says so', grown);
    // A brick that was full looks every five seconds whether it still is.
    const written = async (): Promise<boolean> => (await write('more', 340, '/dev/zero')).exitCode === 0;
    await waitFor('a larger file can be written', written);
    expect((await client().must('stat', '--format=%s', `${mount}/more`)).trim()).toBe(String(340 * MiB));
  });

  /** Begins to heal what waits, and says whether nothing does. */
  const healed = async (): Promise<boolean> => {
    await nodes.startHeal(node(0), name, { full: false }, context());
    const summary = await nodes.healSummary(node(0), name, context());
    return summary.kind === 'done' && summary.value.length === 3 && summary.value.every(({ pending }) => pending === 0);
  };

  it('survives the loss of a node, in which reads and writes go on', async () => {
    // Gluster looks every five seconds whether a brick is full: one that has not seen its growth yet misses what was
    // written meanwhile, and two copies that are behind would be one too many.
    await waitFor('every copy has what was written after the growth', healed);
    await node(2).kill();
    expect(await write('meanwhile', 10)).toEqual(fine);
    await client().must('cat', `${mount}/file`);
  });

  it('is whole again after the node has come back', async () => {
    await whole.revive(node(2));
    await waitFor('nothing is left to be healed', healed, 240_000);
    const sum = await checksum(client(), `${mount}/meanwhile`);
    expect(await onBricks('meanwhile')).toEqual([sum, sum, sum]);
  });

  it('ends with nothing left on any node', async () => {
    await client().unmount(mount);
    await whole.claims.delete(claim);
    await settled(whole, [], 240_000);
    expect(await whole.claims.volumes()).toEqual([]);
  });
});
