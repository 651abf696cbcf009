/**
 * The directory that is mounted on. Nobody can write into it while nothing is: a mount that is lost gives errors, and no pod
 * fills the node's own disk unnoticed.
 */
import { rejected, type Setback } from '../../domain/outcome.ts';
import type { Exited } from '../../gluster/runner.ts';
import * as argv from './argv.ts';
import type { Host } from './host.ts';

/** Nothing may be mounted there: all of this would be done to what is mounted. */
export async function makeBarrier(host: Host, directory: string): Promise<Setback | undefined> {
  const setback = await host.step(argv.makeDirectory(directory));
  if (setback !== undefined) {
    return setback;
  }
  const type = await host.look(argv.fileType(directory), (text) => text.trim());
  if (type.kind !== 'found') {
    return type;
  }
  return type.value === 'directory'
    ? close(host, directory)
    : rejected(`${directory}: expected a directory, got a ${type.value}`);
}

/** File systems without the attribute say so, each in one of these ways. */
const unsupported = /Operation not supported|Inappropriate ioctl for device|Function not implemented|Invalid argument/;

async function close(host: Host, directory: string): Promise<Setback | undefined> {
  const command = argv.setImmutable(directory, true);
  const exited = await host.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode === 0) {
    return undefined;
  }
  if (!unsupported.test(exited.stderr)) {
    return host.failure(command, exited);
  }
  host.warnOnce(
    { reason: exited.stderr.trim() },
    'the file system of the kubelet folder has no immutable directories: those that are mounted on have mode 000 instead, which does not stop root',
  );
  return host.step(argv.closeToAll(directory));
}

/** Takes the empty directory away. Nothing is mounted there. */
export async function removeBarrier(host: Host, directory: string): Promise<Setback | undefined> {
  const setback = await host.step(
    argv.setImmutable(directory, false),
    (exited) => missing(exited) || unsupported.test(exited.stderr),
  );
  return setback ?? host.step(argv.removeDirectory(directory), missing);
}

const missing = ({ stderr }: Exited): boolean => /No such file or directory/.test(stderr);
