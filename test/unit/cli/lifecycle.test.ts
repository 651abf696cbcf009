import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { Lifecycle } from '../../../src/cli/lifecycle/lifecycle.ts';
import { connectProcess } from '../../../src/cli/lifecycle/process-signals.ts';
import { silentLog, type Log } from '../../../src/domain/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function setUp(log: Log = silentLog) {
  const clock = new FakeClock();
  const kill = vi.fn<(code: number) => void>();
  const lifecycle = new Lifecycle({ clock, log, grace: 20_000, abortGrace: 5000, kill });
  return { clock, kill, lifecycle };
}

/** Ends only when told to, or never: the running step of a test. */
const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

describe('lifecycle', () => {
  it('closes what was opened, the last first, and ends with 0', async () => {
    const { lifecycle } = setUp();
    const closed: string[] = [];
    for (const name of ['ops server', 'lease', 'controller']) {
      lifecycle.onClose(name, async () => void closed.push(name));
    }
    lifecycle.signal('SIGTERM');
    expect(lifecycle.draining.aborted).toBe(true);
    expect(lifecycle.aborting.aborted).toBe(false);
    expect(await lifecycle.finished).toBe(0);
    expect(closed).toEqual(['controller', 'lease', 'ops server']);
    expect(lifecycle.stage).toBe('over');
  });

  it('lets a running step finish within the grace period', async () => {
    const { clock, lifecycle } = setUp();
    lifecycle.onClose('engine', () => clock.sleep(19_000));
    lifecycle.signal('SIGTERM');
    expect(lifecycle.stage).toBe('draining');
    await clock.advance(19_000);
    expect(await lifecycle.finished).toBe(0);
    expect(lifecycle.aborting.aborted).toBe(false);
  });

  it('aborts what still runs after the grace period, and ends with 1', async () => {
    const { clock, lifecycle } = setUp();
    lifecycle.onClose('engine', untilAborted);
    lifecycle.signal('SIGTERM');
    await clock.advance(19_999);
    expect(lifecycle.stage).toBe('draining');
    await clock.advance(1);
    expect(await lifecycle.finished).toBe(1);
    expect(lifecycle.aborting.aborted).toBe(true);
  });

  it('aborts at once on a second signal', async () => {
    const { clock, lifecycle } = setUp();
    lifecycle.onClose('engine', untilAborted);
    lifecycle.signal('SIGINT');
    await clock.advance(500);
    lifecycle.signal('SIGINT');
    expect(await lifecycle.finished).toBe(1);
  });

  it('takes the two signals of one Ctrl-C under npm for one', async () => {
    const { clock, lifecycle } = setUp();
    lifecycle.onClose('engine', () => clock.sleep(1000));
    lifecycle.signal('SIGINT');
    lifecycle.signal('SIGINT');
    await clock.advance(1000);
    expect(await lifecycle.finished).toBe(0);
  });

  it('kills on the third signal', async () => {
    const { clock, kill, lifecycle } = setUp();
    lifecycle.onClose('engine', () => new Promise(() => undefined));
    lifecycle.signal('SIGINT');
    await clock.advance(500);
    lifecycle.signal('SIGINT');
    await clock.advance(500);
    expect(kill).not.toHaveBeenCalled();
    lifecycle.signal('SIGINT');
    expect(kill).toHaveBeenCalledExactlyOnceWith(1);
  });

  it('leaves behind what does not even close when aborted', async () => {
    const { clock, lifecycle } = setUp();
    lifecycle.onClose('hung', () => new Promise(() => undefined));
    lifecycle.signal('SIGTERM');
    await clock.advance(25_000);
    expect(await lifecycle.finished).toBe(1);
  });

  it('closes everything although some parts fail, and logs all errors as one', async () => {
    const error = vi.fn<Log['error']>();
    const { lifecycle } = setUp({ ...silentLog, error });
    const closed: string[] = [];
    lifecycle.onClose('store', async () => void closed.push('store'));
    lifecycle.onClose('lease', () => Promise.reject(new Error('no API server')));
    lifecycle.onClose('controller', () => Promise.reject(new Error('stuck')));
    lifecycle.signal('SIGTERM');
    expect(await lifecycle.finished).toBe(1);
    expect(closed).toEqual(['store']);
    const fields = error.mock.calls[0]?.[0] as { err: AggregateError };
    expect(fields.err.errors.map(String)).toEqual([
      'Error: controller failed to close',
      'Error: lease failed to close',
    ]);
  });

  it('drains and ends with 1 when the lease is lost, even when a signal comes too', async () => {
    const { clock, lifecycle } = setUp();
    lifecycle.onClose('engine', () => clock.sleep(1000));
    lifecycle.stop('lease lost', 1);
    expect(lifecycle.draining.aborted).toBe(true);
    lifecycle.signal('SIGTERM');
    expect(lifecycle.aborting.aborted).toBe(false);
    await clock.advance(1000);
    expect(await lifecycle.finished).toBe(1);
  });
});

describe('connectProcess', () => {
  it('passes signals on and stops doing so when undone', async () => {
    const { kill, lifecycle } = setUp();
    const source = new EventEmitter();
    const undo = connectProcess(source, lifecycle, silentLog, kill);
    source.emit('SIGTERM');
    expect(await lifecycle.finished).toBe(0);
    undo();
    expect(source.eventNames()).toEqual([]);
  });

  it('logs an error that nothing caught and ends at once', () => {
    const error = vi.fn<Log['error']>();
    const { kill, lifecycle } = setUp();
    const source = new EventEmitter();
    connectProcess(source, lifecycle, { ...silentLog, error }, kill);
    source.emit('unhandledRejection', new Error('forgotten'));
    expect(kill).toHaveBeenCalledExactlyOnceWith(1);
    expect(error).toHaveBeenCalledOnce();
  });
});
