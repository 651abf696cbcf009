import { z } from 'zod';

/** One field of the configuration under each of its names. */
export interface ConfigField {
  /** Where it stands in the file: `['leaderElection', 'leaseDuration']`. */
  readonly path: readonly string[];
  /** `BRICKYARD_LEADER_ELECTION_LEASE_DURATION` */
  readonly env: string;
  /** `--leader-election-lease-duration` */
  readonly flag: string;
  readonly description: string;
  /** Completes the sentence "expected ...". */
  readonly expected: string;
  /** As one would write it; absent when the field may be left out. */
  readonly fallback?: string;
}

const leafMeta = z.object({ description: z.string(), expected: z.string() });

/** A default as one would write it; a branch has none. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const words = (path: readonly string[]): string[] =>
  path.flatMap((key) => key.split(/(?=[A-Z])/).map((word) => word.toLowerCase()));

function unwrap(schema: z.core.$ZodType): { readonly inner: z.core.$ZodType; readonly fallback?: string } {
  if (schema instanceof z.ZodPrefault) {
    return { inner: schema.def.innerType, fallback: text.safeParse(schema.def.defaultValue).data };
  }
  return schema instanceof z.ZodOptional ? { inner: schema.def.innerType } : { inner: schema };
}

function collect(schema: z.core.$ZodType, prefix: string, path: readonly string[]): ConfigField[] {
  const { inner, fallback } = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape).flatMap(([key, child]) =>
      collect(child as z.core.$ZodType, prefix, [...path, key]),
    );
  }
  const meta = leafMeta.parse(z.globalRegistry.get(inner));
  return [
    {
      path,
      env: [prefix, ...words(path)].join('_').toUpperCase(),
      flag: `--${words(path).join('-')}`,
      ...meta,
      ...(fallback === undefined ? {} : { fallback }),
    },
  ];
}

/** Every field of a schema, in its order; environment variables begin with `prefix` and an underscore. */
export function fieldsOf(schema: z.core.$ZodType, prefix: string): readonly ConfigField[] {
  return collect(schema, prefix, []);
}
