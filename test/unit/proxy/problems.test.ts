import assert from 'node:assert/strict';
import { problem, problemCodes, ProblemError } from '../../../src/proxy/problems.ts';

describe('problems', () => {
  it('say what is wrong and what to do next', () => {
    for (const code of problemCodes) {
      const { text, next } = problem(code, 'DETAIL');
      assert.match(text, /DETAIL|^[A-Z].*\.$/, code);
      assert.match(next, /^[A-Z].*\.$/, code);
      assert.doesNotMatch(text + next, /\{|undefined/);
    }
  });
  it('take a detail as it is', () => {
    assert.match(problem('start-failed', 'cost $& and $1').text, /cost \$& and \$1$/);
  });
  it('travel as errors', () => {
    const error = new ProblemError(problem('not-running'));
    assert.equal(error.message, error.problem.text);
  });
});
