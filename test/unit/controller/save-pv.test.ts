import { describe, expect, it } from 'vitest';
import { buildPersistentVolume } from '../../../src/controller/pv.ts';
import { savePersistentVolume } from '../../../src/controller/save-pv.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { persistentVolumes } from '../../../src/kube/resources.ts';
import { FakeApi, lostAnswer, status, type Call } from './fake-api.ts';
import { claim, claimUid, provisioner, record, storageClass } from './objects.ts';

const name = `pvc-${claimUid}`;
const body = buildPersistentVolume({
  claim: claim(),
  storageClass: storageClass(),
  volume: record(),
  provisioner,
  namespace: 'brickyard',
  form: 'glusterfs',
});

function save(api: FakeApi) {
  return savePersistentVolume(api, body, { name, claimUid, provisioner }, new AbortController().signal);
}

function failing(error: Error, verb: Call['verb'] = 'create') {
  return (call: Call): void => {
    if (call.verb === verb) {
      throw error;
    }
  };
}

describe('saving the PersistentVolume', () => {
  it('is one write', async () => {
    const api = new FakeApi();
    await expect(save(api)).resolves.toEqual({ kind: 'saved' });
    expect(api.calls).toEqual([{ verb: 'create', plural: 'persistentvolumes', key: name }]);
  });

  it('succeeds when an earlier life has done it', async () => {
    const api = new FakeApi();
    api.put(persistentVolumes, body);
    await expect(save(api)).resolves.toEqual({ kind: 'saved' });
  });

  it.each([
    ['an object that somebody made by hand', { metadata: { name }, spec: body.spec }],
    [
      'one of ours for another claim of the same name',
      {
        metadata: body.metadata,
        spec: { glusterfs: body.spec?.glusterfs, claimRef: { namespace: 'team-a', name: 'data', uid: 'another' } },
      },
    ],
    [
      'one of another provisioner for the claim',
      { metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': 'example.com/nfs' } }, spec: body.spec },
    ],
  ])('stops at %s and leaves it alone', async (_name, other) => {
    const api = new FakeApi();
    api.put(persistentVolumes, other);
    const before = structuredClone(api.raw(persistentVolumes, { name }));
    await expect(save(api)).resolves.toMatchObject({ kind: 'taken', reason: /was not made for this claim/ });
    expect(api.raw(persistentVolumes, { name })).toEqual(before);
  });

  it.each([
    ['the connection broke', lostAnswer()],
    ['the server said 500', status(500, 'InternalError')],
    ['the server said 504', status(504, 'Timeout')],
  ])('succeeds when it happened although %s', async (_name, error) => {
    const api = new FakeApi();
    api.faults = { after: failing(error) };
    await expect(save(api)).resolves.toEqual({ kind: 'saved' });
    expect(api.calls.map((call) => call.verb)).toEqual(['create', 'get']);
  });

  it('is to be tried again when it did not happen', async () => {
    const api = new FakeApi();
    api.faults = { before: failing(status(500, 'InternalError', 'etcd is away')) };
    await expect(save(api)).resolves.toEqual({
      kind: 'failed',
      reason: 'the PersistentVolume could not be created: etcd is away',
    });
  });

  it('is to be tried again when nobody can say', async () => {
    const api = new FakeApi();
    api.faults = {
      after: (call) => {
        throw call.verb === 'create' ? lostAnswer() : status(503, 'ServiceUnavailable', 'on its way down');
      },
    };
    await expect(save(api)).resolves.toMatchObject({ kind: 'failed', reason: /on its way down/ });
  });

  it('does not look when the server refused: nothing can have happened', async () => {
    const api = new FakeApi();
    api.faults = { before: failing(status(403, 'Forbidden', 'may not create persistentvolumes')) };
    await expect(save(api)).resolves.toMatchObject({ kind: 'failed', reason: /may not create/ });
    expect(api.calls.map((call) => call.verb)).toEqual(['create']);
  });

  it('is not counted as a failure when it is given up at shutdown', async () => {
    const api = new FakeApi();
    api.faults = {
      before: (call) => {
        throw new KubeError('stopping', { kind: 'aborted', unsent: call.verb === 'create' }, true);
      },
    };
    await expect(save(api)).rejects.toMatchObject({ kind: 'aborted' });
  });
});
