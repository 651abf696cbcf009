/**
 * Bind mounts of a staged volume, one a pod. The kernel needs two steps for one that is read only: the mount, and its options. A plugin
 * that is killed between them leaves a writable mount behind which nobody has been given yet, and which must not be taken for one
 * that has. So the second step is made in any case, and sets an option that means nothing to gluster as the mark of completion.
 */
import { done, failed, rejected, waiting, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { CallContext, Standing } from './api.ts';
import * as argv from './argv.ts';
import { makeBarrier, removeBarrier } from './barrier.ts';
import { Host } from './host.ts';
import { isGluster, isReadOnly, readMountTable, topAt, volumeOf, type Mount } from './mountinfo.ts';
import { placesOf } from './place.ts';
import { at, type Room } from './room.ts';
import { see } from './sight.ts';
import { withoutDead } from './stage.ts';
import { bare } from './unstage.ts';

/** Directories' access times are not kept: a gluster mount leaves them to the bricks anyway. */
const completed = 'nodiratime';

export const publish = (
  room: Room,
  staged: string,
  target: string,
  { readOnly }: { readonly readOnly: boolean },
  context: CallContext,
): Promise<Outcome<void>> =>
  room.turns.take(target, async () => {
    const host = new Host(room, context, target);
    const places = await placesOf(host, room.kubeletDirectory, [staged, target]);
    if (places.kind !== 'done') {
      return places;
    }
    const [from = '', place = ''] = places.value;
    const source = await sourceAt(room, host, from);
    if (source.kind !== 'done') {
      return source;
    }
    const { mount, table } = source.value;
    const sight = await withoutDead(room, host, place, table);
    if (sight.kind !== 'found') {
      return sight;
    }
    const { standing, top } = sight.value;
    if (top === undefined || standing.kind !== 'mounted') {
      return (
        (await makeBarrier(host, place)) ??
        (await host.step(argv.bind(from, place))) ??
        complete(host, place, mount, readOnly)
      );
    }
    return differs(place, top, standing, mount) ?? settle(host, place, top, mount, readOnly);
  });

interface Source {
  readonly mount: Mount;
  readonly table: readonly Mount[];
}

async function sourceAt(room: Room, host: Host, staged: string): Promise<Outcome<Source>> {
  const sight = await see(room, host, staged);
  if (sight.kind !== 'found') {
    return sight;
  }
  const { top, standing, table } = sight.value;
  if (top === undefined || standing.kind === 'nothing') {
    return rejected(`${staged}: expected a staged gluster volume, got nothing`);
  }
  if (standing.kind === 'dead') {
    return waiting(
      { what: 'condition', name: `mount of ${standing.volume ?? staged}` },
      `${staged}: the mount is dead`,
    );
  }
  return isGluster(top)
    ? done({ mount: top, table })
    : rejected(`${staged}: expected a gluster volume, got ${top.source} (${top.fstype})`);
}

/** By the volume, not by the device: a target may show an earlier mount of it that works. */
function differs(place: string, top: Mount, standing: Standing, source: Mount): Setback | undefined {
  const wanted = volumeOf(source);
  return standing.kind === 'mounted' && standing.volume === wanted && top.root === source.root
    ? undefined
    : rejected(`${place}: expected ${wanted ?? source.source} or nothing, got ${top.source}`);
}

async function settle(host: Host, place: string, top: Mount, source: Mount, readOnly: boolean): Promise<Outcome<void>> {
  const half = !top.options.includes(completed);
  if (half) {
    return complete(host, place, source, readOnly);
  }
  return isReadOnly(top) === (readOnly || isReadOnly(source))
    ? done()
    : rejected(
        `${place}: is mounted ${readOnly ? 'writable, and is wanted read only' : 'read only, and is wanted writable'}`,
      );
}

/** Options of a single mount that carry over from the staged one. */
const inherited = /^(?:nosuid|nodev|noexec|noatime|relatime)$/;

async function complete(host: Host, place: string, source: Mount, readOnly: boolean): Promise<Outcome<void>> {
  const kept = source.options.filter((option) => inherited.test(option));
  const closed = readOnly || source.options.includes('ro');
  const setback = await host.step(argv.remount(place, [...kept, completed, closed ? 'ro' : 'rw']));
  if (setback !== undefined) {
    return setback;
  }
  const table = await host.look(argv.readMountTable(), readMountTable);
  if (table.kind !== 'found') {
    return table;
  }
  const top = topAt(table.value, place);
  return top !== undefined && top.options.includes(completed) && top.options.includes('ro') === closed
    ? done()
    : failed(
        `${place}: expected a ${closed ? 'read-only' : 'writable'} mount, got ${top?.options.join(',') ?? 'none'}`,
      );
}

export const unpublish = (room: Room, target: string, context: CallContext): Promise<Outcome<void>> =>
  at(
    room,
    target,
    context,
    async (host, place) => (await bare(host, place)) ?? (await removeBarrier(host, place)) ?? done(),
  );
