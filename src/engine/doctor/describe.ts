/** Findings in words: whose they are, how bad they are, what each means and what to do about it. */
import { describeDurability } from '../../domain/durability.ts';
import { describeSize } from '../../domain/quantity.ts';
import type {
  BlindFinding,
  BrickFinding,
  DeviceFinding,
  EntriesOfBrick,
  Finding,
  RecordedVolumeFinding,
  RecordFinding,
  ServiceFinding,
  UnrecordedVolumeFinding,
} from './api.ts';

/**
 * `error`: data is out of reach, or about to be. `warning`: something does not agree and should be put right. `note`:
 * nothing is wrong.
 */
export type Severity = 'error' | 'warning' | 'note';

export interface Diagnosis {
  readonly severity: Severity;
  /** What the finding is about: findings are grouped by it. */
  readonly subject: { readonly kind: 'volume' | 'node' | 'cluster' | 'records'; readonly name: string };
  readonly meaning: string;
  readonly remedy: string;
}

type Words = readonly [severity: Severity, meaning: string, remedy: string];

export function diagnose(finding: Finding): Diagnosis {
  switch (finding.kind) {
    case 'volume-missing':
    case 'volume-stopped':
    case 'options-differ':
    case 'durability-differs':
    case 'bricks-differ':
    case 'volume-unfinished':
      return diagnosis('volume', finding.name, ofRecordedVolume(finding));
    case 'bricks-offline':
    case 'heal-pending':
    case 'split-brain':
    case 'bricks-unseen':
      return diagnosis('volume', finding.name, ofService(finding));
    case 'volume-orphaned':
    case 'volume-unidentified':
    case 'volume-foreign':
      return diagnosis('volume', finding.name, ofUnrecordedVolume(finding));
    case 'brick-missing':
    case 'brick-size-differs':
    case 'brick-leftover':
      return diagnosis('node', finding.node, ofBrick(finding));
    case 'device-size-differs':
    case 'device-space-held':
    case 'device-unreadable':
      return diagnosis('node', finding.node, ofDevice(finding));
    case 'cluster-unreachable':
      return diagnosis('cluster', finding.cluster, blind(finding));
    case 'node-unreachable':
    case 'node-unknown':
      return diagnosis('node', finding.node, blind(finding));
    case 'volume-unreadable':
      return diagnosis('volume', finding.name, blind(finding));
    case 'quarantined':
    case 'gid-shared':
      return diagnosis('records', 'records', ofRecords(finding));
  }
}

const diagnosis = (
  kind: Diagnosis['subject']['kind'],
  name: string,
  [severity, meaning, remedy]: Words,
): Diagnosis => ({ severity, subject: { kind, name }, meaning, remedy });

function ofRecordedVolume(finding: RecordedVolumeFinding): Words {
  const { name } = finding;
  switch (finding.kind) {
    case 'volume-missing':
      return [
        'error',
        'the record says ready, but gluster has no such volume',
        `if it was removed on purpose: brickyard volume forget ${name}; else find out who removed it, its bricks may still hold the data`,
      ];
    case 'volume-stopped':
      return ['error', `it is ${finding.status}, so nobody can use it`, `gluster volume start ${name}`];
    case 'options-differ': {
      const shown = finding.options.map(
        ({ key, wanted, found }) => `${key}: expected ${wanted}, found ${found ?? 'none'}`,
      );
      const words = finding.options.map(({ key, wanted }) => `${key} ${wanted}`).join(' ');
      return ['warning', shown.join('; '), `gluster volume set ${name} ${words}`];
    }
    case 'durability-differs': {
      const found = finding.found === 'unknown' ? 'something else' : describeDurability(finding.found);
      return [
        'warning',
        `the record says ${describeDurability(finding.wanted)}, gluster says ${found}`,
        'somebody has added or removed bricks: put them back as they were',
      ];
    }
    case 'bricks-differ': {
      const added = finding.added.length === 0 ? [] : [`gluster has ${finding.added.join(', ')}`];
      const gone = finding.gone.length === 0 ? [] : [`the record has ${finding.gone.join(', ')}`];
      const both = [...added, ...gone];
      return [
        'error',
        both.length === 0 ? 'the same bricks stand in another order' : both.join('; '),
        'somebody has added, removed or replaced bricks: put them back with gluster volume replace-brick; Brickyard leaves the volume alone until then',
      ];
    }
    case 'volume-unfinished': {
      const since = finding.since === undefined ? '' : ` since ${finding.since}`;
      return [
        'note',
        `${finding.phase}${since}; it holds ${describeSize(finding.held)} on devices`,
        'nothing: it is carried on by itself; if it lasts, events and log say what it waits for',
      ];
    }
  }
}

function ofService(finding: ServiceFinding): Words {
  const { name } = finding;
  switch (finding.kind) {
    case 'bricks-offline': {
      const which = finding.bricks.join(', ');
      return [
        finding.outOfReach ? 'error' : 'warning',
        finding.outOfReach
          ? `nobody can use it: too few of its bricks are served, ${which} are not`
          : `it is used with fewer copies: ${which} not served`,
        `brickyard node list shows whether their nodes and devices are in order; when they are: gluster volume start ${name} force`,
      ];
    }
    case 'heal-pending':
      return [
        'warning',
        `not all copies are up to date: ${entriesText(finding.bricks)} to be healed`,
        `gluster does it by itself: run this again; if the number stays, gluster volume heal ${name} info names the files`,
      ];
    case 'split-brain':
      return [
        'error',
        `copies contradict each other: ${entriesText(finding.bricks)} in split-brain, which nobody can open`,
        `gluster volume heal ${name} info split-brain names the files; choose a copy of each: gluster volume heal ${name} split-brain latest-mtime FILE`,
      ];
    case 'bricks-unseen':
      return ['warning', `gluster did not say how its bricks are: ${finding.reason}`, 'run this again'];
  }
}

