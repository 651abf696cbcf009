/**
 * Records as custom resources, and back. What somebody may decide is `spec`, what Brickyard found out or brought about
 * is `status`: `kubectl apply` of a GlusterNode thus never touches what is known of its devices.
 */
import type { DocumentKind, StoredDocument } from '../../engine/ports.ts';
import { writeBody } from '../body.ts';
import type { RecordFields, RecordKind, RecordObject } from './record-api.ts';
import { isFields, listAt, omit, sameWish, type Fields } from './wishes.ts';

/** The one ConfigMap that facts about the store itself are kept in, one key a document. */
export const metaConfigMap = 'brickyard-store';

/** Keeps an object that somebody deletes by hand until the engine has let go of what it stands for. */
export const recordFinalizer = 'brickyard.dev/record';

type Held = Pick<RecordObject, 'spec' | 'status'> | undefined;

interface Codec {
  readonly kind: RecordKind;
  /** The status is written by its own call, so that an `apply` of the whole object cannot change it. */
  readonly statusApart: boolean;
  readonly finalizers: readonly string[];
  /** What `spec` becomes, given the object as it is. */
  spec(body: Fields, held: Held): unknown;
  /** What `status` becomes; `undefined`: there is nothing to say. */
  status(body: Fields, held: Held): unknown;
  join(name: string, object: Pick<RecordObject, 'spec' | 'status'>): unknown;
}

const cluster: Codec = {
  kind: 'GlusterCluster',
  statusApart: false,
  finalizers: [],
  spec: (body) => omit(body, 'id'),
  status: () => undefined,
  join: (name, { spec = {} }) => (isFields(spec) ? { ...spec, id: name } : spec),
};

/**
 * A device's size is what its node reported: status. Everything else about it is somebody's wish. A size also says that
 * the device was taken over: the agreement to wipe it is used up then, although its author's text still has it, and a
 * device that the author has left out meanwhile is known until the engine lets go of it, open to no new brick.
 */
const node: Codec = {
  kind: 'GlusterNode',
  statusApart: true,
  finalizers: [recordFinalizer],
  spec: (body, held) => {
    const before = listAt(held?.spec, 'devices');
    const devices = listAt(body, 'devices').map((device) => {
      const wish = omit(device, 'size');
      const written = before.find(({ name }) => name === device['name']);
      return device['size'] === undefined || written === undefined
        ? wish
        : { ...wish, wipe: written['wipe'] ?? wish['wipe'] };
    });
    const wanted = { ...omit(body, 'id'), devices };
    return sameWish(held?.spec, wanted) ? held?.spec : wanted;
  },
  status: (body, held) => {
    const devices = listAt(body, 'devices')
      .filter(({ size }) => size !== undefined)
      .map(({ name, size }) => ({ name, size }));
    const before = isFields(held?.status) ? held.status : undefined;
    return before === undefined && devices.length === 0 ? undefined : { ...before, devices };
  },
  join: (name, { spec, status }) => {
    if (!isFields(spec)) {
      return spec;
    }
    const found = listAt(status, 'devices');
    const wanted = spec['devices'] ?? [];
    if (!Array.isArray(wanted)) {
      return { ...spec, id: name };
    }
    const devices = wanted.map((device: unknown): unknown => {
      const fact = isFields(device) ? found.find((each) => each['name'] === device['name']) : undefined;
      return fact === undefined || !isFields(device) ? device : { ...device, size: fact['size'], wipe: false };
    });
    const names = new Set(listAt(spec, 'devices').map((device) => device['name']));
    const leftOut = found.filter((fact) => !names.has(fact['name'])).map((fact) => ({ ...fact, state: 'offline' }));
    return { ...spec, id: name, devices: [...devices, ...leftOut] };
  },
};

/** Phase and place are one fact (the commit point), so both go in one write: no status subresource. */
const volume: Codec = {
  kind: 'GlusterVolume',
  statusApart: false,
  finalizers: [recordFinalizer],
  spec: (body) => omit(body, 'id', 'phase'),
  status: ({ phase }) => ({ phase }),
  join: (name, { spec, status }) =>
    isFields(spec) ? { ...spec, id: name, phase: isFields(status) ? status['phase'] : undefined } : spec,
};

const codecs: Readonly<Record<Exclude<DocumentKind, 'meta'>, Codec>> = { cluster, node, volume };

export type ResourceDocumentKind = keyof typeof codecs;

export const resourceDocumentKinds: readonly ResourceDocumentKind[] = ['cluster', 'node', 'volume'];

export function codecOf(kind: ResourceDocumentKind): Codec {
  return codecs[kind];
}

/** A copy of the body, as JSON has it. Throws StoreError when it has no JSON form. */
export function bodyOf(document: StoredDocument): unknown {
  return JSON.parse(writeBody(document)) as unknown;
}

/** What to write for a body. A body that is no object is no record: it is written as it is, for the API to refuse. */
export function fieldsOf(kind: ResourceDocumentKind, body: unknown, held: Held): RecordFields {
  const codec = codecOf(kind);
  if (!isFields(body)) {
    return { spec: body };
  }
  const status = codec.status(body, held);
  return { spec: codec.spec(body, held), ...(status === undefined ? {} : { status }) };
}

export function toDocument(kind: ResourceDocumentKind, object: RecordObject): StoredDocument {
  return { kind, id: object.metadata.name, body: codecOf(kind).join(object.metadata.name, object) };
}
