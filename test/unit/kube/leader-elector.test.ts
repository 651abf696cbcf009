import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/domain/clock.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { LeaderElector, type LeaderElectorOptions } from '../../../src/kube/leader-elector.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { mulberry32 } from '../../support/random.ts';
import { LeaseApi, LeaseServer, roughWeather, type Process, type Weather } from './fake-lease-api.ts';

interface Candidate {
  readonly elector: LeaderElector;
  readonly api: LeaseApi;
  /** What it was told, in order. */
  readonly told: string[];
}

function candidate(
  server: LeaseServer,
  clock: Clock,
  identity: string,
  weather?: () => Weather,
  options: Partial<LeaderElectorOptions> = {},
  process: Process = { network: clock, clock },
): Candidate {
  const told: string[] = [];
  const api = new LeaseApi(server, process, weather);
  const elector = new LeaderElector({
    api,
    clock,
    random: () => 0.5,
    log: silentLog,
    namespace: 'brickyard',
    name: 'controller',
    identity,
    onElected: () => told.push('elected'),
    onLost: (reason) => told.push(`lost: ${reason}`),
    ...options,
  });
  return { elector, api, told };
}

let clock: FakeClock;
let server: LeaseServer;

beforeEach(() => {
  clock = new FakeClock();
  server = new LeaseServer();
});

/** A process that can lose time: its clock jumps ahead, and neither its timers nor its answers have been looked at. */
function slowedProcess(): Process & { readonly standStill: (ms: number) => void } {
  let lost = 0;
  return {
    network: clock,
    clock: {
      now: () => clock.now() + lost,
      monotonic: () => clock.monotonic() + lost,
      sleep: (ms, signal) => clock.sleep(ms, signal),
    },
    standStill: (ms) => {
      lost += ms;
    },
  };
}

async function elected(identity = 'a', weather?: () => Weather): Promise<Candidate> {
  const one = candidate(server, clock, identity, weather);
  one.elector.start();
  await clock.advance(0);
  expect(one.elector.isLeader()).toBe(true);
  return one;
}

