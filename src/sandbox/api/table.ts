/** `application/json;as=Table`: what `kubectl get` prints. The columns are the kind's own. */
import type { JsonObject } from './json.ts';
import type { Kind } from './kinds/kind.ts';
import type { KubeObject } from './object.ts';
import type { ServerVersion } from './server-version.ts';

/** How a table is to be made. */
export type TableOptions = {
  readonly version: ServerVersion;
  readonly now: number;
  /** What comes along with each row; `Metadata` unless the client says otherwise. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  /** Left out of all watch events but the first. */
  readonly headers: boolean;
};

/** The table of `objects`, one row each. `metadata` is the list's, or the object's version. */
export function table(
  kind: Kind,
  objects: readonly KubeObject[],
  metadata: JsonObject,
  options: TableOptions,
): JsonObject {
  const columns = kind.columns(options.version);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: options.headers
      ? columns.map((column) => ({
          name: column.name,
          type: column.type,
          format: column.format ?? '',
          description: column.description ?? '',
          priority: column.priority ?? 0,
        }))
      : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, options.now)),
      ...rowObject(object, options.includeObject),
    })),
  };
}

function rowObject(object: KubeObject, include: TableOptions['includeObject']): JsonObject {
  switch (include) {
    case 'None':
      return {};
    case 'Metadata':
      return { object: partial(object) };
    case 'Object':
      return { object };
  }
}

/** PartialObjectMetadata: the metadata and nothing else. */
export function partial(object: KubeObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
