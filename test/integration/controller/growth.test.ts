/** Growth of claims as users see it, on servers of all three kinds. */
import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { House } from './house.ts';

const storageClass = { allowVolumeExpansion: true };
const versions = ['v1.20.15', 'v1.25.16', 'v1.36.0'];

let house: House;
afterEach(async () => {
  await house.close();
});

/** Texts of our events about growth, in the order in which they were written. */
const told = (uid: string): string[] => house.eventsAbout(uid).filter((event) => /Resiz/.test(event));
const noGrowth = { conditions: [], allocatedResourceStatuses: {} };

describe.each(versions)('on %s, a claim that asks for more', (serverVersion) => {
  it('gets it in place: file systems, PersistentVolume, status, and is told of it once', async () => {
    house = await House.open({ serverVersion, storageClass });
    const pv = await house.bound('data');
    const { uid } = pv.spec.claimRef ?? { uid: '' };
    house.resizeClaim('data', '3Gi');
    const claim = await house.grown('data', '3Gi');
    await waitFor('both events are written', () => told(uid).length === 2);

    expect(claim.status).toMatchObject({ phase: 'Bound', ...noGrowth });
    expect(house.volume(pv.metadata.name)?.spec).toMatchObject({ capacity: { storage: '3Gi' } });
    expect(house.fileSystems()).toEqual([3, 3, 3]);
    expect(house.engine.volumes()).toMatchObject([{ phase: 'ready', size: 3 * 1024 ** 3 }]);
    expect(told(uid).toSorted()).toEqual([
      `Resizing: External resizer is resizing volume pvc-${uid} from 1Gi to 3Gi`,
      `VolumeResizeSuccessful: Successfully resized volume pvc-${uid} to 3Gi`,
    ]);
    house.deleteClaim('data');
    await house.emptied();
    expect(house.simulation.inspect().notUnderstood).toEqual([]);
  });

  it('costs five API writes, events included', async () => {
    house = await House.open({ serverVersion, storageClass });
    const { uid } = (await house.bound('data')).spec.claimRef ?? { uid: '' };
    await waitFor('the events of the beginning are written', () => house.eventsAbout(uid).length === 2);
    const before = house.sandbox.stats.writes('brickyard/');
    house.resizeClaim('data', '3Gi');
    await house.grown('data', '3Gi');
    await waitFor('both events are written', () => told(uid).length === 2);
    // Served after whatever else the growth might have caused.
    await house.bound('later');
    await waitFor(
      'the events of the other are written',
      () => house.eventsAbout(house.claim('later')?.metadata.uid ?? '').length === 2,
    );
    expect(house.sandbox.stats.writes('brickyard/') - before).toBe(5 + 3);
  });

  it('and for more than its devices have gets more brick sets', async () => {
    house = await House.open({ serverVersion, storageClass, nodes: 6 });
    await house.bound('data', 'default', { resources: { requests: { storage: '60Gi' } } });
    house.resizeClaim('data', '150Gi');
    const claim = await waitFor('it has 150 GiB or a little more', () => {
      const found = house.claim('data');
      return found?.status.conditions.length === 0 && found.status.capacity['storage'] !== '60Gi' ? found : undefined;
    });
    const record = house.engine.volumes()[0];
    expect(record?.size).toBeGreaterThanOrEqual(150 * 1024 ** 3);
    expect(record?.brickSets.length).toBeGreaterThan(1);
    expect(house.volumes()[0]?.spec.capacity).toEqual(claim.status.capacity);
  });
});

describe('fifty claims at once', () => {
  it('grow with five API writes each', async () => {
    house = await House.open({ serverVersion: 'v1.36.0', storageClass, nodes: 4, gib: 200 });
    const names = Array.from({ length: 50 }, (_none, index) => `claim-${index}`);
    await Promise.all(names.map((name) => house.bound(name)));
    const uids = names.map((name) => house.claim(name)?.metadata.uid ?? '');
    await waitFor('all is said so far', () => uids.every((uid) => house.eventsAbout(uid).length === 2));
    const before = house.sandbox.stats.writes('brickyard/');
    names.forEach((name) => house.resizeClaim(name, '2Gi'));
    await Promise.all(names.map((name) => house.grown(name, '2Gi')));
    await waitFor('every event is written', () => uids.every((uid) => told(uid).length === 2));
    expect(house.sandbox.stats.writes('brickyard/') - before).toBe(250);
    expect(house.fileSystems()).toEqual(Array.from({ length: 150 }, () => 2));
  });
});

