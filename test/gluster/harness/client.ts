/** A machine in the cluster's network that is no storage node: it mounts volumes, as a Kubernetes node would. */
import { waitFor } from '../../support/wait-for.ts';
import { RealNode } from './real-node.ts';

export class Client extends RealNode {
  /** Mounts `host:/volume` on a new directory and resolves with its path. It goes with the cluster, or by `unmount`. */
  async mount(source: string, ...options: readonly string[]): Promise<string> {
    const target = `/run/mounts/${source.replaceAll(/[^\w-]/g, '_')}`;
    await this.must('mkdir', '-p', target);
    const words = options.flatMap((option) => ['-o', option]);
    await this.must('mount', '-t', 'glusterfs', ...words, source, target);
    // mount(8) answers before the file system does.
    await waitFor(`${source} is mounted`, async () => (await this.run('stat', '-f', target)).exitCode === 0);
    return target;
  }

  async unmount(target: string): Promise<void> {
    await this.must('umount', target);
    await this.must('rmdir', target);
  }
}
