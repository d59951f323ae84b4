import assert from 'node:assert/strict';
import { CloseReasonNames } from '../../../../gen/flow_pb.ts';
import { fileName } from '../../../../src/capture/fileName.ts';
import { explain } from '../../../../src/editor/panel/explain.ts';
import { closeReasonText, isFailure, type Flow } from '../../../../src/flow/model.ts';
import type { CloseReason } from '../../../../gen/flow_pb.ts';

const t = (message: string, ...args: readonly unknown[]): string =>
  message.replace(/\{(\d)\}/g, (_, i) => String(args[Number(i)]));
const flow = (part: Partial<Flow>): Flow =>
  ({ destination: { address: '192.0.2.1', port: 8080 }, state: 'closed', ...part }) as Flow;

describe('what the detail says of a failure', () => {
  it('names a cause for every reason that is a failure, and nothing for the others', () => {
    for (const reason of Object.keys(CloseReasonNames).map((n) => closeReasonText(Number(n) as CloseReason))) {
      const { explanation } = explain(flow({ reason }), t);
      assert.equal(explanation !== '', isFailure(reason), reason);
    }
  });
  it('says what to do next, with the numbers of this flow', () => {
    assert.match(explain(flow({ reason: 'refused' }), t).next, /sport = :8080/);
    assert.match(explain(flow({ reason: 'unreachable' }), t).next, /route get 192\.0\.2\.1/);
  });
  it('explains what was said on a connection that was fine', () => {
    const said = (protocol: string, status?: number): string =>
      explain(flow({ reason: 'eof', application: { protocol, summary: '', failed: true, ...(status !== undefined && { status }) } }), t).explanation; // prettier-ignore
    assert.match(said('http', 404), /404/);
    assert.match(said('http', 418), /418/);
    assert.match(said('http', 500), /failed \(500\)/);
    assert.match(said('dns', 3), /no such name/);
    assert.match(said('tls'), /alert/);
    assert.notEqual(said('something'), '');
    assert.equal(explain(flow({ reason: 'eof', application: { protocol: 'http', summary: '', status: 200 } }), t).explanation, ''); // prettier-ignore
  });
});

describe('the name of a body that is saved', () => {
  it('is the last part of the path, and never leads out of a folder', () => {
    assert.equal(fileName('/a/b/photo.png?x=1', 'response-0', 'png'), 'photo.png');
    assert.equal(fileName('/a/list', 'response-0', 'json'), 'list.json');
    assert.equal(fileName('/', 'response-0', 'json'), 'response-0.json');
    assert.equal(fileName('http://example.com/a/', 'x', 'txt'), 'a.txt');
    for (const hostile of ['/../../etc/passwd', '/..', '/%2e%2e/', '/a/..\\..\\b', '/.bashrc', '/a/\0', `/${'x'.repeat(5000)}`]) {
      const name = fileName(hostile, 'body', 'txt');
      assert.match(name, /^\w[\w.-]{0,90}$/, name);
    } // prettier-ignore
  });
});
