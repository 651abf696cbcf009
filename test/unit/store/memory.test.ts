import { expect, it } from 'vitest';
import { MemoryDisk, MemoryStore } from '../../../src/store/memory.ts';
import { storeContract, type Medium } from './contract.ts';

function mediumOf(disk: MemoryDisk): Medium {
  return {
    store: () => new MemoryStore(disk),
    afterPowerCut: async () => {
      const image = new MemoryDisk();
      for (const [key, document] of disk.documents) {
        image.documents.set(key, document);
      }
      return mediumOf(image);
    },
    damage: async ({ kind, id }) => {
      const text = '{"size": 1';
      disk.documents.set(JSON.stringify([kind, id]), { kind, id, text });
      return text;
    },
    dispose: async () => undefined,
  };
}

storeContract('the memory store', async () => mediumOf(new MemoryDisk()));

it('lets nothing through from a holder that was killed', async () => {
  const disk = new MemoryDisk();
  const killed = new MemoryStore(disk);
  await killed.open();
  disk.kill();
  await expect(killed.put({ kind: 'meta', id: 'a', body: 1 })).rejects.toThrow('not open');
  await expect(new MemoryStore(disk).open()).resolves.toEqual([]);
});
