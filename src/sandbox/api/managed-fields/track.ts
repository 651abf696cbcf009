import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import type { ApiCore } from '../verbs/core.ts';
import type { Target } from '../verbs/update.ts';

export function trackCreate(_core: ApiCore, _kind: Kind, object: KubeObject, _manager: string): KubeObject {
  return object;
}

export function trackUpdate(
  _core: ApiCore,
  _target: Target,
  next: KubeObject,
  _previous: KubeObject,
  _manager: string,
): KubeObject {
  return next;
}