const entriesText = (bricks: readonly EntriesOfBrick[]): string =>
  bricks.map(({ brick, entries }) => `${entries} on ${brick}`).join(', ');

function ofUnrecordedVolume(finding: UnrecordedVolumeFinding): Words {
  switch (finding.kind) {
    case 'volume-orphaned': {
      const { namespace, name } = finding.owner;
      return [
        'error',
        `Brickyard made it (${describeSize(finding.size)} for ${namespace}/${name}), but it has no record, so its space is not counted`,
        'brickyard doctor --rebuild',
      ];
    }
    case 'volume-unidentified':
      return [
        'warning',
        'Brickyard made it, but neither its options nor the bricks that could be seen say what it is, and it has no record',
        `if it is in use: brickyard volume adopt ${finding.name}; a create that was cut off while the store was lost: gluster volume delete ${finding.name}`,
      ];
    case 'volume-foreign':
      return [
        'note',
        'Brickyard did not make it and does not count it',
        `nothing; to have it shown among the others: brickyard volume adopt ${finding.name}`,
      ];
  }
}

function ofBrick(finding: BrickFinding): Words {
  const { device, brick } = finding;
  switch (finding.kind) {
    case 'brick-missing':
      return [
        'error',
        `${device}: brick ${brick} of ${finding.volume} is not there`,
        `the volume lives on its other bricks, if it has any: see gluster volume heal ${finding.volume} info; then replace the brick`,
      ];
    case 'brick-size-differs':
      return [
        'warning',
        `${device}: brick ${brick} of ${finding.volume} has ${describeSize(finding.found)}, the record says ${describeSize(finding.recorded)}`,
        'somebody has changed it by hand: give it back the size of the record',
      ];
    case 'brick-leftover': {
      const size = finding.footprint === undefined ? '' : ` (${describeSize(finding.footprint)})`;
      const isSure = finding.volumeInGluster === 'absent';
      const mount = finding.path.slice(0, finding.path.lastIndexOf('/'));
      const remove = `on the node: umount ${mount}; lvremove @brickyard.brick=${brick}`;
      return [
        'warning',
        `${device}: brick ${brick}${size} belongs to no volume${isSure ? '' : ' that could be seen'}`,
        isSure
          ? `if nobody needs what is on it, ${remove}`
          : 'look again when all of gluster can be asked: its volume may be one that could not be seen',
      ];
    }
  }
}

function ofDevice(finding: DeviceFinding): Words {
  const { device } = finding;
  switch (finding.kind) {
    case 'device-size-differs':
      return [
        'warning',
        `${device}: it has ${describeSize(finding.found)}, the record says ${describeSize(finding.recorded)}`,
        'load the topology again, which writes down the size of now',
      ];
    case 'device-space-held':
      return [
        'warning',
        `${device}: ${describeSize(finding.held)} are taken by something that is none of our bricks`,
        'lvs on the node shows what it is; remove it, or reserve as much for it',
      ];
    case 'device-unreadable':
      return [
        finding.bricks === 0 ? 'warning' : 'error',
        `${device}: could not be checked: ${finding.reason}`,
        `look at the disk; ${finding.bricks} brick(s) are recorded on it, and none is reported as missing`,
      ];
  }
}

function blind(finding: BlindFinding): Words {
  switch (finding.kind) {
    case 'cluster-unreachable':
      return [
        'warning',
        `gluster could not be asked, so no volume of it was checked: ${finding.reason}`,
        'see that glusterd runs on its nodes, and run this again',
      ];
    case 'node-unreachable':
      return [
        'warning',
        `it does not answer, so its bricks (${finding.bricks} recorded) were not checked: ${finding.reason}`,
        'bring it back, and run this again',
      ];
    case 'node-unknown':
      return [
        'error',
        `records put ${finding.bricks} brick(s) on it, but the topology does not have it`,
        'load a topology that has it',
      ];
    case 'volume-unreadable':
      return ['warning', `gluster did not describe it, so it was not checked: ${finding.reason}`, 'run this again'];
  }
}

function ofRecords(finding: RecordFinding): Words {
  switch (finding.kind) {
    case 'quarantined': {
      const { document, id, problem } = finding;
      return [
        'error',
        `the record of ${document} ${id} cannot be read: ${problem.replaceAll('\n', '; ')}`,
        document === 'volume'
          ? `brickyard volume forget ${id} --yes-leave-it, then brickyard doctor --rebuild`
          : 'load the topology again, then restart',
      ];
    }
    case 'gid-shared':
      return [
        'warning',
        `GID ${finding.gid} belongs to ${finding.volumes.map(({ name }) => name).join(' and ')}: pods of one could open files of the other`,
        'move the data of all but one of them to new claims',
      ];
  }
}
