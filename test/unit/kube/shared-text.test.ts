import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { shared } from '../../../src/kube/shared-text.ts';

it('gives back what it was given, whatever was there before', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 80 })), (texts) => {
      expect(texts.map((text) => shared(text))).toEqual(texts);
    }),
  );
});
