import { describe, expect, it } from 'vitest';
import { AdminError } from '../../../src/api/admin-error.ts';
import type { FindingView, ForgottenView, RebuildView, Recovery, SurveyView } from '../../../src/api/recovery.ts';
import type { VolumeView } from '../../../src/api/views.ts';
import { rebuild, survey } from '../../../src/cli/commands/doctor.ts';
import { adopt, forget } from '../../../src/cli/commands/volume-recovery.ts';
import { CommandError, UsageError } from '../../../src/cli/exit-codes.ts';
import type { Io } from '../../../src/cli/io.ts';

const volume: VolumeView = {
  id: '5f6d1f2e-0c1a-4a53-9b0e-1f2a3b4c5d6e',
  name: 'vol_a',
  cluster: 'main',
  phase: 'ready',
  size: 1024 ** 3,
  durability: 'replicate 3',
  options: [],
  claim: { namespace: 'default', name: 'data', uid: '5f6d1f2e-0c1a-4a53-9b0e-1f2a3b4c5d6e' },
  className: 'brickyard',
  createdAt: '2026-01-01T00:00:00.000Z',
  bricks: [{ set: 0, node: 'a', zone: '1', device: '/dev/vdb', size: 1024 ** 3, arbiter: false }],
};

const finding = (severity: FindingView['severity'], name: string, kind = 'volume-stopped'): FindingView => ({
  severity,
  subject: { kind: 'volume', name },
  meaning: `${name} means it`,
  remedy: `mend ${name}`,
  finding: { kind },
});

const looked = { volumes: 1, devices: 2, records: 3 };
const rebuilt: RebuildView = { dryRun: true, volumes: [volume], leftAlone: [], findings: [], stood: 4 };
const forgotten: ForgottenView = {
  id: volume.id,
  name: 'vol_a',
  record: 'legible',
  gluster: 'absent',
  bricks: [{ node: 'a', device: '/dev/vdb', brick: 'b', state: 'stands' }],
};

interface World {
  readonly out: string[];
  readonly err: string[];
  readonly io: Io;
  readonly asked: string[];
  /** Calls that would have changed something. */
  readonly changes: string[];
  readonly admin: { readonly recovery: Recovery };
}

/** `answer`: what a person at the terminal says; absent: there is none. */
function world(
  answers: Partial<{ survey: SurveyView; rebuild: RebuildView; forget: ForgottenView }>,
  answer?: boolean,
): World {
  const made = { out: [] as string[], err: [] as string[], asked: [] as string[], changes: [] as string[] };
  const note = (dryRun: boolean, what: string): void => void (dryRun || made.changes.push(what));
  return {
    ...made,
    io: {
      out: (line) => void made.out.push(line),
      err: (line) => void made.err.push(line),
      interactive: answer !== undefined,
      confirm: async (question) => {
        made.asked.push(question);
        return answer === true;
      },
      environment: {},
    },
    admin: {
      recovery: {
        survey: async ({ onProgress }) => {
          onProgress({ looked: 499, total: 1000 });
          onProgress({ looked: 500, total: 1000 });
          return answers.survey ?? { findings: [], looked };
        },
        glusterVolumes: () => Promise.reject(new Error('not asked here')),
        rebuild: async ({ dryRun }) => {
          note(dryRun, 'rebuild');
          return { ...(answers.rebuild ?? rebuilt), dryRun };
        },
        adopt: async ({ name, cluster, dryRun }) => {
          note(dryRun, `adopt ${name}`);
          return { ...volume, name, cluster: cluster ?? 'main', adopted: true };
        },
        forget: async ({ dryRun, leaveIt, key }) => {
          if (key === 'gone') {
            throw new AdminError('not-found', 'no such volume');
          }
          note(dryRun, `forget${leaveIt ? ' and leave it' : ''}`);
          return answers.forget ?? forgotten;
        },
      },
    },
  };
}

const table = { dryRun: false, yes: false, json: false };

describe('doctor', () => {
  it('ends with 0 when all agrees, and also when there is only something to note', async () => {
    const { admin, io, out, err } = world({});
    expect(await survey(admin, io, false)).toBe(0);
    expect(out).toEqual(['Compared 3 record(s) with 1 volume(s) in gluster and 2 device(s): they agree.']);
    expect(err).toEqual(['looked at 500 of 1000']);
    const noted = world({ survey: { findings: [finding('note', 'vol_a')], looked } });
    expect(await survey(noted.admin, noted.io, false)).toBe(0);
    expect(noted.out[0]).toContain('vol_a means it');
  });

  it('groups findings by what they are about, the worst first, and ends with 1', async () => {
    const findings = [
      finding('note', 'vol_c'),
      finding('warning', 'vol_b'),
      finding('note', 'vol_a'),
      finding('error', 'vol_a'),
    ];
    const { admin, io, out, err } = world({ survey: { findings, looked } });
    expect(await survey(admin, io, false)).toBe(1);
    const lines = (out[0] ?? '').split('\n');
    expect(lines.filter((line) => line.startsWith('volume '))).toEqual([
      'volume vol_a',
      'volume vol_b',
      'volume vol_c',
    ]);
    expect(lines.filter((line) => /^(?:error|warning|note) /.test(line)).map((line) => line.split(' ')[0])).toEqual([
      'error',
      'note',
      'warning',
      'note',
    ]);
    expect(out[0]).toContain('-> mend vol_a');
    expect(err.at(-1)).toBe('2 finding(s) need somebody.');
  });

  it('prints every field as JSON', async () => {
    const view = { findings: [finding('error', 'vol_a')], looked };
    const { admin, io, out } = world({ survey: view });
    expect(await survey(admin, io, true)).toBe(1);
    expect(JSON.parse(out.join('\n'))).toEqual(view);
  });
});

