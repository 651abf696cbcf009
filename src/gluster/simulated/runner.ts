/**
 * The way of one command through a simulation: fault, lock, time, work, answer.
 *
 * A command's work is one synchronous step, so commands never see each other half done; what overlaps is the time
 * before it, during which a mutation of a volume holds that volume's lock.
 */
import type { Clock } from '../../domain/clock.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { CallContext } from '../../engine/ports.ts';
import type { Command, CommandResult, CommandRunner, Exited, Lost, NotStarted } from '../runner.ts';
import type { CommandEffect, FaultBook } from './faults.ts';
import { refusal, refusedAs, requestTimedOut } from './glusterd/answers.ts';
import { gluster, glusterWords, locked, lockedVolume, type GlusterWords } from './glusterd/gluster.ts';
import type { VolumeLocks } from './locks.ts';
import { peerTimeoutMs, type Machine } from './machine.ts';
import { programs } from './programs.ts';
import type { ToolResult } from './tools/tool.ts';
import type { SimulatedWorld } from './world.ts';

/** The gluster command line gives up waiting for glusterd after this long. */
const commandLineTimeoutMs = 120_000;
/** How long after a cut the volume of a transaction that it broke off stays locked. */
const staleLockMs = peerTimeoutMs + 40_000;

export interface SimulatedRunnerParts {
  readonly world: SimulatedWorld;
  readonly faults: FaultBook;
  readonly locks: VolumeLocks;
  readonly clock: Clock;
  readonly latency: (argv: readonly string[]) => number;
}

interface Way {
  readonly machine: Machine;
  readonly command: Command;
  readonly effect: CommandEffect | undefined;
  readonly words: GlusterWords | undefined;
  readonly signal: AbortSignal;
}

export class SimulatedRunner implements CommandRunner {
  readonly #parts: SimulatedRunnerParts;
  readonly #notUnderstood: (readonly string[])[] = [];
  #commands = 0;

  constructor(parts: SimulatedRunnerParts) {
    this.#parts = parts;
  }

  get commands(): number {
    return this.#commands;
  }

  get notUnderstood(): readonly (readonly string[])[] {
    return this.#notUnderstood;
  }

  async run(node: NodeRef, command: Command, { signal }: CallContext): Promise<CommandResult> {
    if (signal.aborted) {
      return notStarted('aborted', 'the caller gave up');
    }
    this.#commands += 1;
    const machine = this.#parts.world.machine(node.id);
    const effect = this.#parts.faults.strike(node.id, command.argv);
    if (machine === undefined || machine.off || effect?.kind === 'unreachable') {
      return notStarted('unreachable', `no connection to ${node.manage}`);
    }
    if (machine.cutFor !== undefined) {
      return this.#silence(command, signal, 'the connection is silent');
    }
    const way: Way = { machine, command, effect, words: glusterWords(command.argv), signal };
    const volume = way.words === undefined ? undefined : lockedVolume(way.words);
    return way.words === undefined || volume === undefined || !machine.glusterdUp
      ? this.#go(way, undefined)
      : this.#underLock(way, way.words, volume);
  }

  async #underLock(way: Way, words: GlusterWords, volume: string): Promise<CommandResult> {
    const { locks, world } = this.#parts;
    const pool = world.poolOf(way.machine);
    const key = `${pool.members[0]?.id ?? ''}/${volume}`;
    if (!locks.take(key)) {
      return exited(locked(words, volume));
    }
    try {
      return await this.#go(way, volume);
    } finally {
      const stalling = pool.stalling?.cutFor;
      if (stalling === undefined) {
        locks.release(key);
      } else {
        locks.leaveUntil(key, this.#parts.clock.monotonic() - stalling + staleLockMs);
      }
    }
  }

  async #go(way: Way, volume: string | undefined): Promise<CommandResult> {
    const { effect, machine, command, signal } = way;
    if (effect?.kind === 'fail') {
      return exited(effect);
    }
    if (effect?.kind === 'refuse') {
      return exited(refusedAs(effect));
    }
    if (effect?.kind === 'hang') {
      return this.#silence(command, signal, 'it hangs');
    }
    if (volume !== undefined && this.#parts.world.poolOf(machine).stalling !== undefined) {
      return this.#stalled(way);
    }
    const duration = this.#parts.latency(command.argv) + (effect?.kind === 'slow' ? effect.ms : 0);
    const inTime = duration === 0 || (await this.#sleep(Math.min(duration, command.deadlineMs), signal));
    if (!inTime || duration > command.deadlineMs) {
      // Ending the gluster command line does not end what glusterd does on its behalf; any other program dies.
      if (way.words !== undefined) {
        this.#work(way);
      }
      return lost(inTime ? 'deadline passed' : 'the caller gave up');
    }
    const result = this.#work(way);
    if (effect?.kind === 'half-done' && way.words !== undefined) {
      const other = this.#parts.world.poolOf(machine).members.find((member) => member !== machine) ?? machine;
      return exited(refusal(`Commit failed on ${other.storage}. Please check log file for details.`));
    }
    return effect?.kind === 'lose-answer' ? lost('the connection broke before the answer came') : exited(result);
  }

  /** glusterd waits for a peer that it believes connected; nothing is done. */
  async #stalled({ command, signal }: Way): Promise<CommandResult> {
    if (command.deadlineMs < commandLineTimeoutMs) {
      return this.#silence(command, signal, 'gluster waits for a peer');
    }
    return (await this.#sleep(commandLineTimeoutMs, signal)) ? exited(requestTimedOut) : lost('the caller gave up');
  }

  async #silence({ deadlineMs }: Command, signal: AbortSignal, why: string): Promise<Lost> {
    return lost((await this.#sleep(deadlineMs, signal)) ? `deadline passed: ${why}` : 'the caller gave up');
  }

  /** Whether the time passed; false when the caller gave up first. */
  async #sleep(ms: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#parts.clock.sleep(ms, signal);
      return true;
    } catch (error) {
      if (signal.aborted) {
        return false;
      }
      throw error;
    }
  }

  #work({ machine, command, words }: Way): ToolResult {
    const { world } = this.#parts;
    const [program = '', ...rest] = command.argv;
    const result =
      words === undefined
        ? programs.get(program)?.(machine, rest)
        : gluster(world, machine, words, () => world.newUuid());
    if (result !== undefined) {
      return result;
    }
    this.#notUnderstood.push(command.argv);
    const line = JSON.stringify(command.argv);
    return { exitCode: 127, stdout: '', stderr: `simulated node ${machine.id}: NO TOOL UNDERSTANDS ${line}\n` };
  }
}

const exited = ({ exitCode, stdout, stderr }: ToolResult): Exited => ({ kind: 'exited', exitCode, stdout, stderr });
const lost = (reason: string): Lost => ({ kind: 'lost', reason });
const notStarted = (cause: NotStarted['cause'], reason: string): NotStarted => ({ kind: 'not-started', cause, reason });
