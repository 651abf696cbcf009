/** What a fake node does with its bricks. */
import type { BrickId, DeviceName } from '../../../src/domain/names.ts';
import { done, failed, type Outcome } from '../../../src/domain/outcome.ts';
import { brickFootprint } from '../../../src/domain/placement/footprint.ts';
import { bytes } from '../../../src/domain/quantity.ts';
import type { BrickFacts, BrickSpec } from '../../../src/engine/ports.ts';
import { brickFacts, newBrick, usedOn, type FakeNode } from './parts.ts';
import type { FakeSite } from './site.ts';

export function ensureBrick(site: FakeSite, node: FakeNode, spec: BrickSpec, pristine: boolean): Outcome<BrickFacts> {
  const device = node.devices.get(spec.device);
  if (device?.prepared !== true) {
    return failed(`${spec.device} of ${node.id} is not prepared`);
  }
  let brick = node.bricks.get(spec.id);
  if (brick === undefined) {
    brick = newBrick(spec);
    node.bricks.set(spec.id, brick);
    checkRoom(site, node, spec.device);
  }
  brick.mounted = true;
  brick.identity = spec.identity ?? brick.identity;
  if (pristine) {
    const user = site.volumeOn(node, brick.path);
    if (user?.everStarted === true) {
      site.violations.push(`marks were taken off brick ${spec.id}, which ${user.name} lives on`);
    }
    brick.markedBy = undefined;
  }
  return done(brickFacts(brick));
}

function checkRoom(site: FakeSite, node: FakeNode, device: DeviceName): void {
  if (usedOn(node, device) > (node.devices.get(device)?.size ?? 0)) {
    site.violations.push(`${device} of ${node.id} is over its size`);
  }
}

export function growBrick(site: FakeSite, node: FakeNode, spec: BrickSpec): Outcome<BrickFacts> {
  const brick = node.bricks.get(spec.id);
  if (brick === undefined) {
    return failed(`brick ${spec.id} does not stand on ${node.id}`);
  }
  takeMore(site, node, spec);
  brick.size = bytes(Math.max(brick.size, spec.size));
  return done(brickFacts(brick));
}

export function takeMore(site: FakeSite, node: FakeNode, spec: BrickSpec): void {
  const brick = node.bricks.get(spec.id);
  if (brick !== undefined) {
    brick.footprint = bytes(Math.max(brick.footprint, brickFootprint(spec).total));
    checkRoom(site, node, spec.device);
  }
}

export function destroyBrick(site: FakeSite, node: FakeNode, id: BrickId): Outcome<void> {
  const brick = node.bricks.get(id);
  if (brick !== undefined) {
    const user = site.volumeOn(node, brick.path);
    if (user?.everStarted === true) {
      site.violations.push(`brick ${id} was destroyed under ${user.name}`);
    }
    node.bricks.delete(id);
  }
  return done();
}
