import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeProblems,
  parseClassParameters,
  type ClassParameters,
  type ParsedParameters,
} from '../../../src/domain/class-parameters.ts';
import { parameterTable, refusedParameters } from '../../../src/domain/parameter-table.ts';

function accepted(parameters: Record<string, string>): ClassParameters {
  const parsed = parseClassParameters(parameters);
  if (!parsed.ok) {
    throw new Error(`refused: ${describeProblems(parsed.problems)}`);
  }
  return parsed.parameters;
}

function refused(parameters: Record<string, string>): string {
  const parsed = parseClassParameters(parameters);
  if (parsed.ok) {
    throw new Error(`accepted: ${JSON.stringify(parsed.parameters)}`);
  }
  return describeProblems(parsed.problems);
}

describe('a class without parameters', () => {
  it('gets every default of the table', () => {
    expect(accepted({})).toEqual({
      durability: { kind: 'replicate', count: 3 },
      options: [],
      namePrefix: 'vol',
      gidRange: { min: 2000, max: 2_147_483_647 },
      clusters: [],
      snapshotFactor: 1,
      mount: 'auto',
      zoneSpread: 'prefer',
      tagMatch: [],
    });
  });
});

describe('deviceTags', () => {
  it.each([
    ['media=ssd,media=disk', /not both media=ssd and media=disk/],
    ['media=ssd,media!=ssd', /not both media=ssd and media!=ssd/],
    ['media=ssd,', /expected key=value or key!=value.*got ""/],
    ['a b=c', /got "a b=c"/],
  ])('%j is refused', (text, message) => {
    expect(refused({ deviceTags: text })).toMatch(message);
  });

  it.each(['', 'media!=ssd,media!=disk', 'media=ssd,media!=disk', 'media='])('%j is taken', (text) => {
    expect(accepted({ deviceTags: text }).tagMatch).toHaveLength(text === '' ? 0 : text.split(',').length);
  });
});

describe('a class with everything', () => {
  it('is read, whatever the case of its keys', () => {
    expect(
      accepted({
        VolumeType: 'Disperse:4:2',
        volumeoptions: 'performance.cache-size 64MB, client.event-threads 4',
        volumenameprefix: 'prod',
        gidMin: '40000',
        GIDMAX: '50000',
        clusterid: ' east ,west,east',
        snapFactor: '1.5',
        mount: 'GlusterFS',
        zoneSpread: 'require',
        deviceTags: 'media=ssd, rack!=r3',
      }),
    ).toEqual({
      durability: { kind: 'disperse', data: 4, redundancy: 2 },
      options: [
        { key: 'performance.cache-size', value: '64MB' },
        { key: 'client.event-threads', value: '4' },
      ],
      namePrefix: 'prod',
      gidRange: { min: 40_000, max: 50_000 },
      clusters: ['east', 'west'],
      snapshotFactor: 1.5,
      mount: 'glusterfs',
      zoneSpread: 'require',
      tagMatch: [
        { key: 'media', op: '=', value: 'ssd' },
        { key: 'rack', op: '!=', value: 'r3' },
      ],
    });
  });

  it('takes empty text as "not given" where the in-tree provisioner did', () => {
    expect(accepted({ clusterid: '', volumeoptions: '', volumenameprefix: '', snapfactor: '' })).toEqual(accepted({}));
  });
});

