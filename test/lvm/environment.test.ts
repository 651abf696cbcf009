import { describe, expect, it } from 'vitest';
import { required } from './harness/required.ts';
import { missingForLvm } from './harness/missing.ts';

const missing = await missingForLvm();

if (missing.length > 0 && !required) {
  process.stderr.write(`lvm level skipped, because this machine lacks the packages ${missing.join(' ')}\n`);
}

describe('machine for real LVM', () => {
  it.runIf(required)('has everything that the guest is made of', () => {
    expect(missing).toEqual([]);
  });
});
