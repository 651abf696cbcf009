import { describe, expect, it } from 'vitest';
import type { Admin } from '../../../src/api/admin.ts';
import type { PlanView } from '../../../src/api/topology-plan.ts';
import type { OutcomeView } from '../../../src/api/outcome-view.ts';
import { loadTopology } from '../../../src/cli/commands/topology-load.ts';
import { CommandError, UsageError } from '../../../src/cli/exit-codes.ts';
import type { Io } from '../../../src/cli/io.ts';

const change: PlanView = {
  changes: [
    { kind: 'device-added', cluster: 'main', node: 'a', device: '/dev/vdb', wipe: true },
    { kind: 'node-changed', cluster: 'main', node: 'b', fields: [{ field: 'zone', from: '1', to: '2' }] },
  ],
  refusals: [],
  unchanged: { nodes: 1, devices: 0 },
};
const nothing: PlanView = { changes: [], refusals: [], unchanged: { nodes: 3, devices: 3 } };

function setUp(plan: PlanView, outcome: OutcomeView = { kind: 'done' }, agrees?: boolean) {
  const out: string[] = [];
  const err: string[] = [];
  const done: string[] = [];
  const admin: Pick<Admin, 'planTopology' | 'applyTopology'> = {
    planTopology: async () => plan,
    applyTopology: async (_document, onProgress) => {
      done.push('applied');
      onProgress({ step: 'device', cluster: 'main', node: 'a', device: '/dev/vdb', outcome });
      return outcome;
    },
  };
  const io: Io = {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    interactive: agrees !== undefined,
    confirm: async () => agrees === true,
    environment: {},
  };
  const load = (flags: { dryRun?: boolean; yes?: boolean; json?: boolean } = {}) =>
    loadTopology(admin, {}, io, { dryRun: false, yes: false, json: false, ...flags });
  return { load, out, err, done };
}

describe('topology load', () => {
  it('shows the difference before it applies it, and each step as it ends', async () => {
    const { load, out } = setUp(change);
    expect(await load({ yes: true })).toBe(0);
    expect(out[0]).toContain('new device, WHATEVER IS ON IT WILL BE DESTROYED');
    expect(out[0]).toContain('zone: 1 -> 2');
    expect(out[1]).toBe('a: device /dev/vdb prepared: ok');
  });

  it('changes nothing on a dry run', async () => {
    const { load, done } = setUp(change);
    expect(await load({ dryRun: true })).toBe(0);
    expect(done).toEqual([]);
  });

  it('asks on a terminal, and takes no for an answer', async () => {
    const refused = setUp(change, { kind: 'done' }, false);
    expect(await refused.load()).toBe(1);
    expect(refused.done).toEqual([]);
    const agreed = setUp(change, { kind: 'done' }, true);
    expect(await agreed.load()).toBe(0);
    expect(agreed.done).toEqual(['applied']);
  });

  it('wants --yes where nobody can be asked', async () => {
    const { load, done } = setUp(change);
    await expect(load()).rejects.toBeInstanceOf(UsageError);
    expect(done).toEqual([]);
  });

  it('carries on with an earlier load without asking when nothing changes', async () => {
    const { load, done } = setUp(nothing);
    expect(await load()).toBe(0);
    expect(done).toEqual(['applied']);
  });

  it('fails, unlike heketi-cli, when not everything could be done', async () => {
    const { load } = setUp(change, { kind: 'waiting', reason: 'node a does not answer' });
    await expect(load({ yes: true })).rejects.toThrow(
      new CommandError('not everything could be done (waiting): node a does not answer; run it again to carry on'),
    );
  });

  it('applies nothing of a file that asks for what must not be done', async () => {
    const refusals = [{ cluster: 'main', node: 'a', device: '/dev/vdb', reason: 'it holds 2 bricks' }];
    const { load, done } = setUp({ ...nothing, refusals });
    await expect(load({ yes: true })).rejects.toThrow(/nothing was changed.*\nmain a \/dev\/vdb: it holds 2 bricks/);
    expect(done).toEqual([]);
  });

  it('prints JSON on standard output and the rest elsewhere', async () => {
    const { load, out, err } = setUp(change);
    await load({ yes: true, json: true });
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0] ?? '')).toMatchObject({ outcome: { kind: 'done' }, steps: [{ node: 'a' }] });
    expect(err.length).toBeGreaterThan(0);
  });
});
