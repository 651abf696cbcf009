import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/domain/log.ts';
import { clusterId, nodeId } from '../../../src/domain/names.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import { DeclaredTopology } from '../../../src/engine/declared-topology.ts';
import type { DeclaredNode, Declarations, Verdict } from '../../../src/engine/ports.ts';
import type { Judge } from '../../support/fake-storage/calls.ts';
import { benchOf, device, forever, idOf, requestOf, restart, valueOf, type Bench } from './bench.ts';

/** What people have applied, and what they are told. */
class FakeDeclarations implements Declarations {
  readonly wishes = new Map<string, DeclaredNode>();
  readonly verdicts: string[] = [];
  readonly told = new Map<string, Verdict>();
  broken = false;
  #changed: (id: string) => void = () => undefined;

  apply(id: string, changes: Readonly<Record<string, unknown>> = {}, leaving = false): void {
    const number = Number(id.slice(1));
    const hosts = { manage: id, storage: `10.0.0.${number}` };
    const body = { id, cluster: 'east', zone: `z${number}`, ...hosts, devices: [{ name: device }], ...changes };
    this.wishes.set(id, { id, body, leaving });
    this.#changed(id);
  }

  nodes(): readonly DeclaredNode[] {
    return [...this.wishes.values()];
  }

  follow(changed: (id: string) => void): () => Promise<void> {
    this.#changed = changed;
    return async () => {
      this.#changed = () => undefined;
    };
  }

  async report(id: string, verdict: Verdict): Promise<void> {
    if (this.broken) {
      throw new Error('the API is out of reach');
    }
    this.told.set(id, verdict);
    this.verdicts.push(`${id} ${verdict.reason}`);
  }
}

interface Declared extends Bench {
  readonly declarations: FakeDeclarations;
  readonly topology: DeclaredTopology;
}

const running: DeclaredTopology[] = [];

function declaredOn(bench: Bench, declarations = new FakeDeclarations()): Declared {
  const { engine, clock } = bench;
  const topology = new DeclaredTopology({ engine, declarations, clock, log: silentLog, retryMs: 1000 });
  running.push(topology);
  return { ...bench, declarations, topology };
}

/** Storage nodes that no record knows yet. */
async function unknownNodes(judge?: Judge): Promise<Declared> {
  const bench = await benchOf();
  bench.disk.documents.clear();
  return declaredOn(await restart(bench, judge));
}

async function withVolume(): Promise<Declared> {
  const declared = declaredOn(await benchOf({ nodes: 4 }));
  valueOf(await declared.engine.ensureVolume(requestOf(1), forever));
  declared.storage.log.length = 0;
  return declared;
}

/** A node that holds a brick of the volume, or one that holds none. */
function nodeWith({ engine }: Bench, bricks: boolean): string {
  const found = engine.usage().find((usage) => usage.bricks > 0 === bricks);
  if (found === undefined) {
    throw new Error('no such node');
  }
  return found.node;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((topology) => topology.stop()));
});

