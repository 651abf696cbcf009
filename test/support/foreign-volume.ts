/** A gluster volume that Brickyard did not make, on simulated nodes whose first device it has prepared. */
import { volumeName } from '../../src/domain/names.ts';
import { brickFootprint } from '../../src/domain/placement/footprint.ts';
import { bytes, GiB } from '../../src/domain/quantity.ts';
import * as files from '../../src/gluster/argv/files.ts';
import { volumeCreate, volumeStart } from '../../src/gluster/argv/gluster.ts';
import * as lvm from '../../src/gluster/bricks/lvm-thin/argv.ts';
import { volumeGroupOf, type BrickPlace } from '../../src/gluster/bricks/lvm-thin/names.ts';
import type { Command } from '../../src/gluster/runner.ts';
import type { Simulation } from '../../src/gluster/simulated/simulation.ts';
import type { SimulatedNodeSpec } from '../../src/gluster/simulated/topology.ts';

const signal = new AbortController().signal;

/** Has gluster create and start a volume of three copies, each on a file system of its own, as heketi mounts them. */
export async function makeForeignVolume(
  { runner }: Simulation,
  nodes: readonly SimulatedNodeSpec[],
  name: string,
): Promise<void> {
  const run = async (node: SimulatedNodeSpec, command: Command): Promise<void> => {
    const result = await runner.run(node, command, { signal });
    if (result.kind !== 'exited' || result.exitCode !== 0) {
      throw new Error(`${command.argv.join(' ')}: ${JSON.stringify(result)}`);
    }
  };
  const size = bytes(5 * GiB);
  const mountpoint = `/var/lib/heketi/mounts/vg_a/${name}`;
  const [via, ...others] = nodes.slice(0, 3);
  if (via === undefined) {
    throw new Error('no node');
  }
  const bricks = [];
  for (const node of [via, ...others]) {
    const [device] = node.devices;
    if (device === undefined) {
      throw new Error(`node ${node.id} has no device`);
    }
    const group = volumeGroupOf(node.id, device.name);
    const path = `${mountpoint}/brick`;
    const place: BrickPlace = {
      group,
      pool: `tp_${name}`,
      volume: name,
      device: `/dev/mapper/${group}-${name}`,
      mountpoint,
      path,
    };
    await run(node, lvm.lvCreateBrick(place, size, brickFootprint({ size, snapshotFactor: 1 }), []));
    await run(node, files.makeXfs(place.device, { arbiter: false }));
    await run(node, files.makeDirectory(mountpoint));
    await run(node, files.mountXfs(place.device, mountpoint));
    bricks.push({ host: node.storage, path, arbiter: false });
  }
  const spec = { name: volumeName(name), durability: { kind: 'replicate', count: 3 } as const, bricks };
  await run(via, volumeCreate(spec));
  await run(via, volumeStart(spec.name));
}
