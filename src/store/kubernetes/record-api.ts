/** The few calls that the store makes to a Kubernetes API. Wired to src/kube by src/cli: neighbours do not import each other. */

/** The kinds that records are kept as, one object a record. */
export type RecordKind = 'GlusterCluster' | 'GlusterNode' | 'GlusterVolume';
export type StoredKind = RecordKind | 'ConfigMap';

/** What the store writes of an object. A field that is absent stays as it is; one that is there is replaced as a whole. */
export interface RecordFields {
  readonly spec?: unknown;
  readonly status?: unknown;
  /** Of a ConfigMap. */
  readonly data?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
}

export interface RecordObject {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly finalizers: readonly string[];
    /** Present: somebody deleted it, and finalizers keep it. */
    readonly deletionTimestamp?: string | undefined;
  };
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * How a call failed, as far as the store acts on it. `taken`: the name exists already. `conflict`: the object has
 * changed since it was read. `missing`: there is no such object. `lost`: it may or may not have happened, or may happen
 * yet. `unavailable`: it did not happen, and may work later. `refused`: it did not happen, and never will as it is.
 */
export type RecordFailure = 'taken' | 'conflict' | 'missing' | 'lost' | 'unavailable' | 'refused';

export class RecordError extends Error {
  override readonly name = 'RecordError';
  readonly failure: RecordFailure;

  constructor(failure: RecordFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.failure = failure;
  }
}

/** Every call rejects with RecordError and with nothing else. */
export interface RecordApi {
  list(kind: RecordKind): Promise<readonly RecordObject[]>;
  /** `undefined` when there is none. */
  get(kind: StoredKind, name: string): Promise<RecordObject | undefined>;
  create(kind: StoredKind, name: string, fields: RecordFields): Promise<RecordObject>;
  /** Rejects (`conflict`) when the object is not the one that `held` shows any more. */
  change(kind: StoredKind, held: RecordObject, fields: RecordFields, subresource?: 'status'): Promise<RecordObject>;
  /** Rejects (`conflict`) as `change` does; resolves as well when the object was gone already. */
  remove(kind: RecordKind, held: RecordObject): Promise<void>;
  /** Calls `changed` for every GlusterNode now and for every change from now on. Returns the way to stop that. */
  watchNodes(changed: (object: RecordObject) => void): () => Promise<void>;
}

/**
 * Who may write: one store at a time. In a cluster that is the holder of the Lease, which is also what ends its right:
 * it may be over at any moment, and from then on nothing of this store reaches the API any more.
 */
export interface Possession {
  /** `false`: another one has it. */
  take(): boolean;
  held(): boolean;
  release(): void;
}
