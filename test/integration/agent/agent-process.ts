/** An agent in a process of its own, which can be killed, over simulated nodes that live on elsewhere. */
import { startAgent } from '../../../src/agent/server/agent.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { deviceName, nodeId } from '../../../src/domain/names.ts';
import { createHttpRunner } from '../../../src/gluster/http-runner.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import { realClock } from '../../support/test-api.ts';

const [id = '', device = '', port = '', certDir = '', url = '', token = ''] = process.argv.slice(2);
const agent = await startAgent({
  node: nodeId(id),
  devices: [deviceName(device)],
  nodes: createCommandStorageNodes({ runner: createHttpRunner({ url, token }) }),
  listen: { host: '127.0.0.1', port: Number(port) },
  certDir,
  version: 'test',
  clock: realClock,
  log: silentLog,
  pollMs: 200,
  retryMs: 20,
});
process.stdout.write(`${agent.url}\n`);