describe('declared nodes', () => {
  it('are made peers, prepared and used, whenever they are applied', async () => {
    const { engine, declarations, topology } = await unknownNodes();
    declarations.apply('n1');
    topology.start();
    await expect.poll(() => declarations.verdicts).toEqual(['n1 Prepared']);
    declarations.apply('n2', { state: 'offline', devices: [{ name: device, reserved: GiB }] });
    declarations.apply('n3');
    await expect.poll(() => declarations.told.size).toBe(3);
    expect(declarations.told.get('n3')).toEqual({ accepted: true, reason: 'Prepared', message: '1 device prepared' });
    expect(engine.nodes().map(({ id, state }) => `${id} ${state}`)).toEqual(['n1 online', 'n2 offline', 'n3 online']);
    expect(engine.nodes()[1]?.devices).toMatchObject([{ size: 100 * GiB, reserved: bytes(GiB) }]);
    declarations.apply('n2');
    await expect.poll(() => engine.nodes()[1]?.state).toBe('online');
    expect((await engine.ensureVolume(requestOf(1), forever)).kind).toBe('done');
  });

  it('leave the nodes of the cluster that nobody declared as they are', async () => {
    const bench = await benchOf({ nodes: 4 });
    const { engine, declarations, topology } = declaredOn(bench);
    declarations.apply('n4', { zone: 'elsewhere' });
    topology.start();
    await expect.poll(() => declarations.verdicts).toEqual(['n4 Prepared']);
    expect(engine.nodes().map(({ zone }) => zone)).toEqual(['z1', 'z2', 'z3', 'elsewhere']);
  });

  it('are not troubled at a start when they are as they should be', async () => {
    const { declarations, topology, storage } = declaredOn(await benchOf());
    ['n1', 'n2', 'n3'].forEach((id) => declarations.apply(id));
    topology.start();
    await expect.poll(() => declarations.told.size).toBe(3);
    expect(storage.log).toEqual([]);
  });

  it('keep a device with bricks, say why, and hold up no other node', async () => {
    const declared = await withVolume();
    const { engine, declarations, topology, clock } = declared;
    const [full, empty] = [nodeWith(declared, true), nodeWith(declared, false)];
    declarations.apply(full, { devices: [] });
    declarations.apply(empty, { devices: [] });
    topology.start();
    await expect.poll(() => declarations.told.size).toBe(2);
    expect(declarations.told.get(empty)).toMatchObject({ accepted: true, message: '0 devices prepared' });
    expect(declarations.told.get(full)).toMatchObject({ accepted: false, reason: 'Refused' });
    expect(declarations.told.get(full)?.message).toContain('holds 1 bricks');
    expect(engine.nodes().find(({ id }) => id === full)?.devices).toHaveLength(1);
    // The wish stands: it comes true as soon as the brick has gone.
    valueOf(await engine.deleteVolume(idOf(1), forever));
    await clock.advance(1000);
    await expect.poll(() => declarations.told.get(full)?.accepted).toBe(true);
    expect(engine.nodes().find(({ id }) => id === full)?.devices).toEqual([]);
  });

  it('stay while they hold bricks when they are deleted, and go when they are empty', async () => {
    const declared = await withVolume();
    const { engine, declarations, topology, clock } = declared;
    const [full, empty] = [nodeWith(declared, true), nodeWith(declared, false)];
    declarations.apply(full, {}, true);
    declarations.apply(empty, {}, true);
    topology.start();
    await expect.poll(() => declarations.told.get(full)?.reason).toBe('Refused');
    await expect.poll(() => engine.nodes().map(({ id }) => id as string)).not.toContain(empty);
    expect(engine.nodes().map(({ id }) => id as string)).toContain(full);
    valueOf(await engine.deleteVolume(idOf(1), forever));
    await clock.advance(1000);
    await expect.poll(() => engine.nodes().map(({ id }) => id as string)).not.toContain(full);
  });

  it('are told what is wrong with them', async () => {
    const { engine, declarations, topology } = await unknownNodes();
    declarations.apply('n1', { zone: 'no zone', storage: '-' });
    declarations.apply('n2');
    topology.start();
    await expect.poll(() => declarations.told.size).toBe(2);
    expect(declarations.told.get('n1')).toMatchObject({ accepted: false, reason: 'Invalid' });
    expect(declarations.told.get('n1')?.message).toMatch(/zone: .*\n?storage: /);
    expect(engine.nodes().map(({ id }) => id)).toEqual([nodeId('n2')]);
  });

  it('cannot be two under one host', async () => {
    const { declarations, topology } = declaredOn(await benchOf());
    declarations.apply('n9', { storage: '10.0.0.1' });
    topology.start();
    await expect.poll(() => declarations.told.get('n9')?.reason).toBe('Refused');
    expect(declarations.told.get('n9')?.message).toContain('is already a host of node n1');
  });

  it('are tried again when they did not answer', async () => {
    let silent = true;
    const declared = await unknownNodes(({ about, verb }) =>
      silent && verb === 'prepareDevice' && about === device ? 'fail' : 'normal',
    );
    const { engine, declarations, topology, clock } = declared;
    declarations.apply('n1');
    topology.start();
    await expect.poll(() => declarations.verdicts).toEqual(['n1 Failed']);
    expect(engine.nodes()[0]?.devices[0]?.size).toBeUndefined();
    silent = false;
    await expect.poll(() => clock.sleeping).toBeGreaterThan(0);
    await clock.advance(1000);
    await expect.poll(() => declarations.verdicts).toEqual(['n1 Failed', 'n1 Prepared']);
    expect(engine.clusters()).toEqual([{ id: clusterId('east') }]);
  });

  it('are taken in even when nobody can be told', async () => {
    const { engine, declarations, topology, clock } = await unknownNodes();
    declarations.broken = true;
    declarations.apply('n1');
    topology.start();
    await expect.poll(() => engine.nodes()[0]?.devices[0]?.size).toBe(100 * GiB);
    declarations.broken = false;
    await expect.poll(() => clock.sleeping).toBeGreaterThan(0);
    await clock.advance(1000);
    await expect.poll(() => declarations.verdicts).toEqual(['n1 Prepared']);
  });

  it('are left for a person when nobody can tell what they hold', async () => {
    const { declarations, topology } = await unknownNodes();
    declarations.apply('n1', { zone: 'no zone' }, true);
    topology.start();
    await expect.poll(() => declarations.told.get('n1')?.message).toContain('take its finalizer off by hand');
  });

  it('are left alone once it has been stopped', async () => {
    const { engine, declarations, topology } = await unknownNodes();
    topology.start();
    await topology.stop();
    declarations.apply('n1');
    await Promise.resolve();
    expect(engine.nodes()).toEqual([]);
  });

  it('are told when something about the node itself is amiss, and when it is so no more', async () => {
    const { engine, storage, clock, declarations, topology } = declaredOn(await benchOf({ nodes: 4 }));
    declarations.apply('n2');
    topology.start();
    engine.nodeWatch.start();
    await clock.advance(0);
    expect(declarations.told.get('n2')).toMatchObject({ accepted: true, reason: 'Prepared' });
    storage.setUp('n2', false);
    await clock.advance(16_000);
    // One look that it has missed is nothing to report.
    expect(declarations.told.get('n2')).not.toHaveProperty('amiss');
    await clock.advance(30_000);
    expect(declarations.told.get('n2')).toEqual({
      accepted: true,
      amiss: true,
      reason: 'Unreachable',
      message: 'it does not answer: n2 is down',
    });
    storage.setUp('n2', true);
    storage.setAddresses('n2', ['10.0.0.77']);
    await clock.advance(30_000);
    expect(declarations.told.get('n2')).toMatchObject({ amiss: true, reason: 'AddressChanged' });
    storage.setAddresses('n2', ['10.0.0.2']);
    await clock.advance(15_000);
    expect(declarations.told.get('n2')).toEqual({ accepted: true, reason: 'Prepared', message: '1 device prepared' });
    await engine.close();
  });
});
