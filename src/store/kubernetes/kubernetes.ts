import { messageOf } from '../../domain/error-message.ts';
import {
  StoreError,
  type Declarations,
  type DocumentKind,
  type StateStore,
  type StoredDocument,
} from '../../engine/ports.ts';
import { parseBody, writeBody } from '../body.ts';
import {
  bodyOf,
  codecOf,
  fieldsOf,
  metaConfigMap,
  resourceDocumentKinds,
  toDocument,
  type ResourceDocumentKind,
} from './codec.ts';
import { DeclaredNodes } from './declared-nodes.ts';
import { GuardedRecords } from './guarded-records.ts';
import { InOrder } from './in-order.ts';
import { RecordError, type Possession, type RecordApi } from './record-api.ts';
import { NewWishes } from './wishes.ts';

export interface KubernetesStoreOptions {
  readonly api: RecordApi;
  readonly possession: Possession;
  /** Milliseconds since 1970, for the conditions of nodes. */
  readonly now: () => number;
}

/**
 * Keeps each record as one custom resource (`brickyard.dev/v1alpha1`), so that nothing has to be stored beside the
 * cluster's own etcd. What a write may and may not replace: GuardedRecords. Writes about one document happen one after
 * another, in the order in which they were asked for.
 *
 * A volume is one write. A node may be two, what people wish and what was found: after a crash in between its devices
 * lack their sizes, which are asked for again.
 */
export class KubernetesStore implements StateStore {
  readonly #api: RecordApi;
  readonly #possession: Possession;
  readonly #records: GuardedRecords;
  readonly #order = new InOrder();
  readonly #wishes = new NewWishes();
  readonly #declared: DeclaredNodes;
  #isOpen = false;

  constructor({ api, possession, now }: KubernetesStoreOptions) {
    this.#api = api;
    this.#possession = possession;
    this.#records = new GuardedRecords(api, possession);
    this.#declared = new DeclaredNodes({ api, records: this.#records, order: this.#order, wishes: this.#wishes, now });
  }

  /** Nodes as people want them. To be used while the store is open. */
  get declarations(): Declarations {
    return this.#declared;
  }

  async open(): Promise<readonly StoredDocument[]> {
    if (this.#isOpen) {
      throw new StoreError('the store is open already', { retryable: false });
    }
    if (!this.#possession.take()) {
      throw new StoreError('another process has the right to write', { retryable: true });
    }
    this.#isOpen = true;
    try {
      return await this.#read();
    } catch (error) {
      this.#isOpen = false;
      this.#possession.release();
      throw storeError(error);
    }
  }

  async put(document: StoredDocument): Promise<void> {
    this.#mustBeOpen();
    const { kind, id } = document;
    if (kind === 'meta') {
      const text = writeBody(document);
      await this.#meta((data) => ({ ...data, [id]: text }));
      return;
    }
    // Before anything is awaited: the caller may change the body afterwards.
    const body = bodyOf(document);
    const { kind: resource, statusApart, finalizers } = codecOf(kind);
    await this.#inOrder(resource, id, async () => {
      if (statusApart) {
        await this.#putParts(kind, id, body);
      } else {
        await this.#records.write(resource, id, fieldsOf(kind, body, undefined), { finalizers });
      }
    });
  }

  /** What is wished, unless a newer wish is on its way to the engine; then what was found. */
  async #putParts(kind: ResourceDocumentKind, id: string, body: unknown): Promise<void> {
    const { kind: resource, finalizers } = codecOf(kind);
    const held = this.#records.known(resource, id);
    const { spec } = fieldsOf(kind, body, held);
    if (!this.#wishes.mustStay(id, held, body, spec)) {
      await this.#records.write(resource, id, { spec }, { finalizers });
    }
    this.#wishes.written(id, body);
    const { status } = fieldsOf(kind, body, this.#records.known(resource, id));
    if (status !== undefined) {
      await this.#records.write(resource, id, { status }, {}, 'status');
    }
  }

  async remove(kind: DocumentKind, id: string): Promise<void> {
    this.#mustBeOpen();
    if (kind === 'meta') {
      await this.#meta((data) => Object.fromEntries(Object.entries(data).filter(([key]) => key !== id)));
      return;
    }
    const { kind: resource } = codecOf(kind);
    await this.#inOrder(resource, id, async () => {
      await this.#records.remove(resource, id);
      this.#wishes.forget(id);
    });
  }

  async close(): Promise<void> {
    if (!this.#isOpen) {
      return;
    }
    this.#isOpen = false;
    await this.#declared.stop();
    await this.#order.idle();
    this.#possession.release();
  }

  async #read(): Promise<readonly StoredDocument[]> {
    this.#records.forgetAll();
    const read = async (kind: ResourceDocumentKind): Promise<readonly StoredDocument[]> => {
      const { kind: resource } = codecOf(kind);
      const objects = await this.#api.list(resource);
      return objects.map((object) => {
        const document = toDocument(kind, object);
        this.#records.know(resource, document.id, object);
        if (kind === 'node') {
          this.#wishes.written(document.id, document.body);
        }
        return document;
      });
    };
    const [meta, ...documents] = await Promise.all([
      this.#api.get('ConfigMap', metaConfigMap),
      ...resourceDocumentKinds.map(read),
    ]);
    this.#records.know('ConfigMap', metaConfigMap, meta);
    const facts = Object.entries(meta?.data ?? {}).map(([id, text]): StoredDocument => ({
      kind: 'meta',
      id,
      body: parseBody(text),
    }));
    return [...facts, ...documents.flat()];
  }

  /** All facts about the store share one object, and so one queue. */
  async #meta(change: (data: Readonly<Record<string, string>>) => Readonly<Record<string, string>>): Promise<void> {
    await this.#inOrder('ConfigMap', metaConfigMap, async () => {
      const held = this.#records.known('ConfigMap', metaConfigMap);
      const data = change(held?.data ?? {});
      if (held !== undefined || Object.keys(data).length > 0) {
        await this.#records.write('ConfigMap', metaConfigMap, { data });
      }
    });
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) {
      throw new StoreError('the store is not open', { retryable: false });
    }
  }

  async #inOrder(kind: string, name: string, work: () => Promise<void>): Promise<void> {
    try {
      await this.#order.run(`${kind}/${name}`, work);
    } catch (error) {
      throw storeError(error);
    }
  }
}

function storeError(error: unknown): StoreError {
  if (error instanceof StoreError) {
    return error;
  }
  // After a conflict that stayed, what is known has been read anew: the next try may well work.
  const passing = ['lost', 'unavailable', 'conflict', 'taken'];
  const retryable = error instanceof RecordError && passing.includes(error.failure);
  return new StoreError(messageOf(error), { retryable, cause: error });
}
