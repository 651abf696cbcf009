/**
 * Writing the records of a lost store again. Each volume is looked at once more in its own lane before its record is
 * written, because the survey may be minutes old by then.
 */
import type { ClusterId, VolumeName } from '../../domain/names.ts';
import { done, failed, type Outcome } from '../../domain/outcome.ts';
import type { VolumeRecord } from '../../domain/volume.ts';
import type { Identity } from '../identity.ts';
import type { GlusterVolume } from '../ports.ts';
import { stopped, type RunSignals } from '../volume-runs.ts';
import type { VolumeWork } from '../volume-work.ts';
import type { LeftAlone, Rebuild, SurveyProgress } from './api.ts';
import { blindIn, leftoversIn } from './compare-nodes.ts';
import { isOurs } from './compare-volumes.ts';
import type { Exclusively } from './exclusively.ts';
import { identify, type Identified } from './identify.ts';
import { accountOfDoctor, askAbout, observe, type Observation } from './observe.ts';
import { recordOf, standingBricks, type Standing } from './record-of.ts';
import { sideBySide } from '../side-by-side.ts';
import { Known, snapshotOf } from './snapshot.ts';
import { unreachableClusters } from './survey.ts';

/** Volumes that are looked at again and written at a time. */
const writersAtOnce = 2;

interface Candidate {
  readonly cluster: ClusterId;
  readonly volume: GlusterVolume;
  readonly identity: Identity;
}

export class RebuildRun {
  readonly #work: VolumeWork;
  readonly #exclusively: Exclusively;
  readonly #dryRun: boolean;
  readonly #records: VolumeRecord[] = [];
  readonly #leftAlone: LeftAlone[] = [];

  constructor(work: VolumeWork, exclusively: Exclusively, dryRun: boolean) {
    this.#work = work;
    this.#exclusively = exclusively;
    this.#dryRun = dryRun;
  }

