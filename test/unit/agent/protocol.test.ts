import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOutcome, encodeOutcome, toJson } from '../../../src/agent/protocol/outcome.ts';
import { verbNames, verbs, type ArgumentsOf, type Verb, type VerbShape } from '../../../src/agent/protocol/verbs.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import { argumentsOf, outcomeOf } from './values.ts';

/** What the other end reads. */
const overTheWire = (value: unknown): unknown => JSON.parse(toJson(value));

const parseArguments = <V extends Verb>(verb: V, json: unknown): ArgumentsOf<V> =>
  (verbs[verb] as VerbShape<V>).args.parse(json);

describe('the protocol', () => {
  it('has the verbs of the port, all of them and no other', () => {
    const port = createCommandStorageNodes({ runner: { run: () => Promise.reject(new Error('no node')) } });
    expect([...verbNames].sort()).toEqual(Object.keys(port).sort());
  });

  it.each(verbNames)('brings all arguments of %s to the other end', (verb) => {
    fc.assert(
      fc.property(argumentsOf[verb] as fc.Arbitrary<ArgumentsOf<Verb>>, (args) => {
        expect(parseArguments(verb, overTheWire(args))).toStrictEqual(args);
      }),
    );
  });

  it.each(verbNames)('brings every outcome of %s back', (verb) => {
    fc.assert(
      fc.property(outcomeOf(verb), (outcome) => {
        expect(decodeOutcome(verb, overTheWire(encodeOutcome(outcome)))).toStrictEqual(outcome);
      }),
    );
  });

  it('says for every verb about a device or brick which device that is', () => {
    for (const verb of ['inspectDevice', 'prepareDevice', 'listBricks', 'restoreBricks'] as const) {
      const shape = verbs[verb] as VerbShape<'inspectDevice'>;
      fc.assert(
        fc.property(argumentsOf.inspectDevice, (args) => {
          expect(shape.device(args)).toBe(args[0]);
        }),
      );
    }
    for (const verb of ['ensureBrick', 'growBrick', 'destroyBrick'] as const) {
      const shape = verbs[verb] as VerbShape<'growBrick'>;
      fc.assert(
        fc.property(argumentsOf.growBrick, (args) => {
          expect(shape.device(args)).toBe(args[0].device);
          expect(shape.about(args)).toBe(`brick ${args[0].id}`);
        }),
      );
    }
  });

  it.each<{ verb: Verb; args: unknown[]; problem: string }>([
    { verb: 'listBricks', args: ['/dev/../etc'], problem: 'expected an absolute path' },
    { verb: 'volumeInfo', args: ['--mode=script'], problem: 'expected at most 128 letters' },
    { verb: 'ensurePeer', args: ['a b'], problem: 'expected an IP address or a DNS name' },
    { verb: 'prepareDevice', args: ['/dev/vdb', { wipe: true, force: true }], problem: 'force' },
    { verb: 'setVolumeOptions', args: ['vol_x', [{ key: 'a b', value: '1' }]], problem: 'expected an option name' },
    { verb: 'stopVolume', args: ['vol_x', 'force'], problem: 'Too big' },
  ])('does not take $args for $verb', ({ verb, args, problem }) => {
    expect(() => parseArguments(verb, args)).toThrow(problem);
  });

  it('does not take an outcome that is none of the verb', () => {
    expect(() => decodeOutcome('listVolumes', { kind: 'done' })).toThrow('expected array');
    expect(() => decodeOutcome('listVolumes', { kind: 'perhaps', reason: 'x' })).toThrow('kind');
    expect(decodeOutcome('volumeInfo', { kind: 'done' })).toStrictEqual({ kind: 'done', value: undefined });
  });
});
