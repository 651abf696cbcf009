/** What a fake glusterd does with volumes. */
import type { VolumeName } from '../../../src/domain/names.ts';
import { done, failed, rejected, waiting, type Outcome } from '../../../src/domain/outcome.ts';
import type { BrickAddress, VolumeSpec } from '../../../src/engine/ports.ts';
import { isServing, sameBricks, type FakeNode, type FakeVolume } from './parts.ts';
import type { FakeSite } from './site.ts';

export function createVolume(site: FakeSite, via: FakeNode, spec: VolumeSpec): Outcome<void> {
  const standing = via.pool.volumes.get(spec.name);
  if (standing !== undefined) {
    return sameBricks(standing.bricks, spec.bricks) ? done() : rejected(`${spec.name} exists with other bricks`);
  }
  const claimed = claim(site, via, spec);
  if (claimed.kind !== 'done') {
    return claimed;
  }
  via.pool.volumes.set(spec.name, {
    name: spec.name,
    uuid: site.newUuid(),
    status: 'created',
    durability: spec.durability,
    bricks: spec.bricks,
    options: new Map(),
    everStarted: false,
    rebalance: undefined,
    removing: false,
  });
  return done();
}

/** Checks and marks the bricks, one after another. */
function claim(site: FakeSite, via: FakeNode, spec: VolumeSpec): Outcome<void> {
  for (const { host } of spec.bricks) {
    const node = site.byHost(host);
    if (node === undefined || node.pool !== via.pool) {
      return failed(`host ${host} is not in the pool`);
    }
    if (!node.up) {
      return waiting({ what: 'node', name: host }, `host ${host} is not connected`);
    }
    if (node !== via && (via.rejected || node.rejected)) {
      return waiting({ what: 'node', name: via.rejected ? via.id : host }, `host ${host} is not in the cluster`);
    }
  }
  for (const { host, path } of spec.bricks) {
    const brick = [...(site.byHost(host)?.bricks.values() ?? [])].find((other) => other.path === path);
    if (brick?.mounted !== true) {
      return failed('failed to create volume files');
    }
    if (brick.markedBy !== undefined) {
      return failed(`${host}:${path} is already part of a volume`);
    }
    brick.markedBy = spec.name;
  }
  return done();
}

export function addBricks(site: FakeSite, via: FakeNode, spec: VolumeSpec): Outcome<void> {
  const volume = via.pool.volumes.get(spec.name);
  if (volume === undefined) {
    return failed(`volume ${spec.name} does not exist`);
  }
  if (spec.bricks.every(({ host, path }) => volume.bricks.some((b) => b.host === host && b.path === path))) {
    return done();
  }
  if (volume.rebalance?.state === 'running') {
    return waiting({ what: 'condition', name: 'migration-running' }, `rebalance of ${spec.name} is in progress`);
  }
  const claimed = claim(site, via, spec);
  if (claimed.kind === 'done') {
    volume.bricks = [...volume.bricks, ...spec.bricks];
    site.startProcesses({ ...volume, bricks: spec.bricks });
  }
  return claimed;
}

export function deleteVolume(site: FakeSite, via: FakeNode, name: VolumeName): Outcome<void> {
  const volume = via.pool.volumes.get(name);
  if (volume === undefined) {
    return done();
  }
  if (volume.status === 'started') {
    return failed(`volume ${name} has been started`);
  }
  const down = [...via.pool.hosts.keys()].find((host) => !isServing(site.byHost(host)));
  if (down !== undefined) {
    return waiting({ what: 'node', name: down }, 'some of the peers are down');
  }
  const rejected = [...via.pool.hosts.keys()].find((host) => site.byHost(host)?.rejected === true);
  if (rejected !== undefined) {
    site.violations.push(`${name} was deleted without ${rejected}, which goes on serving it`);
  }
  via.pool.volumes.delete(name);
  return done();
}

export function change(node: FakeNode, name: VolumeName, effect: (volume: FakeVolume) => void): Outcome<void> {
  const volume = node.pool.volumes.get(name);
  if (volume === undefined) {
    return failed(`volume ${name} does not exist`);
  }
  effect(volume);
  return done();
}

/** First the files go, then, when it is called again, the bricks. */
export function removeBricks(via: FakeNode, spec: VolumeSpec): Outcome<void> {
  const volume = via.pool.volumes.get(spec.name);
  const leaves = ({ host, path }: BrickAddress): boolean =>
    spec.bricks.some((brick) => brick.host === host && brick.path === path);
  if (volume?.bricks.some(leaves) !== true) {
    return done();
  }
  if (!volume.removing) {
    volume.removing = true;
    return waiting({ what: 'condition', name: 'removal' }, `files are leaving bricks of ${spec.name}`);
  }
  volume.removing = false;
  volume.bricks = volume.bricks.filter((brick) => !leaves(brick));
  return done();
}
