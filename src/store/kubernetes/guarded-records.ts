import { isDeepStrictEqual } from 'node:util';
import { StoreError } from '../../engine/ports.ts';
import {
  RecordError,
  type Possession,
  type RecordApi,
  type RecordFailure,
  type RecordFields,
  type RecordKind,
  type RecordObject,
  type StoredKind,
} from './record-api.ts';

type Wanted = RecordFields | 'gone';

/** How often one write is begun: the second time because only the resourceVersion was in the way, or the answer was lost. */
const attempts = 3;
const worthALook: ReadonlySet<RecordFailure> = new Set(['taken', 'conflict', 'missing', 'lost']);

/**
 * Writes to records that cannot be lost on, or taken from, somebody else.
 *
 * - **Fenced.** Every write names the resourceVersion that was seen last. One that finds the object changed is begun
 *   again only if what it is about to replace is still what this store knows, or what it may have written itself
 *   (somebody touched labels, say). Otherwise another engine, or a person, is at work on it, and the write is refused.
 * - **A lost answer is looked into**, never guessed at: the object is read, and if it says what was written, it was. When
 *   not even that can be found out, what was sent is remembered as doubtful, because it may turn up at any time.
 *
 * Writes about one object must not overlap: KubernetesStore sees to that.
 */
export class GuardedRecords {
  readonly #api: RecordApi;
  readonly #possession: Possession;
  /** What the API holds, as far as is known: by kind and name. */
  readonly #known = new Map<string, RecordObject>();
  /** What may have been written, or may be written yet, since `#known` was seen. */
  readonly #doubtful = new Map<string, Wanted[]>();
  /**
   * Creations whose answer was lost. No version fences a creation, so one that is still on its way can bring back an
   * object that was removed meanwhile: unlike other doubts they outlive the next look.
   */
  readonly #creations = new Map<string, RecordFields[]>();

  constructor(api: RecordApi, possession: Possession) {
    this.#api = api;
    this.#possession = possession;
  }

  known(kind: StoredKind, name: string): RecordObject | undefined {
    return this.#known.get(keyOf(kind, name));
  }

