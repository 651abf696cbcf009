import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/cli/system-clock.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { createLocalRunner } from '../../../src/gluster/local-runner.ts';
import { notLeading, type CommandRunner } from '../../../src/gluster/runner.ts';
import { sshdMissing, startSshd, type Sshd } from '../../support/throwaway-sshd.ts';
import { waitFor } from '../../support/wait-for.ts';
import { clientOf, run } from './support.ts';

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** Holds its lane until `file` is there. */
const holder = (begun: string, file: string): readonly string[] => [
  'sh',
  '-c',
  'touch "$1"; until [ -e "$2" ]; do sleep 0.05; done',
  'sh',
  begun,
  file,
];

describe.skipIf(sshdMissing())('a command', () => {
  let sshd: Sshd;
  const open: (() => void)[] = [];
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(async () => {
    open.forEach((close) => close());
    await sshd?.close();
  });

  const client = (options: Parameters<typeof clientOf>[1]): CommandRunner => {
    const { runner } = clientOf(sshd, options);
    open.push(() => runner.close());
    return runner;
  };

  it.each(['ssh', 'local'] as const)(
    'is not sent by who has lost the lead while it waited for its lane, by %s',
    async (kind) => {
      let leads = true;
      const mayAct = (): boolean => leads;
      const runner =
        kind === 'ssh'
          ? client({ mayAct })
          : createLocalRunner({ clock: systemClock, laneDirectory: sshd.directory, mayAct });
      const file = (name: string): string => join(sshd.directory, `${kind}-${name}`);
      const first = run(runner, holder(file('begun'), file('go')), { lane: 'brick' });
      await waitFor('the lane is taken', () => exists(file('begun')));

      const second = run(runner, ['touch', file('second')], { lane: 'brick' });
      leads = false;
      await run(createLocalRunner({ clock: systemClock }), ['touch', file('go')]);

      expect(await first).toMatchObject({ kind: 'exited', exitCode: 0 });
      expect(await second).toEqual(notLeading);
      expect(await exists(file('second'))).toBe(false);
    },
  );

  it('that arrives later than ten seconds after it was sent is not begun, and the next one is', async () => {
    let behind = 0;
    // As after a pause of this machine, in which the node's clock went on.
    const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() - behind };
    const runner = client({ clock });
    const file = join(sshd.directory, 'late');
    expect(await run(runner, ['true'])).toMatchObject({ exitCode: 0 });

    behind = 9_000;
    expect(await run(runner, ['true'])).toMatchObject({ exitCode: 0 });

    behind = 12_000;
    expect(await run(runner, ['touch', file])).toEqual({
      kind: 'not-started',
      cause: 'unreachable',
      reason: 'it came to the node too late, and was not begun there',
    });
    expect(await exists(file)).toBe(false);

    expect(await run(runner, ['touch', file])).toMatchObject({ exitCode: 0 });
    expect(await exists(file)).toBe(true);
  });
});
