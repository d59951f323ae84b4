// Loaded before the tests by .mocharc.json. Property tests draw from one seed, so that a failure in CI comes again on the
// next machine. FLOWTAP_SEED=random (or a number) explores.
import fc from 'fast-check';

const { FLOWTAP_SEED: seed = '1' } = process.env;
const chosen = seed === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(seed);
if (!Number.isInteger(chosen)) throw new Error(`FLOWTAP_SEED is a whole number or "random", not "${seed}"`);
fc.configureGlobal({ seed: chosen });
