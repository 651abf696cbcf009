/** A controller that is killed at every step of a growth, an API that fails at every write of it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { GiB } from '../../../src/domain/quantity.ts';
import type { FaultAction } from '../../../src/sandbox/api/faults/faults.ts';
import { House } from './house.ts';

const versions = ['v1.25.16', 'v1.36.0'];
const claimWrites = { verb: 'patch', resource: 'persistentvolumeclaims/status', userAgent: 'brickyard/' } as const;
const volumeWrites = { verb: 'patch', resource: 'persistentvolumes', userAgent: 'brickyard/' } as const;
const hang: FaultAction = { do: 'hang' };

/** Waits for the claim to have its 3Gi, and says what everybody else says by then. */
async function grown(house: House): Promise<object> {
  const { metadata } = await house.grown('data', '3Gi');
  const { uid } = metadata;
  return {
    volume: house.volume(`pvc-${uid}`)?.spec.capacity,
    fileSystems: house.fileSystems(),
    records: house.engine.volumes().map(({ phase, size }) => `${phase} ${size / GiB} GiB`),
    failures: house.eventsAbout(uid).filter((event) => event.startsWith('VolumeResizeFailed')),
  };
}

/** What all must come to: everybody says the same, and nobody was told of a failure. */
const allOfIt = { volume: { storage: '3Gi' }, fileSystems: [3, 3, 3], records: ['ready 3 GiB'], failures: [] };

describe.each(versions)('on %s', (serverVersion) => {
  let house: House;
  beforeEach(async () => {
    house = await House.open({ serverVersion, storageClass: { allowVolumeExpansion: true } });
    await house.bound('data');
  });
  afterEach(async () => {
    await house.close();
  });

  /** Holds the next write of that kind for ever; resolves when one is held. */
  async function held(match: typeof claimWrites | typeof volumeWrites, during: () => void): Promise<void> {
    house.sandbox.faults.add({ match, action: hang, times: 1 });
    during();
    await waitFor('the write hangs', () => house.sandbox.faults.list().length === 0);
  }

  /** Begins the growth and resolves in the middle of it, with the engine at work for some time yet. */
  async function growing(): Promise<void> {
    house.simulation.faults.add({ effect: { kind: 'slow', ms: 300 }, argv: 'lvextend', times: 3 });
    house.resizeClaim('data', '3Gi');
    await waitFor('the engine is at work', () => house.engine.volumes().some((one) => one.phase === 'growing'));
  }

  async function again(): Promise<void> {
    await house.kill();
    await house.start();
  }

  describe('a controller that is killed', () => {
    it('before the status says that work begins: the next one begins', async () => {
      await held(claimWrites, () => house.resizeClaim('data', '3Gi'));
      expect(house.engine.volumes()).toMatchObject([{ phase: 'ready' }]);
      await again();
      await expect(grown(house)).resolves.toEqual(allOfIt);
    });

    it('while bricks grow: the next one carries on', async () => {
      await growing();
      await again();
      await expect(grown(house)).resolves.toEqual(allOfIt);
    });

    it('and whose claim asks for yet more while nobody is there: both are done', async () => {
      await growing();
      await house.kill();
      house.resizeClaim('data', '5Gi');
      await house.start();
      await house.grown('data', '5Gi');
      expect(house.fileSystems()).toEqual([5, 5, 5]);
    });

    it('with the volume grown and nobody told: the next one tells', async () => {
      await held(volumeWrites, () => house.resizeClaim('data', '3Gi'));
      expect(house.engine.volumes()).toMatchObject([{ phase: 'ready', size: 3 * 1024 ** 3 }]);
      await again();
      await expect(grown(house)).resolves.toEqual(allOfIt);
    });

    it('with the PersistentVolume told and the claim not: the next one tells the claim', async () => {
      await growing();
      await held(claimWrites, () => undefined);
      const { uid } = house.claim('data')?.metadata ?? { uid: '' };
      expect(house.volume(`pvc-${uid}`)?.spec.capacity).toEqual({ storage: '3Gi' });
      await again();
      await expect(grown(house)).resolves.toEqual(allOfIt);
    });

    it('in the middle of it, and the claim is deleted while nobody is there: nothing is left', async () => {
      await growing();
      await house.kill();
      house.deleteClaim('data');
      await house.start();
      await expect(house.emptied()).resolves.toBeUndefined();
    });

    it('again and again at any moment: it is done once in the end', async () => {
      house.resizeClaim('data', '3Gi');
      for (let life = 0; life < 8; life += 1) {
        await house.sandboxAnswers();
        await again();
      }
      await expect(grown(house)).resolves.toEqual(allOfIt);
    });
  });

  describe('an API that fails', () => {
    const refuse: FaultAction = { do: 'refuse', code: 500 };
    it.each<[string, typeof claimWrites | typeof volumeWrites, FaultAction]>([
      ['the write that work begins', claimWrites, refuse],
      ['the write that work begins, its answer alone', claimWrites, { do: 'loseAnswer' }],
      ['the write of the PersistentVolume', volumeWrites, refuse],
      ['the write of the PersistentVolume, its answer alone', volumeWrites, { do: 'loseAnswer' }],
    ])('%s is asked again', async (_what, match, action) => {
      house.sandbox.faults.add({ match, action, times: 1 });
      house.resizeClaim('data', '3Gi');
      await expect(grown(house)).resolves.toEqual(allOfIt);
      expect(house.sandbox.faults.list()).toEqual([]);
    });

    it.each<[string, FaultAction]>([
      ['wholly', refuse],
      ['its answer alone', { do: 'loseAnswer' }],
    ])('the last write, %s, is asked again', async (_how, action) => {
      await growing();
      house.sandbox.faults.add({ match: claimWrites, action, times: 1 });
      await expect(grown(house)).resolves.toEqual(allOfIt);
      expect(house.sandbox.faults.list()).toEqual([]);
    });
  });

  it.each(['lvextend', 'xfs_growfs', 'volume set'])('a lost answer to %s is no failure', async (argv) => {
    house.simulation.faults.add({ effect: { kind: 'lose-answer' }, argv, times: 1 });
    house.resizeClaim('data', '3Gi');
    await expect(grown(house)).resolves.toEqual(allOfIt);
    expect(house.simulation.faults.list()).toEqual([]);
  });
});

