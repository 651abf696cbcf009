import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const setupFiles = ['test/support/seed.ts'];

// One project a level; what belongs where is written in test/README.md.
export default defineConfig({
  test: {
    // Most tests wait for processes of their own: on two processors one file at a time leaves half of them idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], setupFiles, testTimeout: 60_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          setupFiles,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          testTimeout: 300_000,
          // Real control planes take their time with namespaces and released volumes.
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'gluster',
          include: ['test/gluster/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
        },
      },
      // The whole product on a real gluster: minutes each, most of them waiting for gluster to notice something. After all
      // others, because gluster's own timing suffers beside what computes.
      {
        test: {
          name: 'whole',
          include: ['test/gluster/whole/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'lvm',
          include: ['test/lvm/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          // A guest takes all the processors that there are.
          fileParallelism: false,
        },
      },
    ],
  },
});
