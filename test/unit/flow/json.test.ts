import assert from 'node:assert/strict';
import { flowToJson } from '../../../src/flow/json.ts';
import type { Flow } from '../../../src/flow/model.ts';

const flow: Flow = {
  id: 3,
  protocol: 'tcp',
  process: { pid: 7, name: 'curl', path: '/usr/bin/curl', arguments: ['secret'], uid: 1000, ancestors: [] },
  source: { address: '198.18.0.2', port: 40000 },
  destination: { address: '192.0.2.1', port: 443 },
  host: '',
  inbound: false,
  capture: 'c',
  openedAt: 1_763_930_881_123_456,
  connectedAt: 0,
  closedAt: 0,
  bytesUp: 1,
  bytesDown: 2,
  datagramsUp: 0,
  datagramsDown: 0,
  state: 'open',
  error: 0,
  errorText: '',
  rule: '',
};

describe('flow JSON', () => {
  it('has the members of the contract and no others', () => {
    assert.deepEqual(flowToJson(flow), {
      id: 3,
      protocol: 'tcp',
      process: { pid: 7, name: 'curl', path: '/usr/bin/curl' },
      source: { address: '198.18.0.2', port: 40000 },
      destination: { address: '192.0.2.1', port: 443 },
      openedAt: '2025-11-23T20:48:01.123456Z',
      bytesUp: 1,
      bytesDown: 2,
      state: 'open',
    });
  });

  it('adds what is known', () => {
    const json = flowToJson({
      ...flow,
      host: 'example.com',
      closedAt: flow.openedAt + 1,
      state: 'closed',
      reason: 'reset by server',
      application: { protocol: 'http1', summary: 'GET /' },
    });
    assert.equal(json.destination.host, 'example.com');
    assert.equal(json.closedAt, '2025-11-23T20:48:01.123457Z');
    assert.equal(json.reason, 'reset by server');
    assert.deepEqual(json.application, { protocol: 'http1', summary: 'GET /' });
  });
});
