// mocha's dot reporter (or, with FLOWTAP_REPORTER=spec, the one that names each test), closed by the line that
// scripts/test.mjs reads. A process that does not end after its last test has leaked something: it says what and fails.
const { reporters } = require('mocha');

const Base = process.env.FLOWTAP_REPORTER === 'spec' ? reporters.Spec : reporters.Dot;
const graceSeconds = 15;

module.exports = class Counting extends Base {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
      setTimeout(() => {
        const left = process.getActiveResourcesInfo().filter((name) => !/^(TTY|Pipe)Wrap$/.test(name));
        process.stderr.write(
          `\nThe tests are over, but the process is kept alive by: ${left.join(', ') || 'a pipe'}\n`,
        );
        process.once('exit', () => (process.exitCode = 1)); // After mocha's own listener, which sets it too.
        process.exit();
      }, graceSeconds * 1000).unref();
    });
  }
};