  async run(signals: RunSignals, onProgress: (progress: SurveyProgress) => void): Promise<Outcome<Rebuild>> {
    const { ledger, directory } = this.#work;
    const settled = this.#dryRun ? done() : await this.#settleAll(signals);
    if (settled.kind !== 'done') {
      return settled;
    }
    const before = snapshotOf(ledger);
    const seen = await observe(this.#work, signals, { onProgress, bricks: false });
    if (seen.kind !== 'done') {
      return seen;
    }
    const observation = seen.value;
    const known = new Known(before, snapshotOf(ledger));
    const stood = known.records().length + known.quarantined().length;
    const standing = standingBricks(observation);
    let doubt: Outcome<never> | undefined;
    await sideBySide(this.#candidates(observation, standing, known), writersAtOnce, async (candidate) => {
      const outcome = signals.stop.aborted
        ? stopped(signals)
        : await this.#restore(candidate, observation, standing, signals);
      if (outcome.kind === 'done') {
        this.#records.push(outcome.value);
      } else if (outcome.kind === 'unknown' || signals.stop.aborted) {
        doubt = outcome;
      } else {
        this.#leave(candidate.cluster, candidate.volume.name, outcome.reason);
      }
    });
    if (doubt !== undefined) {
      return doubt;
    }
    const after = snapshotOf(ledger);
    const now = new Known(before, { ...after, volumes: new Map([...after.volumes, ...this.#made()]) });
    return done({
      records: this.#records.sort((a, b) => (a.name < b.name ? -1 : 1)),
      leftAlone: this.#leftAlone,
      leftovers: leftoversIn(now, observation, directory),
      blind: [...unreachableClusters(observation), ...blindIn(now, observation, directory)],
      stood,
    });
  }

  /** Writes again what an earlier run may not have written. */
  async #settleAll(signals: RunSignals): Promise<Outcome<void>> {
    const { ledger } = this.#work;
    for (const id of ledger.unsettled()) {
      const settled = await this.#exclusively(id, signals, () => ledger.settle(id));
      if (settled.kind !== 'done') {
        return settled;
      }
    }
    return done();
  }

  /** With `dryRun` too: bricks of records that would be written are no leftovers. */
  #made(): readonly (readonly [VolumeRecord['id'], VolumeRecord])[] {
    return this.#records.map((record) => [record.id, record]);
  }

  #leave(cluster: ClusterId, name: string, reason: string): void {
    this.#leftAlone.push({ cluster, name, reason });
  }

  /** Volumes of ours without a record. What is ours and cannot be one is left alone, and said. */
  #candidates({ clusters }: Observation, standing: Standing, known: Known): readonly Candidate[] {
    const found: Candidate[] = [];
    for (const [cluster, sight] of clusters) {
      for (const volume of sight.kind === 'seen' ? sight.volumes.values() : []) {
        if (known.hasVolume(cluster, volume.name) || !isOurs(volume)) {
          continue;
        }
        const said = identify(volume, standing);
        if (said.kind === 'unknown') {
          this.#leave(cluster, volume.name, `${said.reason}; ${goingOn(said)}`);
          continue;
        }
        const { identity } = said;
        if (known.hasRecord(identity.id)) {
          this.#leave(
            cluster,
            volume.name,
            `it says that it is volume ${identity.id}, which has a record of another name`,
          );
        } else if (known.isQuarantined(identity.id)) {
          const first = `forget that first: brickyard volume forget ${identity.id} --yes-leave-it`;
          this.#leave(cluster, volume.name, `its record is there and cannot be read; ${first}`);
        } else {
          found.push({ cluster, volume, identity });
        }
      }
    }
    return this.#withoutTwins(found);
  }

  /** Two volumes with one identity: somebody has copied the options, and nothing says which is which. */
  #withoutTwins(candidates: readonly Candidate[]): readonly Candidate[] {
    const byId = Map.groupBy(candidates, ({ identity }) => identity.id);
    for (const twins of byId.values()) {
      for (const { cluster, volume } of twins.length > 1 ? twins : []) {
        const others = twins.filter((twin) => twin.volume !== volume).map((twin) => twin.volume.name);
        this.#leave(cluster, volume.name, `it has the same identity as ${others.join(', ')}`);
      }
    }
    return candidates.filter(({ identity }) => byId.get(identity.id)?.length === 1);
  }

  #restore(
    { cluster, volume: { name }, identity: { id } }: Candidate,
    observation: Observation,
    standing: Standing,
    signals: RunSignals,
  ): Promise<Outcome<VolumeRecord>> {
    return this.#exclusively(id, signals, async (own) => {
      const { ledger, directory } = this.#work;
      if (ledger.volume(id) !== undefined) {
        return failed('it has got a record meanwhile');
      }
      const fresh = await this.#lookAgain(cluster, name, standing, own);
      if (fresh.kind !== 'done') {
        return fresh.kind === 'unknown' ? failed(fresh.reason) : fresh;
      }
      const record = recordOf({ ...fresh.value, cluster, observation, standing }, directory);
      if (record.kind !== 'done' || this.#dryRun) {
        return record;
      }
      const written = await ledger.restore(record.value);
      return written.kind === 'done' ? record : written;
    });
  }

  async #lookAgain(
    cluster: ClusterId,
    name: VolumeName,
    standing: Standing,
    signals: RunSignals,
  ): Promise<Outcome<Pick<Candidate, 'volume' | 'identity'>>> {
    const info = await askAbout(this.#work, cluster, name, accountOfDoctor(signals));
    if (info.kind !== 'done') {
      return info;
    }
    const said = info.value === undefined ? undefined : identify(info.value, standing);
    return info.value === undefined || said?.kind !== 'known'
      ? failed('it was changed or removed meanwhile')
      : done({ volume: info.value, identity: said.identity });
  }
}

const goingOn = ({ isComplete }: Extract<Identified, { kind: 'unknown' }>): string =>
  isComplete ? '"brickyard volume adopt" takes it' : 'run this again when all of its nodes answer';