describe('the in-tree expander of 1.25', () => {
  it('fails again and again while the volume grows, and is silent as soon as the size is there', async () => {
    const binder = { expandRetry: 50 };
    house = await House.open({ storageClass, binder });
    await house.bound('data');
    const slow = house.simulation.faults.add({ effect: { kind: 'slow', ms: 300 }, argv: 'lvextend' });
    house.resizeClaim('data', '3Gi');
    const theirs = (): number =>
      house.sandbox.api
        .list({ apiVersion: 'v1', kind: 'Event' })
        .filter((event) => event['reason'] === 'VolumeResizeFailed' && event['reportingComponent'] === 'volume_expand')
        .length;
    await waitFor('it has tried twice', () => theirs() >= 2);
    house.simulation.faults.remove(slow);
    await house.grown('data', '3Gi');
    const after = theirs();
    await house.bound('later');
    await house.sandboxAnswers();
    expect(theirs()).toBe(after);
    expect(house.claim('data')?.status).toMatchObject({ capacity: { storage: '3Gi' }, ...noGrowth });
  });

  it('may write the end itself when it finds the PersistentVolume large enough', async () => {
    house = await House.open({ storageClass, binder: { expandRetry: 50 } });
    const pv = await house.bound('data');
    house.simulation.faults.add({ effect: { kind: 'slow', ms: 200 }, argv: 'lvextend', times: 1 });
    house.resizeClaim('data', '3Gi');
    await waitFor('the growth has begun', () => house.engine.volumes().some((one) => one.phase === 'growing'));
    const fault = house.sandbox.faults.add({
      match: { verb: 'patch', resource: 'persistentvolumeclaims/status' },
      action: { do: 'refuse', code: 503 },
    });
    await waitFor(
      'the PersistentVolume has the size',
      () => house.volume(pv.metadata.name)?.spec.capacity['storage'] === '3Gi',
    );
    await house.grown('data', '3Gi');
    house.sandbox.faults.remove(fault);
    await house.bound('later');
    expect(house.claim('data')?.status).toMatchObject({ capacity: { storage: '3Gi' }, ...noGrowth });
  });
});

describe('a growth for which there is no room', () => {
  const tooMuch = '90Gi';

  async function shortOfRoom(): Promise<string> {
    house = await House.open({ serverVersion: 'v1.36.0', storageClass });
    await house.bound('other', 'default', { resources: { requests: { storage: '60Gi' } } });
    const { uid } = (await house.bound('data')).spec.claimRef ?? { uid: '' };
    house.resizeClaim('data', tooMuch);
    await waitFor('it is told', () => told(uid).some((event) => event.startsWith('VolumeResizeFailed: waiting: ')));
    return uid;
  }

  it('is told in the words of the engine, once, and shown in the status', async () => {
    const uid = await shortOfRoom();
    const status = await waitFor('the condition stands', () =>
      house.claim('data')?.status.conditions.some(({ type }) => type === 'ControllerResizeError')
        ? house.claim('data')?.status
        : undefined,
    );
    expect(status).toMatchObject({
      capacity: { storage: '1Gi' },
      conditions: [
        { type: 'Resizing', status: 'True' },
        {
          type: 'ControllerResizeError',
          status: 'True',
          reason: 'Waiting',
          message: expect.stringMatching(/room/) as string,
        },
      ],
      allocatedResources: { storage: tooMuch },
      allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
    });
    expect(told(uid).filter((event) => event.startsWith('VolumeResizeFailed'))).toHaveLength(1);
    expect(house.engine.volumes().find((one) => one.id === uid)).toMatchObject({ phase: 'ready' });
  });

  it('goes on when room is made', async () => {
    await shortOfRoom();
    house.deleteClaim('other');
    await expect(house.grown('data', tooMuch)).resolves.toBeDefined();
  });

  it('is over when less is asked for, which must be more than there is', async () => {
    await shortOfRoom();
    expect(() => house.resizeClaim('data', '1Gi')).toThrow(/can not be less than status.capacity/);
    house.resizeClaim('data', '2Gi');
    const claim = await house.grown('data', '2Gi');
    expect(claim.status.allocatedResources).toEqual({ storage: '2Gi' });
    expect(house.fileSystems().filter((size) => size === 2)).toHaveLength(3);
  });
});

describe('a growth that a device cannot do', () => {
  const broken = { kind: 'fail', exitCode: 5, stderr: '  device-mapper: reload ioctl failed' } as const;

  it('is given up when less is asked for, and the volume says all that it has', async () => {
    house = await House.open({ serverVersion: 'v1.36.0', storageClass });
    const { uid } = (await house.bound('data')).spec.claimRef ?? { uid: '' };
    const node = house.engine.volumes()[0]?.brickSets[0]?.[0]?.node;
    // For ever, and only for that size: a retry in between must not succeed.
    const wanted = `lvextend .*${40 * 1024 ** 3}.*/brick_`;
    house.simulation.faults.add({ effect: broken, argv: wanted, ...(node === undefined ? {} : { node }) });
    house.resizeClaim('data', '40Gi');
    await waitFor('it is told', () => told(uid).some((event) => event.startsWith('VolumeResizeFailed')));
    expect(house.fileSystems()).toEqual([1, 40, 40]);
    expect(house.engine.volumes()).toMatchObject([{ phase: 'growing' }]);
    house.resizeClaim('data', '2Gi');
    await house.grown('data', '2Gi');
    expect(house.fileSystems()).toEqual([2, 40, 40]);
    expect(house.engine.volumes()).toMatchObject([{ phase: 'ready', size: 2 * 1024 ** 3 }]);
  });
});

describe('a claim that is deleted while its volume grows', () => {
  it('takes everything with it', async () => {
    house = await House.open({ serverVersion: 'v1.36.0', storageClass });
    await house.bound('data');
    house.simulation.faults.add({ effect: { kind: 'slow', ms: 300 }, argv: 'lvextend' });
    house.resizeClaim('data', '3Gi');
    await waitFor('the growth has begun', () => house.engine.volumes().some((one) => one.phase === 'growing'));
    house.deleteClaim('data');
    await expect(house.emptied()).resolves.toBeUndefined();
  });
});

describe('a class that forbids it', () => {
  it('has the API server refuse the request, and the volume left alone', async () => {
    house = await House.open({ serverVersion: 'v1.36.0' });
    await house.bound('data');
    expect(() => house.resizeClaim('data', '3Gi')).toThrow(/the storageclass .* must support resize/);
    expect(house.fileSystems()).toEqual([1, 1, 1]);
  });
});
