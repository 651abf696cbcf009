/** sshd on nodes of a test cluster: one key logs root in, and nothing else does. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RealCluster } from './cluster.ts';
import { must } from './namespaces.ts';
import type { RealNode } from './real-node.ts';

export interface SshAccess {
  readonly keyFile: string;
  readonly knownHostsFile: string;
  /** Starts it on a node that was booted. */
  start(node: RealNode): Promise<void>;
}

/** Makes keys, and starts sshd on every node. */
export async function startSshd({ directory, nodes }: RealCluster): Promise<SshAccess> {
  const folder = join(directory, 'ssh');
  await mkdir(folder);
  const [keyFile, hostKey, knownHostsFile] = [join(folder, 'id'), join(folder, 'host'), join(folder, 'known_hosts')];
  for (const path of [keyFile, hostKey]) {
    await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);
  }
  const [type = '', key = ''] = (await readFile(`${hostKey}.pub`, 'utf8')).split(' ');
  await writeFile(knownHostsFile, nodes.map(({ manage }) => `${manage} ${type} ${key}\n`).join(''));
  const config = join(folder, 'sshd_config');
  await writeFile(config, sshdConfig(keyFile, hostKey));
  const start = async (node: RealNode): Promise<void> => {
    await node.must('/usr/sbin/sshd', '-f', config);
  };
  await Promise.all(nodes.map((node) => start(node)));
  return { keyFile, knownHostsFile, start };
}

const sshdConfig = (keyFile: string, hostKey: string): string =>
  [
    'Port 22',
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${keyFile}.pub`,
    'PidFile /run/sshd.pid',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'UseDNS no',
    // A shell that sshd starts reads ~/.bashrc: that of whoever runs the tests is no part of them.
    'SetEnv HOME=/run',
    // The folder above is /tmp, which everybody may write to.
    'StrictModes no',
    '',
  ].join('\n');
