import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GiB } from '../../../src/domain/quantity.ts';
import type { Verdict } from '../../support/fake-storage/calls.ts';
import type { StoreVerdict } from '../../support/mortal-store.ts';
import { mulberry32 } from '../../support/random.ts';
import { expectOrder, kindFates, World, type Fates, type WorldOptions } from './crash-harness.ts';
import { device, turning } from './bench.ts';

/** Strikes the nth thing that is done to the outside, and nothing else. */
class Strike implements Fates {
  readonly #at: number;
  readonly #callVerdict: Verdict;
  readonly #writeVerdict: StoreVerdict;
  #count = 0;
  struck = false;

  constructor(at: number, call: Verdict, write: StoreVerdict) {
    this.#at = at;
    this.#callVerdict = call;
    this.#writeVerdict = write;
  }

  call(): Verdict {
    return this.#hit() ? this.#callVerdict : 'normal';
  }

  write(): StoreVerdict {
    return this.#hit() ? this.#writeVerdict : 'normal';
  }

  #hit(): boolean {
    this.#count += 1;
    const hit = this.#count === this.#at;
    this.struck ||= hit;
    return hit;
  }
}

/** Runs `story` once for each thing that it does to the outside, struck there. Returns how many there were. */
async function strikeEverywhere(
  call: Verdict,
  write: StoreVerdict,
  story: (world: World) => Promise<void>,
  options: Partial<WorldOptions> = {},
): Promise<number> {
  for (let at = 1; ; at += 1) {
    const world = new World({ nodes: 4, random: mulberry32(at), ...options });
    await world.begin();
    // What is done late is done after one to four other calls.
    let calls = 0;
    world.storage.drift = () => (calls += 1) % (1 + (at % 4)) === 0;
    const strike = new Strike(at, call, write);
    world.fates = strike;
    await story(world);
    if (!strike.struck) {
      return at - 1;
    }
    await world.rest();
    await expectOrder(world);
  }
}

/** Waits for an answer, or for the death of whoever should give it: `undefined`. */
async function answerOrDeath<T>(world: World, work: Promise<T>): Promise<T | undefined> {
  const answer: { value?: T } = {};
  void work.then((value) => {
    answer.value = value;
    return value;
  });
  while (answer.value === undefined && world.alive) {
    await world.clock.advance(1000);
  }
  return answer.value;
}

/** As a controller does: it confirms what it was told to be there. */
async function ensureAndConfirm(world: World, index: number): Promise<void> {
  const ensured = await answerOrDeath(world, world.ensure(index));
  if (ensured?.kind === 'done') {
    await answerOrDeath(world, world.confirm(index));
  }
}

const strikes: readonly (readonly [string, Verdict, StoreVerdict])[] = [
  ['a death before it', 'die-before', 'die-before'],
  ['a death after it', 'die-after', 'die-after'],
  ['a death while it is still under way', 'die-late', 'die-after'],
  ['a lost answer to nothing', 'lost-before', 'reject-before'],
  ['a lost answer to something done', 'lost-after', 'reject-after'],
  ['a lost answer to something done later', 'late', 'reject-after'],
  ['a failure', 'fail', 'reject-before'],
  ['a node that says nothing', 'silent', 'reject-before'],
];

