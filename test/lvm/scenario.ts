import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as failures from '../../src/gluster/bricks/lvm-thin/failures.ts';
import type { Exited } from '../../src/gluster/runner.ts';
import { readRecord, recordFile, scenario, type LvmRecord, type RecordedStep } from '../support/lvm-scenario.ts';
import { missingForLvm } from './harness/missing.ts';
import { whole } from './harness/whole.ts';
import { clearDisks, context, guestNode, sharedGuest, type StorageGuest } from './harness/storage-guest.ts';

const missing = await missingForLvm();
const recording = process.env['BRICKYARD_RECORD'] === 'lvm';

/** What the verbs make of an answer. The words differ between versions of LVM; this must not. */
const meaningOf = (answer: Pick<RecordedStep, 'exitCode' | 'stdout' | 'stderr'>) => ({
  exitCode: answer.exitCode,
  means: Object.entries(failures).flatMap(([name, says]) => (says({ kind: 'exited', ...answer }) ? [name] : [])),
});

describe.runIf(missing.length === 0 && (whole || recording))('the record of what real LVM says', () => {
  let guest: StorageGuest;
  const answers: RecordedStep[] = [];

  beforeAll(async () => {
    guest = await sharedGuest();
    for (const { name, command } of scenario) {
      const answer = (await guest.runner.run(guestNode, command, context())) as Exited;
      answers.push({
        name,
        argv: [...command.argv],
        exitCode: answer.exitCode,
        stdout: answer.stdout,
        stderr: answer.stderr,
      });
    }
    if (recording) {
      const version = /LVM version: +(\S+)/.exec(await guest.shell('lvm version'))?.[1] ?? '';
      const record: LvmRecord = { version, steps: answers };
      await writeFile(recordFile, `${JSON.stringify(record, undefined, 2)}\n`);
    }
  });

  afterAll(() => clearDisks(guest));

  it('is what LVM of this machine says, as far as it means anything to the verbs', () => {
    const facts = (steps: readonly RecordedStep[]) =>
      steps.map(({ name, argv, ...answer }) => ({ name, argv, ...meaningOf(answer) }));
    expect(facts(answers)).toEqual(facts(readRecord().steps));
  });
});
