/** Problems of nodes in words: what each means, and what to do about it. */
import type { NodeProblem } from './api.ts';

/** A phrase for people, after `node n1:`. */
export function describeProblem(problem: NodeProblem): string {
  switch (problem.kind) {
    case 'unreachable':
      return `it does not answer: ${problem.reason}`;
    case 'glusterd-down':
      return 'its glusterd does not answer';
    case 'reinstalled':
      return `gluster on it has the UUID ${problem.found}, the pool knows ${problem.storage} as ${problem.expected}: it was installed anew`;
    case 'not-in-pool':
      return `no other node of its cluster has it (gluster UUID ${problem.found}) in the trusted pool`;
    case 'rejected':
      return `${listed(problem.by)} of its trusted pool reject${problem.by.length === 1 ? 's' : ''} it (gluster peer status: Peer Rejected): its gluster has a volume in another form than theirs`;
    case 'address-changed':
      return `it has none of the addresses that ${problem.storage} stands for (${listed(problem.expected)}), but ${listed(problem.found)}`;
    case 'device-missing':
      return `${problem.device} is not there (${counted(problem.bricks)} recorded on it)`;
    case 'device-empty':
      return `${problem.device} is not prepared any more: another disk, or wiped (${counted(problem.bricks)} recorded on it)`;
    case 'device-unreadable':
      return `${problem.device} cannot be read (${counted(problem.bricks)} recorded on it): ${problem.reason}`;
    case 'not-restored':
      return `its bricks are not all back yet: ${problem.reason}`;
  }
}

/** It takes the volumes from the others when it has none itself, and starts its bricks of those that there are. */
const takeVolumesAnew = [
  'there and on no other node, once "gluster volume list" on another one shows all volumes (docs/nodes.md, "A rejected node"):',
  'systemctl stop glusterd',
  'pkill --exact glusterfsd',
  'mv /var/lib/glusterd/vols /var/lib/glusterd/vols.rejected',
  'systemctl start glusterd',
].join('\n       ');

/** What somebody has to do, as an imperative. */
export function remedyOf(problem: NodeProblem): string {
  switch (problem.kind) {
    case 'unreachable':
      return 'see that the machine runs, and that its agent (or sshd) can be reached from the controller';
    case 'glusterd-down':
      return 'start glusterd there: systemctl start glusterd; if it ends at once over a volume that it cannot restore, see docs/nodes.md, "A rejected node"';
    case 'reinstalled':
      return 'give it its old UUID back in /var/lib/glusterd/glusterd.info and let it probe its pool (docs/nodes.md), or replace its bricks and remove it';
    case 'not-in-pool':
      return 'probe it from a node of the pool: gluster peer probe';
    case 'rejected':
      return takeVolumesAnew;
    case 'address-changed':
      return 'give it its address back, or let the host name stand for the new one';
    case 'device-missing':
      return 'put the disk back; what was on it comes back with it';
    case 'device-empty':
      return 'if the old disk exists, put it back; if not, its bricks have to be replaced';
    case 'device-unreadable':
      return 'look at the disk and at the log of the node';
    case 'not-restored':
      return 'nothing: it is tried again at each look';
  }
}

/** One word in CamelCase, for the reason of a condition. */
export function reasonOf({ kind }: NodeProblem): string {
  return kind
    .split('-')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');
}

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

const counted = (bricks: number): string => `${bricks} brick${bricks === 1 ? '' : 's'}`;
