/** Command lines of `gluster`. Always --xml and script mode: no questions, and an answer that can be read. */
import { bricksPerSet, type Durability } from '../../domain/durability.ts';
import { NameError, type HostName, type VolumeName } from '../../domain/names.ts';
import { volumeOptionOf } from '../../domain/options.ts';
import type { VolumeOption } from '../../domain/volume.ts';
import type { BrickAddress, VolumeSpec } from '../../engine/ports.ts';
import { command } from '../command.ts';
import { deadlines } from '../deadlines.ts';
import type { Command } from '../runner.ts';

const gluster = (deadlineMs: number, ...words: readonly string[]): Command =>
  command(deadlineMs, 'gluster', '--xml', '--mode=script', ...words);

export const poolList = (): Command => gluster(deadlines.read, 'pool', 'list');
export const peerProbe = (host: HostName): Command => gluster(deadlines.probe, 'peer', 'probe', host);
/** Never with `force`: a node that holds bricks stays. */
export const peerDetach = (host: HostName): Command => gluster(deadlines.probe, 'peer', 'detach', host);
export const volumeList = (): Command => gluster(deadlines.read, 'volume', 'list');
/** All volumes: long, and only for what is seldom asked. It is answered by one node, without a lock. */
export const volumesInfo = (): Command => gluster(deadlines.read, 'volume', 'info');
export const volumeInfo = (name: VolumeName): Command => gluster(deadlines.read, 'volume', 'info', name);
export const volumeStart = (name: VolumeName): Command => gluster(deadlines.start, 'volume', 'start', name);
/** Starts the brick processes that do not run. It would start the volume as well, so only for one that is. */
export const volumeRestart = (name: VolumeName): Command => gluster(deadlines.start, 'volume', 'start', name, 'force');
/** One volume, never `all`: with many volumes that takes minutes. */
export const volumeStatus = (name: VolumeName): Command => gluster(deadlines.read, 'volume', 'status', name);
export const healSummary = (name: VolumeName): Command =>
  gluster(deadlines.healInfo, 'volume', 'heal', name, 'info', 'summary');
/** Answers in plain text, with or without --xml. */
export const volumeHeal = (name: VolumeName, { full }: { readonly full: boolean }): Command =>
  gluster(deadlines.heal, 'volume', 'heal', name, ...(full ? ['full'] : []));
export const volumeStop = (name: VolumeName): Command => gluster(deadlines.stop, 'volume', 'stop', name);
export const volumeDelete = (name: VolumeName): Command => gluster(deadlines.remove, 'volume', 'delete', name);

/** Never with `force`: it would also take a brick that belongs to somebody else. Throws NameError for a bad path. */
export const volumeCreate = ({ name, durability, bricks }: VolumeSpec): Command =>
  gluster(deadlines.create, 'volume', 'create', name, ...durabilityWords(durability), ...bricks.map(brickWord));

/** The number of bricks tells gluster how many sets that is. Never with `force`. Throws NameError for a bad path. */
export const volumeAddBricks = ({ name, bricks }: VolumeSpec): Command =>
  gluster(deadlines.addBricks, 'volume', 'add-brick', name, ...bricks.map(brickWord));

/** `stop` ends the movement where it is; what was moved stays moved. */
export const volumeRebalance = (name: VolumeName, step: 'start' | 'status' | 'stop'): Command =>
  gluster(step === 'status' ? deadlines.read : deadlines.migrate, 'volume', 'rebalance', name, step);

/** `commit` only once `status` says that every file has left the bricks. Throws NameError for a bad path. */
export const volumeRemoveBricks = ({ name, bricks }: VolumeSpec, step: 'start' | 'status' | 'commit'): Command =>
  gluster(
    step === 'status' ? deadlines.read : deadlines.migrate,
    'volume',
    'remove-brick',
    name,
    ...bricks.map(brickWord),
    step,
  );

/** Gluster offers no other form, and checks less by it. Throws NameError for a bad path. */
export const volumeReplaceBrick = (name: VolumeName, from: BrickAddress, to: BrickAddress): Command =>
  gluster(deadlines.replace, 'volume', 'replace-brick', name, brickWord(from), brickWord(to), 'commit', 'force');

/** Without `force` the commit refuses a brick at the path where one was. Throws NameError for a bad path. */
export const volumeResetBrick = (name: VolumeName, brick: BrickAddress, step: 'start' | 'commit'): Command => {
  const place = brickWord(brick);
  const words = step === 'start' ? [place, 'start'] : [place, place, 'commit', 'force'];
  return gluster(deadlines.replace, 'volume', 'reset-brick', name, ...words);
};

/** One command for all options. Throws NameError, naming the option, when one breaks the grammar. */
export function volumeSet(name: VolumeName, options: readonly VolumeOption[]): Command {
  const words = options.flatMap(({ key, value }) => {
    const checked = volumeOptionOf(key, value);
    return [checked.key, checked.value];
  });
  return gluster(deadlines.options, 'volume', 'set', name, ...words);
}

function durabilityWords(durability: Durability): readonly string[] {
  switch (durability.kind) {
    case 'replicate':
      return ['replica', String(durability.count)];
    case 'arbiter':
      return ['replica', '3', 'arbiter', '1'];
    case 'disperse':
      return ['disperse', String(bricksPerSet(durability)), 'redundancy', String(durability.redundancy)];
    case 'distribute':
      return [];
  }
}

const brickPathGrammar = /^(?!.*(?:^|\/)\.\.?(?:\/|$))(?:\/[a-zA-Z0-9_.+-]+){2,}$/;

function brickWord({ host, path }: BrickAddress): string {
  if (!brickPathGrammar.test(path)) {
    throw new NameError('brick path', 'an absolute path of letters, digits and _.+-', path);
  }
  return `${host}:${path}`;
}
