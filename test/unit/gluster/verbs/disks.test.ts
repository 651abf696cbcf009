/** What a disk goes through beside holding bricks: serial numbers, other owners, reboots; and the lanes of all this. */
import { describe, expect, it } from 'vitest';
import { deviceName, nodeId } from '../../../../src/domain/names.ts';
import { done } from '../../../../src/domain/outcome.ts';
import { bytes, GiB } from '../../../../src/domain/quantity.ts';
import { deviceMissing, deviceUnprepared, type PrepareOptions } from '../../../../src/engine/ports.ts';
import type { Command } from '../../../../src/gluster/runner.ts';
import { createCommandStorageNodes } from '../../../../src/gluster/storage-nodes.ts';
import { disk, nodeSpecs, simulatedCluster } from '../../../support/simulated-cluster.ts';
import { brickOf } from './volume-fixture.ts';

function oneNode(device: { readonly serial?: string } = {}) {
  const [plain] = nodeSpecs(1);
  if (plain === undefined) {
    throw new Error('no node');
  }
  const cluster = simulatedCluster({
    nodes: [{ ...plain, devices: [{ name: disk, size: bytes(50 * GiB), ...device }] }],
  });
  const [node] = cluster.nodes;
  if (node === undefined) {
    throw new Error('no node');
  }
  const prepare = (options: PrepareOptions) => cluster.storage.prepareDevice(node, disk, options, cluster.context);
  return { ...cluster, node, prepare };
}

describe('the serial number of a disk', () => {
  it.each([
    ['another one', { serial: 'WD-1' }, '/dev/vdb of node-1 has the serial number WD-1, expected WD-2'],
    ['none', {}, '/dev/vdb of node-1 has no serial number, expected WD-2'],
  ])('%s than asked for: it is not prepared, consent or not', async (_case, device, reason) => {
    const { prepare } = oneNode(device);
    for (const wipe of [false, true]) {
      expect(await prepare({ wipe, serial: 'WD-2' })).toEqual({ kind: 'rejected', reason });
    }
  });

  it('that is the one asked for', async () => {
    expect(await oneNode({ serial: 'WD-2' }).prepare({ wipe: false, serial: 'WD-2' })).toMatchObject({ kind: 'done' });
  });
});

describe('a disk', () => {
  it("of another node of Brickyard's is never wiped", async () => {
    const { prepare, storage, node, context, simulation } = oneNode();
    const before = { ...node, id: nodeId('node-1') };
    await storage.prepareDevice(before, disk, { wipe: false }, context);
    // The same machine under another name, as after a mistake in a topology file.
    const renamed = createCommandStorageNodes({
      runner: { run: (to, command, call) => simulation.runner.run({ ...to, id: nodeId('node-1') }, command, call) },
    });
    const outcome = await renamed.prepareDevice({ ...node, id: nodeId('node-9') }, disk, { wipe: true }, context);
    expect(outcome).toMatchObject({
      kind: 'rejected',
      reason: expect.stringMatching(
        /belongs to volume group by_\w+, which is device \/dev\/vdb of node node-1/,
      ) as string,
    });
    expect(await prepare({ wipe: false })).toMatchObject({ kind: 'done' });
  });

  it('is told to be missing, or unprepared', async () => {
    const { storage, node, context } = oneNode();
    const on = async (device: string) => storage.inspectDevice(node, deviceName(device), context);
    expect(await on('/dev/vdz')).toMatchObject({ kind: 'waiting', on: { name: deviceMissing } });
    expect(await on(disk)).toMatchObject({ kind: 'waiting', on: { name: deviceUnprepared } });
  });

  it('has its bricks mounted again after a reboot, once; half a brick is none', async () => {
    const { prepare, storage, node, context, simulation } = oneNode();
    await prepare({ wipe: false });
    for (const number of [1, 2]) {
      await storage.ensureBrick(node, brickOf(number, 0), { pristine: true }, context);
    }
    simulation.faults.remove(simulation.faults.add({ effect: { kind: 'power-off' }, node: node.id }));
    const restore = () => storage.restoreBricks(node, disk, context);
    expect(await restore()).toEqual(done([brickOf(1, 0).id, brickOf(2, 0).id]));
    expect(await restore()).toEqual(done([]));
    expect(simulation.inspect().nodes[0]?.mounts).toHaveLength(2);
  });

  it('that was not prepared has nothing to restore, and says so', async () => {
    const { storage, node, context } = oneNode();
    expect(await storage.restoreBricks(node, disk, context)).toMatchObject({ kind: 'waiting' });
  });
});

describe('the lanes of commands', () => {
  it.each([disk, deviceName('/srv/bricks')])('on %s: a brick its own, a device its own, looks none', async (device) => {
    const cluster = simulatedCluster({ nodes: nodeSpecs(1, 100, device) });
    const ran: Command[] = [];
    const storage = createCommandStorageNodes({
      runner: {
        run: (node, command, context) => {
          ran.push(command);
          return cluster.simulation.runner.run(node, command, context);
        },
      },
    });
    const [node] = cluster.nodes;
    if (node === undefined) {
      throw new Error('no node');
    }
    const { context } = cluster;
    const lanes = async (work: Promise<{ readonly kind: string }>) => {
      expect(await work).toMatchObject({ kind: 'done' });
      return [...new Set(ran.splice(0).map(({ lane }) => lane))];
    };
    const brick = brickOf(1, 0, { device });
    expect(await lanes(storage.prepareDevice(node, device, { wipe: false }, context))).toEqual([device]);
    expect(await lanes(storage.ensureBrick(node, brick, { pristine: true }, context))).toEqual([brick.id]);
    expect(await lanes(storage.growBrick(node, brick, context))).toEqual([brick.id]);
    expect(await lanes(storage.restoreBricks(node, device, context))).toEqual([device, brick.id]);
    expect(await lanes(storage.destroyBrick(node, brick, context))).toEqual([brick.id]);
    expect(await lanes(storage.inspectDevice(node, device, context))).toEqual([undefined]);
    expect(await lanes(storage.listBricks(node, device, context))).toEqual([undefined]);
  });
});
