import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { writePcapng } from '../../../../src/capture/pcapng.ts';
import type { FlowJson } from '../../../../src/flow/json.ts';
import { TestCli } from '../../../support/cli-context.ts';
import { FakeSource, chunk, makeFlow, t0 } from '../../../support/flows.ts';
import { haveTshark, tshark } from '../../../support/tshark.ts';

const exchange = (path: string, status: number) => ({
  up: `GET ${path} HTTP/1.1\r\nHost: api.example.com\r\n\r\n`,
  down: `HTTP/1.1 ${status} Whatever\r\nContent-Length: 5\r\n\r\nhello`,
});

describe('flowtap export', () => {
  let folder = '';
  let capture = '';
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-export-'));
    const source = new FakeSource();
    const flows = [exchange('/a', 200), exchange('/b', 404)].map(({ up, down }, i) =>
      source.add(
        makeFlow({ id: i + 1, host: '', source: { address: '198.18.0.2', port: 40_000 + i }, bytesUp: up.length, bytesDown: down.length }),
        { up: [chunk(0, up, t0 + 2000)], down: [chunk(0, down, t0 + 3000)] },
      ),
    ); // prettier-ignore
    capture = file('in.pcapng');
    fs.writeFileSync(capture, Buffer.concat([...writePcapng(flows, source, 'test')]));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));
  const file = (name: string): string => path.join(folder, name);
  const text = (name: string): string => fs.readFileSync(file(name), 'utf8');
  async function convert(...args: string[]): Promise<{ status: number; stderr: string }> {
    const cli = new TestCli('/nowhere');
    const status = await cli.run('export', ...args);
    assert.equal(cli.stdout.text, '');
    return { status, stderr: cli.stderr.text };
  }

  it('writes JSON lines with hosts and applications out of the payload', async () => {
    assert.deepEqual(await convert(capture, '--to', 'jsonl', '-o', file('out')), { status: 0, stderr: '' });
    const flows = text('out').trim().split('\n').map((line) => JSON.parse(line) as FlowJson); // prettier-ignore
    assert.deepEqual(
      flows.map((f) => [f.destination.host, f.application?.protocol, f.application?.summary, f.process.name, f.reason]),
      [
        ['api.example.com', 'http', 'GET /a 200', 'node', 'eof'],
        ['api.example.com', 'http', 'GET /b 404', 'node', 'eof'],
      ],
    );
  });

  it('takes the format from the ending, and only the flows that match', async () => {
    assert.equal((await convert(capture, '-o', file('out.har'), '--filter', 'status>=400')).status, 0);
    const { log } = JSON.parse(text('out.har')) as { log: { entries: { request: { url: string } }[] } };
    assert.deepEqual(
      log.entries.map((e) => e.request.url),
      ['http://api.example.com/b'],
    );
  });

  it('writes a capture that tshark reads', async function () {
    if (!haveTshark) this.skip();
    this.timeout(30_000);
    assert.equal((await convert(capture, '-o', file('out.pcapng'), '--filter', 'summary:/a')).status, 0);
    const rows = tshark(file('out.pcapng'), ['http.request.uri', 'http.response.code'], '-Y', 'http');
    assert.deepEqual(rows, [
      ['/a', ''],
      ['', '200'],
    ]);
  });

  it('converts what comes before the damage, says where that is, and ends with 2', async () => {
    const bytes = fs.readFileSync(capture);
    fs.writeFileSync(capture, bytes.subarray(0, bytes.length - 10));
    const { status, stderr } = await convert(capture, '--to', 'jsonl', '-o', file('out'));
    assert.equal(status, 2);
    assert.match(stderr, /in\.pcapng: The file ends in the middle of a block \(at byte \d+\)\. Only what comes before/);
    assert.equal(text('out').trim().split('\n').length, 2);
  });

  it('marks the place of what is wrong with a filter', async () => {
    const { status, stderr } = await convert(capture, '-o', file('out.har'), '--filter', 'state:open prot:80');
    assert.equal(status, 2);
    const [message, query, mark] = stderr.split('\n');
    assert.match(message ?? '', /^flowtap: the filter is not understood: .*Did you mean "port"\?$/);
    assert.equal(query, '  state:open prot:80');
    assert.equal(query?.slice(mark?.indexOf('^'), (mark?.lastIndexOf('^') ?? 0) + 1), 'prot');
    assert.ok(!fs.existsSync(file('out.har')));
  });

  it('leaves what is there where nothing comes of it', async () => {
    fs.writeFileSync(file('no.pcap'), 'this is no capture');
    fs.writeFileSync(file('out.jsonl'), 'precious');
    for (const [args, status, message] of [
      [[file('no.pcap'), '-o', file('out.jsonl')], 2, /no\.pcap: This is neither pcap nor pcapng/],
      [[file('absent'), '-o', file('out.jsonl')], 2, /cannot read .*absent: ENOENT/],
      [[folder, '-o', file('out.jsonl')], 2, /cannot read .*EISDIR/],
      [[capture, '-o', file('out.txt')], 2, /out\.txt: the ending.*\n.*\.pcapng, \.har, \.jsonl/],
      [[capture, '-o', file('no/out.har')], 1, /cannot write .*no\/out\.har: ENOENT/],
      [[capture, '-o', folder + '/', '--to', 'har'], 1, /cannot write/],
      [[capture, '--to', 'pdf', '-o', file('out')], 2, /Allowed choices are pcapng, har, jsonl/],
      [[capture], 2, /--output/],
    ] as const) {
      const result = await convert(...args);
      assert.deepEqual([result.status, message.test(result.stderr)], [status, true], result.stderr);
    }
    assert.deepEqual(fs.readdirSync(folder).sort(), ['in.pcapng', 'no.pcap', 'out.jsonl']);
    assert.equal(text('out.jsonl'), 'precious');
  });

  for (const [when, moment] of [['reading', /reading/], ['writing', /writing/]] as const)
    it(`is ended by Ctrl-C while ${when}, and leaves what was there`, async () => {
      fs.writeFileSync(file('out.jsonl'), 'before');
      const cli = new TestCli('/nowhere');
      Object.assign(cli.stderr, { isTTY: true });
      const written = cli.stderr.write.bind(cli.stderr);
      cli.stderr.write = ((chunk: string, ...rest: []) => {
        if (moment.test(chunk)) cli.signal('SIGINT');
        return written(chunk, ...rest);
      }) as typeof cli.stderr.write;
      assert.equal(await cli.run('export', capture, '-o', file('out.jsonl')), 130);
      assert.equal(text('out.jsonl'), 'before');
      assert.deepEqual(fs.readdirSync(folder).sort(), ['in.pcapng', 'out.jsonl']);
    }); // prettier-ignore
  it('tells a terminal how far it is, and clears the line', async () => {
    const cli = new TestCli('/nowhere');
    Object.assign(cli.stderr, { isTTY: true });
    assert.equal(await cli.run('export', capture, '-o', file('out.har')), 0);
    assert.match(cli.stderr.text, /reading .*in\.pcapng: 100 %[^]*writing .*out\.har: 100 %/);
    assert.ok(cli.stderr.text.endsWith('\r\u001b[K'));
  });
});
