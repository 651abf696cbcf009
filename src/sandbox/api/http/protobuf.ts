/**
 * Bodies that `kubectl create namespace|configmap|secret|serviceaccount|service`, `kubectl auth can-i` and deletes from
 * typed Go clients send: Kubernetes' protobuf envelope. Answers are JSON, which those clients accept. Field numbers are
 * from the API's published .proto files; a kind that is not listed here is refused with 415, as a real server does for
 * custom resources.
 */
import { badRequest, unsupportedMediaType } from '../errors.ts';
import { isArray, isObject, setOwn } from '../json.ts';
import { microTimestamp, timestamp } from '../object.ts';
import { message, one, protobufKinds } from './protobuf-messages.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Message, Reader } from './protobuf-messages.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

const magic = Buffer.from([0x6b, 0x38, 0x73, 0]);
const typeMeta = message({ 1: one('apiVersion', 'text'), 2: one('kind', 'text') });
const envelope = message({ 1: one('typeMeta', typeMeta), 2: one('raw', 'bytes') });

/** Throws ApiError 400 when the bytes are not well formed, 415 when the kind is not known here. */
export function parseProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, 4).equals(magic)) {
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const outer = readMessage(envelope, body.subarray(4));
  const { apiVersion, kind } = (outer['typeMeta'] ?? {}) as { readonly apiVersion?: string; readonly kind?: string };
  const known = protobufKinds.get(kind ?? '');
  if (known === undefined) {
    throw unsupportedMediaType(['application/json', 'application/yaml']);
  }
  const raw = Buffer.from(typeof outer['raw'] === 'string' ? outer['raw'] : '', 'base64');
  return { apiVersion, kind, ...readMessage(known, raw) };
}

function readMessage(fields: Message, bytes: Buffer): JsonObject {
  const result: JsonObject = {};
  const input = new Wire(bytes);
  while (!input.done) {
    const tag = input.varint();
    const raw = input.value(Number(tag & 7n));
    const field = fields.get(Number(tag >> 3n));
    if (field !== undefined) {
      const value = readValue(field.read, raw);
      const before = result[field.name];
      if (field.repeated) {
        setOwn(result, field.name, [...(isArray(before) ? before : []), value]);
      } else {
        setOwn(result, field.name, isObject(before) && isObject(value) ? { ...before, ...value } : value);
      }
    }
  }
  return result;
}

function readValue(read: Reader, raw: bigint | Buffer): Json {
  if (typeof raw === 'bigint') {
    return read === 'truth' ? raw !== 0n : Number(BigInt.asIntN(64, raw));
  }
  switch (read) {
    case 'text':
      return raw.toString('utf8');
    case 'bytes':
      return raw.toString('base64');
    case 'integer':
    case 'truth':
      throw badRequest('protobuf: a number was expected');
    case 'time':
    case 'microTime':
      return readTime(raw, read);
    case 'map':
    case 'map:bytes': {
      const entry = readMessage(
        message({ 1: one('key', 'text'), 2: one('value', read === 'map' ? 'text' : 'bytes') }),
        raw,
      );
      return setOwn({}, String(entry['key'] as string | undefined), entry['value'] ?? '');
    }
    case 'intOrString': {
      const { type, intVal, strVal } = readMessage(
        message({ 1: one('type', 'integer'), 2: one('intVal', 'integer'), 3: one('strVal', 'text') }),
        raw,
      );
      return (type === 1 ? strVal : intVal) ?? 0;
    }
    default:
      return readMessage(read, raw);
  }
}

function readTime(raw: Buffer, form: 'time' | 'microTime'): Json {
  const { seconds = 0, nanos = 0 } = readMessage(
    message({ 1: one('seconds', 'integer'), 2: one('nanos', 'integer') }),
    raw,
  ) as {
    readonly seconds?: number;
    readonly nanos?: number;
  };
  // Go's zero time means that there is none.
  if (raw.length === 0 || seconds < 0) {
    return null;
  }
  return form === 'time' ? timestamp(seconds * 1000) : microTimestamp(seconds * 1000 + nanos / 1e6);
}

/** Reads the wire format. Throws ApiError 400 past the end. */
class Wire {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#take(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    throw badRequest('protobuf: a number is too long');
  }

  value(wireType: number): bigint | Buffer {
    switch (wireType) {
      case 0:
        return this.varint();
      case 1:
        return this.#take(8).readBigUInt64LE();
      case 2:
        return this.#take(Number(this.varint()));
      case 5:
        return BigInt(this.#take(4).readUInt32LE());
      default:
        throw badRequest(`protobuf: wire type ${wireType} is not used`);
    }
  }

  #take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) {
      throw badRequest('protobuf: unexpected end of the message');
    }
    const taken = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return taken;
  }
}
