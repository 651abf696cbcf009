import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { House } from './house.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(async () => {
  await house.close();
});

const creates = { verb: 'create', resource: 'persistentvolumes' } as const;

/** Waits until claim `data` is bound, and says all that stands: one of each, and they belong together, if all is well. */
async function standing(): Promise<object> {
  const pv = await house.bound('data');
  return {
    volumes: house.volumes().map((volume) => volume.metadata.name),
    gluster: house.glusterVolumes(),
    records: house.engine.volumes().map((record) => `${record.id} ${record.phase}`),
    bricks: house.bricks(pv),
  };
}

function oneOfEach() {
  const uid = house.claim('data')?.metadata.uid ?? '';
  return { volumes: [`pvc-${uid}`], gluster: [`vol_${uid}`], records: [`${uid} ready`], bricks: 3 };
}

describe('creating the PersistentVolume', () => {
  it('is tried until the server does it, and the volume stays meanwhile', async () => {
    const fault = house.sandbox.faults.add({ match: creates, action: { do: 'refuse', code: 500 } });
    const claim = house.createClaim('data');
    const told = await waitFor('the failure is told', () =>
      house.eventsAbout(claim.metadata.uid).find((event) => event.startsWith('ProvisioningFailed')),
    );
    expect(told).toMatch(/the PersistentVolume could not be created/);
    expect(house.glusterVolumes()).toHaveLength(1);
    house.sandbox.faults.remove(fault);
    await expect(standing()).resolves.toEqual(oneOfEach());
  });

  it('is done when only the answer was lost', async () => {
    house.sandbox.faults.add({ match: creates, action: { do: 'loseAnswer' }, times: 1 });
    const claim = house.createClaim('data');
    await expect(standing()).resolves.toEqual(oneOfEach());
    await waitFor('both events are written', () => house.eventsAbout(claim.metadata.uid).length === 2);
    expect(house.eventsAbout(claim.metadata.uid).filter((event) => event.startsWith('ProvisioningFailed'))).toEqual([]);
  });

  /** Somebody takes the name that the claim's PersistentVolume must have; then the claim gets its turn. */
  async function taken(takeTurn: () => void): Promise<object> {
    const claim = house.createClaim('data');
    const name = `pvc-${claim.metadata.uid}`;
    house.createForeignVolume(name);
    takeTurn();
    const told = await waitFor('the conflict is told', () =>
      house.eventsAbout(claim.metadata.uid).find((event) => event.startsWith('ProvisioningFailed')),
    );
    expect(told).toMatch(/exists, but it was not made for this claim/);
    expect(house.volume(name)?.metadata.annotations).toEqual({});
    house.deleteVolume(name);
    return standing();
  }

  it("stops at somebody else's object of that name, and goes on when it is gone", async () => {
    house.deleteClass();
    await expect(taken(() => house.createClass())).resolves.toEqual(oneOfEach());
  });

  it('stops when somebody takes the name while the volume is made, and goes on when it is gone', async () => {
    house.simulation.faults.add({ effect: { kind: 'slow', ms: 200 }, argv: 'volume create', times: 1 });
    await expect(taken(() => undefined)).resolves.toEqual(oneOfEach());
  });
});

