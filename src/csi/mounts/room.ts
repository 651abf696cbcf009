/** What all calls share. */
import type { Clock } from '../../domain/clock.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { CallContext } from './api.ts';
import type { Bell } from './bell.ts';
import type { ClientHost } from './client.ts';
import { Host, type HostTools } from './host.ts';
import { placeOf } from './place.ts';
import type { Turns } from './turns.ts';

export interface Room extends HostTools, ClientHost {
  readonly clock: Clock;
  readonly kubeletDirectory: string;
  readonly turns: Turns;
  /** Rung when something was mounted. */
  readonly bell: Bell;
  /** Directories whose file system did not answer the last time. */
  readonly silent: Set<string>;
  /** By directory, how many attempts to mount there came to nothing: each begins with another server. */
  readonly attempts: Map<string, number>;
}

/** Work on one directory: one caller at a time, its path resolved, its commands in its lane. */
export const at = <T>(
  room: Room,
  directory: string,
  context: CallContext,
  work: (host: Host, place: string) => Promise<Outcome<T>>,
): Promise<Outcome<T>> =>
  room.turns.take(directory, async () => {
    const host = new Host(room, context, directory);
    const place = await placeOf(host, room.kubeletDirectory, directory);
    return place.kind === 'done' ? work(host, place.value) : place;
  });
