/** What a fake glusterd knows and does of bricks that are out of order. */
import type { VolumeName } from '../../../src/domain/names.ts';
import { done, failed, waiting, type Outcome } from '../../../src/domain/outcome.ts';
import type { BrickAddress, BrickHeal, BrickStatus } from '../../../src/engine/ports.ts';
import type { FakeNode } from './parts.ts';
import type { FakeSite } from './site.ts';

export function restartBricks(site: FakeSite, via: FakeNode, name: VolumeName): Outcome<void> {
  const volume = via.pool.volumes.get(name);
  if (volume?.status !== 'started') {
    return waiting({ what: 'condition', name: 'not-started' }, `volume ${name} is not started`);
  }
  site.startProcesses(volume);
  return done();
}

export function volumeStatus(
  site: FakeSite,
  via: FakeNode,
  name: VolumeName,
): Outcome<readonly BrickStatus[] | undefined> {
  const volume = via.pool.volumes.get(name);
  if (volume?.status !== 'started') {
    return done(undefined);
  }
  return done(volume.bricks.map(({ host, path }) => ({ host, path, online: site.isOnline(via, host, path) })));
}

export function healSummary(site: FakeSite, via: FakeNode, name: VolumeName): Outcome<readonly BrickHeal[]> {
  const volume = via.pool.volumes.get(name);
  if (volume === undefined) {
    return failed(`volume ${name} does not exist`);
  }
  return done(
    volume.bricks.map(({ host, path }) => {
      const { pending = 0, splitBrain = 0 } = site.brickAt(via, host, path) ?? {};
      const connected = site.isOnline(via, host, path);
      return connected ? { host, path, connected, pending, splitBrain } : { host, path, connected };
    }),
  );
}

export function startHeal(site: FakeSite, via: FakeNode, name: VolumeName): Outcome<void> {
  const volume = via.pool.volumes.get(name);
  if (volume?.status !== 'started') {
    return waiting({ what: 'condition', name: 'self-heal-not-ready' }, `volume ${name} is not started`);
  }
  for (const { host, path } of volume.bricks) {
    const brick = site.brickAt(via, host, path);
    if (brick !== undefined) {
      brick.pending = brick.splitBrain;
    }
  }
  return done();
}

export function replaceBrick(
  site: FakeSite,
  via: FakeNode,
  name: VolumeName,
  from: BrickAddress,
  to: BrickAddress,
): Outcome<void> {
  const volume = via.pool.volumes.get(name);
  const isAt = (address: BrickAddress) => (brick: BrickAddress) =>
    brick.host === address.host && brick.path === address.path;
  if (volume === undefined) {
    return failed(`volume ${name} does not exist`);
  }
  if (!volume.bricks.some(isAt(from))) {
    return volume.bricks.some(isAt(to)) ? done() : failed(`${name} has no brick ${from.host}:${from.path}`);
  }
  const brick = site.brickAt(via, to.host, to.path);
  if (brick === undefined) {
    return failed(`${to.host}:${to.path} does not exist`);
  }
  brick.markedBy = name;
  volume.bricks = volume.bricks.map((each) => (isAt(from)(each) ? to : each));
  site.startProcesses(volume);
  return done();
}