describe.each(strikes)('%s, at every single step', (_, call, write) => {
  it('of a whole life does no harm', async () => {
    const steps = await strikeEverywhere(call, write, async (world) => {
      await ensureAndConfirm(world, 1);
      await answerOrDeath(world, world.delete(1));
    });
    // Commit, three bricks, create, options, start, confirm; mark, pool, stop, delete, three bricks, forget.
    expect(steps).toBe(16);
  });

  it('of a life that ends while a node is rejected does no harm, and lets nothing go without it', async () => {
    const steps = await strikeEverywhere(call, write, async (world) => {
      await ensureAndConfirm(world, 1);
      world.storage.setRejected('n2', true);
      await answerOrDeath(world, world.delete(1));
      world.storage.setRejected('n2', false);
      await answerOrDeath(world, world.delete(1));
    });
    // Those of a creation; mark, pool; pool, look, stop, delete, look, three bricks, forget.
    expect(steps).toBe(8 + 2 + 9);
  });

  it('of a creation without options, which gluster is told nothing of, does no harm', async () => {
    const steps = await strikeEverywhere(call, write, (world) => ensureAndConfirm(world, 2));
    // Commit, three bricks, create, start, confirm.
    expect(steps).toBe(7);
  });

  it('of a creation that is planned anew does no harm', async () => {
    const steps = await strikeEverywhere(call, write, async (world) => {
      world.storage.setUp('n2', false);
      await ensureAndConfirm(world, 1);
    });
    expect(steps).toBeGreaterThan(10);
  });

  it('of a growth in place does no harm', async () => {
    const steps = await strikeEverywhere(call, write, async (world) => {
      await ensureAndConfirm(world, 1);
      await answerOrDeath(world, world.grow(1, 3));
    });
    // Those of a creation; commit, three bricks, options, commit.
    expect(steps).toBe(8 + 6);
  });

  it('of a growth by a set does no harm', async () => {
    const steps = await strikeEverywhere(
      call,
      write,
      async (world) => {
        await ensureAndConfirm(world, 1);
        await answerOrDeath(world, world.grow(1, 2));
        await answerOrDeath(world, world.sweep());
      },
      { maxBrickSize: GiB },
    );
    // Those of a creation; commit, three bricks, add, options, commit, start and its name; a look at it.
    expect(steps).toBe(8 + 9 + 1);
  });

  it.each([
    ['in place', {}],
    ['by a set', { maxBrickSize: GiB }],
  ] as const)('of a growth %s that is given up half-way does no harm', async (_way, options) => {
    const steps = await strikeEverywhere(
      call,
      write,
      async (world) => {
        await ensureAndConfirm(world, 1);
        const growing = world.grow(1, 2);
        // The commit and the first of what comes after it.
        await world.clock.advance(0);
        world.storage.setUp('n3', false);
        await answerOrDeath(world, growing);
        await answerOrDeath(world, world.cancelGrowth(1));
      },
      options,
    );
    expect(steps).toBeGreaterThan(12);
  });

  it('of a growth that a delete comes upon does no harm', async () => {
    const steps = await strikeEverywhere(
      call,
      write,
      async (world) => {
        await ensureAndConfirm(world, 1);
        const growing = world.grow(1, 2);
        await Promise.resolve();
        await answerOrDeath(world, Promise.all([growing, world.delete(1)]));
      },
      { maxBrickSize: GiB },
    );
    expect(steps).toBeGreaterThan(15);
  });

  it('of two volumes side by side, one of which goes, does no harm', async () => {
    const steps = await strikeEverywhere(call, write, async (world) => {
      const both = Promise.all([world.ensure(1), world.ensure(2)]);
      await world.clock.advance(0);
      await answerOrDeath(world, Promise.all([both, world.delete(1)]));
    });
    expect(steps).toBeGreaterThan(10);
  });
});

/** What happens in a random history. */
type Event =
  | { readonly what: 'ensure' | 'confirm' | 'delete' | 'cancel'; readonly volume: number }
  | { readonly what: 'grow'; readonly volume: number; readonly gib: number }
  | { readonly what: 'sweep' }
  | {
      readonly what: 'down' | 'up' | 'reboot' | 'gluster down' | 'gluster up' | 'disk out' | 'disk in';
      readonly node: number;
    }
  | { readonly what: 'pass'; readonly seconds: number }
  | { readonly what: 'kill' };

const volume = fc.integer({ min: 1, max: 6 });
const node = fc.integer({ min: 1, max: 4 });
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('ensure' as const), volume }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('delete' as const), volume }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('confirm' as const), volume }) },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant('grow' as const), volume, gib: fc.integer({ min: 2, max: 5 }) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('cancel' as const), volume }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('sweep' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('down' as const), node }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('up' as const), node }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('pass' as const), seconds: fc.constantFrom(0, 1, 30) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('kill' as const) }) },
);

/** What becomes of machines, beside all that. */
const machineEvent: fc.Arbitrary<Event> = fc.record({
  what: fc.constantFrom('down', 'up', 'reboot', 'reboot', 'gluster down', 'gluster up', 'disk out', 'disk in'),
  node,
});

const callVerdicts: readonly Verdict[] = [
  'fail',
  'silent',
  'locked',
  'hang',
  'lost-before',
  'lost-after',
  'late',
  'die-before',
  'die-after',
  'die-late',
];
const writeVerdicts: readonly StoreVerdict[] = ['reject-before', 'reject-after', 'die-before', 'die-after'];

function randomFates(random: () => number, rate: number): Fates {
  const pick = <V>(verdicts: readonly V[], normal: V): V =>
    random() < rate ? (verdicts[Math.floor(random() * verdicts.length)] ?? normal) : normal;
  return {
    call: () => pick(callVerdicts, 'normal'),
    write: () => pick(writeVerdicts, 'normal'),
  };
}

