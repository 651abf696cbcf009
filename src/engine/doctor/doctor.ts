import type { VolumeId } from '../../domain/names.ts';
import { waiting, type Outcome } from '../../domain/outcome.ts';
import type { VolumeRecord } from '../../domain/volume.ts';
import type { RunSignals } from '../volume-runs.ts';
import type { VolumeWork } from '../volume-work.ts';
import { adoptVolume } from './adopt.ts';
import type {
  AdoptOptions,
  ClusterVolumes,
  Doctor,
  ForgetOptions,
  Forgotten,
  Rebuild,
  RebuildOptions,
  Survey,
  SurveyOptions,
} from './api.ts';
import type { Exclusively } from './exclusively.ts';
import { forgetVolume } from './forget.ts';
import { listEverywhere } from './list-volumes.ts';
import { RebuildRun } from './rebuild.ts';
import { survey } from './survey.ts';

export interface DoctorParts {
  readonly work: VolumeWork;
  readonly exclusively: Exclusively;
  readonly isOpen: () => boolean;
}

/** Puts the doctor's parts together, and stops them when the engine closes. Any number of calls may run at once. */
export class EngineDoctor implements Doctor {
  readonly #parts: DoctorParts;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(parts: DoctorParts) {
    this.#parts = parts;
  }

  survey({ signal, onProgress = ignore }: SurveyOptions): Promise<Outcome<Survey>> {
    return this.#run(signal, (signals) => survey(this.#parts.work, signals, onProgress));
  }

  glusterVolumes({ signal }: Pick<SurveyOptions, 'signal'>): Promise<Outcome<readonly ClusterVolumes[]>> {
    return this.#run(signal, (signals) => listEverywhere(this.#parts.work, signals));
  }

  rebuild({ signal, dryRun, onProgress = ignore }: RebuildOptions): Promise<Outcome<Rebuild>> {
    const { work, exclusively } = this.#parts;
    return this.#run(signal, (signals) => new RebuildRun(work, exclusively, dryRun).run(signals, onProgress));
  }

  adopt(name: string, { signal, ...options }: AdoptOptions): Promise<Outcome<VolumeRecord>> {
    const { work, exclusively } = this.#parts;
    return this.#run(signal, (signals) => adoptVolume(work, exclusively, name, options, signals));
  }

  forget(id: VolumeId, { signal, ...options }: ForgetOptions): Promise<Outcome<Forgotten>> {
    const { work, exclusively } = this.#parts;
    return this.#run(signal, (signals) => forgetVolume(work, exclusively, id, options, signals));
  }

  /** Ends what runs, between two looks. */
  async close(reason: string): Promise<void> {
    this.#stop.abort(reason);
    await Promise.allSettled(this.#running);
  }

  async #run<T>(signal: AbortSignal, work: (signals: RunSignals) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    if (!this.#parts.isOpen()) {
      return waiting({ what: 'condition', name: 'engine' }, 'the engine is not open');
    }
    const running = work({ stop: AbortSignal.any([this.#stop.signal, signal]), abort: signal });
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }
}

const ignore = (): void => undefined;
