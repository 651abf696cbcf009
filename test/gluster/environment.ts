import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { hidden, isHidden, otherRoot, withinRoot } from './harness/root.ts';

const run = promisify(execFile);

type Program = readonly [name: string, args: readonly string[]];

/** Programs of the nodes, each with arguments that make it say its version. */
const ofNodes: readonly Program[] = [
  ['glusterd', ['--version']],
  ['gluster', ['--version']],
  ['mkfs.xfs', ['-V']],
  ['ip', ['-V']],
  ['losetup', ['--version']],
  ['setfattr', ['--version']],
  ['mount.glusterfs', ['-V']],
  ['ps', ['--version']],
  ['lsattr', ['-V']],
  ['sshd', ['-V']],
];

/** Programs of this machine, whatever the nodes' are. */
const ofMachine: readonly Program[] = [
  ['ip', ['-V']],
  ['unshare', ['--version']],
  ['nsenter', ['--version']],
  ['setpriv', ['--version']],
  ['losetup', ['--version']],
  ['ssh', ['-V']],
];

/** Words that start a program as a node would. */
export const asOnNode: readonly string[] = otherRoot === undefined ? [] : ['unshare', '--mount', '--', ...withinRoot];

async function absent(programs: readonly Program[], prefix: readonly string[]): Promise<readonly string[]> {
  const names = await Promise.all(
    programs.map(async ([name, args]) => {
      const [program = '', ...words] = [...prefix, name, ...args];
      return run(program, words).then(
        () => [],
        () => [name],
      );
    }),
  );
  return names.flat();
}

/** What this machine lacks of what the gluster level needs: names of programs, or `root`. Empty: nothing. */
export async function missingForGluster(): Promise<readonly string[]> {
  const [machine, nodes] = await Promise.all([absent(ofMachine, []), absent(ofNodes, asOnNode)]);
  const own = [fileURLToPath(import.meta.url), process.execPath, tmpdir()];
  return [
    ...new Set([...machine, ...nodes]),
    ...(process.getuid?.() === 0 ? [] : ['root']),
    ...(own.some(isHidden) ? [`checkout, Node.js and temporary folder outside of ${hidden.join(', ')}`] : []),
  ];
}