async function live(world: World, happening: Event): Promise<void> {
  switch (happening.what) {
    case 'ensure':
      void world.ensure(happening.volume);
      break;
    case 'confirm':
      // Whoever confirms has been told that the volume is there.
      void world.ensure(happening.volume).then(async (outcome) => {
        return outcome.kind === 'done' ? world.confirm(happening.volume) : outcome;
      });
      break;
    case 'delete':
      void world.delete(happening.volume);
      break;
    case 'grow':
      // Whoever asks for more has a volume, or tries all the same.
      void world.ensure(happening.volume).then(async (outcome) => {
        const confirmed = outcome.kind === 'done' ? await world.confirm(happening.volume) : outcome;
        return confirmed.kind === 'done' ? world.grow(happening.volume, happening.gib) : confirmed;
      });
      break;
    case 'cancel':
      void world.cancelGrowth(happening.volume);
      break;
    case 'sweep':
      void world.sweep();
      break;
    case 'down':
    case 'up':
      world.storage.setUp(`n${happening.node}`, happening.what === 'up');
      break;
    case 'reboot':
      world.storage.reboot(`n${happening.node}`);
      break;
    case 'gluster down':
    case 'gluster up':
      world.storage.setGlusterd(`n${happening.node}`, happening.what === 'gluster up');
      break;
    case 'disk out':
      world.storage.changeDisk(`n${happening.node}`, device, 'missing');
      break;
    case 'disk in':
      world.storage.returnDisk(`n${happening.node}`, device);
      break;
    case 'pass':
      await world.clock.advance(happening.seconds * 1000);
      break;
    case 'kill':
      world.kill();
      break;
  }
  for (let hop = 0; hop < 5; hop += 1) {
    await Promise.resolve();
  }
}

describe('a random history of claims, faults and deaths', () => {
  // Ten thousand in four parts, each well within its time on a busy machine.
  it.each([1, 2, 3, 4])(
    'ends with what was promised, once, nothing else, and a true ledger (part %i)',
    async () => {
      const seen = { deaths: 0, grown: 0 };
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            seed: fc.integer(),
            rate: fc.constantFrom(0, 0.02, 0.1, 0.3),
            // 3 GiB: two volumes of 1 GiB fit on a node, so that space is fought for.
            deviceSize: fc.constantFrom(undefined, 3 * GiB),
            maxBrickSize: fc.constantFrom(undefined, GiB, 2 * GiB),
            events: fc.array(event, { minLength: 1, maxLength: 30 }),
          }),
          async ({ seed, rate, deviceSize, maxBrickSize, events }) => {
            const random = mulberry32(seed);
            const world = new World({ nodes: 4, random, deviceSize, maxBrickSize });
            await world.begin();
            world.storage.hops = () => 1 + Math.floor(random() * 4);
            world.storage.drift = () => random() < 0.3;
            world.fates = rate === 0 ? kindFates : randomFates(random, rate);
            for (const happening of events) {
              await live(world, happening);
            }
            await world.rest();
            await expectOrder(world);
            seen.deaths += world.deaths;
            seen.grown += world.promised.size;
          },
        ),
        { numRuns: 2500 },
      );
      // The histories are worth something: engines did die in them.
      expect(seen.deaths).toBeGreaterThan(1000);
      expect(seen.grown).toBeGreaterThan(250);
    },
    120_000,
  );
});

describe('a random history with machines that fail, and nodes that are watched', () => {
  it.each([1, 2])(
    'ends in the same order, with every brick in service (part %i)',
    async () => {
      const seen = { deaths: 0, restored: 0 };
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            seed: fc.integer(),
            rate: fc.constantFrom(0, 0.02, 0.1),
            events: fc.array(fc.oneof({ weight: 3, arbitrary: event }, { weight: 2, arbitrary: machineEvent }), {
              minLength: 5,
              maxLength: 30,
            }),
          }),
          async ({ seed, rate, events }) => {
            const random = mulberry32(seed);
            const world = new World({ nodes: 4, random, watch: true });
            await world.begin();
            world.storage.hops = () => 1 + Math.floor(random() * 4);
            world.storage.drift = () => random() < 0.3;
            world.fates = rate === 0 ? kindFates : randomFates(random, rate);
            for (const happening of events) {
              await live(world, happening);
            }
            await world.rest();
            // Up after two answers, restored after that.
            await world.clock.advance(90_000);
            expect(world.storage.offline()).toEqual([]);
            seen.restored += world.storage.log.filter((line) => line.startsWith('restartBricks')).length;
            seen.deaths += world.deaths;
            await expectOrder(world);
          },
        ),
        { numRuns: 500 },
      );
      // The histories are worth something.
      expect(seen.deaths).toBeGreaterThan(200);
      expect(seen.restored).toBeGreaterThan(200);
    },
    120_000,
  );
});

it('turns an answer that never comes into a test that fails', async () => {
  const world = new World({ nodes: 3, random: () => 0.5 });
  await world.begin();
  world.fates = { ...kindFates, call: () => 'dead' };
  await expect(turning(world.clock, world.ensure(1))).rejects.toThrow('it did not end within an hour');
});
