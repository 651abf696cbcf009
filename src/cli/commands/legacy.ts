import type { Command } from 'commander';
import { silentLog } from '../../domain/log.ts';
import type { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Config } from '../config/schema.ts';
import { CommandError } from '../exit-codes.ts';
import { findLegacy, type FoundLegacy } from '../legacy/cluster-side.ts';
import { storageKnowledge } from '../legacy/knowledge.ts';
import { viewLegacy } from '../legacy/view.ts';
import { legacyText } from '../output/legacy.ts';
import { json } from '../output/table.ts';
import { createKubeClient } from '../serve/kube-client.ts';
import { systemClock } from '../system-clock.ts';
import { addConfigOptions, configOf } from './config-options.ts';
import type { CommandContext } from './context.ts';
import { outputOption } from './output-option.ts';

const after = `
It only looks. The server that runs on the admin socket is asked for its topology, its records and the names of
gluster's volumes; without one, whether gluster has a volume is unknown. Brickyard itself never changes such a
PersistentVolume, nor the volume behind it.

Examples:
  brickyard legacy list
  brickyard legacy list -o json

docs/legacy.md says what can be done with them.`;

/** Where Kubernetes and the server are: no state file is opened here. */
const wantedFlags: ReadonlySet<string> = new Set([
  '--provisioner',
  '--kubeconfig',
  '--context',
  '--state-dir',
  '--admin-socket',
]);

export function addLegacyCommand(program: Command, { io }: CommandContext): void {
  const legacy = program
    .command('legacy')
    .description('Show glusterfs PersistentVolumes that heketi, kubernetes.io/glusterfs or people made.');
  const list = legacy
    .command('list')
    .description('List them, with their volumes in gluster and what can be done next.')
    .addOption(outputOption())
    .addHelpText('after', after);
  addConfigOptions(list, (flag) => wantedFlags.has(flag));
  list.action(async ({ output }: { readonly output: 'table' | 'json' }) => {
    const config = await configOf(list, io);
    const found = await readCluster(config);
    const storage = await storageKnowledge(config.admin.socket, io);
    const views = found.map((each) => viewLegacy(each, storage));
    io.out(output === 'json' ? json(views) : legacyText(views));
  });
}

async function readCluster(config: Config): Promise<readonly FoundLegacy[]> {
  const parts = { clock: systemClock, random: Math.random, log: silentLog, observer: { called: () => undefined } };
  let kube: KubeClient | undefined;
  try {
    kube = await createKubeClient({ ...parts, config });
    return await findLegacy(kube, config.provisioner);
  } catch (error) {
    if (error instanceof KubeError) {
      throw new CommandError(`the PersistentVolumes could not be read: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    await kube?.close();
  }
}
