import { z } from 'zod';

/** How a volume's data is kept. The four shapes that gluster has. */
export const durabilitySchema = z.discriminatedUnion('kind', [
  /** `count` full copies; the volume writes on while more than half of a set is up. */
  z.object({ kind: z.literal('replicate'), count: z.int().min(2).max(16) }),
  /** Two full copies and a third brick that holds names and metadata only. */
  z.object({ kind: z.literal('arbiter') }),
  /** `data` + `redundancy` fragments; any `data` of them give the content back. */
  z.object({ kind: z.literal('disperse'), data: z.int().min(2).max(16), redundancy: z.int().min(1).max(8) }),
  /** One copy. */
  z.object({ kind: z.literal('distribute') }),
]);
export type Durability = z.infer<typeof durabilitySchema>;

/** Bricks in one set: they hold the same data, and no two of them may share a node. */
export function bricksPerSet(durability: Durability): number {
  switch (durability.kind) {
    case 'replicate':
      return durability.count;
    case 'arbiter':
      return 3;
    case 'disperse':
      return durability.data + durability.redundancy;
    case 'distribute':
      return 1;
  }
}

/**
 * What gluster has against it, or `undefined`. A dispersed set must keep more fragments than it can lose: gluster refuses
 * a redundancy of half the bricks or more.
 */
export function durabilityProblem(durability: Durability): string | undefined {
  if (durability.kind === 'disperse' && durability.redundancy >= durability.data) {
    return `disperse ${durability.data}+${durability.redundancy}: expected a redundancy below the data bricks, got ${durability.redundancy}`;
  }
  return undefined;
}

/** Bricks' worth of content in one set: its usable size in bricks. */
export function dataBricksPerSet(durability: Durability): number {
  return durability.kind === 'disperse' ? durability.data : 1;
}

/** In gluster's words, for people: `replicate 3`, `replicate 3 arbiter 1`, `disperse 4+2`, `distribute`. */
export function describeDurability(durability: Durability): string {
  switch (durability.kind) {
    case 'replicate':
      return `replicate ${durability.count}`;
    case 'arbiter':
      return 'replicate 3 arbiter 1';
    case 'disperse':
      return `disperse ${durability.data}+${durability.redundancy}`;
    case 'distribute':
      return 'distribute';
  }
}

/** Reads what `describeDurability` wrote. Throws RangeError when the text is none of it. */
export function parseDurability(text: string): Durability {
  const [, count] = /^replicate (\d{1,2})$/.exec(text) ?? [];
  const [, data, redundancy] = /^disperse (\d{1,2})\+(\d{1,2})$/.exec(text) ?? [];
  const parsed = durabilitySchema.safeParse(
    count !== undefined
      ? { kind: 'replicate', count: Number(count) }
      : data !== undefined
        ? { kind: 'disperse', data: Number(data), redundancy: Number(redundancy) }
        : { kind: { 'replicate 3 arbiter 1': 'arbiter', distribute: 'distribute' }[text] },
  );
  if (!parsed.success) {
    throw new RangeError(`expected a durability such as "replicate 3", got ${JSON.stringify(text)}`);
  }
  return parsed.data;
}
