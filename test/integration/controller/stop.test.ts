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

describe('readiness', () => {
  it('is there once the caches are whole, and ends with the stop', async () => {
    const { controller } = house;
    expect(controller.notReady()).toEqual([]);
    expect([...controller.cacheAges().keys()].sort()).toEqual([
      'endpoints',
      'persistentvolumeclaims',
      'persistentvolumes',
      'services',
      'storageclasses',
    ]);
    await controller.stop(new AbortController().signal);
    expect(controller.notReady()).toEqual(['the controller is stopping']);
    await expect(controller.start()).rejects.toThrow('the controller was started before');
  });
});

describe('a stop', () => {
  it('lets what runs finish and takes nothing new', async () => {
    house.simulation.faults.add({ effect: { kind: 'slow', ms: 300 }, argv: 'volume create', times: 1 });
    const first = house.createClaim('first');
    await waitFor('work has begun', () => house.engine.volumes().length === 1);
    const stopped = house.controller.stop(new AbortController().signal);
    const second = house.createClaim('second');
    await stopped;
    expect(house.volume(`pvc-${first.metadata.uid}`)).toBeDefined();
    expect(house.engine.volumes()).toMatchObject([{ id: first.metadata.uid, phase: 'ready' }]);
    expect(house.volume(`pvc-${second.metadata.uid}`)).toBeUndefined();
  });

  it('ends what does not finish once it is told to, and the next start carries on', async () => {
    const fault = house.simulation.faults.add({ effect: { kind: 'hang' }, argv: 'volume create' });
    const claim = house.createClaim('data');
    await waitFor('work has begun', () => house.engine.volumes().length === 1);
    await waitFor('the command hangs', () => house.simulation.faults.list().some((one) => one.hits > 0));
    const abort = new AbortController();
    let ended = false;
    const stopped = house.controller.stop(abort.signal).then(() => {
      ended = true;
      return ended;
    });
    await house.sandboxAnswers();
    expect(ended).toBe(false);
    abort.abort();
    await stopped;
    expect(house.eventsAbout(claim.metadata.uid).filter((event) => event.startsWith('ProvisioningFailed'))).toEqual([]);
    house.simulation.faults.remove(fault);
    await house.kill();
    await house.start();
    await expect(house.bound('data')).resolves.toMatchObject({ status: { phase: 'Bound' } });
  });
});
