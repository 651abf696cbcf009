/**
 * A world in which engines die. The medium and the storage nodes stay; engine after engine works on them. A dead engine's
 * calls neither do anything nor come back, which is what is left of a process after SIGKILL.
 */
import { expect } from 'vitest';
import { silentLog } from '../../../src/domain/log.ts';
import { nodeId, type VolumeId } from '../../../src/domain/names.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { usableSize } from '../../../src/domain/placement/in-place.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { VolumeRecord } from '../../../src/domain/volume.ts';
import type { VolumeEngine } from '../../../src/engine/api.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { hasIdentity, identityOf, identityOfText } from '../../../src/engine/identity.ts';
import { bricksOf } from '../../../src/engine/ledger.ts';
import type { GlusterVolume } from '../../../src/engine/ports.ts';
import { MemoryDisk, MemoryStore } from '../../../src/store/memory.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import type { FakeCall, Verdict } from '../../support/fake-storage/calls.ts';
import { FakeStorage } from '../../support/fake-storage/fake-storage.ts';
import { MortalStore, type StoreVerdict } from '../../support/mortal-store.ts';
import { device, idOf, realm, requestOf, topologyOf, turning, valueOf } from './bench.ts';

/** The fate of each thing that an engine does to the outside. */
export interface Fates {
  call(call: FakeCall): Verdict;
  write(write: string): StoreVerdict;
}

export const kindFates: Fates = { call: () => 'normal', write: () => 'normal' };

export interface WorldOptions {
  readonly nodes: number;
  /** Bytes of each node's device. */
  readonly deviceSize?: number;
  /** Bytes. No brick grows beyond it: the next one needs a set. */
  readonly maxBrickSize?: number;
  readonly random: () => number;
  /** Engines watch their nodes. */
  readonly watch?: boolean;
}

interface Life {
  readonly engine: VolumeEngine;
  dead: boolean;
}

