import { InvalidArgumentError, Option, type Command } from 'commander';
import { messageOf } from '../../domain/error-message.ts';
import { durabilityProblem, type Durability } from '../../domain/durability.ts';
import { readTagRule, snapshotFactor, wholeNumber } from '../../domain/parameter-values.ts';
import type { TagRule, ZoneSpread } from '../../domain/placement-rules.ts';
import { parseQuantity, type Bytes } from '../../domain/quantity.ts';
import { zoneName, zoneNameShape } from '../../domain/topology.ts';
import { usualShape, type VolumeShape } from '../../domain/volume-shape.ts';
import { UsageError } from '../exit-codes.ts';

/** What the options of `addShapeOptions` parse to. */
export interface ShapeFlags {
  readonly size?: Bytes;
  readonly replica?: number;
  readonly arbiter?: boolean;
  readonly disperse?: Extract<Durability, { kind: 'disperse' }>;
  readonly distribute?: boolean;
  readonly zoneSpread?: ZoneSpread;
  readonly zone?: readonly string[];
  readonly preferZone?: readonly string[];
  readonly snapshotFactor?: number;
  readonly tag?: readonly TagRule[];
}

/** Turns what a reader throws into commander's own complaint, which is a wrong usage. */
export function argument<T>(read: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return read(text);
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error));
    }
  };
}

/** Options that say what a volume would be like. They share their meaning with the parameters of a StorageClass. */
export function addShapeOptions(command: Command): void {
  command
    .option('--size <size>', 'usable size, such as 10Gi', argument(volumeSize))
    .option(
      '--replica <number>',
      'copies of the data, 2 to 16. Default: 3',
      argument((text) => wholeNumber(text, 2, 16)),
    )
    .option('--arbiter', 'two copies and an arbiter brick (replicate 3 arbiter 1)')
    .option('--disperse <D+R>', 'D data and R redundancy bricks a set, such as 4+2', argument(disperse))
    .option('--distribute', 'one copy')
    .addOption(
      new Option('--zone-spread <rule>', 'must the bricks of a set be in different zones? Default: prefer').choices([
        'prefer',
        'require',
        'off',
      ]),
    )
    .option('--zone <zone>', 'only devices of this zone, as allowedTopologies say; may be repeated', andZone)
    .option('--prefer-zone <zone>', 'as if a pod of this zone waited for the claim; may be repeated', andZone)
    .option(
      '--snapshot-factor <factor>',
      'thin pool size as a multiple of the brick, 1 to 100',
      argument(snapshotFactor),
    )
    .option(
      '--tag <rule>',
      'only devices with this tag, as key=value, or without it, as key!=value; may be repeated',
      (text: string, before: readonly TagRule[] | undefined) => [...(before ?? []), argument(readTagRule)(text)],
    );
}

/** The shape that was asked for; what was not said is as usual. Throws UsageError when the flags contradict each other. */
export function shapeOf(flags: ShapeFlags): VolumeShape {
  return {
    size: flags.size ?? usualShape.size,
    durability: durabilityOf(flags),
    snapshotFactor: flags.snapshotFactor ?? usualShape.snapshotFactor,
    zoneSpread: flags.zoneSpread ?? usualShape.zoneSpread,
    allowedZones: [...(flags.zone ?? usualShape.allowedZones)],
    preferredZones: [...(flags.preferZone ?? usualShape.preferredZones)],
    tagMatch: [...(flags.tag ?? usualShape.tagMatch)],
  };
}

/** Whether any of the options was given. */
export function asksForShape({ size, replica, arbiter, disperse, distribute, ...rest }: ShapeFlags): boolean {
  const { zoneSpread, zone, preferZone, snapshotFactor, tag } = rest;
  return [size, replica, arbiter, disperse, distribute, zoneSpread, zone, preferZone, snapshotFactor, tag].some(
    (given) => given !== undefined,
  );
}

function durabilityOf({ replica, arbiter, disperse, distribute }: ShapeFlags): Durability {
  const given = [
    ...(replica === undefined || arbiter === true ? [] : ['--replica']),
    ...(arbiter === true ? ['--arbiter'] : []),
    ...(disperse === undefined ? [] : ['--disperse']),
    ...(distribute === true ? ['--distribute'] : []),
  ];
  if (given.length > 1) {
    throw new UsageError(
      `expected one of --replica, --arbiter, --disperse and --distribute, got ${given.join(' and ')}`,
    );
  }
  // Gluster's own words are "replica 3 arbiter 1", so the two may stand together.
  if (arbiter === true && replica !== undefined && replica !== 3) {
    throw new UsageError(`--arbiter: expected --replica 3 or none beside it, got --replica ${replica}`);
  }
  if (arbiter === true) {
    return { kind: 'arbiter' };
  }
  if (distribute === true) {
    return { kind: 'distribute' };
  }
  return disperse ?? (replica === undefined ? usualShape.durability : { kind: 'replicate', count: replica });
}

const andZone = (text: string, before: readonly string[] | undefined): string[] => [
  ...(before ?? []),
  argument(readZone)(text),
];

function readZone(text: string): string {
  if (!zoneName.test(text)) {
    throw new RangeError(`expected ${zoneNameShape}, got ${JSON.stringify(text)}`);
  }
  return text;
}

export function volumeSize(text: string): Bytes {
  const size = parseQuantity(text);
  if (size === 0) {
    throw new RangeError(`expected a size above 0, got ${JSON.stringify(text)}`);
  }
  return size;
}

function disperse(text: string): Extract<Durability, { kind: 'disperse' }> {
  const [, data = '', redundancy = ''] = /^(\d{1,2})\+(\d{1,2})$/.exec(text) ?? [];
  const durability = { kind: 'disperse', data: Number(data), redundancy: Number(redundancy) } as const;
  const within =
    durability.data >= 2 && durability.data <= 16 && durability.redundancy >= 1 && durability.redundancy <= 8;
  if (!within || durabilityProblem(durability) !== undefined) {
    throw new RangeError(
      `expected D+R with D from 2 to 16, R from 1 to 8, and R less than D, got ${JSON.stringify(text)}`,
    );
  }
  return durability;
}
