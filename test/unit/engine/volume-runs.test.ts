import { describe, expect, it } from 'vitest';
import { done, type Outcome } from '../../../src/domain/outcome.ts';
import { stopped, VolumeRuns, type RunSignals } from '../../../src/engine/volume-runs.ts';
import { forever, idOf } from './bench.ts';

/** Work that ends when told to. */
class Task<T> {
  readonly #value: T;
  #finish: (() => void) | undefined;
  starts = 0;
  signals: RunSignals | undefined;

  constructor(value: T) {
    this.#value = value;
  }

  readonly work = (signals: RunSignals): Promise<Outcome<T>> => {
    this.starts += 1;
    this.signals = signals;
    return new Promise((resolve) => {
      this.#finish = () => resolve(signals.stop.aborted ? stopped(signals) : done(this.#value));
      signals.abort.addEventListener('abort', () => this.#finish?.(), { once: true });
    });
  };

  finish(): void {
    this.#finish?.();
  }
}

const turn = async (): Promise<void> => {
  for (let hop = 0; hop < 10; hop += 1) {
    await Promise.resolve();
  }
};

const runsOf = (): { runs: VolumeRuns<string, string>; defects: unknown[] } => {
  const defects: unknown[] = [];
  return { runs: new VolumeRuns((_, error) => defects.push(error)), defects };
};

describe('VolumeRuns', () => {
  it('shares one ensure among all who ask while it runs, and begins another one after it', async () => {
    const { runs } = runsOf();
    const first = new Task('first');
    const second = new Task('second');
    const asked = [runs.ensure(idOf(1), forever, first.work), runs.ensure(idOf(1), forever, second.work)];
    await turn();
    first.finish();
    expect(await Promise.all(asked)).toEqual([done('first'), done('first')]);
    await turn();
    const later = runs.ensure(idOf(1), forever, second.work);
    await turn();
    second.finish();
    expect(await later).toEqual(done('second'));
    expect([first.starts, second.starts]).toEqual([1, 1]);
  });

  it('keeps different volumes apart', async () => {
    const { runs } = runsOf();
    const tasks = [new Task('1'), new Task('2')];
    const asked = tasks.map((task, index) => runs.ensure(idOf(index), forever, task.work));
    await turn();
    expect(tasks.map(({ starts }) => starts)).toEqual([1, 1]);
    tasks.forEach((task) => task.finish());
    await Promise.all(asked);
  });

  it('aborts the work when the last caller goes, and not before', async () => {
    const { runs } = runsOf();
    const task = new Task('x');
    const [one, two] = [new AbortController(), new AbortController()];
    const first = runs.ensure(idOf(1), one.signal, task.work);
    const second = runs.ensure(idOf(1), two.signal, task.work);
    await turn();
    one.abort();
    expect(await first).toMatchObject({ kind: 'unknown' });
    expect(task.signals?.abort.aborted).toBe(false);
    two.abort();
    expect(await second).toMatchObject({ kind: 'waiting', reason: 'stopped: nobody waits for the outcome any more' });
    expect(task.signals?.abort.aborted).toBe(true);
  });

  it('begins nothing for a caller who has gone already', async () => {
    const { runs } = runsOf();
    const task = new Task('x');
    expect(await runs.ensure(idOf(1), AbortSignal.abort(), task.work)).toMatchObject({ kind: 'waiting' });
    expect(task.starts).toBe(0);
  });

  it('does not let a new caller join work that is winding down', async () => {
    const { runs } = runsOf();
    const [old, fresh] = [new Task('old'), new Task('fresh')];
    const leaving = new AbortController();
    const slow = async (signals: RunSignals): Promise<Outcome<string>> => {
      await turn();
      return old.work(signals);
    };
    void runs.ensure(idOf(1), leaving.signal, slow);
    await Promise.resolve();
    await Promise.resolve();
    leaving.abort();
    const asked = runs.ensure(idOf(1), forever, fresh.work);
    await turn();
    await turn();
    old.finish();
    await turn();
    fresh.finish();
    expect(await asked).toEqual(done('fresh'));
  });

  it('stops the ensure for a delete, without aborting the step, and turns ensures away until it is over', async () => {
    const { runs } = runsOf();
    const [ensure, remove] = [new Task('made'), new Task('gone')];
    const ensuring = runs.ensure(idOf(1), forever, ensure.work);
    await turn();
    const deleting = runs.delete(idOf(1), forever, remove.work);
    await turn();
    expect(ensure.signals?.stop.aborted).toBe(true);
    expect(ensure.signals?.abort.aborted).toBe(false);
    expect(remove.starts).toBe(0);
    expect(await runs.ensure(idOf(1), forever, ensure.work)).toMatchObject({ kind: 'waiting' });
    ensure.finish();
    expect(await ensuring).toMatchObject({ kind: 'waiting', reason: 'stopped: the volume is being deleted' });
    await turn();
    remove.finish();
    expect(await deleting).toEqual(done('gone'));
    await turn();
    const again = runs.ensure(idOf(1), forever, ensure.work);
    await turn();
    ensure.finish();
    expect(await again).toEqual(done('made'));
  });

  it('stops for a delete, or on demand, what yields to it, and turns such work away until the delete is over', async () => {
    const { runs } = runsOf();
    const [growing, cancelling, deleting, late] = [new Task('g'), new Task('c'), new Task('d'), new Task('l')];
    const first = runs.yielding(idOf(1), forever, growing.work);
    await turn();
    runs.stopYielding(idOf(1), 'given up');
    const second = runs.yielding(idOf(1), forever, cancelling.work);
    growing.finish();
    expect(await first).toMatchObject({ kind: 'waiting', reason: 'stopped: given up' });
    await turn();
    const third = runs.delete(idOf(1), forever, deleting.work);
    expect(cancelling.signals?.stop.aborted).toBe(true);
    expect(cancelling.signals?.abort.aborted).toBe(false);
    expect(await runs.yielding(idOf(1), forever, late.work)).toMatchObject({ kind: 'waiting' });
    cancelling.finish();
    expect((await second).kind).toBe('waiting');
    await turn();
    deleting.finish();
    expect(await third).toEqual(done('d'));
    expect([growing.starts, cancelling.starts, deleting.starts, late.starts]).toEqual([1, 1, 1, 0]);
  });

  it('never overlaps two pieces of work on one volume', async () => {
    const { runs } = runsOf();
    let running = 0;
    const work = async (): Promise<Outcome<string>> => {
      running += 1;
      expect(running).toBe(1);
      await turn();
      running -= 1;
      return done('x');
    };
    await Promise.all([
      runs.ensure(idOf(1), forever, work),
      runs.other(idOf(1), forever, work),
      runs.delete(idOf(1), forever, work),
      runs.other(idOf(1), forever, work),
    ]);
    expect(running).toBe(0);
  });

  it('turns work that throws into unknown, tells of it, and goes on', async () => {
    const { runs, defects } = runsOf();
    const outcome = await runs.ensure(idOf(1), forever, () => Promise.reject(new Error('a defect')));
    expect(outcome).toEqual({ kind: 'unknown', reason: 'internal error: a defect' });
    expect(defects).toMatchObject([{ message: 'a defect' }]);
    expect(await runs.delete(idOf(1), forever, async () => done('gone'))).toEqual(done('gone'));
  });

  it('stops everything at the end, and waits for it', async () => {
    const { runs } = runsOf();
    const tasks = { ensure: new Task('1'), remove: new Task('2'), other: new Task('3') };
    const asked = [
      runs.ensure(idOf(1), forever, tasks.ensure.work),
      runs.delete(idOf(2), forever, tasks.remove.work),
      runs.other(idOf(3), forever, tasks.other.work),
    ];
    await turn();
    let ended = false;
    const end = runs.stopAll('the end').then(() => {
      ended = true;
      return ended;
    });
    await turn();
    expect(ended).toBe(false);
    Object.values(tasks).forEach((task) => task.finish());
    await end;
    expect(await Promise.all(asked)).toMatchObject(asked.map(() => ({ reason: 'stopped: the end' })));
  });
});
