import { describe, expect, it } from 'vitest';
import { reasonOf, WaitingClaims, waitingReasons } from '../../../src/controller/waiting-claims.ts';
import { done, failed, rejected, unknown, waiting, type Setback } from '../../../src/domain/outcome.ts';
import { keyOf, persistentVolumeClaims, type PersistentVolumeClaim } from '../../../src/kube/resources.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { claim, storageClass } from './objects.ts';
import { claimKey, World } from './world.ts';

const now = Date.parse('2026-01-01T01:00:00Z');

function scene(...claims: PersistentVolumeClaim[]) {
  const cached = new Map(claims.map((one) => [keyOf(one.metadata), one]));
  const clock = new FakeClock(now);
  const subject = new WaitingClaims({ clock, findClaim: (key) => cached.get(key) });
  return { cached, subject };
}
const named = (name: string, creationTimestamp?: string): PersistentVolumeClaim =>
  claim({ metadata: { name, uid: `uid-${name}`, ...(creationTimestamp === undefined ? {} : { creationTimestamp }) } });

describe('claims that wait', () => {
  it('are counted by why, with the age of the oldest, and every reason has its count', () => {
    const [a, b, c] = [named('a', '2026-01-01T00:30:00Z'), named('b', '2026-01-01T00:59:00Z'), named('c')];
    const { subject } = scene(a, b, c);
    for (const one of [a, b]) {
      subject.tried(one, waiting({ what: 'capacity' }, 'full'));
    }
    subject.waits(c, 'refused');
    const counts = subject.counts();
    expect([...counts.keys()]).toEqual([...waitingReasons]);
    expect(counts.get('capacity')).toEqual({ claims: 2, oldest: 30 * 60_000 });
    expect(counts.get('refused')).toEqual({ claims: 1, oldest: 0 });
    expect(counts.get('node')).toEqual({ claims: 0, oldest: 0 });
  });

  it('are counted once, for the last reason', () => {
    const { subject } = scene(named('a'));
    subject.tried(named('a'), failed('no'));
    subject.tried(named('a'), unknown('no answer'));
    expect(subject.counts().get('failed')?.claims).toBe(0);
    expect(subject.counts().get('unknown')?.claims).toBe(1);
  });

  it('do so no more once they are served, settled, gone, replaced, or bound by somebody else', () => {
    const all = ['served', 'settled', 'gone', 'replaced', 'bound'].map((name) => named(name));
    const { cached, subject } = scene(...all);
    all.forEach((one) => subject.waits(one, 'capacity'));
    expect(subject.counts().get('capacity')?.claims).toBe(5);
    subject.tried(named('served'), done());
    subject.settled('team-a/settled');
    cached.delete('team-a/gone');
    cached.set('team-a/replaced', claim({ metadata: { name: 'replaced', uid: 'another' } }));
    cached.set(
      'team-a/bound',
      claim({ metadata: { name: 'bound', uid: 'uid-bound' }, spec: { volumeName: 'theirs' } }),
    );
    expect(subject.counts().get('capacity')).toEqual({ claims: 0, oldest: 0 });
  });

  it.each<[string, Setback]>([
    ['rejected', rejected('never')],
    ['failed', failed('no')],
    ['unknown', unknown('no answer')],
    ['capacity', waiting({ what: 'capacity' }, 'full')],
    ['node', waiting({ what: 'node', name: 'a' }, 'away')],
    ['lock', waiting({ what: 'lock', name: 'v' }, 'held')],
    ['condition', waiting({ what: 'condition', name: 'x' }, 'x')],
  ])('wait for %s by what the engine says', (reason, setback) => {
    expect(reasonOf(setback)).toBe(reason);
  });
});

describe('the provisioning of a claim', () => {
  const reasonNow = (world: World): string[] =>
    [...world.provision.waiting()].filter(([, { claims }]) => claims > 0).map(([reason]) => reason);
  const look = (world: World) => world.provision.reconcile(claimKey, world.signal);

  it('says why the claim waits after each look, and nothing when it has its volume', async () => {
    const world = World.withClaim();
    expect(reasonNow(world)).toEqual([]);
    world.classes = [];
    await look(world);
    expect(reasonNow(world)).toEqual(['class']);
    world.classes = [storageClass({ volumeBindingMode: 'WaitForFirstConsumer' })];
    await look(world);
    expect(reasonNow(world)).toEqual(['consumer']);
    world.classes = [storageClass({ parameters: { volumetype: 'nonsense' } })];
    await look(world);
    expect(reasonNow(world)).toEqual(['refused']);
    world.classes = [storageClass()];
    world.engine.next.ensure.push(waiting({ what: 'capacity' }, 'full'));
    await look(world);
    expect(reasonNow(world)).toEqual(['capacity']);
    await look(world);
    expect(reasonNow(world)).toEqual([]);
  });

  it('does not count a claim that is for another provisioner by now', async () => {
    const world = World.withClaim();
    world.classes = [];
    await look(world);
    world.api.put(persistentVolumeClaims, claim({ annotations: {} }));
    world.sync();
    await look(world);
    expect(reasonNow(world)).toEqual([]);
  });
});
