/** `cat` of the kernel's boot id and `ip address`: what a node says about itself. */
import { isIP } from 'node:net';
import { complaint, printed, type Tool } from './tool.ts';

export const cat: Tool = (machine, [path, ...rest]) => {
  if (path === undefined || rest.length > 0) {
    return undefined;
  }
  return path === '/proc/sys/kernel/random/boot_id'
    ? printed(`${machine.bootId}\n`)
    : complaint(1, `cat: ${path}: No such file or directory`);
};

const address = (local: string, scope: string) => ({
  family: isIP(local) === 6 ? 'inet6' : 'inet',
  local,
  prefixlen: scope === 'host' ? 8 : 24,
  scope,
});

/** A machine has those of its host names that are addresses. */
export const ip: Tool = (machine, words) => {
  if (words.join(' ') !== '-json address show') {
    return undefined;
  }
  const own = [...new Set([machine.storage, machine.manage])].filter((host) => isIP(host) !== 0);
  const interfaces = [
    { ifindex: 1, ifname: 'lo', flags: ['LOOPBACK', 'UP'], addr_info: [address('127.0.0.1', 'host')] },
    { ifindex: 2, ifname: 'eth0', flags: ['UP'], addr_info: own.map((local) => address(local, 'global')) },
  ];
  return printed(JSON.stringify(interfaces));
};
