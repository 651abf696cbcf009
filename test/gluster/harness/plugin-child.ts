/**
 * A process that mounts, for tests to kill: stages a volume and publishes it once, by the words of its first argument, says `done` or
 * what else came of it, and waits.
 */
import { setInterval } from 'node:timers';
import { z } from 'zod';
import { findClientHost } from '../../../src/csi/mounts/client-host.ts';
import { openMounts } from '../../../src/csi/mounts/open.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { hostName, nodeId, volumeName } from '../../../src/domain/names.ts';
import { createLocalRunner } from '../../../src/gluster/local-runner.ts';
import { realClock } from '../../support/test-api.ts';
import { wholly } from './namespaces.ts';

const errand = z
  .object({
    pid: z.number(),
    kubeletDirectory: z.string(),
    staged: z.string(),
    target: z.string(),
    volume: z.string(),
    servers: z.array(z.string()),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));
const { kubeletDirectory } = errand;
const context = { signal: new AbortController().signal };
const node = { id: nodeId('client'), manage: hostName('client'), storage: hostName('client') };
const runner = createLocalRunner({ clock: realClock, prefix: wholly(errand.pid) });
const found = await findClientHost({ runner, log: silentLog, node, kubeletDirectory }, context);
if (found.kind !== 'done') {
  throw new Error(found.reason);
}
const mounts = openMounts({ runner, clock: realClock, log: silentLog, node, kubeletDirectory, ...found.value });
const wish = {
  volume: volumeName(errand.volume),
  servers: errand.servers.map((server) => hostName(server)),
  options: [],
  readOnly: false,
};
const staged = await mounts.stage(errand.staged, wish, context);
const shown = await mounts.publish(errand.staged, errand.target, { readOnly: false }, context);
process.stdout.write(`${JSON.stringify([staged, shown])}\n`);
setInterval(() => undefined, 60_000);
