import { expect, test } from 'vitest';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import { brickIdFor, deviceName, hostName, nodeId, volumeId } from '../../../src/domain/names.ts';
import { notLeading, type CommandRunner } from '../../../src/gluster/runner.ts';
import { createSimulation } from '../../../src/gluster/simulated/simulation.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { mulberry32 } from '../../support/random.ts';

const device = deviceName('/dev/vdb');
const node = { id: nodeId('node-1'), manage: hostName('node-1'), storage: hostName('198.51.100.1') };
const volume = volumeId('8f14e45f-ceea-467a-a34b-0123456789ab');
const brick = {
  id: brickIdFor(volume, 0, 0),
  volume,
  device,
  size: bytes(GiB),
  snapshotFactor: 1,
  arbiter: false,
};
const context = { signal: new AbortController().signal };

test('a verb that is under way when the right to act ends sends no further command', async () => {
  const simulation = createSimulation({
    nodes: [{ ...node, devices: [{ name: device, size: bytes(100 * GiB) }] }],
    clock: new FakeClock(),
    random: mulberry32(1),
  });
  const sent: string[] = [];
  let until = Number.POSITIVE_INFINITY;
  const counting: CommandRunner = {
    run: async (to, command, about) => {
      if (sent.length >= until) {
        return notLeading;
      }
      sent.push(command.argv.join(' '));
      return simulation.runner.run(to, command, about);
    },
  };
  const nodes = createCommandStorageNodes({ runner: counting });
  expect((await nodes.prepareDevice(node, device, { wipe: false }, context)).kind).toBe('done');
  const prepared = sent.length;

  until = prepared + 3;
  const outcome = await nodes.ensureBrick(node, brick, { pristine: false }, context);
  expect(sent).toHaveLength(prepared + 3);
  // What was begun stays, and is carried on by whoever leads.
  expect(outcome.kind).not.toBe('done');
  expect(outcome.kind).not.toBe('rejected');

  until = Number.POSITIVE_INFINITY;
  expect((await nodes.ensureBrick(node, brick, { pristine: false }, context)).kind).toBe('done');
});
