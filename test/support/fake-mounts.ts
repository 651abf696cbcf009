/**
 * Mounts that are kept in a JSON file instead of the kernel: as those outlive the process that made them, so do these. A test
 * may write the file too, to have a client die or a server be away.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { MountWish, Mounts, Standing } from '../../src/csi/mounts/api.ts';
import { done, failed, rejected, unknown, waiting, type Outcome } from '../../src/domain/outcome.ts';
import { bytes, GiB } from '../../src/domain/quantity.ts';

export interface FakeMount {
  readonly wish: MountWish;
  /** A bind mount has where it came from. */
  readonly from?: string;
  readonly readOnly: boolean;
  readonly dead?: boolean;
}

export interface FakeState {
  readonly mounts: Readonly<Record<string, FakeMount>>;
  /** What becomes of the next changes instead. */
  readonly setback?: 'waiting' | 'failed' | 'unknown';
  /** Changes do not end while this is set, unless they are aborted. */
  readonly stuck?: boolean;
}

const usage = {
  bytes: { total: bytes(GiB), used: bytes(GiB / 4), available: bytes((3 * GiB) / 4) },
  inodes: { total: 1000, used: 10, available: 990 },
};

export class FakeMounts implements Mounts {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  get state(): FakeState {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as FakeState;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        return { mounts: {} };
      }
      throw error;
    }
  }

  /** In one piece, for another process may read it. */
  change(change: Partial<FakeState>): void {
    writeFileSync(`${this.#path}.new`, JSON.stringify({ ...this.state, ...change }));
    renameSync(`${this.#path}.new`, this.#path);
  }

  put(directory: string, mount: FakeMount | undefined): void {
    const { [directory]: _before, ...others } = this.state.mounts;
    this.change({ mounts: mount === undefined ? others : { ...others, [directory]: mount } });
  }

  /** The client of what is mounted there ends: it is dead there, and wherever else it is shown. */
  kill(directory: string): void {
    const { mounts } = this.state;
    const dead = Object.entries(mounts).map(([at, mount]) => {
      return [at, at === directory || mount.from === directory ? { ...mount, dead: true } : mount] as const;
    });
    this.change({ mounts: Object.fromEntries(dead) });
  }

  async stage(directory: string, wish: MountWish, { signal }: { signal: AbortSignal }): Promise<Outcome<void>> {
    const found = this.state.mounts[directory];
    if (found !== undefined && found.dead !== true && !sameWish(found.wish, wish)) {
      return rejected(`${directory}: another mount is there`);
    }
    return this.#changed(directory, { wish, readOnly: wish.readOnly }, signal);
  }

  async unstage(directory: string, { signal }: { signal: AbortSignal }): Promise<Outcome<void>> {
    return this.#changed(directory, undefined, signal);
  }

  async publish(
    staged: string,
    target: string,
    { readOnly }: { readonly readOnly: boolean },
    { signal }: { signal: AbortSignal },
  ): Promise<Outcome<void>> {
    const { mounts } = this.state;
    const source = mounts[staged];
    if (source === undefined) {
      return failed(`${staged}: nothing is mounted there`);
    }
    const found = mounts[target];
    if (found !== undefined && found.dead !== true && (found.from !== staged || found.readOnly !== readOnly)) {
      return rejected(`${target}: another mount is there`);
    }
    return this.#changed(target, { wish: source.wish, from: staged, readOnly }, signal);
  }

  async unpublish(target: string, { signal }: { signal: AbortSignal }): Promise<Outcome<void>> {
    return this.#changed(target, undefined, signal);
  }

  async targets(staged: string): Promise<Outcome<readonly string[]>> {
    const { mounts } = this.state;
    return done(
      Object.keys(mounts)
        .filter((at) => mounts[at]?.from === staged)
        .sort(),
    );
  }

  async look(directory: string): Promise<Outcome<Standing>> {
    const found = this.state.mounts[directory];
    if (found === undefined) {
      return done({ kind: 'nothing' });
    }
    const { volume } = found.wish;
    return done(found.dead === true ? { kind: 'dead', volume } : { kind: 'mounted', volume, readOnly: found.readOnly });
  }

  async usage(directory: string): Promise<Outcome<typeof usage>> {
    return this.state.mounts[directory] === undefined ? failed(`${directory}: nothing is mounted there`) : done(usage);
  }

  async #changed(directory: string, mount: FakeMount | undefined, signal: AbortSignal): Promise<Outcome<void>> {
    const { setback, stuck } = this.state;
    if (stuck === true) {
      await this.#freed(signal);
      if (signal.aborted) {
        return unknown('given up');
      }
    }
    switch (setback) {
      case 'waiting':
        return waiting({ what: 'node', name: 'all' }, 'no server answers');
      case 'failed':
        return failed('the client could not start');
      case 'unknown':
        return unknown('no answer in time');
      case undefined:
        this.#show(directory, mount);
        return done();
    }
  }

  #show(directory: string, mount: FakeMount | undefined): void {
    this.put(directory, mount);
    if (mount === undefined) {
      rmSync(directory, { recursive: true, force: true });
    } else {
      mkdirSync(directory, { recursive: true });
    }
  }

  async #freed(signal: AbortSignal): Promise<void> {
    while (this.state.stuck === true && !signal.aborted) {
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
  }
}

function sameWish(a: MountWish, b: MountWish): boolean {
  const text = ({ volume, servers, options, readOnly }: MountWish): string =>
    JSON.stringify([volume, [...servers].sort(), options, readOnly]);
  return text(a) === text(b);
}
