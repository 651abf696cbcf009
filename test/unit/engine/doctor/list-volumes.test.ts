import { describe, expect, it } from 'vitest';
import { hostName } from '../../../../src/domain/names.ts';
import { benchOf, forever, idOf, requestOf, turning, valueOf, type Bench } from '../bench.ts';

const listed = async ({ engine, clock }: Bench) =>
  valueOf(await turning(clock, engine.doctor.glusterVolumes({ signal: forever })));

describe('the volumes that gluster has', () => {
  it('are all named, whoever made them, by one question that changes nothing and asks about no device', async () => {
    const bench = await benchOf();
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    const brick = { path: '/data/brick', arbiter: false };
    bench.storage.addForeignVolume(
      'n1',
      'vol_5f6d1f2e0c1a4a539b0e1f2a3b4c5d6e',
      { kind: 'replicate', count: 3 },
      [1, 2, 3].map((host) => ({ ...brick, host: hostName(`10.0.0.${host}`) })),
    );
    bench.storage.log.length = 0;
    const [cluster] = await listed(bench);
    expect(cluster).toMatchObject({ kind: 'seen', cluster: 'east' });
    const names = cluster?.kind === 'seen' ? cluster.volumes.toSorted() : [];
    expect(names).toEqual([requestOf(1).name, 'vol_5f6d1f2e0c1a4a539b0e1f2a3b4c5d6e'].toSorted());
    expect(bench.storage.log.map((line) => line.split(' ')[0])).toEqual(['listVolumes']);
    expect(bench.engine.volumes().map(({ id }) => id)).toEqual([idOf(1)]);
  });

  it('are unseen, not absent, where no node answers', async () => {
    const bench = await benchOf();
    for (const node of ['n1', 'n2', 'n3']) {
      bench.storage.setUp(node, false);
    }
    expect(await listed(bench)).toMatchObject([{ kind: 'unseen', cluster: 'east' }]);
  });

  it('are not waited for once the caller has gone', async () => {
    const bench = await benchOf();
    const outcome = await turning(bench.clock, bench.engine.doctor.glusterVolumes({ signal: AbortSignal.abort() }));
    expect(outcome.kind).not.toBe('done');
  });
});
