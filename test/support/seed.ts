/**
 * Properties look for new counterexamples in every run, unless BRICKYARD_TEST_SEED fixes where they look: a gate must give
 * the same answer for the same code.
 */
import { configureGlobal, readConfigureGlobal } from 'fast-check';

const seed = process.env['BRICKYARD_TEST_SEED'];
if (seed !== undefined) {
  if (!/^-?\d{1,10}$/.test(seed)) {
    throw new TypeError(`BRICKYARD_TEST_SEED: expected a whole number, got ${JSON.stringify(seed)}`);
  }
  configureGlobal({ ...readConfigureGlobal(), seed: Number(seed) });
}