describe('a controller that is killed', () => {
  it('while the volume is made: the next one finishes it', async () => {
    house.simulation.faults.add({ effect: { kind: 'slow', ms: 200 }, argv: 'volume create', times: 1 });
    house.createClaim('data');
    await waitFor('the record is written', () => house.engine.volumes().length === 1);
    await house.kill();
    await house.start();
    await expect(standing()).resolves.toEqual(oneOfEach());
  });

  it('before the PersistentVolume: the next one creates it', async () => {
    const fault = house.sandbox.faults.add({ match: creates, action: { do: 'hang' } });
    house.createClaim('data');
    await waitFor('the create hangs', () => house.glusterVolumes().length === 1);
    await house.kill();
    house.sandbox.faults.remove(fault);
    await house.start();
    await expect(standing()).resolves.toEqual(oneOfEach());
  });

  it('before the PersistentVolume, and the claim is deleted meanwhile: nothing is left', async () => {
    const fault = house.sandbox.faults.add({ match: creates, action: { do: 'hang' } });
    house.createClaim('data');
    await waitFor('the create hangs', () => house.glusterVolumes().length === 1);
    await house.kill();
    house.sandbox.faults.remove(fault);
    house.deleteClaim('data');
    await house.start();
    await expect(house.emptied()).resolves.toBeUndefined();
  });

  it('between PersistentVolume and confirmation: the next one confirms', async () => {
    house.sandbox.faults.add({ match: creates, action: { do: 'loseAnswer' }, times: 1 });
    // The look after the lost answer hangs, so the confirmation is not reached.
    const fault = house.sandbox.faults.add({
      match: { verb: 'get', resource: 'persistentvolumes' },
      action: { do: 'hang' },
    });
    const claim = house.createClaim('data');
    await waitFor('the object stands', () => house.volume(`pvc-${claim.metadata.uid}`));
    await house.kill();
    house.sandbox.faults.remove(fault);
    await house.start();
    await expect(standing()).resolves.toEqual(oneOfEach());
  });

  it('while a volume is deleted: the next one finishes it', async () => {
    await house.bound('data');
    house.simulation.faults.add({ effect: { kind: 'slow', ms: 200 }, argv: 'volume (stop|delete)' });
    house.deleteClaim('data');
    await waitFor('the deletion has begun', () => house.engine.volumes().some((one) => one.phase === 'deleting'));
    await house.kill();
    await house.start();
    await expect(house.emptied()).resolves.toBeUndefined();
  });

  it('with the data gone and the object still there: the next one takes it away', async () => {
    await house.bound('data');
    const fault = house.sandbox.faults.add({
      match: { verb: 'delete', resource: 'persistentvolumes' },
      action: { do: 'hang' },
    });
    house.deleteClaim('data');
    await waitFor('the data is gone', () => house.engine.volumes().length === 0);
    await house.kill();
    house.sandbox.faults.remove(fault);
    await house.start();
    await expect(house.emptied()).resolves.toBeUndefined();
  });
});

describe('an answer of gluster that is lost', () => {
  it('to the creation: the volume is found, not made twice', async () => {
    house.simulation.faults.add({ effect: { kind: 'lose-answer' }, argv: 'volume create', times: 1 });
    const claim = house.createClaim('data');
    await expect(standing()).resolves.toEqual(oneOfEach());
    expect(house.eventsAbout(claim.metadata.uid).filter((event) => event.startsWith('ProvisioningFailed'))).toEqual([]);
  });

  it('to the creation, and the claim is deleted: nothing is left', async () => {
    house.simulation.faults.add({ effect: { kind: 'lose-answer' }, argv: 'volume create', times: 2 });
    house.createClaim('data');
    await waitFor('the volume is made', () => house.glusterVolumes().length === 1);
    house.deleteClaim('data');
    await expect(house.emptied()).resolves.toBeUndefined();
  });
});

describe('a volume that is ready while nobody asks for it', () => {
  it('is kept', async () => {
    house.deleteClass();
    house.createClass({ reclaimPolicy: 'Retain' });
    const { name } = (await house.bound('data')).metadata;
    house.deleteClaim('data');
    await waitFor('it is released', () => house.volume(name)?.status.phase === 'Released');
    house.deleteVolume(name);
    await waitFor('the object is gone', () => house.volume(name) === undefined);
    await house.stop();
    await house.start();
    // Served after the first sweep of the new controller.
    await house.bound('later');
    expect(house.glusterVolumes()).toHaveLength(2);
  });
});

describe('a controller that is stopped', () => {
  it('takes up everything when it is started again', async () => {
    const names = Array.from({ length: 20 }, (_none, index) => `claim-${index}`);
    names.forEach((name) => house.createClaim(name));
    await waitFor('work has begun', () => house.engine.volumes().length > 0);
    await house.stop();
    await house.start();
    await Promise.all(names.map((name) => house.bound(name)));
    expect(new Set(house.glusterVolumes()).size).toBe(20);
    expect(house.glusterVolumes()).toHaveLength(20);
  });
});
