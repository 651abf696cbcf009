/** What a fake node does with its devices. */
import type { BrickId, DeviceName } from '../../../src/domain/names.ts';
import { done, rejected, waiting, type Outcome } from '../../../src/domain/outcome.ts';
import { bytes } from '../../../src/domain/quantity.ts';
import { deviceMissing, deviceUnprepared, type DeviceFacts, type PrepareOptions } from '../../../src/engine/ports.ts';
import { usedOn, type FakeNode } from './parts.ts';

export function inspect(node: FakeNode, name: DeviceName): Outcome<DeviceFacts> {
  const device = node.devices.get(name);
  if (device?.present !== true) {
    return waiting({ what: 'condition', name: deviceMissing }, `${node.id} has no ${name}`);
  }
  if (!device.prepared) {
    return waiting({ what: 'condition', name: deviceUnprepared }, `${name} of ${node.id} is not prepared`);
  }
  return done({
    device: name,
    size: device.size,
    free: bytes(Math.max(0, device.size - device.taken - usedOn(node, name))),
  });
}

export function prepare(node: FakeNode, name: DeviceName, { wipe, serial }: PrepareOptions): Outcome<DeviceFacts> {
  const device = node.devices.get(name);
  if (device?.present !== true) {
    return rejected(`${node.id} has no ${name}`);
  }
  if (serial !== undefined && serial !== device.serial) {
    return rejected(`${name} of ${node.id}: expected serial number ${serial}, got ${device.serial ?? 'none'}`);
  }
  if (!device.prepared && device.holder !== undefined && !wipe) {
    return rejected(`${name} of ${node.id} holds ${device.holder}`);
  }
  device.prepared = true;
  device.holder = undefined;
  return inspect(node, name);
}

/** What is not mounted, and stands on a disk that is there. */
export function restoreBricks(node: FakeNode, name: DeviceName): Outcome<readonly BrickId[]> {
  const facts = inspect(node, name);
  if (facts.kind !== 'done') {
    return facts;
  }
  const unmounted = [...node.bricks.values()].filter(({ spec, mounted }) => spec.device === name && !mounted);
  for (const brick of unmounted) {
    brick.mounted = true;
  }
  return done(unmounted.map(({ spec }) => spec.id));
}
