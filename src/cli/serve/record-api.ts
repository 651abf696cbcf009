/** The store's few calls, made by the Kubernetes client. */
import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { JsonPatchOperation, KubeApi } from '../../kube/api.ts';
import {
  isAlreadyExists,
  isConflict,
  isNotFound,
  isOutcomeUnknown,
  isTransient,
  toKubeError,
  type KubeError,
} from '../../kube/errors.ts';
import { Reflector } from '../../kube/reflector.ts';
import type { WriteBody } from '../../kube/resource.ts';
import {
  configMaps,
  glusterClusters,
  glusterNodes,
  glusterVolumes,
  type ConfigMap,
  type KubeObject,
  type RecordResource,
  type Resource,
} from '../../kube/resources.ts';
import {
  RecordError,
  type RecordApi,
  type RecordFailure,
  type RecordFields,
  type RecordObject,
} from '../../store/kubernetes/record-api.ts';

export interface RecordApiParts {
  readonly kube: KubeApi;
  /** Of the ConfigMap. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Wires every kind by its name here, so that a test can compare the calls with the rights that the manifests give. */
export function kubeRecordApi(parts: RecordApiParts): RecordApi {
  const { kube, namespace, clock, random, log } = parts;
  const records = {
    GlusterCluster: recordsOf(kube, glusterClusters),
    GlusterNode: recordsOf(kube, glusterNodes),
    GlusterVolume: recordsOf(kube, glusterVolumes),
  };
  const all = { ...records, ConfigMap: oneOf(kube, configMaps, namespace) };
  return {
    list: (kind) => records[kind].list(),
    get: (kind, name) => all[kind].get(name),
    create: (kind, name, fields) => all[kind].create(name, fields),
    change: (kind, held, fields, subresource) => all[kind].change(held, fields, subresource),
    remove: (kind, held) => records[kind].remove(held),
    watchNodes: (changed) => {
      const reflector = new Reflector({ api: kube, resource: glusterNodes, clock, random, log });
      const tell = (object: RecordResource): void => changed(recordOf(object));
      reflector.addHandler({ add: tell, update: tell, delete: tell });
      reflector.start();
      return () => reflector.stop();
    },
  };
}

interface One {
  get(name: string): Promise<RecordObject | undefined>;
  create(name: string, fields: RecordFields): Promise<RecordObject>;
  change(held: RecordObject, fields: RecordFields, subresource?: 'status'): Promise<RecordObject>;
}

/** Get, create and patch. */
function oneOf<T extends StoredResource>(kube: KubeApi, resource: Resource<T>, namespace = ''): One {
  return {
    get: (name) =>
      failing(async () => {
        const found = await kube.get(resource, { namespace, name });
        return found === undefined ? undefined : recordOf(found);
      }),
    create: (name, { finalizers = [], ...fields }) =>
      failing(async () =>
        recordOf(
          await kube.create(resource, { metadata: { name, finalizers }, ...fields } as WriteBody, { namespace }),
        ),
      ),
    change: (held, fields, subresource) =>
      failing(async () =>
        recordOf(
          await kube.patch(resource, { namespace, name: held.metadata.name }, patchOf(held, fields), {
            type: 'json',
            ...(subresource === undefined ? {} : { subresource }),
          }),
        ),
      ),
  };
}

/** The same, and list and delete. */
function recordsOf(
  kube: KubeApi,
  resource: Resource<RecordResource>,
): One & { list(): Promise<readonly RecordObject[]>; remove(held: RecordObject): Promise<void> } {
  return {
    ...oneOf(kube, resource),
    list: () =>
      failing(async () => {
        try {
          return (await kube.list(resource)).items.map(recordOf);
        } catch (error) {
          // It may be that somebody is just applying it.
          throw isNotFound(error)
            ? new RecordError('unavailable', `the API has no kind ${resource.kind} yet: apply manifests/crds`, error)
            : error;
        }
      }),
    remove: ({ metadata: { name, resourceVersion } }) =>
      failing(async () => {
        await kube.delete(resource, { name }, { resourceVersion });
      }),
  };
}

type StoredResource = KubeObject & Partial<Pick<RecordResource, 'spec' | 'status'> & Pick<ConfigMap, 'data'>>;

function recordOf({ metadata, spec, status, data }: StoredResource): RecordObject {
  const { name, resourceVersion, finalizers, deletionTimestamp } = metadata;
  return {
    metadata: { name, resourceVersion, finalizers, deletionTimestamp },
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
    ...(data === undefined ? {} : { data }),
  };
}

/**
 * Replaces whole fields and nothing beside them, so that labels and annotations of others stay. The resourceVersion among
 * them makes the API server refuse the patch (Conflict) when the object is another one by now.
 */
function patchOf({ metadata }: RecordObject, { finalizers, ...fields }: RecordFields): readonly JsonPatchOperation[] {
  const replaced = Object.entries(fields).filter(([, value]) => value !== undefined);
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    ...replaced.map(([field, value]): JsonPatchOperation => ({ op: 'add', path: `/${field}`, value })),
    ...(finalizers === undefined
      ? []
      : [{ op: 'add', path: '/metadata/finalizers', value: finalizers } satisfies JsonPatchOperation]),
  ];
}

async function failing<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof RecordError) {
      throw error;
    }
    const failure = toKubeError(error);
    throw new RecordError(failureOf(failure), failure.message, failure);
  }
}

function failureOf(error: KubeError): RecordFailure {
  if (isAlreadyExists(error)) {
    return 'taken';
  }
  if (isConflict(error)) {
    return 'conflict';
  }
  if (isNotFound(error)) {
    return 'missing';
  }
  if (isOutcomeUnknown(error)) {
    return 'lost';
  }
  return isTransient(error) ? 'unavailable' : 'refused';
}