  all(kind: StoredKind): readonly RecordObject[] {
    return [...this.#known].filter(([key]) => key.startsWith(`${kind}/`)).map(([, object]) => object);
  }

  /** This is what the API holds now; `undefined`: nothing. */
  know(kind: StoredKind, name: string, object: RecordObject | undefined): void {
    const key = keyOf(kind, name);
    if (object === undefined) {
      // Doubts stay: the creation of what is not there may still be on its way.
      this.#known.delete(key);
    } else {
      this.#doubtful.delete(key);
      this.#known.set(key, object);
    }
  }

  forgetAll(): void {
    this.#known.clear();
    this.#doubtful.clear();
    this.#creations.clear();
  }

  /** Makes it so that the object says `wanted`. `create`: what else it has when it is new. */
  async write(
    kind: StoredKind,
    name: string,
    wanted: RecordFields,
    create: RecordFields = {},
    subresource?: 'status',
  ): Promise<void> {
    if (says(this.known(kind, name), wanted) && !this.#doubtful.has(keyOf(kind, name))) {
      return;
    }
    await this.#attempt(kind, name, wanted, async (held) => {
      if (held === undefined) {
        return this.#api.create(kind, name, { ...wanted, ...create });
      }
      if (!this.#doubtful.has(keyOf(kind, name))) {
        return this.#api.change(kind, held, wanted, subresource);
      }
      // By itself, because a write to the status changes nothing else.
      const moved = await this.#api.change(kind, held, moving(held));
      this.#known.set(keyOf(kind, name), moved);
      return this.#api.change(kind, moved, wanted, subresource);
    });
  }

  /** Makes it so that there is no such object. */
  async remove(kind: RecordKind, name: string): Promise<void> {
    await this.#attempt(kind, name, 'gone', async (held) => {
      if (held === undefined) {
        return undefined;
      }
      if (held.metadata.finalizers.length === 0) {
        await this.#api.remove(kind, held);
        return undefined;
      }
      const free = await this.#api.change(kind, held, { finalizers: [] });
      // From here on the deletion of a person may have come to its end as well.
      this.know(kind, name, free);
      await this.#api.remove(kind, free);
      return undefined;
    });
  }

  async #attempt(
    kind: StoredKind,
    name: string,
    wanted: Wanted,
    send: (held: RecordObject | undefined) => Promise<RecordObject | undefined>,
  ): Promise<void> {
    if (this.#doubtful.has(keyOf(kind, name)) && (await this.#look(kind, name, wanted))) {
      return;
    }
    for (let attempt = 1; ; attempt += 1) {
      if (!this.#possession.held()) {
        throw new StoreError('the right to write has been lost', { retryable: false });
      }
      try {
        this.know(kind, name, await send(this.known(kind, name)));
        return;
      } catch (error) {
        if (!(error instanceof RecordError) || !worthALook.has(error.failure)) {
          throw error;
        }
        if (error.failure === 'lost') {
          this.#doubt(kind, name, wanted);
        }
        if (await this.#look(kind, name, wanted, error)) {
          return;
        }
        if (attempt === attempts) {
          throw error;
        }
      }
    }
  }

  /**
   * Reads the object. `true`: it is as wanted already. Throws StoreError when what is there is neither what was known nor
   * what was sent.
   */
  async #look(kind: StoredKind, name: string, wanted: Wanted, cause?: RecordError): Promise<boolean> {
    const found = await this.#api.get(kind, name);
    const known = this.known(kind, name);
    const doubts = this.#doubtful.get(keyOf(kind, name)) ?? [];
    // As wanted, but as it was before too: a write with another content may be on its way, and still find its version.
    const endangered =
      found !== undefined &&
      found.metadata.resourceVersion === known?.metadata.resourceVersion &&
      doubts.some((doubt) => !says(found, doubt));
    if (says(found, wanted) && !endangered) {
      this.know(kind, name, found);
      return true;
    }
    const mayBeGone = known === undefined || doubts.includes('gone');
    const revived = mayBeGone ? (this.#creations.get(keyOf(kind, name)) ?? []) : [];
    const candidates: readonly Wanted[] = [fieldsThatMatter(kind, wanted, known), ...doubts, ...revived];
    if (!candidates.some((candidate) => says(found, candidate))) {
      const did = found === undefined ? 'deleted' : 'changed';
      throw new StoreError(`${kind} ${name} was ${did} by somebody else: ${cause?.message ?? 'found when looked at'}`, {
        retryable: false,
        cause,
      });
    }
    // Doubts stay: what was sent may still be on its way.
    const key = keyOf(kind, name);
    if (found === undefined) {
      this.#known.delete(key);
    } else {
      this.#known.set(key, found);
    }
    return false;
  }

  #doubt(kind: StoredKind, name: string, wanted: Wanted): void {
    const key = keyOf(kind, name);
    this.#doubtful.set(key, [...(this.#doubtful.get(key) ?? []), wanted]);
    if (wanted !== 'gone' && !this.#known.has(key)) {
      this.#creations.set(key, [...(this.#creations.get(key) ?? []), wanted]);
    }
  }
}

function keyOf(kind: StoredKind, name: string): string {
  return `${kind}/${name}`;
}

/** What a write is about to replace, as far as it is any business of that write. */
function fieldsThatMatter(kind: StoredKind, wanted: Wanted, known: RecordObject | undefined): Wanted {
  if (known === undefined) {
    return 'gone';
  }
  const { spec, status, data, metadata } = known;
  if (wanted === 'gone') {
    // Where the status is part of the record, so that a volume in another phase is another record.
    return kind === 'GlusterVolume' ? { spec, status } : { spec };
  }
  return {
    ...('spec' in wanted ? { spec } : {}),
    ...('status' in wanted ? { status } : {}),
    ...('data' in wanted ? { data: data ?? {} } : {}),
    ...('finalizers' in wanted ? { finalizers: metadata.finalizers } : {}),
  };
}

/**
 * A change that moves the resourceVersion and means nothing, so that whatever is still on its way finds another version
 * than it was sent for. The second finalizer goes with the first.
 */
function moving({ metadata }: RecordObject): RecordFields {
  const second = 'brickyard.dev/written-again';
  return metadata.finalizers.includes(second)
    ? { finalizers: metadata.finalizers.filter((each) => each !== second) }
    : { finalizers: [...metadata.finalizers, second] };
}

/** Is the object as wanted, in every field that is wanted? */
function says(object: RecordObject | undefined, wanted: Wanted): boolean {
  if (object === undefined || wanted === 'gone') {
    return object === undefined && wanted === 'gone';
  }
  return (
    (!('spec' in wanted) || isDeepStrictEqual(object.spec ?? {}, wanted.spec ?? {})) &&
    (!('status' in wanted) || isDeepStrictEqual(object.status, wanted.status)) &&
    (!('data' in wanted) || isDeepStrictEqual(object.data ?? {}, wanted.data)) &&
    (!('finalizers' in wanted) || isDeepStrictEqual(object.metadata.finalizers, wanted.finalizers))
  );
}
