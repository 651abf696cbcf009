/** The sandbox's control plane without a socket, on a clock that the test turns. */
import { silentLog } from '../../../src/domain/log.ts';
import { ApiClient } from '../../../src/sandbox/api/client.ts';
import { show } from '../../../src/sandbox/api/json.ts';
import { seed } from '../../../src/sandbox/api/seed.ts';
import { makeCore } from '../../../src/sandbox/api/start.ts';
import { Binder } from '../../../src/sandbox/binder/binder.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { mulberry32 } from '../../support/random.ts';
import type { Manifest } from '../../../src/sandbox/api/client.ts';
import type { KubeObject } from '../../../src/sandbox/api/object.ts';
import type { ApiCore } from '../../../src/sandbox/api/verbs/core.ts';
import type { BinderOptions } from '../../../src/sandbox/binder/context.ts';

export type ControlPlane = {
  readonly core: ApiCore;
  readonly api: ApiClient;
  readonly clock: FakeClock;
  /** Lets the binder finish what it has to do now. */
  readonly settle: () => Promise<void>;
  readonly stop: () => void;
};

export function startControlPlane(
  options: {
    readonly serverVersion?: string;
    readonly binder?: Partial<BinderOptions>;
    readonly historyLimit?: number;
  } = {},
): ControlPlane {
  const clock = new FakeClock();
  const random = mulberry32(7);
  const core = makeCore({ clock, random, ...options });
  const api = new ApiClient(core, 'test');
  seed(api);
  const binder = new Binder({
    core,
    clock,
    random,
    log: silentLog,
    options: { releaseDelay: 0, expandRetry: 30_000, ...options.binder },
  });
  binder.start();
  return {
    core,
    api,
    clock,
    settle: async () => {
      // Each write of the binder may ask for another turn of it.
      for (let turn = 0; turn < 5; turn += 1) {
        await clock.advance(0);
      }
    },
    stop: () => {
      binder.stop();
    },
  };
}

export const claimRef = (name: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  namespace: 'default',
  name,
});
export const volumeRef = (name: string) => ({ apiVersion: 'v1', kind: 'PersistentVolume', name });

export function storageClass(name = 'gold', more: object = {}): Manifest {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'brickyard.dev/gluster',
    allowVolumeExpansion: true,
    ...more,
  };
}

export function claim(name = 'data', spec: object = {}, metadata: object = {}): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', ...metadata },
    spec: {
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'gold',
      ...spec,
    },
  };
}

/** A volume for `of`, as an external provisioner makes it; without `of`, a free one. */
export function volume(name: string, of?: KubeObject, spec: object = {}, metadata: object = {}): Manifest {
  const reference =
    of === undefined ? {} : { claimRef: { namespace: 'default', name: of.metadata.name, uid: of.metadata.uid } };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': 'brickyard.dev/gluster' }, ...metadata },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteMany'],
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'gold',
      glusterfs: { endpoints: 'pool', path: 'vol_1', endpointsNamespace: 'brickyard' },
      ...reference,
      ...spec,
    },
  };
}

/** `reason: message` of every event about `name`, oldest first. */
export function eventsAbout(api: ApiClient, name: string): readonly string[] {
  return api
    .list({ apiVersion: 'v1', kind: 'Event' }, { fieldSelector: `involvedObject.name=${name}` })
    .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
    .map((event) => `${show(event['reason'])}: ${show(event['message'])}`);
}
