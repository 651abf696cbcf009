/**
 * A test run for harness.test.ts to kill: a cluster with a brick on a loop device and a volume that a client has mounted.
 * Says on its standard output where that is, and waits.
 */
import { setInterval } from 'node:timers';
import { startRealCluster } from './cluster.ts';

const cluster = await startRealCluster(2);
for (const node of cluster.nodes) {
  const image = `${node.devices[0]}/brick.xfs`;
  await node.must('truncate', '-s', '300M', image);
  await node.must('mkfs.xfs', '-q', image);
  await node.must('mkdir', '-p', '/var/lib/brickyard/bricks/brick');
  await node.must('mount', '-o', 'loop', image, '/var/lib/brickyard/bricks/brick');
  await node.must('mkdir', '/var/lib/brickyard/bricks/brick/brick');
}
const [first] = cluster.nodes;
if (first === undefined) {
  throw new Error('no node');
}
const bricks = cluster.nodes.map((node) => `${node.storage}:/var/lib/brickyard/bricks/brick/brick`);
await first.must('gluster', '--mode=script', 'volume', 'create', 'vol', ...bricks);
await first.must('gluster', '--mode=script', 'volume', 'start', 'vol');
await cluster.client.mount(`${first.storage}:/vol`);
process.stdout.write(
  `${JSON.stringify({
    directory: cluster.directory,
    processes: [cluster.outer, cluster.client.pid, ...cluster.nodes.map(({ pid }) => pid)],
  })}\n`,
);
setInterval(() => undefined, 60_000);
