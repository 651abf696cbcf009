/** The one way to get at mounts. */
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { done, type Outcome } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { CommandRunner } from '../../gluster/runner.ts';
import type { CallContext, Mounts, Standing } from './api.ts';
import { Bell } from './bell.ts';
import type { ClientHost } from './client.ts';
import { Host } from './host.ts';
import { known, type KnownMount } from './known.ts';
import { placeOf } from './place.ts';
import { publish, unpublish } from './publish.ts';
import type { Room } from './room.ts';
import { see } from './sight.ts';
import { stage } from './stage.ts';
import { Turns } from './turns.ts';
import { unstage } from './unstage.ts';
import { usage } from './usage.ts';
import { watch, type WatchOptions } from './watch.ts';

/** `client` and `cgroup`: what `findClientHost` found. */
export interface MountsOptions extends ClientHost {
  /** Runs commands in the host's mount, network and control group namespaces, numbering processes as the host does. */
  readonly runner: CommandRunner;
  readonly clock: Clock;
  readonly log: Log;
  /** This node. Its id spreads the nodes' first questions over the servers. */
  readonly node: NodeRef;
  /** As the host names it. Nothing outside of it is ever touched. */
  readonly kubeletDirectory: string;
}

export interface KeptMounts extends Mounts {
  /** Every volume of ours that is mounted on the node, by whomever: found by looking, so also right after a start. */
  known(context: CallContext): Promise<Outcome<readonly KnownMount[]>>;
  /** See watch.ts. */
  watch(options: WatchOptions): Promise<void>;
}

export function openMounts(options: MountsOptions): KeptMounts {
  const room: Room = {
    ...options,
    said: new Set(),
    turns: new Turns(),
    bell: new Bell(),
    silent: new Set(),
    attempts: new Map(),
  };
  return {
    stage: async (directory, wish, context) => {
      const staged = await stage(room, directory, wish, context);
      if (staged.kind === 'done') {
        room.bell.ring();
      }
      return staged;
    },
    unstage: (directory, context) => unstage(room, directory, context),
    publish: (staged, target, wanted, context) => publish(room, staged, target, wanted, context),
    unpublish: (target, context) => unpublish(room, target, context),
    look: (directory, context) => look(room, directory, context),
    targets: (staged, context) => targets(room, staged, context),
    usage: (directory, context) => usage(room, directory, context),
    known: async (context) => {
      const mounts = await known(room, new Host(room, context));
      return mounts.kind === 'found' ? done(mounts.value) : mounts;
    },
    watch: (wanted) => watch(room, wanted),
  };
}

/** Waits for nobody who changes the directory. */
async function look(room: Room, directory: string, context: CallContext): Promise<Outcome<Standing>> {
  const host = new Host(room, context);
  const place = await placeOf(host, room.kubeletDirectory, directory);
  if (place.kind !== 'done') {
    return place;
  }
  const sight = await see(room, host, place.value);
  return sight.kind === 'found' ? done(sight.value.standing) : sight;
}

async function targets(room: Room, staged: string, context: CallContext): Promise<Outcome<readonly string[]>> {
  const host = new Host(room, context);
  const place = await placeOf(host, room.kubeletDirectory, staged);
  if (place.kind !== 'done') {
    return place;
  }
  const mounts = await known(room, host);
  if (mounts.kind !== 'found') {
    return mounts;
  }
  const shown = mounts.value.find(({ directory }) => directory === place.value)?.targets ?? [];
  return done(shown.map(({ directory }) => directory).toSorted());
}
