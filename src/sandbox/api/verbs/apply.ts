import { badRequest } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';
import type { ApiCore, WriteOptions } from './core.ts';
import type { Target, Written } from './update.ts';

export function apply(
  _core: ApiCore,
  _target: Target,
  _body: JsonObject,
  _options: WriteOptions & { readonly force: boolean },
): Written {
  throw badRequest('server-side apply is not there yet');
}
export type { KubeObject };
