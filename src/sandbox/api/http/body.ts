import { parse } from 'yaml';

import { ApiError, badRequest, unsupportedMediaType } from '../errors.ts';
import { parseProtobuf, protobufType } from './protobuf.ts';
import type { IncomingMessage } from 'node:http';
import type { Json } from '../json.ts';

/** The real server's limit, in bytes. */
const limit = 3 * 1024 * 1024;

/** Throws ApiError 413 when there is too much of it. */
export async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const jsonTypes = new Set(['', 'application/json', '*/*']);
const yamlTypes = new Set(['application/yaml', 'text/yaml', 'application/x-yaml']);

/** The Content-Type without its parameters, in lower case; empty when there is none. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The body of a create, update or delete. Undefined when there is none. */
export function parseBody(type: string, body: Buffer): Json | undefined {
  if (body.length === 0) {
    return undefined;
  }
  if (yamlTypes.has(type)) {
    return parseYaml(body);
  }
  if (type === protobufType) {
    return parseProtobuf(body);
  }
  if (!jsonTypes.has(type)) {
    throw unsupportedMediaType(['application/json', 'application/yaml']);
  }
  return parseJson(body);
}

/** Throws ApiError 400. */
export function parseJson(body: Buffer): Json {
  try {
    return JSON.parse(body.toString('utf8')) as Json;
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
}

/** JSON too, being YAML. Throws ApiError 400. */
export function parseYaml(body: Buffer): Json {
  try {
    return parse(body.toString('utf8')) as Json;
  } catch (error) {
    throw badRequest(`error parsing YAML: ${(error as Error).message}`);
  }
}
