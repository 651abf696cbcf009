/** The settings of `brickyard node serve` and `node probe`, from BRICKYARD_NODE_ variables and flags. */
import { z } from 'zod';
import { hostPath, type HostPath } from '../../csi/protocol/grammar.ts';
import { csiDriverName } from '../../domain/csi-names.ts';
import { nodeId } from '../../domain/names.ts';
import { fieldsOf, type ConfigField } from '../config/fields.ts';
import { choice, count, duration, name, path, words, type Leaf } from '../config/leaf.ts';
import { mergeSources } from '../config/merge.ts';
import { fromEnvironment, fromFlags } from '../config/sources.ts';
import { UsageError } from '../exit-codes.ts';

const place = (description: string): Leaf<HostPath> =>
  name(description, 'an absolute path without . or .. in it', (text) => hostPath(text.replace(/\/+$/, ''), 'path'));

const places = {
  kubeletDir: place("The kubelet's folder, as the host names it.").prefault('/var/lib/kubelet'),
  csiSocket: place(
    `Socket of the plugin, under the same path in here and on the host. Absent: plugins/${csiDriverName}/csi.sock in the kubelet's folder.`,
  ).optional(),
};

const nodeSchema = z.strictObject({
  name: name("This node's name in Kubernetes.", 'a lower-case DNS name', (text) => nodeId(text)),
  ...places,
  registrationDir: place(
    "Folder in which kubelets look for plugins. Absent: plugins_registry in the kubelet's folder.",
  ).optional(),
  prefix: words('Words that go before every command, for a container that works on its host.').prefault(''),
  maxVolumes: count(
    'Volumes that Kubernetes may have mounted on this node at one time; 0: any number.',
    0,
    100_000,
  ).prefault('0'),
  kubeconfig: path('Path of a kubeconfig. Absent: the service account of this pod.').optional(),
  watchInterval: duration('Time between two looks at what is mounted on this node.').prefault('30s'),
  shutdownGrace: duration('How long what runs may take to finish after SIGTERM before it is aborted.').prefault('30s'),
  logLevel: choice('Least severe messages that are logged.', ['debug', 'info', 'warn', 'error']).prefault('info'),
  logFormat: choice('auto: lines for people on a terminal, JSON elsewhere.', ['auto', 'json', 'pretty']).prefault(
    'auto',
  ),
});

const probeSchema = z.strictObject({
  ...places,
  timeout: duration('How long the answer may take.').prefault('5s'),
});

interface Places {
  readonly csiSocket: HostPath;
}

export interface NodeConfig extends Omit<z.output<typeof nodeSchema>, keyof Places | 'registrationDir'>, Places {
  readonly registrationDir: HostPath;
}

export interface ProbeConfig extends Omit<z.output<typeof probeSchema>, keyof Places>, Places {}

const prefix = 'BRICKYARD_NODE';
export const nodeFields: readonly ConfigField[] = fieldsOf(nodeSchema, prefix);
export const probeFields: readonly ConfigField[] = fieldsOf(probeSchema, prefix);

type Flags = ReadonlyMap<string, string>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Throws UsageError with every problem on a line of its own. */
export function loadNodeConfig(flags: Flags, environment: Environment): NodeConfig {
  // Settings of the controller may stand in the same environment.
  const own = picked(environment, (variable) => variable.startsWith(`${prefix}_`));
  const config = load(nodeSchema, nodeFields, flags, own);
  const { kubeletDir, registrationDir = hostPath(`${kubeletDir}/plugins_registry`, 'registrationDir') } = config;
  return { ...config, csiSocket: socketOf(config), registrationDir };
}

/** As loadNodeConfig. The settings of `node serve` may stand in the same environment. */
export function loadProbeConfig(flags: Flags, environment: Environment): ProbeConfig {
  const known = new Set(probeFields.map(({ env }) => env));
  const own = picked(environment, (variable) => known.has(variable));
  const config = load(probeSchema, probeFields, flags, own);
  return { ...config, csiSocket: socketOf(config) };
}

const picked = (environment: Environment, wanted: (variable: string) => boolean): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([variable]) => wanted(variable)));

function load<T>(schema: z.ZodType<T>, fields: readonly ConfigField[], flags: Flags, own: Environment): T {
  const { data, problems } = mergeSources(schema, fields, [fromEnvironment(fields, own), fromFlags(fields, flags)]);
  if (data === undefined || problems.length > 0) {
    throw new UsageError(problems.join('\n'));
  }
  return data;
}

function socketOf(config: { readonly kubeletDir: HostPath; readonly csiSocket?: HostPath | undefined }): HostPath {
  return config.csiSocket ?? hostPath(`${config.kubeletDir}/plugins/${csiDriverName}/csi.sock`, 'csiSocket');
}
