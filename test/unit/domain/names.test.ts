import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  brickId,
  brickIdFor,
  clusterId,
  deviceName,
  hostName,
  NameError,
  nodeId,
  volumeId,
  volumeName,
  volumeNameFor,
} from '../../../src/domain/names.ts';

const uuid = '6f1f7c1e-2b0a-4b9d-8f3a-0123456789ab';
const x = (count: number): string => 'x'.repeat(count);

const names: readonly {
  readonly what: string;
  readonly parse: (text: string, field?: string) => string;
  readonly good: readonly string[];
  readonly bad: readonly string[];
}[] = [
  {
    what: 'cluster id',
    parse: clusterId,
    good: ['a', 'default', 'rack-1', x(40)],
    bad: ['', '1a', 'A', '-a', 'a-', 'a.b', 'a_b', x(41), 'a\n'],
  },
  {
    what: 'node id',
    parse: nodeId,
    good: ['n1', 'node0.example.test', '10.0.0.1', 'a--b', x(253)],
    bad: ['', 'N1', '.a', 'a.', 'a..b', '-a', 'a-.b', 'a b', 'a/b', x(254), 'fe80::1', 'n1\n'],
  },
  {
    what: 'device',
    parse: deviceName,
    good: ['/dev/vdb', '/dev/disk/by-id/scsi-0:0:0:1', '/data', '/a.b/..c', `/${x(254)}`],
    bad: [
      '',
      '/',
      'dev/vdb',
      '/dev/',
      '/dev//vdb',
      '/dev/../etc',
      '/dev/..',
      '/./a',
      '/dev/v b',
      '/dev/$(id)',
      '/a\n',
      `/${x(255)}`,
    ],
  },
  {
    what: 'volume id',
    parse: volumeId,
    good: [uuid],
    bad: ['', uuid.toUpperCase(), uuid.slice(1), `${uuid}0`, `${uuid}\n`, uuid.replaceAll('-', '')],
  },
  {
    what: 'volume name',
    parse: volumeName,
    good: ['v', `vol_${uuid}`, '0-a_B', x(128)],
    bad: ['', '-v', '_v', 'v.1', 'v v', x(129), 'v\n'],
  },
  {
    what: 'host',
    parse: hostName,
    good: ['n1', 'node0.example.test', '10.0.0.1', '::1', 'fe80::1', '2001:db8::a:1', '::ffff:10.0.0.1'],
    bad: [
      '',
      '-a',
      'a b',
      '10.0.0',
      '10.0.0.256',
      '1.2.3.4.5',
      ':::',
      '1:2',
      'a:b',
      'fe80::1%eth0',
      '[::1]',
      'a;b',
      '7',
    ],
  },
  {
    what: 'brick id',
    parse: brickId,
    good: [`${uuid}-0-0-0`, `${uuid}-12-2-7`],
    bad: [uuid, `${uuid}-0-0`, `${uuid}-a-0-0`, `${uuid}-0-0-0-0`, `x${uuid}-0-0-0`, `${uuid}-0-0-0\n`],
  },
];

/** What a call gives, or throws. */
function outcomeOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe.each(names)('a $what', ({ parse, good, bad }) => {
  it('is any text of its grammar', () => {
    expect(good.map((text) => parse(text))).toEqual(good);
  });

  it.each(bad)('is not %j: the error names the field, what was expected and what came', (text) => {
    const caught = outcomeOf(() => parse(text, 'nodes[3].x'));
    expect(caught).toBeInstanceOf(NameError);
    expect(caught).toMatchObject({ field: 'nodes[3].x' });
    expect(String(caught)).toMatch(/^NameError: nodes\[3\]\.x: expected .+, got /);
    expect(String(caught).endsWith(`got ${JSON.stringify(text)}`)).toBe(true);
  });

  it('never lets through what a shell or a command line could misread', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        const harmless = /^[a-zA-Z0-9/:][a-zA-Z0-9/:._+-]*$/;
        expect(outcomeOf(() => parse(text))).toSatisfy((got) => got instanceof NameError || harmless.test(String(got)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('names that are made', () => {
  it('keep to their grammar, and are as different as what they are made of', () => {
    const id = fc.uuid().map((text) => volumeId(text.toLowerCase()));
    const part = fc.nat(99);
    fc.assert(
      fc.property(id, part, part, part, part, (volume, set, position, generation, other) => {
        expect(volumeName(volumeNameFor(volume))).toBe(`vol_${volume}`);
        const brick = brickIdFor(volume, set, position, generation);
        expect(brickId(brick)).toBe(brick);
        expect(brickIdFor(volume, set, position, other) === brick).toBe(other === generation);
        expect(brickIdFor(volume, other, position, generation) === brick).toBe(other === set);
      }),
    );
  });

  it('take the prefix of a class, and refuse one that breaks the grammar', () => {
    expect(volumeNameFor(volumeId(uuid), 'team-a')).toBe(`team-a_${uuid}`);
    expect(() => volumeNameFor(volumeId(uuid), '--force')).toThrow(NameError);
  });

  it('fit wherever they are used: 63 characters are too few for a brick, 128 are enough', () => {
    expect(volumeNameFor(volumeId(uuid), x(32)).length).toBeLessThanOrEqual(128);
  });
});

it('takes hosts in any case, and keeps them in lower case', () => {
  expect(hostName('Node0.Example')).toBe('node0.example');
  expect(hostName('FE80::A')).toBe('fe80::a');
});
