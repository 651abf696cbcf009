/** `gluster volume get NAME|all KEY|all`. */
import { z } from 'zod';
import type { BodyReader } from './answer.ts';

const answer = z.object({
  volGetopts: z.object({ Opt: z.array(z.object({ Option: z.string(), Value: z.string() })) }),
});

/** A value in force, and whether it is gluster's own default. */
export interface OptionInForce {
  readonly key: string;
  readonly value: string;
  readonly byDefault: boolean;
}

const defaultMark = / \(DEFAULT\)$/;

/** In gluster's order; a key can come twice with the same value (two translators have it). */
export const readOptionsInForce: BodyReader<readonly OptionInForce[]> = (body) =>
  answer.parse(body).volGetopts.Opt.map(({ Option, Value }) => ({
    key: Option,
    value: Value.replace(defaultMark, ''),
    byDefault: defaultMark.test(Value),
  }));
