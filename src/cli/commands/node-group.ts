import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { addNodeProbe, addNodeServe } from './node-serve.ts';

/**
 * `brickyard node`: storage nodes, and the plugin on nodes of Kubernetes. `words` are those behind `node`: when they can only
 * mean the plugin, which sits on every node and must be small, nothing is loaded for the others.
 */
export async function addNodeGroup(program: Command, context: CommandContext, words: readonly string[]): Promise<void> {
  const node = program
    .command('node')
    .description('Show, add and remove storage nodes; run the plugin by which a node of Kubernetes mounts volumes.')
    .addHelpText(
      'after',
      '\nExamples:\n  brickyard node list\n  brickyard node add node-a1 --zone a --device /dev/vdb\n  brickyard node serve --name worker-1',
    );
  if (!meansPlugin(words)) {
    const { addNodeCommands } = await import('./node.ts');
    addNodeCommands(node, context);
  }
  addNodeServe(node, context);
  addNodeProbe(node, context);
}

function meansPlugin([first]: readonly string[]): boolean {
  return (
    first === undefined ||
    first === 'serve' ||
    first === 'probe' ||
    (first.startsWith('-') && first !== '-h' && first !== '--help')
  );
}
