import { describe, expect, it } from 'vitest';
import { hostName } from '../../../../src/domain/names.ts';
import { readGroups, readPhysicalVolumes, readVolumes } from '../../../../src/gluster/bricks/lvm-thin/report.ts';
import type { Exited } from '../../../../src/gluster/runner.ts';
import {
  readRecord,
  scenario,
  scenarioDisk,
  scenarioDiskSize,
  scenarioNode,
  type RecordedStep,
} from '../../../support/lvm-scenario.ts';
import { simulatedCluster } from '../../../support/simulated-cluster.ts';

const record = readRecord();

/** A report's rows, in any order; `undefined` for what is no report of LVM's. */
function rowsOf({ argv, stdout }: Pick<RecordedStep, 'argv' | 'stdout'>): ReadonlySet<unknown> | undefined {
  const readers = { vgs: readGroups, lvs: readVolumes, pvs: readPhysicalVolumes };
  const reader = readers[argv[0] as keyof typeof readers] as typeof readGroups | undefined;
  if (reader === undefined) {
    return undefined;
  }
  return new Set((stdout === '' ? [] : reader(stdout)).map((row) => JSON.stringify(row)));
}

const lvmPrograms = /^(?:pv|vg|lv)/;

/** What LVM complains of. Warnings come with success, and nobody here reads them. */
const complaintOf = ({ argv, exitCode, stderr }: RecordedStep): string | undefined =>
  lvmPrograms.test(argv[0] ?? '') && exitCode !== 0 ? stderr.trim() : undefined;

describe('the simulated LVM', () => {
  it('is held to a record of the command lines that are in use', () => {
    expect(record.steps.map(({ name, argv }) => ({ name, argv }))).toEqual(
      scenario.map(({ name, command }) => ({ name, argv: command.argv })),
    );
  });

  it('answers a whole scenario as the real one has: exit codes, complaints, reports', async () => {
    const cluster = simulatedCluster({
      nodes: [
        {
          id: scenarioNode,
          manage: hostName('node-1.manage'),
          storage: hostName('10.0.0.1'),
          devices: [{ name: scenarioDisk, size: scenarioDiskSize }],
        },
      ],
    });
    const [node] = cluster.nodes;
    if (node === undefined) {
      throw new Error('no node');
    }
    const facts = (step: RecordedStep) => ({
      name: step.name,
      exitCode: step.exitCode,
      complaint: complaintOf(step),
      rows: rowsOf(step),
    });
    for (const step of record.steps) {
      const command = { argv: step.argv, deadlineMs: 60_000 };
      const answer = (await cluster.simulation.runner.run(node, command, cluster.context)) as Exited;
      expect(facts({ ...step, ...answer })).toEqual(facts(step));
    }
    expect(cluster.simulation.inspect().notUnderstood).toEqual([]);
  });
});
