/** A Kubernetes API as far as the store knows one: objects in memory, guarded writes, and answers that get lost. */
import {
  RecordError,
  type RecordApi,
  type RecordFields,
  type RecordObject,
  type StoredKind,
} from '../../src/store/kubernetes/record-api.ts';

/** What becomes of a call. `late`: the answer is lost, and it is done when `settle` is called. */
export type Fate = 'normal' | 'lost-before' | 'lost-after' | 'late' | 'unavailable';

export interface FakeCall {
  readonly verb: 'list' | 'get' | 'create' | 'change' | 'remove';
  readonly kind: StoredKind;
  readonly name: string;
}

const separateStatus: ReadonlySet<StoredKind> = new Set(['GlusterNode']);
const copy = <T>(value: T): T => structuredClone(value);

export class FakeRecords implements RecordApi {
  readonly #objects: Map<string, RecordObject>;
  readonly #watchers = new Map<StoredKind, Set<(object: RecordObject) => void>>();
  readonly #late: (() => void)[] = [];
  #version: number;
  readonly calls: FakeCall[] = [];
  fate: (call: FakeCall) => Fate = () => 'normal';

  constructor(image?: FakeRecords) {
    this.#objects = new Map(image === undefined ? [] : image.#objects);
    this.#version = image === undefined ? 0 : image.#version;
  }

  /** Lets everything that is on its way arrive. */
  settle(): void {
    for (const arrive of this.#late.splice(0)) {
      arrive();
    }
  }

  /** What somebody else does to an object. `undefined`: deletes it, whatever holds it. */
  byHand(kind: StoredKind, name: string, change: (object: RecordObject | undefined) => RecordFields | undefined): void {
    const key = `${kind}/${name}`;
    const before = this.#objects.get(key);
    const fields = change(before);
    if (fields === undefined) {
      this.#objects.delete(key);
      if (before !== undefined) {
        this.#tell(kind, { ...before, metadata: { ...before.metadata, resourceVersion: this.#next() } });
      }
      return;
    }
    this.#keep(kind, {
      ...before,
      ...fields,
      metadata: { ...before?.metadata, name, ...meta(before, fields), resourceVersion: '' },
    });
  }

  /** `kubectl delete`: goes at once, or when its last finalizer has. */
  deleteByHand(kind: StoredKind, name: string): void {
    const held = this.#objects.get(`${kind}/${name}`);
    if (held === undefined || held.metadata.finalizers.length === 0) {
      this.byHand(kind, name, () => undefined);
    } else {
      this.#keep(kind, { ...held, metadata: { ...held.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    }
  }

  list(kind: StoredKind): Promise<readonly RecordObject[]> {
    return this.#call({ verb: 'list', kind, name: '' }, () =>
      [...this.#objects].filter(([key]) => key.startsWith(`${kind}/`)).map(([, object]) => object),
    );
  }

  get(kind: StoredKind, name: string): Promise<RecordObject | undefined> {
    return this.#call({ verb: 'get', kind, name }, () => this.#objects.get(`${kind}/${name}`));
  }

  create(kind: StoredKind, name: string, fields: RecordFields): Promise<RecordObject> {
    const { status, ...rest } = copy(fields);
    return this.#call({ verb: 'create', kind, name }, () => {
      if (this.#objects.has(`${kind}/${name}`)) {
        throw new RecordError('taken', `${name} exists already`);
      }
      const kept = separateStatus.has(kind) || status === undefined ? rest : { ...rest, status };
      const { finalizers = [], ...body } = kept;
      return this.#keep(kind, { ...body, metadata: { name, resourceVersion: '', finalizers } });
    });
  }

  change(kind: StoredKind, held: RecordObject, fields: RecordFields, subresource?: 'status'): Promise<RecordObject> {
    const { name, resourceVersion } = held.metadata;
    const { status, finalizers, ...rest } = copy(fields);
    return this.#call({ verb: 'change', kind, name }, () => {
      const before = this.#guarded(kind, name, resourceVersion);
      const apart = separateStatus.has(kind);
      const next = {
        ...before,
        ...(subresource === 'status' ? {} : rest),
        ...(status !== undefined && (subresource === 'status' || !apart) ? { status } : {}),
        metadata: {
          ...before.metadata,
          ...(finalizers === undefined || subresource === 'status' ? {} : { finalizers }),
        },
      };
      if (next.metadata.deletionTimestamp !== undefined && next.metadata.finalizers.length === 0) {
        this.byHand(kind, name, () => undefined);
        return next;
      }
      return this.#keep(kind, next);
    });
  }

  remove(kind: StoredKind, held: RecordObject): Promise<void> {
    const { name, resourceVersion } = held.metadata;
    return this.#call({ verb: 'remove', kind, name }, () => {
      if (this.#objects.has(`${kind}/${name}`)) {
        this.#guarded(kind, name, resourceVersion);
        this.deleteByHand(kind, name);
      }
    });
  }

  watchNodes(changed: (object: RecordObject) => void): () => Promise<void> {
    const kind = 'GlusterNode';
    const watchers = this.#watchers.get(kind) ?? new Set();
    this.#watchers.set(kind, watchers.add(changed));
    for (const [key, object] of this.#objects) {
      if (key.startsWith(`${kind}/`)) {
        changed(copy(object));
      }
    }
    return async () => void watchers.delete(changed);
  }

  #guarded(kind: StoredKind, name: string, resourceVersion: string): RecordObject {
    const before = this.#objects.get(`${kind}/${name}`);
    if (before === undefined) {
      throw new RecordError('missing', `${name} is not there`);
    }
    if (before.metadata.resourceVersion !== resourceVersion) {
      throw new RecordError('conflict', `${name} has changed`);
    }
    return before;
  }

  #next(): string {
    this.#version += 1;
    return String(this.#version);
  }

  #keep(kind: StoredKind, object: RecordObject): RecordObject {
    const kept = { ...object, metadata: { ...object.metadata, resourceVersion: this.#next() } };
    this.#objects.set(`${kind}/${object.metadata.name}`, kept);
    this.#tell(kind, kept);
    return kept;
  }

  #tell(kind: StoredKind, object: RecordObject): void {
    for (const changed of this.#watchers.get(kind) ?? []) {
      changed(copy(object));
    }
  }

  async #call<T>(call: FakeCall, act: () => T): Promise<T> {
    this.calls.push(call);
    // As over a network: others get their turn in between.
    await Promise.resolve();
    switch (this.fate(call)) {
      case 'normal':
        return copy(act());
      case 'lost-before':
        throw new RecordError('lost', 'no answer');
      case 'late':
        this.#late.push(() => {
          try {
            act();
          } catch {
            // Its caller has gone.
          }
        });
        throw new RecordError('lost', 'no answer');
      case 'lost-after':
        try {
          act();
        } catch {
          // Its answer is lost whatever it is.
        }
        throw new RecordError('lost', 'no answer');
      case 'unavailable':
        throw new RecordError('unavailable', 'try again later');
    }
  }
}

function meta(before: RecordObject | undefined, fields: RecordFields): { readonly finalizers: readonly string[] } {
  return { finalizers: fields.finalizers ?? before?.metadata.finalizers ?? [] };
}