describe('a request that is lowered while nobody is there', () => {
  it('ends the growth that had begun, and the smaller one is done', async () => {
    const house = await House.open({ serverVersion: 'v1.36.0', storageClass: { allowVolumeExpansion: true } });
    try {
      const { uid } = (await house.bound('data')).spec.claimRef ?? { uid: '' };
      house.simulation.faults.add({ effect: { kind: 'slow', ms: 300 }, argv: 'lvextend', times: 3 });
      house.resizeClaim('data', '40Gi');
      await waitFor('the engine is at work', () => house.engine.volumes().some((one) => one.phase === 'growing'));
      await house.kill();
      house.simulation.faults.clear();
      const broken = { kind: 'fail', exitCode: 5, stderr: '  no such luck' } as const;
      house.simulation.faults.add({ effect: broken, argv: `lvextend .*${40 * GiB}` });
      house.resizeClaim('data', '2Gi');
      await house.start();
      const claim = await waitFor('the smaller size is there', () => {
        const found = house.claim('data');
        return found?.status.conditions.length === 0 && found.status.capacity['storage'] !== '1Gi' ? found : undefined;
      });
      const record = house.engine.volumes()[0];
      expect(record).toMatchObject({ id: uid, phase: 'ready' });
      expect(record?.size).toBeGreaterThanOrEqual(2 * 1024 ** 3);
      expect(house.volume(`pvc-${uid}`)?.spec.capacity).toEqual(claim.status.capacity);
      expect(claim.status.allocatedResources).toEqual(claim.status.capacity);
    } finally {
      await house.close();
    }
  });
});
