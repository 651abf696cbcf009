/**
 * /openapi/v3, as much as kubectl needs: that PATCH takes `fieldValidation` (or kubectl would want to validate by itself),
 * and the schemas for `kubectl explain`.
 */
import { apiVersionOf } from '../kinds/kind.ts';
import { objectMeta } from '../schema/builders.ts';
import { servedApiVersions } from './discovery.ts';
import type { JsonObject } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Schema } from '../schema/schema.ts';

const rootOf = (apiVersion: string): string => (apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`);

/** The index of documents, one a group version. `hash` changes with the kinds, so that clients do not keep old ones. */
export function openApiIndex(kinds: readonly Kind[], hash: string): JsonObject {
  const entries = servedApiVersions(kinds).map((apiVersion) => {
    const root = rootOf(apiVersion);
    return [root, { serverRelativeURL: `/openapi/v3/${root}?hash=${hash}` }] as const;
  });
  return { paths: Object.fromEntries(entries) };
}

/** The document of one group version; undefined when nothing is served there. */
export function openApiDocument(kinds: readonly Kind[], root: string, version: string): JsonObject | undefined {
  const served = kinds.filter((kind) => rootOf(apiVersionOf(kind)) === root);
  return served.length === 0
    ? undefined
    : {
        openapi: '3.0.0',
        info: { title: 'Kubernetes', version },
        paths: Object.fromEntries(served.map((kind) => [pathOf(kind, root), operations(kind)])),
        components: { schemas: Object.fromEntries(served.map((kind) => [schemaName(kind), publish(kind)])) },
      };
}

function pathOf(kind: Kind, root: string): string {
  return `/${root}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}/{name}`;
}

function schemaName(kind: Kind): string {
  return `${(kind.group === '' ? 'core' : kind.group).split('.').reverse().join('.')}.${kind.version}.${kind.kind}`;
}

const groupVersionKind = (kind: Kind): JsonObject => ({ group: kind.group, version: kind.version, kind: kind.kind });
const parameter = (name: string): JsonObject => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } });

function operations(kind: Kind): JsonObject {
  const operation = (action: string): JsonObject => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': groupVersionKind(kind),
    parameters: [parameter('dryRun'), parameter('fieldManager'), parameter('fieldValidation'), parameter('force')],
    responses: {
      '200': {
        description: 'OK',
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${schemaName(kind)}` } } },
      },
    },
  });
  return { get: operation('get'), put: operation('put'), patch: operation('patch'), delete: operation('delete') };
}

function publish(kind: Kind): JsonObject {
  const head: Record<string, Schema> = {
    apiVersion: {
      type: 'string',
      description: 'APIVersion defines the versioned schema of this representation of an object.',
    },
    kind: {
      type: 'string',
      description: 'Kind is a string value representing the REST resource this object represents.',
    },
    metadata: objectMeta,
  };
  return {
    ...(kind.schema as JsonObject),
    properties: { ...(kind.schema.properties as JsonObject | undefined), ...(head as JsonObject) },
    'x-kubernetes-group-version-kind': [groupVersionKind(kind)],
  };
}
