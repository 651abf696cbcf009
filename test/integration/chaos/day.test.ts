/**
 * A day in which everything goes wrong, in a few minutes: two replicas on the kubernetes store, six storage nodes, people
 * who make, grow and delete claims, and one trouble after another. `BRICKYARD_CHAOS_HOURS` says how much of it, and
 * `BRICKYARD_CHAOS_SEED` which.
 */
import { expect, it } from 'vitest';
import { Invariants } from './invariants.ts';
import { Troubles } from './troubles.ts';
import { Users } from './users.ts';
import { World } from './world.ts';

const hours = numberOf('BRICKYARD_CHAOS_HOURS', 2);
const seed = numberOf('BRICKYARD_CHAOS_SEED', 20_261_128);
const stepMs = 30_000;
const calmMs = 60 * 60_000;

function numberOf(name: string, fallback: number): number {
  const value = Number(process.env[name] ?? fallback);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name}: expected a whole number from 1, got ${JSON.stringify(process.env[name])}`);
  }
  return value;
}

it(`loses nothing in ${hours} hour(s) of chaos, and leaves nothing behind`, async () => {
  const world = new World(seed);
  await world.open();
  const users = new Users(world);
  const troubles = new Troubles(world);
  const invariants = new Invariants(world, users);
  /** In two parts, so that signals come at any moment. */
  const step = async (meanwhile: () => void): Promise<void> => {
    const first = world.random() * stepMs;
    await world.clock.advance(first);
    troubles.endThoseDue();
    meanwhile();
    world.startReplicas();
    await world.clock.advance(stepMs - first);
    expect(invariants.broken(), `after ${(world.clock.monotonic() / 60_000).toFixed(1)} minutes`).toEqual([]);
  };
  const calm = async (): Promise<void> => {
    const end = world.clock.monotonic() + calmMs;
    while (invariants.unfinished().length > 0 && world.clock.monotonic() < end) {
      await step(() => undefined);
    }
  };
  try {
    await step(() => undefined);
    const end = world.clock.monotonic() + hours * 3_600_000;
    while (world.clock.monotonic() < end) {
      await step(() => {
        if (world.random() < 0.7) {
          users.act();
        }
        if (world.random() < 0.2) {
          troubles.begin();
        }
      });
    }
    troubles.endAll();
    await calm();
    expect(invariants.unfinished()).toEqual([]);
    users.leave();
    await calm();
    expect(invariants.unfinished()).toEqual([]);
    expect(users.wishes).toEqual([]);
    // Otherwise it was no chaos.
    expect(users.made).toBeGreaterThan(10 * hours);
    expect(troubles.counts.get('leader killed')).toBeGreaterThan(hours);
  } finally {
    await world.close();
  }
}, 1_800_000);
