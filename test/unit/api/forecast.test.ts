/** What the admin API makes of the engine's answers, with a real engine on fake nodes. */
import { describe, expect, it } from 'vitest';
import type { Admin } from '../../../src/api/admin.ts';
import { AdminError } from '../../../src/api/admin-error.ts';
import { localAdmin } from '../../../src/api/local-admin.ts';
import { clusterId, deviceName, nodeId } from '../../../src/domain/names.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import { usualShape } from '../../../src/domain/volume-shape.ts';
import type { VolumeEngine } from '../../../src/engine/api.ts';
import { benchOf, device, forever, idOf, requestOf, valueOf } from '../engine/bench.ts';

const adminOf = (engine: VolumeEngine): Admin =>
  localAdmin({ version: '1', role: () => 'leader', engine: () => engine });
const n1 = nodeId('n1');

describe('planVolume', () => {
  it('shows set, zone, node, device, size and footprint of every brick, and changes nothing', async () => {
    const { engine, disk } = await benchOf();
    const before = new Map(disk.documents);
    const plan = await adminOf(engine).planVolume({ shape: usualShape, clusters: [] });
    expect(disk.documents).toEqual(before);
    expect(plan.kind).toBe('placed');
    const bricks = plan.kind === 'placed' ? plan.bricks : [];
    expect(bricks.map(({ set, node, zone }) => `${set} ${node} ${zone}`).sort()).toEqual([
      '0 n1 z1',
      '0 n2 z2',
      '0 n3 z3',
    ]);
    expect(bricks.every((brick) => brick.device === device && brick.size === 10 * GiB)).toBe(true);
    expect(bricks.every(({ footprint }) => footprint > 10 * GiB)).toBe(true);
  });

  it('shows what every device has against it, and what would help', async () => {
    const { engine } = await benchOf();
    const admin = adminOf(engine);
    await admin.setState({ node: n1, state: 'offline' });
    const plan = await admin.planVolume({ shape: usualShape, clusters: [clusterId('east')] });
    const [refusal] = plan.kind === 'refused' ? plan.refusals : [];
    expect(refusal?.zones[0]).toMatchObject({
      zone: 'z1',
      nodes: [{ node: 'n1', bricks: 0, devices: [{ device, size: 100 * GiB, passedOver: 'node offline' }] }],
    });
    expect(refusal?.attempts[0]).toMatchObject({ sets: 1, needed: 3, found: 2 });
    expect(refusal?.wouldFit).toContain('node n1 online');
  });
});

describe('capacity', () => {
  it('adds up what devices hold, and keeps apart what cannot be used', async () => {
    const { engine } = await benchOf({ nodes: 4 });
    const admin = adminOf(engine);
    valueOf(await engine.ensureVolume(requestOf(1, { size: bytes(10 * GiB) }), forever));
    const unused = engine.usage().find(({ used }) => used === 0)?.node ?? nodeId('none');
    await admin.setState({ node: unused, device: deviceName(device), state: 'offline' });
    const { clusters } = await admin.capacity({ shapes: [usualShape] });
    const used = engine.usage().reduce((sum, row) => sum + row.used, 0);
    expect(clusters).toEqual([
      {
        id: 'east',
        volumes: 1,
        size: 400 * GiB,
        used,
        reserved: 0,
        free: 300 * GiB - used,
        blocked: 100 * GiB,
        blockedDevices: [{ node: unused, device, free: 100 * GiB, reason: 'device offline' }],
        fits: [{ shape: '10 GiB, replicate 3', now: engine.headroom(clusterId('east'), usualShape) }],
      },
    ]);
  });

  it('gives the reason why room on a node that is down is of no use', async () => {
    const { engine, storage, clock } = await benchOf();
    storage.setUp('n2', false);
    engine.nodeWatch.start();
    await clock.advance(45_000);
    const { clusters } = await adminOf(engine).capacity({ shapes: [usualShape] });
    expect(clusters[0]).toMatchObject({
      blocked: 100 * GiB,
      blockedDevices: [{ node: 'n2', reason: 'node down: it does not answer: n2 is down' }],
      fits: [{ now: { volumes: 0 } }],
    });
    await engine.close();
  });

  it('says which claims the loss of a node would hit', async () => {
    const { engine } = await benchOf();
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    const { clusters, loss } = await adminOf(engine).capacity({ shapes: [usualShape], without: n1 });
    expect(loss).toMatchObject({
      node: 'n1',
      cluster: 'east',
      volumes: [
        { id: idOf(1), claim: { namespace: 'apps', name: 'claim-1' }, fate: 'degraded', bricks: 1, rebuildable: 0 },
      ],
      fits: [{ shape: '10 GiB, replicate 3', now: clusters[0]?.fits[0]?.now, after: { volumes: 0 } }],
    });
  });

  it.each([
    [{ cluster: clusterId('west') }, 'cluster: expected one of east, got west'],
    [{ without: nodeId('n9') }, 'node: expected a node of a cluster, got n9'],
  ])('does not know %j', async (place, message) => {
    const { engine } = await benchOf();
    await expect(adminOf(engine).capacity({ shapes: [usualShape], ...place })).rejects.toEqual(
      new AdminError('not-found', message),
    );
  });
});

describe('setState', () => {
  it('says what was before, and how many bricks stay', async () => {
    const { engine } = await benchOf();
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    const admin = adminOf(engine);
    expect(await admin.setState({ node: n1, state: 'failed' })).toEqual({
      node: 'n1',
      state: 'failed',
      before: 'online',
      changed: true,
      bricks: 1,
    });
    expect((await admin.topology()).clusters[0]?.nodes[0]).toMatchObject({ id: 'n1', state: 'failed' });
  });

  it('does not know a node that is not there', async () => {
    const { engine } = await benchOf();
    await expect(adminOf(engine).setState({ node: nodeId('n9'), state: 'failed' })).rejects.toMatchObject({
      code: 'not-found',
      message: 'node: expected a node of the topology, got "n9"',
    });
  });

  it('is no success on an engine that is closed', async () => {
    const { engine } = await benchOf();
    await engine.close();
    await expect(adminOf(engine).setState({ node: n1, state: 'failed' })).rejects.toMatchObject({ code: 'failed' });
  });
});