describe('volumetype', () => {
  it.each([
    ['replicate', { kind: 'replicate', count: 3 }],
    ['replicate:2', { kind: 'replicate', count: 2 }],
    ['Replicate:16', { kind: 'replicate', count: 16 }],
    ['arbiter', { kind: 'arbiter' }],
    ['disperse:2:1', { kind: 'disperse', data: 2, redundancy: 1 }],
    ['disperse:8:4', { kind: 'disperse', data: 8, redundancy: 4 }],
    ['none', { kind: 'distribute' }],
    [' distribute ', { kind: 'distribute' }],
  ])('%j is understood', (text, durability) => {
    expect(accepted({ volumetype: text }).durability).toEqual(durability);
  });

  it.each([
    '',
    'mirror:3',
    'replicate:',
    'replicate:0',
    'replicate:1',
    'replicate:17',
    'replicate:-3',
    'replicate:3.0',
    'replicate:1e1',
    'replicate:3:1',
    'replicate:3:arbiter',
    'arbiter:1',
    'disperse',
    'disperse:4',
    'disperse:4:4',
    'disperse:1:1',
    'disperse:4:0',
    'disperse:4:2:1',
    'none:1',
  ])('%j is refused, with what came in the message', (text) => {
    const message = refused({ volumetype: text });
    expect(message).toMatch(/^volumetype: expected /);
    expect(message).toContain(`got ${JSON.stringify(text)}`);
  });
});

describe('volumeoptions', () => {
  it.each([
    ['performance.cache-size', 'expected options as "key value", separated by commas, got "performance.cache-size"'],
    ['a.b 1,,c.d 2', 'expected options as "key value", separated by commas, got ""'],
    ['a.b 1 2', 'expected options as "key value", separated by commas, got "a.b 1 2"'],
    ['a.b 1,a.b 2', 'expected each option once, got "a.b"'],
    ['--xml 1', 'expected an option name such as performance.cache-size, got "--xml"'],
    ['a.b --force', 'a.b: expected a value of one word of letters, digits and _.:/*%@+=-, got "--force"'],
    ['a.b $(reboot)', 'a.b: expected a value of one word of letters, digits and _.:/*%@+=-, got "$(reboot)"'],
    ['user.brickyard.id x', 'expected no option of the reserved family user.brickyard.*, got "user.brickyard.id"'],
  ])('%j is refused', (text, message) => {
    expect(refused({ volumeoptions: text })).toBe(`volumeoptions: ${message}`);
  });

  it("understands heketi's wish for an arbiter, and keeps the other options", () => {
    const parameters = accepted({ volumeoptions: 'user.heketi.arbiter true,nfs.disable on' });
    expect(parameters.durability).toEqual({ kind: 'arbiter' });
    expect(parameters.options).toEqual([{ key: 'nfs.disable', value: 'on' }]);
  });

  it("takes heketi's arbiter option at its word when it says false", () => {
    expect(accepted({ volumeoptions: 'user.heketi.arbiter false' }).durability).toEqual({
      kind: 'replicate',
      count: 3,
    });
  });

  it.each(['replicate:2', 'disperse:4:2', 'none'])('refuses the wish for an arbiter beside %s', (volumetype) => {
    expect(refused({ volumetype, volumeoptions: 'user.heketi.arbiter true' })).toBe(
      `volumetype: expected arbiter or replicate:3 beside the option "user.heketi.arbiter true", got "${volumetype}"`,
    );
  });

  it.each([
    ['user.heketi.zone-checking strict', /zoneSpread: require/],
    ['user.heketi.average-file-size 1024', /leave it out/],
    ['user.heketi.device-tag-match a=b', /deviceTags/],
    ['user.heketi.something 1', /means nothing here/],
    ['user.heketi.arbiter maybe', /expected one of true, false, got "maybe"/],
  ])('refuses %j and says what to do instead', (text, message) => {
    expect(refused({ volumeoptions: text })).toMatch(message);
  });
});

describe('gidMin and gidMax', () => {
  it('may be equal', () => {
    expect(accepted({ gidMin: '5000', gidMax: '5000' }).gidRange).toEqual({ min: 5000, max: 5000 });
  });

  it.each(['', '1999', '2147483648', '-1', '2000.5', '0x7d0', 'many'])('refuse %j', (text) => {
    expect(refused({ gidMin: text })).toBe(
      `gidMin: expected a whole number from 2000 to 2147483647, got ${JSON.stringify(text)}`,
    );
  });

  it('are refused when they stand the wrong way round, in the spelling of the class', () => {
    expect(refused({ GidMin: '5001', gidmax: '5000' })).toBe('GidMin: expected at most gidmax (5000), got "5001"');
    expect(refused({ gidMax: '1999' })).toBe('gidMax: expected a whole number from 2000 to 2147483647, got "1999"');
  });
});

