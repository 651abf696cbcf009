/** `volume status` of one volume: the bricks of nodes that are seen, and their self-heal daemons. */
import type { Machine } from '../machine.ts';
import type { ToolResult } from '../tools/tool.ts';
import { refusal, success, type Body } from './answers.ts';
import type { PoolVolume, TrustedPool } from './pool.ts';
import { noSuchVolume } from './volume-commands.ts';

const refused = (text: string): ToolResult => refusal(text, 30800, { cliOp: 'volStatus', output: text });

const entry = (hostname: string, path: string, { uuid }: Machine, online: boolean, port: number | 'N/A'): Body => ({
  hostname,
  path,
  peerid: uuid,
  status: online ? 1 : 0,
  port,
  ports: { tcp: port, rdma: 'N/A' },
  pid: online ? 100 : -1,
});

export function volumeStatus(pool: TrustedPool, origin: Machine, name: string): ToolResult {
  const volume = pool.volume(name);
  if (volume === undefined) {
    return refused(noSuchVolume(name));
  }
  if (volume.status !== 'started') {
    return refused(`Volume ${name} is not started`);
  }
  const connected = pool.connected(origin);
  const bricks = volume.bricks
    .filter(({ machine }) => connected.includes(machine))
    .map(({ machine, host, path }) => {
      const online = machine.served.has(path);
      return entry(host, path, machine, online, online ? 49_152 : 'N/A');
    });
  const node = [...bricks, ...daemons(volume, origin, connected)];
  return success({ volStatus: { volumes: { volume: { volName: name, nodeCount: node.length, node, tasks: '' } } } });
}

/** One on every node that is seen, whether it has a brick of the volume or not. */
const daemons = ({ replica, disperse }: PoolVolume, origin: Machine, connected: readonly Machine[]): readonly Body[] =>
  replica === 1 && disperse === 0
    ? []
    : connected.map((machine) =>
        entry('Self-heal Daemon', machine === origin ? 'localhost' : machine.storage, machine, true, 'N/A'),
      );
