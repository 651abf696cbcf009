import type { Log } from '../domain/log.ts';
import type { Change } from './store.ts';

/**
 * Told of every change, after the cache has it. Handlers are meant to put a key on a queue and return; whatever they
 * throw is logged and stops nothing.
 */
export interface ObjectHandler<T> {
  add?(object: T): void;
  update?(object: T, old: T): void;
  /** The last state that was known. */
  delete?(object: T): void;
}

/** Calls one handler with one change. Never throws, nor lets a promise that the handler made go unhandled. */
export function deliver<T>(handler: ObjectHandler<T>, change: Change<T>, log: Log): void {
  const failed = (error: unknown): void => {
    log.error({ err: error, change: change.kind }, 'a handler of cache changes failed');
  };
  try {
    // An async function is allowed where a void one is asked for, so look at what really came back.
    const returned: unknown = call(handler, change);
    if (returned instanceof Promise) {
      returned.catch(failed);
    }
  } catch (error) {
    failed(error);
  }
}

function call<T>(handler: ObjectHandler<T>, change: Change<T>): unknown {
  switch (change.kind) {
    case 'add':
      return handler.add?.(change.object);
    case 'update':
      return handler.update?.(change.object, change.old);
    case 'delete':
      return handler.delete?.(change.object);
  }
}