describe('doctor --rebuild', () => {
  it('shows, asks, and writes only after a yes', async () => {
    const yes = world({}, true);
    expect(await rebuild(yes.admin, yes.io, table)).toBe(0);
    expect(yes.asked).toEqual(['Write 1 record(s)?']);
    expect(yes.changes).toEqual(['rebuild']);
    expect(yes.err.join('\n')).toContain('Records that would be written');
    expect(yes.out.join('\n')).toContain('1 record(s) written; 4 stood already and were not touched.');
    const no = world({}, false);
    expect(await rebuild(no.admin, no.io, table)).toBe(1);
    expect(no.changes).toEqual([]);
    expect(no.out).toEqual([]);
  });

  it('does not ask with --yes, writes nothing with --dry-run, and needs one of them without a terminal', async () => {
    const yes = world({});
    expect(await rebuild(yes.admin, yes.io, { ...table, yes: true })).toBe(0);
    expect(yes.changes).toEqual(['rebuild']);
    const dry = world({});
    expect(await rebuild(dry.admin, dry.io, { ...table, dryRun: true, json: true })).toBe(0);
    expect(dry.changes).toEqual([]);
    expect(JSON.parse(dry.out.join('\n'))).toEqual(rebuilt);
    const alone = world({});
    await expect(rebuild(alone.admin, alone.io, table)).rejects.toBeInstanceOf(UsageError);
    expect(alone.changes).toEqual([]);
  });

  it('ends with 1 when a volume got no record or something could not be seen, but not for leftovers', async () => {
    const leftAlone = [{ cluster: 'main', name: 'vol_b', reason: 'because' }];
    const refused = world({ rebuild: { ...rebuilt, leftAlone } });
    expect(await rebuild(refused.admin, refused.io, { ...table, yes: true })).toBe(1);
    expect(refused.out.join('\n')).toContain('because');
    const blind = world({ rebuild: { ...rebuilt, findings: [finding('warning', 'n1', 'node-unreachable')] } });
    expect(await rebuild(blind.admin, blind.io, { ...table, yes: true })).toBe(1);
    const left = world({
      rebuild: { ...rebuilt, volumes: [], findings: [finding('warning', 'n1', 'brick-leftover')] },
    });
    expect(await rebuild(left.admin, left.io, table)).toBe(0);
    expect(left.changes).toEqual([]);
  });
});

describe('volume adopt', () => {
  const wanted = { ...table, name: 'byhand', cluster: undefined };

  it('shows what adopting means, asks, and records after a yes', async () => {
    const yes = world({}, true);
    expect(await adopt(yes.admin, yes.io, wanted)).toBe(0);
    expect(yes.err.join('\n')).toContain('Brickyard will never delete it');
    expect(yes.changes).toEqual(['adopt byhand']);
    const no = world({}, false);
    expect(await adopt(no.admin, no.io, wanted)).toBe(1);
    const dry = world({});
    expect(await adopt(dry.admin, dry.io, { ...wanted, dryRun: true })).toBe(0);
    expect([...no.changes, ...dry.changes]).toEqual([]);
  });
});

describe('volume forget', () => {
  const wanted = { ...table, key: 'default/data', leaveIt: false };

  it('says exactly what stays behind before it asks', async () => {
    const { admin, io, err, asked, changes } = world({}, true);
    expect(await forget(admin, io, wanted)).toBe(0);
    expect(err.join('\n')).toMatch(/gluster has no such volume[\s\S]*PersistentVolume[\s\S]*\/dev\/vdb +b +stays/);
    expect(asked).toEqual(['Forget it?']);
    expect(changes).toEqual(['forget']);
  });

  it.each(['ours', 'unknown'] as const)('refuses when gluster says %s, until told to leave it', async (gluster) => {
    const refused = world({ forget: { ...forgotten, gluster } }, true);
    await expect(forget(refused.admin, refused.io, { ...wanted, yes: true })).rejects.toBeInstanceOf(CommandError);
    expect(refused.changes).toEqual([]);
    const told = world({ forget: { ...forgotten, gluster } });
    expect(await forget(told.admin, told.io, { ...wanted, leaveIt: true })).toBe(0);
    expect(told.changes).toEqual(['forget and leave it']);
  });

  it('changes nothing on a no, on --dry-run, and for a name that names nothing', async () => {
    const no = world({}, false);
    expect(await forget(no.admin, no.io, wanted)).toBe(1);
    const dry = world({});
    expect(await forget(dry.admin, dry.io, { ...wanted, dryRun: true })).toBe(0);
    expect(dry.out.join('\n')).toContain('removes its record and nothing else');
    await expect(forget(dry.admin, dry.io, { ...wanted, key: 'gone' })).rejects.toBeInstanceOf(AdminError);
    expect([...no.changes, ...dry.changes]).toEqual([]);
  });
});
