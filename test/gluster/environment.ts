import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Programs of the gluster level, each with arguments that make it say its version. */
const programs: readonly (readonly [string, readonly string[]])[] = [
  ['glusterd', ['--version']],
  ['gluster', ['--version']],
  ['mkfs.xfs', ['-V']],
  ['ip', ['-V']],
  ['unshare', ['--version']],
  ['nsenter', ['--version']],
  ['setpriv', ['--version']],
  ['losetup', ['--version']],
  ['setfattr', ['--version']],
  ['mount.glusterfs', ['-V']],
  ['ssh', ['-V']],
  ['sshd', ['-V']],
];

/** What this machine lacks of what the gluster level needs: names of programs, or `root`. Empty: nothing. */
export async function missingForGluster(): Promise<readonly string[]> {
  const absent = await Promise.all(
    programs.map(async ([program, args]) => {
      try {
        await run(program, [...args]);
        return [];
      } catch {
        return [program];
      }
    }),
  );
  return [...absent.flat(), ...(process.getuid?.() === 0 ? [] : ['root'])];
}
