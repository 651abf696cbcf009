import { beforeEach, describe, expect, it } from 'vitest';
import { ClassNews } from '../../../src/controller/class-news.ts';
import { deniedTeller } from '../../../src/controller/denied.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { errorFromAnswer, KubeError } from '../../../src/kube/errors.ts';
import type { NewEvent } from '../../../src/kube/event-recorder.ts';
import { persistentVolumeClaims } from '../../../src/kube/resources.ts';
import { claim, provisioner, storageClass } from './objects.ts';

let said: NewEvent[];
const events = { record: (event: NewEvent) => void said.push(event) };
beforeEach(() => {
  said = [];
});

describe('a StorageClass of ours that can never work', () => {
  let news: ClassNews;
  beforeEach(() => {
    news = new ClassNews({ events, log: silentLog, provisioner });
  });

  const broken = (resourceVersion = '1', uid = 'a'): ReturnType<typeof storageClass> => {
    const one = storageClass({ parameters: { volumtype: 'replicate:3' } });
    return { ...one, metadata: { ...one.metadata, uid, resourceVersion } };
  };

  it('is told so once for each state of it', () => {
    news.add(broken());
    news.update(broken());
    news.add(broken());
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({
      type: 'Warning',
      reason: 'InvalidStorageClass',
      about: { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name: 'gluster', uid: 'a' },
      message: expect.stringContaining('volumtype: no such parameter; did you mean volumetype?') as string,
    });
    expect(said[0]?.about).not.toHaveProperty('namespace');
    news.update(broken('2'));
    news.update(broken('2', 'b'));
    expect(said).toHaveLength(3);
  });

  it.each([
    ['a good one of its name', (): void => news.update(storageClass())],
    ['its end', (): void => news.delete(broken())],
  ])('is lifted by %s, and told again when it comes back', (_name, lift) => {
    news.add(broken());
    lift();
    news.add(broken());
    expect(said).toHaveLength(2);
  });

  it('is nothing to us when it is of somebody else', () => {
    news.add({ ...broken(), provisioner: 'example.com/other' });
    expect(said).toEqual([]);
  });
});

describe('what the API does not let us do', () => {
  const tell = deniedTeller(
    events,
    persistentVolumeClaims,
    (key) => (key === 'team-a/data' ? subject : undefined),
    'X',
  );
  const subject = persistentVolumeClaims.parse(claim());
  const denied = (message: string): KubeError =>
    errorFromAnswer(403, { kind: 'Status', message, reason: 'Forbidden', code: 403 });
  const rbac =
    'persistentvolumeclaims "data" is forbidden: User "system:serviceaccount:brickyard:brickyard" cannot patch ' +
    'resource "persistentvolumeclaims/status" in API group "" in the namespace "team-a"';

  it('is told on the object, with what to do about a missing right', () => {
    tell('team-a/data', denied(rbac));
    expect(said).toMatchObject([
      { about: { kind: 'PersistentVolumeClaim', name: 'data' }, type: 'Warning', reason: 'X' },
    ]);
    expect(said[0]?.message).toBe(
      `${rbac}. Brickyard lacks this right: apply its RBAC rules (manifests/base/rbac-*.yaml) again. It is tried again`,
    );
  });

  it('is not called a missing right when it is a quota', () => {
    tell('team-a/data', denied('exceeded quota: storage'));
    expect(said[0]?.message).toBe('exceeded quota: storage. It is tried again');
  });

  it('is not told of what may pass, or of what is gone', () => {
    tell('team-a/data', new KubeError('no answer', { kind: 'timeout' }));
    tell('team-a/other', denied(rbac));
    expect(said).toEqual([]);
  });
});
