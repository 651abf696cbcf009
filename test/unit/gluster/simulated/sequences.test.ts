/**
 * Random sequences of verbs on nodes where things go wrong at random. Whatever happens, an outcome must say no more
 * than what is true, nothing of a volume that stands may be destroyed, and once the faults have ended everything can be
 * finished and taken away without a trace.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceName } from '../../../../src/domain/names.ts';
import { disk, nodeSpecs, simulatedCluster } from '../../../support/simulated-cluster.ts';
import { prepareAll } from '../verbs/volume-fixture.ts';
import { checkInvariants, insist, step, take } from './sequence-steps.ts';

describe('any sequence of verbs, faults and reboots', () => {
  it.each([disk, deviceName('/srv/bricks')])(
    'on %s says only what is true, and can always be finished and taken away',
    async (device) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer(), async (steps, seed) => {
          const cluster = { ...simulatedCluster({ seed, nodes: nodeSpecs(3, 100, device) }), device };
          await prepareAll(cluster, device);
          for (const next of steps) {
            const outcomes = await take(cluster, next);
            expect(outcomes.map(({ kind }) => kind)).not.toContain('rejected');
            checkInvariants(cluster);
          }
          cluster.simulation.faults.clear();
          const all = (verb: 'bricks' | 'create' | 'start' | 'stop' | 'delete' | 'destroy') =>
            [1, 2, 3].map((volume) => ({ do: verb, volume }) as const);
          await insist(cluster, [...all('bricks'), ...all('create'), ...all('start')]);
          expect(cluster.simulation.inspect().pools[0]?.volumes.map(({ status }) => status)).toEqual([
            'started',
            'started',
            'started',
          ]);
          await insist(cluster, [...all('stop'), ...all('delete'), ...all('destroy')]);
          const { nodes, pools } = cluster.simulation.inspect();
          expect(pools.flatMap(({ volumes }) => volumes)).toEqual([]);
          expect(
            nodes.map(({ mounts, marks, volumeGroups, loops, folders }) => [
              mounts,
              marks,
              volumeGroups.flatMap(({ logicalVolumes }) => logicalVolumes),
              loops,
              folders.flatMap(({ entries }) =>
                entries.filter(({ path }) => !/^by_\w+(?:\/brickyard.identity)?$/.test(path)),
              ),
            ]),
          ).toEqual(nodes.map(() => [[], [], [], [], []]));
        }),
        { numRuns: 200 },
      );
    },
  );
});
