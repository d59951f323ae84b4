// mocha's dot reporter (or, with FLOWTAP_REPORTER=spec, the one that names each test), closed by the line that
// scripts/test.mjs reads.
const { reporters } = require('mocha');

const Base = process.env.FLOWTAP_REPORTER === 'spec' ? reporters.Spec : reporters.Dot;

module.exports = class Counting extends Base {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
    });
  }
};
