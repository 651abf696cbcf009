import { defineConfig } from 'vitest/config';

const setupFiles = ['test/support/seed.ts'];

// One project a level; what belongs where is written in test/README.md.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], setupFiles, testTimeout: 30_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          setupFiles,
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'cluster', include: ['test/cluster/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 60_000 } },
      {
        test: {
          name: 'gluster',
          include: ['test/gluster/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      // The whole product on a real gluster: minutes each, and at the mercy of gluster's own timing; not in the gate yet.
      {
        test: {
          name: 'whole',
          include: ['test/gluster/whole/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
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