describe('becoming leader', () => {
  test('the first one takes the lease at once, in the form that the API server asks for', async () => {
    const one = await elected();

    expect(one.told).toEqual(['elected']);
    expect(one.elector.leader()).toBe('a');
    expect(server.writes).toEqual([
      {
        metadata: { namespace: 'brickyard', name: 'controller' },
        spec: {
          holderIdentity: 'a',
          leaseDurationSeconds: 15,
          acquireTime: '2026-01-01T00:00:00.000000Z',
          renewTime: '2026-01-01T00:00:00.000000Z',
          leaseTransitions: 0,
        },
      },
    ]);
  });

  test('the second one waits, as long as the first renews', async () => {
    await elected('a');
    const two = candidate(server, clock, 'b');
    two.elector.start();
    await clock.advance(10 * 60_000);

    expect(two.elector.isLeader()).toBe(false);
    expect(two.elector.leader()).toBe('a');
    expect(two.told).toEqual([]);
  });

  test('a lease whose record no longer changes is taken after its duration, and the transition is counted', async () => {
    server.write(
      {
        metadata: { namespace: 'brickyard', name: 'controller' },
        spec: { holderIdentity: 'dead', leaseDurationSeconds: 15, leaseTransitions: 4 },
      },
      undefined,
    );
    const one = candidate(server, clock, 'a');
    one.elector.start();
    await clock.advance(14_999);
    expect(one.elector.isLeader()).toBe(false);
    await clock.advance(2_400);

    expect(one.elector.isLeader()).toBe(true);
    expect(server.writes.at(-1)?.spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 5 });
  });

  test('who waits takes the lease the moment it has run out, and not at some look after that', async () => {
    const one = await elected('a');
    await clock.advance(500);
    const two = candidate(server, clock, 'b');
    two.elector.start();
    await clock.advance(9_500);
    one.api.replace = () => new Promise(() => undefined);
    // Renewed after 8.8 seconds for the last time, which was seen at 9.3. Without this there would be a look at 24.7.
    await clock.advance(14_290);
    expect(two.elector.isLeader()).toBe(false);
    await clock.advance(20);

    expect(two.elector.isLeader()).toBe(true);
  });

  test('a server that is away when the lease runs out is asked no more often than before', async () => {
    let away = false;
    await elected('dead');
    const two = candidate(server, clock, 'b', () => ({ thereMs: 0, backMs: 0, ...(away && { lost: 'busy' }) }));
    two.elector.start();
    await clock.advance(5_000);
    away = true;
    two.api.calls.length = 0;
    await clock.advance(60_000);

    expect(two.api.calls.length).toBeLessThanOrEqual(112);
  });

  test.each([
    ['an hour old', -3_600_000],
    ['from the future', 3_600_000],
  ])('stamps that are %s do not matter', async (_name, offset) => {
    server.write(
      {
        metadata: { namespace: 'brickyard', name: 'controller' },
        spec: {
          holderIdentity: 'alive',
          leaseDurationSeconds: 15,
          renewTime: new Date(clock.now() + offset).toISOString(),
        },
      },
      undefined,
    );
    const one = candidate(server, clock, 'a');
    one.elector.start();
    await clock.advance(14_999);
    expect(one.elector.isLeader()).toBe(false);
    await clock.advance(2_400);
    expect(one.elector.isLeader()).toBe(true);
  });

  test('of two who take a free lease at the same time one wins', async () => {
    const both = ['a', 'b'].map((identity) => candidate(server, clock, identity, () => ({ thereMs: 50, backMs: 50 })));
    both.forEach(({ elector }) => elector.start());
    await clock.advance(60_000);

    expect(both.filter(({ elector }) => elector.isLeader())).toHaveLength(1);
    expect(both.flatMap(({ told }) => told)).toEqual(['elected']);
  });

  test('whose answer was lost finds out at the next look', async () => {
    const weathers: Weather[] = [
      { thereMs: 0, backMs: 0 },
      { thereMs: 0, backMs: 0, lost: 'answer' },
    ];
    const one = candidate(server, clock, 'a', () => weathers.shift() ?? { thereMs: 0, backMs: 0 });
    one.elector.start();
    await clock.advance(3_000);
    expect(server.read()?.spec.holderIdentity).toBe('a');
    expect(one.elector.isLeader()).toBe(false);
    await clock.advance(3_000);

    expect(one.elector.isLeader()).toBe(true);
  });

  test('an answer that comes after the end of the term that it gives makes nobody leader', async () => {
    const process = slowedProcess();
    let backMs = 1_000;
    const one = candidate(server, process.clock, 'a', () => ({ thereMs: 0, backMs }), {}, process);
    one.elector.start();
    await clock.advance(1_500);
    expect(server.read()?.spec.holderIdentity).toBe('a');

    process.standStill(11_000);
    backMs = 0;
    await clock.advance(600);
    expect(one.elector.isLeader()).toBe(false);
    expect(one.told).toEqual([]);

    await clock.advance(3_000);
    expect(one.elector.isLeader()).toBe(true);
  });

  test('who leads is told to those who ask', async () => {
    const seen: string[] = [];
    await elected('a');
    const two = candidate(server, clock, 'b', undefined, { onLeader: (identity) => seen.push(identity) });
    two.elector.start();
    await clock.advance(10_000);

    expect(seen).toEqual(['a']);
  });
});

