/**
 * Our mounts on this node, found in the kernel's tables alone: whatever a plugin that has gone had mounted is known again
 * after two looks, however many there are.
 */
import type { VolumeName } from '../../domain/names.ts';
import type { Setback } from '../../domain/outcome.ts';
import * as argv from './argv.ts';
import { readClients, type Client } from './clients.ts';
import { found, type Found, type Host } from './host.ts';
import { isGluster, isReadOnly, readMountTable, volumeOf, type Mount } from './mountinfo.ts';
import type { Room } from './room.ts';

export interface Shown {
  readonly directory: string;
  readonly readOnly: boolean;
}

/** A staged volume and where pods see it. */
export interface KnownMount {
  readonly volume?: VolumeName;
  /** Where it is staged, as the kernel has it. Of a mount of which only bind mounts are left: one of those. */
  readonly directory: string;
  readonly targets: readonly Shown[];
  /** Where pods see an earlier mount of the volume, which has died, or been taken away by others. */
  readonly stale: readonly Shown[];
  /** Absent: it has ended, or cannot be found. */
  readonly client?: Client;
}

/** Kubelets of 1.25 and before mount for themselves below this; their mounts are none of ours. */
const inTree = '/volumes/kubernetes.io~glusterfs/';
const pods = '/pods/';

export async function known(room: Room, host: Host): Promise<Found<readonly KnownMount[]> | Setback> {
  const folder = await host.look(argv.resolvePaths(room.kubeletDirectory), (text) => text.trim());
  if (folder.kind !== 'found') {
    return folder;
  }
  const table = await host.look(argv.readMountTable(), readMountTable);
  if (table.kind !== 'found') {
    return table;
  }
  // After the table: a client that ended in between is then seen as gone, one that came is not missed.
  const clients = await host.look(argv.listProcesses(), readClients);
  if (clients.kind !== 'found') {
    return clients;
  }
  return found(group(table.value, clients.value, folder.value));
}

/** `folder`: the kubelet's. */
function group(table: readonly Mount[], clients: readonly Client[], folder: string): readonly KnownMount[] {
  const ours = table.filter(
    (mount) => isGluster(mount) && mount.target.startsWith(`${folder}/`) && !mount.target.includes(inTree),
  );
  const byDirectory = new Map(clients.map((client) => [client.directory, client]));
  const devices = [...Map.groupBy(ours, ({ device }) => device).values()];
  const isPod = ({ target }: Mount): boolean => !byDirectory.has(target) && target.startsWith(`${folder}${pods}`);
  const staged = devices.filter((mounts) => !mounts.every(isPod));
  const orphans = devices.filter((mounts) => mounts.every(isPod)).flat();
  const volumes = new Set(staged.flat().map(volumeOf));
  const alone = orphans.filter((mount) => !volumes.has(volumeOf(mount))).map((mount) => [mount]);
  return [...staged, ...alone]
    .map((mounts) => knownOf(mounts, byDirectory, isPod, orphans))
    .filter(({ client }) => client === undefined || client.label !== undefined);
}

function knownOf(
  mounts: readonly Mount[],
  clients: ReadonlyMap<string, Client>,
  isPod: (mount: Mount) => boolean,
  orphans: readonly Mount[],
): KnownMount {
  const stager = mounts.find(({ target }) => clients.has(target)) ?? mounts.find((mount) => !isPod(mount));
  const directory = (stager ?? mounts[0])?.target ?? '';
  const volume = mounts.map(volumeOf).find((name) => name !== undefined);
  const client = clients.get(directory);
  const stale = orphans.filter((mount) => !mounts.includes(mount) && volumeOf(mount) === volume);
  return {
    directory,
    targets: mounts.filter(({ target }) => target !== directory).map(shownAt),
    stale: stale.map(shownAt),
    ...(volume === undefined ? {} : { volume }),
    ...(client === undefined ? {} : { client }),
  };
}

const shownAt = (mount: Mount): Shown => ({ directory: mount.target, readOnly: isReadOnly(mount) });
