import { describe, expect, it } from 'vitest';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import type { EngineOptions } from '../../../src/engine/options.ts';
import { benchOf } from './bench.ts';

describe('createEngine', () => {
  it.each<readonly [Partial<EngineOptions>, string]>([
    [{ lanes: { node: 0 } }, 'lanes.node: expected a whole number of at least 1, got 0'],
    [{ lanes: { cluster: 1.5 } }, 'lanes.cluster: expected a whole number of at least 1, got 1.5'],
    [{ patience: { overdue: Number.NaN } }, 'patience.overdue: expected a whole number of at least 1, got NaN'],
    [
      { limits: { maxBricksPerVolume: -1 } },
      'limits.maxBricksPerVolume: expected a whole number of at least 1, got -1',
    ],
    [
      { limits: { minBrickSize: bytes(2 * GiB), maxBrickSize: bytes(GiB) } },
      `limits.maxBrickSize: expected at least minBrickSize (${2 * GiB}), got ${GiB}`,
    ],
  ])('refuses a bound that makes no sense, naming it: %j', async (changes, message) => {
    const { options } = await benchOf();
    expect(() => createEngine({ ...options, ...changes })).toThrow(new RangeError(message));
  });
});