describe('staying leader', () => {
  test('a renewal is one call, and changes nothing but the stamp', async () => {
    const one = await elected();
    one.api.calls.length = 0;
    await clock.advance(60_000);

    expect(new Set(one.api.calls)).toEqual(new Set(['replace']));
    expect(one.api.calls.length).toBeGreaterThan(20);
    expect(server.read()?.spec).toMatchObject({
      holderIdentity: 'a',
      acquireTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    expect(server.read()?.spec.renewTime).not.toBe('2026-01-01T00:00:00.000000Z');
  });

  test('a server that is away for less than the deadline does not end the term', async () => {
    let away = false;
    const one = await elected('a', () => ({ thereMs: 0, backMs: 0, ...(away && { lost: 'busy' }) }));
    away = true;
    await clock.advance(7_000);
    away = false;
    await clock.advance(60_000);

    expect(one.elector.isLeader()).toBe(true);
    expect(one.told).toEqual(['elected']);
  });

  test('somebody who touches the object without taking it does not end the term', async () => {
    const one = await elected();
    const lease = server.read();
    server.write(
      { metadata: { namespace: 'brickyard', name: 'controller' }, spec: lease?.spec ?? {} },
      lease?.metadata.resourceVersion,
    );
    await clock.advance(60_000);

    expect(one.elector.isLeader()).toBe(true);
  });

  test('a wall clock that jumps neither ends a term nor prolongs one', async () => {
    const one = await elected();
    const two = candidate(server, clock, 'b');
    two.elector.start();
    for (const jump of [3_600_000, -7_200_000, 86_400_000]) {
      clock.jumpWall(jump);
      await clock.advance(20_000);
      expect([one.elector.isLeader(), two.elector.isLeader()]).toEqual([true, false]);
    }
  });
});

describe('losing it', () => {
  test.each(['request', 'answer', 'busy'] as const)(
    'a leader whose renewals fail (%s) says so at its deadline, once, and never leads again',
    async (lost) => {
      let away = false;
      const one = await elected('a', () => ({ thereMs: 0, backMs: 0, ...(away && { lost }) }));
      await clock.advance(2_200);
      away = true;
      await clock.advance(9_000);
      const before = one.elector.isLeader();
      await clock.advance(5_000);

      expect(before).toBe(true);
      expect(one.elector.isLeader()).toBe(false);
      expect(one.told).toEqual(['elected', 'lost: it could not be renewed in time']);
      away = false;
      await clock.advance(3_600_000);
      expect(one.elector.isLeader()).toBe(false);
      expect(one.told).toHaveLength(2);
    },
  );

  test('a call that never ends does not keep the loss from being told', async () => {
    const one = await elected();
    one.api.replace = () => new Promise(() => undefined);
    await clock.advance(10_000);

    expect(one.told).toEqual(['elected', 'lost: it could not be renewed in time']);
  });

  test('a leader that sees another one in its place says so at once', async () => {
    const one = await elected();
    const lease = server.read();
    server.write(
      { metadata: { namespace: 'brickyard', name: 'controller' }, spec: { ...lease?.spec, holderIdentity: 'thief' } },
      lease?.metadata.resourceVersion,
    );
    await clock.advance(2_500);

    expect(one.elector.isLeader()).toBe(false);
    expect(one.told).toEqual(['elected', 'lost: it is held by "thief" now']);
    expect(server.read()?.spec.holderIdentity).toBe('thief');
  });

  test('a leader whose Lease was deleted does not make a new one', async () => {
    const one = await elected();
    server.remove();
    await clock.advance(2_500);

    expect(one.told).toEqual(['elected', 'lost: the Lease object has been deleted']);
    expect(server.read()).toBeUndefined();
  });

  test('a process that stood still is no leader from the moment it wakes, before any timer has fired', async () => {
    const process = slowedProcess();
    const one = candidate(server, process.clock, 'a', undefined, {}, process);
    one.elector.start();
    await clock.advance(0);
    expect(one.elector.isLeader()).toBe(true);

    process.standStill(11_000);
    expect(one.elector.isLeader()).toBe(false);
    // The renewal that now goes through comes too late.
    await clock.advance(5_000);
    expect(one.elector.isLeader()).toBe(false);
    expect(one.told).toEqual(['elected', 'lost: it could not be renewed in time']);
  });

  test('a renewal that succeeds after the deadline changes nothing', async () => {
    const process = slowedProcess();
    let backMs = 0;
    const one = candidate(server, process.clock, 'a', () => ({ thereMs: 0, backMs }), {}, process);
    one.elector.start();
    await clock.advance(1_000);
    backMs = 1_000;
    await clock.advance(1_500);
    // The renewal has arrived, and its answer is on the way.
    expect(server.writes).toHaveLength(2);
    process.standStill(9_000);
    await clock.advance(2_000);

    expect(one.elector.isLeader()).toBe(false);
    expect(one.told).toEqual(['elected', 'lost: it could not be renewed in time']);
  });

  test('a callback that throws does not end the renewals', async () => {
    const one = candidate(server, clock, 'a', undefined, {
      onElected: () => {
        throw new Error('boom');
      },
    });
    one.elector.start();
    await clock.advance(60_000);

    expect(one.elector.isLeader()).toBe(true);
  });
});

describe('stopping', () => {
  test('a leader gives the lease back, and another one leads within a good half second', async () => {
    const one = await elected('a');
    const two = candidate(server, clock, 'b');
    two.elector.start();
    await clock.advance(20_000);

    const stopped = one.elector.stop();
    await clock.advance(0);
    await stopped;
    expect(one.elector.isLeader()).toBe(false);
    expect(one.told).toEqual(['elected']);
    expect(server.read()?.spec.holderIdentity).toBe('');
    await clock.advance(600);

    expect(two.elector.isLeader()).toBe(true);
    expect(server.read()?.spec.leaseTransitions).toBe(1);
  });

  test('also when a renewal is under way', async () => {
    let thereMs = 0;
    const one = await elected('a', () => ({ thereMs, backMs: 0 }));
    thereMs = 500;
    await clock.advance(2_300);
    const stopped = one.elector.stop();
    await clock.advance(5_000);
    await stopped;

    expect(server.read()?.spec.holderIdentity).toBe('');
  });

  test('one that only waited leaves the lease alone', async () => {
    await elected('a');
    const two = candidate(server, clock, 'b');
    two.elector.start();
    await clock.advance(5_000);
    await two.elector.stop();

    expect(server.read()?.spec.holderIdentity).toBe('a');
    expect(two.told).toEqual([]);
  });

  test('a server that is away does not hold up the end', async () => {
    let away = false;
    const one = await elected('a', () => ({ thereMs: 0, backMs: 0, ...(away && { lost: 'request' }) }));
    away = true;
    const stopped = one.elector.stop();
    await clock.advance(10_000);
    await stopped;

    expect(one.elector.isLeader()).toBe(false);
  });
});

test.each<[Partial<LeaderElectorOptions>, string]>([
  [{ leaseDurationMs: 10_000, renewDeadlineMs: 10_000 }, 'expected leaseDuration > renewDeadline'],
  [{ renewDeadlineMs: 2_000, retryPeriodMs: 2_000 }, 'expected leaseDuration > renewDeadline'],
  [{ retryPeriodMs: 0 }, 'expected leaseDuration > renewDeadline'],
  [{ leaseDurationMs: 15_500 }, 'expected whole seconds of leaseDuration'],
  [{ identity: '' }, 'expected an identity'],
])('%o is refused', (options, message) => {
  expect(() => candidate(server, clock, 'a', undefined, options)).toThrow(message);
});

/** A process of the simulation below: its clocks began elsewhere but go as fast as everybody's. */
class SimulatedProcess implements Process {
  readonly network: FakeClock;
  readonly clock: Clock;
  /** Killed: whatever it would have done next is never done. */
  dead = false;
  /** Stands still until this moment of the network's clock. */
  #stalledUntil = 0;

  constructor(network: FakeClock, random: () => number) {
    const monotonicStart = Math.floor(random() * 1e9);
    const wallOffset = Math.floor((random() - 0.5) * 1e9);
    this.network = network;
    this.clock = {
      now: () => network.now() + wallOffset,
      monotonic: () => network.monotonic() + monotonicStart,
      sleep: async (ms, signal) => {
        await network.sleep(ms, signal);
        await this.awake();
      },
    };
  }

  readonly awake = async (): Promise<void> => {
    const left = this.#stalledUntil - this.network.monotonic();
    if (left > 0) {
      await this.network.sleep(left);
    }
    if (this.dead) {
      await new Promise(() => undefined);
    }
  };

  stall(ms: number): void {
    this.#stalledUntil = this.network.monotonic() + ms;
  }
}

test('whatever the network and the machines do, there are never two leaders at one moment', async () => {
  const action = fc.record({
    afterMs: fc.integer({ min: 0, max: 12_000 }),
    kind: fc.constantFrom('nothing', 'kill', 'stop', 'jump', 'stall', 'touch'),
    who: fc.nat(2),
  });
  let terms = 0;

  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 5, maxLength: 25 }),
      fc.integer(),
      fc.constantFrom(0, 0.1, 0.3, 0.6),
      async (actions, seed, roughness) => {
        const network = new FakeClock();
        const lease = new LeaseServer();
        const random = mulberry32(seed);
        const running: { readonly process: SimulatedProcess; readonly one: Candidate }[] = [];
        const join = (slot: number): void => {
          const process = new SimulatedProcess(network, random);
          const weather = roughWeather(random, roughness);
          const identity = `p${Math.floor(random() * 1e9)}`;
          const one = candidate(lease, process.clock, identity, weather, { random }, process);
          running[slot] = { process, one };
          one.elector.start();
        };
        const leave = (slot: number): void => {
          terms += running[slot]?.one.told.includes('elected') === true ? 1 : 0;
        };
        [0, 1, 2].forEach(join);

        let most = 0;
        for (const { afterMs, kind, who } of actions) {
          for (let passed = 0; passed < afterMs; passed += 200) {
            await network.advance(200);
            // A process that stands still counts as well: it may wake in the middle of believing that it leads.
            most = Math.max(most, running.filter(({ one }) => one.elector.isLeader()).length);
          }
          const chosen = running[who];
          switch (kind) {
            case 'nothing':
              break;
            case 'kill':
              if (chosen !== undefined) {
                // What it has sent still arrives.
                chosen.process.dead = true;
              }
              leave(who);
              join(who);
              break;
            case 'stop':
              void chosen?.one.elector.stop();
              leave(who);
              join(who);
              break;
            case 'jump':
              network.jumpWall((random() - 0.5) * 1e8);
              break;
            case 'stall':
              chosen?.process.stall(Math.floor(random() * 30_000));
              break;
            case 'touch': {
              const found = lease.read();
              if (found !== undefined) {
                const { namespace, name, resourceVersion } = found.metadata;
                lease.write({ metadata: { namespace, name }, spec: found.spec }, resourceVersion);
              }
            }
          }
        }
        [0, 1, 2].forEach(leave);
        expect(most).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 150 },
  );
  // Otherwise the property would hold for electors that never lead.
  expect(terms).toBeGreaterThan(150);
}, 120_000);
