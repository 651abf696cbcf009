/** Command lines that look after a volume's bricks and the pool's members. */
import { describe, expect, it } from 'vitest';
import { hostName, NameError, volumeName } from '../../../src/domain/names.ts';
import * as argv from '../../../src/gluster/argv/gluster.ts';
import type { Command } from '../../../src/gluster/runner.ts';
import { sample } from './samples.ts';

const brick = (node: number, path: string) => ({ host: hostName(`10.77.0.${node}`), path, arbiter: false });
const e0 = volumeName('e0');

describe('command lines of gluster', () => {
  it.each<readonly [string, Command]>([
    ['peer-detach.xml', argv.peerDetach(hostName('10.77.0.6'))],
    ['start-force-already-started.xml', argv.volumeRestart(volumeName('fa'))],
    ['volume-status-one.xml', argv.volumeStatus(volumeName('vol5'))],
    ['heal-info-summary-clean.xml', argv.healSummary(volumeName('vol5'))],
    ['heal-launch.xml', argv.volumeHeal(volumeName('h'), { full: false })],
    ['heal-launch-full.xml', argv.volumeHeal(volumeName('h'), { full: true })],
    ['replace-brick.xml', argv.volumeReplaceBrick(e0, brick(3, '/bricks/e0/brick'), brick(4, '/bricks/e0r/brick'))],
    ['reset-brick-start.xml', argv.volumeResetBrick(e0, brick(1, '/bricks/e0/brick'), 'start')],
    ['reset-brick-commit.xml', argv.volumeResetBrick(e0, brick(1, '/bricks/e0/brick'), 'commit')],
  ])('are word for word what was run for %s', (file, built) => {
    expect(built.argv).toEqual(['gluster', '--xml', '--mode=script', ...sample(file).words]);
  });

  it.each(['relative/path', '/a/../b', '/a b/c', "/a';reboot;'/b", '/a/b\n'])('refuse the brick path %j', (path) => {
    const good = brick(1, '/bricks/e0/brick');
    expect(() => argv.volumeReplaceBrick(e0, good, brick(2, path))).toThrow(NameError);
    expect(() => argv.volumeReplaceBrick(e0, brick(2, path), good)).toThrow(NameError);
    expect(() => argv.volumeResetBrick(e0, brick(2, path), 'start')).toThrow(NameError);
  });
});
