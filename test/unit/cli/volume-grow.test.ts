import { describe, expect, it } from 'vitest';
import type { Admin } from '../../../src/api/admin.ts';
import type { OutcomeView } from '../../../src/api/outcome-view.ts';
import type { VolumeView } from '../../../src/api/views.ts';
import { growVolume } from '../../../src/cli/commands/volume-grow.ts';
import { CommandError } from '../../../src/cli/exit-codes.ts';
import { main } from '../../../src/cli/main.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';

const volume: VolumeView = {
  id: '5f6d1f2e-0c1a-4a53-9b0e-1f2a3b4c5d6e',
  name: 'vol_5f6d1f2e-0c1a-4a53-9b0e-1f2a3b4c5d6e',
  cluster: 'main',
  phase: 'ready',
  size: 2 * GiB,
  durability: 'replicate 3',
  options: [],
  claim: { namespace: 'default', name: 'data', uid: '5f6d1f2e-0c1a-4a53-9b0e-1f2a3b4c5d6e' },
  className: 'brickyard',
  createdAt: '2026-01-01T00:00:00.000Z',
  bricks: [],
};

function setUp(outcome: OutcomeView, after: VolumeView = volume) {
  const out: string[] = [];
  const err: string[] = [];
  const admin: Pick<Admin, 'growVolume' | 'volume'> = {
    growVolume: async (_query, onProgress) => {
      onProgress({ step: 'record', what: '3 bricks grow where they are, to 2 GiB', outcome: { kind: 'done' } });
      onProgress({ step: 'extend', what: '3 bricks', outcome });
      return outcome;
    },
    volume: async () => after,
  };
  const io = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) };
  const query = { volume: 'default/data', size: bytes(2 * GiB) };
  return { grow: (asJson = false) => growVolume(admin, query, io, asJson), out, err };
}

describe('volume grow', () => {
  it('shows each step as it ends, and what the volume has then', async () => {
    const { grow, out } = setUp({ kind: 'done' });
    await grow();
    expect(out).toEqual([
      'recorded: 3 bricks grow where they are, to 2 GiB',
      'extended: 3 bricks',
      'The volume has 2 GiB.',
    ]);
  });

  it('says that files are being spread', async () => {
    const { grow, out } = setUp({ kind: 'done' }, { ...volume, rebalance: { since: '2026-01-01T00:00:00.000Z' } });
    await grow();
    expect(out.at(-1)).toBe('The volume has 2 GiB; its files are being spread over all its sets.');
  });

  it('ends with an error that says what there is, why, and that it can be carried on', async () => {
    const { grow, out } = setUp({ kind: 'waiting', reason: 'node b does not answer' });
    await expect(grow()).rejects.toThrow(
      new CommandError('the volume has 2 GiB (waiting): node b does not answer; run it again to carry on'),
    );
    expect(out.at(-1)).toBe('extended: 3 bricks: waiting: node b does not answer');
    const refused = setUp({ kind: 'rejected', reason: 'no' });
    await expect(refused.grow()).rejects.toThrow(new CommandError('the volume has 2 GiB (rejected): no'));
  });

  it('prints one document with -o json, and the steps beside it', async () => {
    const { grow, out, err } = setUp({ kind: 'done' });
    await grow(true);
    expect(JSON.parse(out.join('\n'))).toMatchObject({
      steps: [{}, {}],
      outcome: { kind: 'done' },
      volume: { size: 2 * GiB },
    });
    expect(err).toHaveLength(3);
  });

  it.each([
    [['volume', 'grow', 'default/data'], 'expected either --size or --cancel, got neither'],
    [['volume', 'grow', 'default/data', '--size', '2Gi', '--cancel'], 'expected either --size or --cancel, got both'],
    [['volume', 'grow', 'default/data', '--size', 'big'], 'expected a size such as 10Gi'],
  ])('is a wrong usage as %s', async (argv, expected) => {
    const err: string[] = [];
    const io = {
      out: () => undefined,
      err: (line: string) => void err.push(line),
      interactive: false,
      confirm: async () => false,
      environment: {},
    };
    expect(await main(argv, io)).toBe(2);
    expect(err.join('\n')).toContain(expected);
  });
});