export class World {
  readonly storage = new FakeStorage();
  readonly clock = new FakeClock();
  readonly #disk = new MemoryDisk();
  readonly #options: WorldOptions;
  /** Never fires. One a world: what dead engines wait for stays on it, and would slow down the worlds after it. */
  readonly #never = new AbortController().signal;
  readonly #unwanted = new Set<number>();
  readonly #wanted = new Set<number>();
  /** GiB that somebody was told that the volume has: never less again. */
  readonly promised = new Map<VolumeId, number>();
  #fates: Fates = kindFates;
  #life: Life | undefined;
  /** Engines that died. */
  deaths = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    for (let index = 1; index <= options.nodes; index += 1) {
      this.storage.addNode(nodeId(`n${index}`), `10.0.0.${index}`, { [device]: options.deviceSize ?? 100 * GiB });
    }
  }

  async begin(): Promise<void> {
    const engine = await this.engine();
    const desired = topologyOf(this.#options.nodes);
    valueOf(await turning(this.clock, engine.applyTopology(desired, { signal: this.#never })));
    this.storage.log.length = 0;
  }

  set fates(fates: Fates) {
    this.#fates = fates;
  }

  get alive(): boolean {
    return this.#life?.dead === false;
  }

  /** The living engine: a new one when the last has died. */
  async engine(): Promise<VolumeEngine> {
    if (this.#life === undefined || this.#life.dead) {
      this.#disk.kill();
      // It hears nothing more; this only spares the clock the rounds of the dead.
      void this.#life?.engine.nodeWatch.stop();
      const life: { dead: boolean } = { dead: false };
      const doom = <V extends string>(verdict: V): V | 'dead' => {
        if (life.dead) {
          return 'dead';
        }
        if (verdict.startsWith('die')) {
          life.dead = true;
          this.deaths += 1;
        }
        return verdict;
      };
      const engine = createEngine({
        store: new MortalStore(new MemoryStore(this.#disk), (write) => doom(this.#fates.write(write))),
        nodes: this.storage.port((call) => doom(this.#fates.call(call))),
        clock: this.clock,
        random: this.#options.random,
        log: silentLog,
        observer: { stepFinished: () => undefined, laneChanged: () => undefined },
        lanes: { cluster: 2, node: 1 },
        ...(this.#options.maxBrickSize === undefined
          ? {}
          : { limits: { maxBrickSize: bytes(this.#options.maxBrickSize) } }),
      });
      // The realm was written by the first life; opening writes nothing more.
      await engine.open(realm);
      if (this.#options.watch === true) {
        engine.nodeWatch.start();
      }
      this.#life = Object.assign(life, { engine });
    }
    return this.#life.engine;
  }

  /** Ends the living engine between two of its calls. */
  kill(): void {
    if (this.#life !== undefined && !this.#life.dead) {
      this.#life.dead = true;
      this.deaths += 1;
    }
  }

  async ensure(index: number): Promise<Outcome<unknown>> {
    if (!this.#unwanted.has(index)) {
      this.#wanted.add(index);
    }
    const gidRange = { min: 2000, max: 2999 };
    // Every other volume has options of its own.
    const options = index % 2 === 0 ? [] : [{ key: 'performance.cache-size', value: '64MB' }];
    return (await this.engine()).ensureVolume(
      requestOf(index, { gidRange, options, owner: ownerOf(index) }),
      this.#never,
    );
  }

  async confirm(index: number): Promise<Outcome<void>> {
    return (await this.engine()).confirmVolume(idOf(index));
  }

  async grow(index: number, gib: number): Promise<Outcome<unknown>> {
    const outcome = await (await this.engine()).growVolume(idOf(index), bytes(gib * GiB), this.#never);
    if (outcome.kind === 'done') {
      this.promised.set(idOf(index), Math.max(gib, this.promised.get(idOf(index)) ?? 0));
    }
    return outcome;
  }

  async sweep(): Promise<Outcome<void>> {
    return (await this.engine()).sweep(this.#never);
  }

  async cancelGrowth(index: number): Promise<Outcome<unknown>> {
    return (await this.engine()).cancelGrowth(idOf(index), this.#never);
  }

  /** For good: a claim's UID does not come back. */
  async delete(index: number): Promise<Outcome<void>> {
    this.#wanted.delete(index);
    this.#unwanted.add(index);
    return (await this.engine()).deleteVolume(idOf(index), this.#never);
  }

  /** Everything heals; then whoever knows the owners asks until all is as they want it. */
  async rest(): Promise<void> {
    this.#fates = kindFates;
    for (let index = 1; index <= this.#options.nodes; index += 1) {
      this.storage.setUp(`n${index}`, true);
      this.storage.setGlusterd(`n${index}`, true);
      this.storage.returnDisk(`n${index}`, device);
    }
    // Calls whose fate was sealed before may still be on their way to it.
    await this.clock.advance(0);
    this.storage.settle();
    for (let round = 0; round < 10; round += 1) {
      const engine = await this.engine();
      const outcomes = await turning(
        this.clock,
        Promise.all([
          ...[...this.#wanted].map(async (index) => this.#ensureAndConfirm(index)),
          ...[...this.#unwanted].map(async (index) => this.delete(index)),
        ]),
      );
      const swept = await turning(this.clock, engine.sweep(this.#never));
      // Where everything fits, no space only means that nodes are not asked yet.
      const mayBeFull = !this.roomy;
      if ([...outcomes, swept].every((outcome) => outcome.kind === 'done' || (mayBeFull && isFull(outcome)))) {
        return;
      }
      // Silence is forgotten in the meantime.
      await this.clock.advance(20_000);
    }
    throw new Error(`no rest after 10 rounds:\n${JSON.stringify((await this.engine()).volumes(), undefined, 1)}`);
  }

  async #ensureAndConfirm(index: number): Promise<Outcome<unknown>> {
    const ensured = await this.ensure(index);
    return ensured.kind === 'done' ? this.confirm(index) : ensured;
  }

  get wanted(): ReadonlySet<VolumeId> {
    return new Set([...this.#wanted].map(idOf));
  }

  /** Whether every volume that is asked for fits. */
  get roomy(): boolean {
    return this.#options.deviceSize === undefined;
  }
}

/** Checks everything that must hold when the world is at rest. */
export async function expectOrder(world: World): Promise<void> {
  const engine = await world.engine();
  const records = engine.volumes();
  expect(world.storage.violations).toEqual([]);
  expectWantedRecords(world, records);
  expectStorage(world, engine, records);
  expectUsage(engine, records);
  // What is known is what is written: a new engine sees the same.
  const usage = placementOf(engine);
  world.kill();
  const next = await world.engine();
  const byId = (a: VolumeRecord, b: VolumeRecord): number => (a.id < b.id ? -1 : 1);
  expect([...next.volumes()].sort(byId)).toEqual([...records].sort(byId));
  expect(placementOf(next)).toEqual(usage);
  expect(next.quarantined()).toEqual([]);
}

/** Usage without what was observed, which is forgotten at a restart. */
function placementOf(engine: VolumeEngine): readonly unknown[] {
  return engine.usage().map(({ unusable: _observed, because: _why, ...usage }) => usage);
}

function expectWantedRecords(world: World, records: readonly VolumeRecord[]): void {
  expect(records.filter(({ id }) => !world.wanted.has(id))).toEqual([]);
  expect(records.filter(({ phase }) => phase !== 'ready')).toEqual([]);
  expect(records.flatMap(({ discarded }) => discarded ?? [])).toEqual([]);
  expect(records.filter(({ growth, rebalance }) => growth !== undefined || rebalance !== undefined)).toEqual([]);
  for (const { id, size, durability, brickSets } of records) {
    expect(size).toBe(usableSize(durability, brickSets));
    expect(size).toBeGreaterThanOrEqual((world.promised.get(id) ?? 1) * GiB);
  }
  expect(new Set(records.map(({ gid }) => gid)).size).toBe(records.length);
  if (world.roomy) {
    expect(records).toHaveLength(world.wanted.size);
  }
  for (const set of records.flatMap(({ brickSets }) => brickSets)) {
    expect(new Set(set.map(({ node }) => node)).size).toBe(set.length);
  }
}

function expectStorage({ storage }: World, engine: VolumeEngine, records: readonly VolumeRecord[]): void {
  const bricks = records.flatMap(bricksOf);
  expect(storage.bricks()).toEqual(bricks.map(({ node, id }) => `${node} ${id}`).sort());
  for (const { node, id, size, footprint } of bricks) {
    expect(storage.extentOf(node, id)).toEqual({ size, footprint });
  }
  const standing = storage.volumes();
  expect(standing.map(({ name }) => name).sort()).toEqual(records.map(({ name }) => name).sort());
  for (const record of records) {
    const volume = standing.find(({ name }) => name === record.name);
    expect(volume).toMatchObject({ status: 'started' });
    expect(volume?.bricks.map(({ host, path }) => `${host}:${path}`)).toEqual(engine.locate(record)?.bricks);
    expectSaid(storage, volume, record);
  }
}

/** A rebuild finds the record: in the options or, without those, on every single brick. */
function expectSaid(storage: World['storage'], volume: GlusterVolume | undefined, record: VolumeRecord): void {
  const { id, size, owner, createdAt, brickSets, gid } = record;
  const bricks = brickSets.flat().map(({ path: _path, ...brick }) => brick);
  const set = volume?.options ?? new Map<string, string>();
  const said = hasIdentity(set)
    ? [identityOf(set)]
    : bricks.map((brick) => identityOfText(storage.saidBy(brick.node, brick.id) ?? ''));
  for (const each of said) {
    expect(each).toMatchObject({ id, size, owner, createdAt, gid, options: record.options, bricks });
  }
  for (const { key, value } of record.options) {
    expect(set.get(key)).toBe(value);
  }
}

function ownerOf(index: number): VolumeRecord['owner'] {
  return { uid: idOf(index), namespace: `team-${index % 3}`, name: `claim-${index}`, className: 'fast' };
}

/** Waits for space alone, with nothing begun. */
function isFull(outcome: Outcome<unknown>): boolean {
  return outcome.kind === 'waiting' && outcome.on.what === 'capacity';
}

/** What placement counts is the sum of the records, and fits. */
function expectUsage(engine: VolumeEngine, records: readonly VolumeRecord[]): void {
  for (const usage of engine.usage()) {
    const here = records
      .flatMap(bricksOf)
      .filter((brick) => brick.node === usage.node && brick.device === usage.device);
    const footprints = here.reduce((sum, { footprint }) => sum + footprint, 0);
    expect(usage.bricks).toBe(here.length);
    expect(usage.used).toBeGreaterThanOrEqual(footprints);
    expect(usage.used).toBeLessThanOrEqual(usage.size);
    if (here.length === 0) {
      expect(usage.used).toBe(0);
    }
  }
}
