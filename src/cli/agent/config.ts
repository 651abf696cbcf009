/** The settings of `brickyard agent`, from a file, BRICKYARD_AGENT_ variables and flags. */
import { z } from 'zod';
import { defaultAgentPort } from '../../agent/protocol/messages.ts';
import { messageOf } from '../../domain/error-message.ts';
import { deviceName, nodeId, type DeviceName, type NodeId } from '../../domain/names.ts';
import { fieldsOf, type ConfigField } from '../config/fields.ts';
import { fromFile, readConfigFile } from '../config/file-source.ts';
import { choice, count, duration, path, text, words } from '../config/leaf.ts';
import { mergeSources } from '../config/merge.ts';
import { fromEnvironment, fromFlags } from '../config/sources.ts';
import { UsageError } from '../exit-codes.ts';

const deviceList = z.array(z.string(), 'expected a list of paths');

const agentSchema = z.strictObject({
  node: text('Id of this node, as the topology has it.', 'a lower-case DNS name', /^\S+$/),
  devices: z
    .union([z.string(), deviceList, z.record(z.string(), deviceList)], {
      error: () => 'expected a list of paths such as /dev/vdb, or such a list for each node',
    })
    .meta({
      description:
        'Disks and folders that the agent may touch, and no others. In a file: a list, or a list for each node.',
      expected: 'paths such as /dev/vdb, separated by commas',
    })
    .prefault(''),
  listen: text(
    'Address and port to listen on. Port 0 takes any free one, which the log names.',
    'an IP address and a port, such as 0.0.0.0:24017 or [::]:24017',
    /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\]):\d{1,5}$/,
  ).prefault(`0.0.0.0:${defaultAgentPort}`),
  certDir: path(
    'Folder with tls.crt, tls.key and ca.crt: who this agent is, and whose controller it believes. Read again when they change.',
  ).prefault('/etc/brickyard/tls'),
  prefix: words('Words that go before every command, for a container that works on its host.').prefault(''),
  changes: count('Changes that run at once; others wait.', 1, 256).prefault(16),
  shutdownGrace: duration('How long what runs may take to finish after SIGTERM before it is aborted.').prefault('30s'),
  logLevel: choice('Least severe messages that are logged.', ['debug', 'info', 'warn', 'error']).prefault('info'),
  logFormat: choice('auto: lines for people on a terminal, JSON elsewhere.', ['auto', 'json', 'pretty']).prefault(
    'auto',
  ),
});
type Parsed = z.output<typeof agentSchema>;

export interface AgentConfig extends Omit<Parsed, 'node' | 'devices' | 'listen'> {
  readonly node: NodeId;
  readonly devices: readonly DeviceName[];
  readonly listen: { readonly host: string; readonly port: number };
}

/** A device a flag: `--device /dev/vdb --device /dev/vdc`. */
export const agentFields: readonly ConfigField[] = fieldsOf(agentSchema, 'BRICKYARD_AGENT').map((field) =>
  field.path[0] === 'devices' ? { ...field, flag: '--device' } : field,
);

const environmentPrefix = 'BRICKYARD_AGENT_';
const fileVariable = `${environmentPrefix}CONFIG`;

/** Throws UsageError with every problem on a line of its own. */
export async function loadAgentConfig(
  flags: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
  fileName: string | undefined,
): Promise<AgentConfig> {
  // Settings of the controller may stand in the same environment.
  const own = Object.fromEntries(
    Object.entries(environment).filter(([name]) => name.startsWith(environmentPrefix) && name !== fileVariable),
  );
  const name = fileName ?? environment[fileVariable];
  const source = fileName === undefined ? `env ${fileVariable}` : 'flag --config';
  const file = name === undefined || name === '' ? undefined : fromFile(name, await readConfigFile(name, source));
  const { data, problems, sourceOf } = mergeSources(agentSchema, agentFields, [
    ...(file === undefined ? [] : [file]),
    fromEnvironment(agentFields, own),
    fromFlags(agentFields, flags),
  ]);
  const found = [...problems];
  const config =
    data === undefined
      ? undefined
      : complete(data, (field, message) => {
          found.push(`${sourceOf([field])}: ${message}`);
        });
  if (config === undefined || found.length > 0) {
    throw new UsageError(found.join('\n'));
  }
  return config;
}

type Complain = (field: keyof Parsed, message: string) => void;

function complete({ node, devices, listen, ...rest }: Parsed, complain: Complain): AgentConfig | undefined {
  const id = attempt('node', complain, () => nodeId(node));
  if (id === undefined) {
    return undefined;
  }
  const named = devicesOf(devices, id, complain).flatMap(
    (device) => attempt('devices', complain, () => deviceName(device)) ?? [],
  );
  if (named.length === 0) {
    complain('devices', 'expected at least one device, got none');
  }
  if (new Set(named).size < named.length) {
    complain('devices', `expected each device once, got ${named.join(', ')}`);
  }
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(listen) ?? [];
  if (Number(port) > 65_535) {
    complain('listen', `expected a port up to 65535, got ${port}`);
  }
  return { ...rest, node: id, devices: named, listen: { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) } };
}

function devicesOf(devices: Parsed['devices'], node: NodeId, complain: Complain): readonly string[] {
  if (typeof devices === 'string') {
    return devices
      .split(',')
      .map((device) => device.trim())
      .filter((device) => device !== '');
  }
  if (Array.isArray(devices)) {
    return devices;
  }
  const own = devices[node];
  if (own === undefined) {
    complain('devices', `expected a list for ${node}, got lists for ${Object.keys(devices).join(', ')}`);
  }
  return own ?? [];
}

function attempt<T>(field: keyof Parsed, complain: Complain, parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    complain(field, messageOf(error).replace(/^[a-z ]+: /, ''));
    return undefined;
  }
}
