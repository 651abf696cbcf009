/** What `find`, `df` below it and `losetup` say. Each reader throws ReportError when the text is no such report. */
import { z } from 'zod';
import { bytes, type Bytes } from '../../../domain/quantity.ts';
import { parseJson, ReportError } from '../../json.ts';

export interface Entry {
  /** `f` file, `d` directory, `l` symbolic link, and find's other letters. */
  readonly type: string;
  readonly size: Bytes;
  /** Bytes that it takes from its file system. */
  readonly allocated: Bytes;
  /** What a symbolic link points to. */
  readonly link: string;
  /** Relative to what was listed, which is itself the entry with the empty name. */
  readonly name: string;
}

const fieldsPerEntry = 5;

/** Of `argv.listDirectory` and `argv.findIdentities`. */
export function readEntries(text: string): readonly Entry[] {
  const fields = text.split('\0').slice(0, -1);
  if (fields.length % fieldsPerEntry !== 0) {
    throw new ReportError(`find: expected entries of ${fieldsPerEntry} fields, got ${fields.length} fields`);
  }
  const entries: Entry[] = [];
  for (let at = 0; at < fields.length; at += fieldsPerEntry) {
    const [type = '', size, blocks, link = '', name = ''] = fields.slice(at, at + fieldsPerEntry);
    entries.push({ type, size: count('find', size), allocated: bytes(count('find', blocks) * 512), link, name });
  }
  return entries;
}

export interface Room {
  readonly size: Bytes;
  /** What may still be written, by root or by anybody. */
  readonly free: Bytes;
}

export interface ListingWithRoom {
  readonly entries: readonly Entry[];
  readonly room: Room;
}

/** Of `argv.listWithRoom`: what df says stands behind the last field. */
export function readListingWithRoom(text: string): ListingWithRoom {
  const end = text.lastIndexOf('\0') + 1;
  return { entries: readEntries(text.slice(0, end)), room: readRoom(text.slice(end)) };
}

/** A line of headings, and one of numbers. */
function readRoom(text: string): Room {
  const [, size, free] = /^[^\n]*\n\s*(\d+)\s+(\d+)\s*$/.exec(text) ?? [];
  return { size: count('df', size), free: count('df', free) };
}

function count(tool: string, text: string | undefined): Bytes {
  if (text === undefined || !/^\d+$/.test(text)) {
    throw new ReportError(`${tool}: expected a number, got ${JSON.stringify(text)}`);
  }
  return bytes(Number(text));
}

export interface LoopDevice {
  readonly name: string;
  readonly file: string;
}

const loopDevices = z.object({
  loopdevices: z.array(
    z
      .object({ name: z.string(), 'back-file': z.string().nullable() })
      .transform((row): LoopDevice => ({ name: row.name, file: row['back-file'] ?? '' })),
  ),
});

/** Of `argv.listLoopDevices` and `argv.loopDevicesOf`. Where there is none at all nothing is printed. */
export const readLoopDevices = (text: string): readonly LoopDevice[] =>
  text.trim() === '' ? [] : parseJson('losetup', text, loopDevices).loopdevices;