describe('keys', () => {
  it.each([...refusedParameters])(
    '%s of the in-tree provisioner is refused with what to do instead',
    (key, instead) => {
      expect(refused({ [key]: 'x' })).toBe(`${key}: ${instead}`);
      expect(instead).toMatch(/Leave it out/);
    },
  );

  it.each([
    ['volumtype', 'volumetype'],
    ['gidmni', 'gidMin'],
    ['zonespreed', 'zoneSpread'],
    ['clusterids', 'clusterid'],
    ['rest-url', 'resturl'],
  ])('%s gets %s suggested', (key, suggestion) => {
    expect(refused({ [key]: 'x' })).toBe(`${key}: no such parameter; did you mean ${suggestion}?`);
  });

  it('that resemble nothing get the list of what there is', () => {
    expect(refused({ fstype: 'xfs' })).toBe(
      'fstype: no such parameter; there are volumetype, volumeoptions, volumenameprefix, gidMin, gidMax, clusterid, snapfactor, mount, zoneSpread, deviceTags',
    );
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('named %s are unknown like any other', (key) => {
    expect(refused(Object.fromEntries([[key, 'x']]))).toContain(`${key}: no such parameter`);
  });

  it('that come twice in two spellings are refused', () => {
    expect(refused({ gidMin: '3000', gidmin: '4000' })).toBe(
      'gidmin: expected each parameter once, but gidMin is the same one',
    );
  });

  it('are all reported at once', () => {
    const parsed = parseClassParameters({ resturl: 'http://heketi', volumetype: 'x', mount: 'y', fstype: 'z' });
    expect(parsed).toMatchObject({ ok: false });
    expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.key).sort()).toEqual([
      'fstype',
      'mount',
      'resturl',
      'volumetype',
    ]);
  });
});

/** What a result has that no result may have. */
function brokenRules(parsed: ParsedParameters): string[] {
  if (!parsed.ok) {
    const strays = parsed.problems.filter((problem) => !problem.message.startsWith(`${problem.key}: `));
    return parsed.problems.length === 0 ? ['refused without a problem'] : strays.map((problem) => problem.message);
  }
  const { gidRange, snapshotFactor, options } = parsed.parameters;
  const word = /^[^\s,$;|&<>'"`\\-][^\s,$;|&<>'"`\\]*$/;
  return [
    ...(gidRange.min >= 2000 && gidRange.min <= gidRange.max ? [] : ['gidRange']),
    ...(snapshotFactor >= 1 && snapshotFactor <= 100 ? [] : ['snapshotFactor']),
    ...options.filter(({ key, value }) => !word.test(key) || !word.test(value)).map(({ key }) => key),
  ];
}

describe('any class at all', () => {
  const key = fc.oneof(
    fc.constantFrom(...Object.keys(parameterTable), ...refusedParameters.keys(), 'gidMin', 'VolumeType', '__proto__'),
    fc.string(),
  );
  const value = fc.oneof(
    fc.constantFrom('', 'replicate:3', 'disperse:4:2', '2000', 'auto', 'user.heketi.arbiter true', 'a.b c,d.e f'),
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[a-z.]{1,10} [a-z0-9-]{1,10}(,[a-z.]{1,10} [a-z0-9]{1,10}){0,3}$/),
  );

  it('is parsed without an exception, and either gives parameters that keep the rules or a problem for a key of it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { maxLength: 12 }), (entries) => {
        const parameters = Object.fromEntries(entries) as Record<string, string>;
        expect(brokenRules(parseClassParameters(parameters))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});
