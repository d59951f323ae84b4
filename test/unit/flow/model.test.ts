import assert from 'node:assert/strict';
import { CloseReason } from '../../../gen/flow_pb.ts';
import { closeReasonText, isFailure } from '../../../src/flow/model.ts';

describe('close reasons', () => {
  it('has words for every reason of the wire', () => {
    assert.equal(closeReasonText(CloseReason.resetByServer), 'reset by server');
    for (const value of Object.values(CloseReason)) assert.match(closeReasonText(value), /^[a-z ]+$/);
  });
  it('calls an unknown reason unspecified', () => assert.equal(closeReasonText(99 as CloseReason), 'unspecified'));
  it('knows failures from orderly ends', () => {
    assert.ok(isFailure('refused'));
    assert.ok(!isFailure('eof'));
    assert.ok(!isFailure(undefined));
  });
});
