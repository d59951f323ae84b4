import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hostFilter, processFilter, compileFilter } from '../../../../src/editor/sidebar/filter.ts';
import type { GroupingId } from '../../../../src/editor/sidebar/grouping.ts';
import { groupings } from '../../../../src/editor/sidebar/grouping.ts';
import type { Element, FlowRow, Group } from '../../../../src/editor/sidebar/elements.ts';
import { SidebarModel } from '../../../../src/editor/sidebar/model.ts';
import { defaultOptions } from '../../../../src/editor/sidebar/modelParts.ts';
import type { Presented } from '../../../../src/editor/sidebar/present.ts';
import { flowLine, present } from '../../../../src/editor/sidebar/present.ts';
import { reasonText } from '../../../../src/editor/sidebar/reasons.ts';
import { flowsOf } from '../../../../src/editor/sidebar/targets.ts';
import { escapeMarkdown, flowTooltip, tooltip } from '../../../../src/editor/sidebar/tooltip.ts';
import { ageText } from '../../../../src/editor/sidebar/units.ts';
import { CloseReason } from '../../../../gen/flow_pb.ts';
import type { Flow } from '../../../../src/flow/model.ts';
import { closeReasonText } from '../../../../src/flow/model.ts';
import { changes, closed, flow, start, t } from './flows.ts';

const now = start + 30e6;

/** The tree of these flows, top down. */
function tree(flows: readonly Flow[], grouping: GroupingId = 'process'): { elements: Element[]; shown: Presented[] } {
  const model = new SidebarModel({ ...defaultOptions, grouping: groupings[grouping] }, t);
  model.note(changes({ opened: { first: 0, end: flows.length } }));
  model.settle({ flow: (id) => flows[id], recent: () => [] }, now);
  const elements = model.groups().flatMap((g): Element[] => (g.kind === 'group' ? [g, ...model.rows(g)] : [g]));
  const scene = { t, now, totals: (group: Group) => model.totals(group, now) };
  return { elements, shown: elements.map((e) => present(e, scene)) };
}

const text = ({ label, description }: Presented): string => `${label} | ${description}`;

describe('a row of the sidebar', () => {
  it('names host and port, and tells bytes, age and process', () => {
    const { shown } = tree([flow(0, { bytesUp: 78, bytesDown: 1256 })]);
    assert.deepEqual(shown.map(text), [
      'curl | 1 open of 1 · ↑78 B ↓1.3 kB · pid 4711',
      'example.com:443 | ↑78 B ↓1.3 kB · 30 s · pid 4711',
    ]);
  });

  it('shows the address where no name is known, IPv6 in brackets', () => {
    const { shown } = tree([flow(0, { host: '', destination: { address: '2001:db8::1', port: 80 } })]);
    assert.equal(shown[1]?.label, '[2001:db8::1]:80');
  });

  it('leaves out what the group says already', () => {
    assert.deepEqual(tree([flow(0)], 'host').shown.map(text), [
      'example.com | 1 open of 1',
      'curl → :443 | ↑0 B ↓0 B · 30 s · pid 4711',
    ]);
    assert.deepEqual(tree([flow(0)], 'state').shown.map(text), [
      'Open | 1',
      'example.com:443 | curl · ↑0 B ↓0 B · 30 s',
    ]);
  });

  it('tells connecting, open, ended, failed and inbound apart by shape', () => {
    const icons = [
      flow(0, { connectedAt: 0 }),
      flow(0),
      closed(flow(0)),
      closed(flow(0), { reason: 'refused' }),
      flow(0, { inbound: true }),
      closed(flow(0), { reason: 'rule' }),
    ].map((f) => tree([f]).shown[1]!.icon);
    assert.equal(new Set(icons).size, icons.length, icons.join());
  });

  it('puts failures where they are seen at a glance', () => {
    const { shown } = tree([
      flow(0),
      closed(flow(1), { reason: 'refused', error: 111, errorText: 'Connection refused' }),
    ]);
    const [group, failed] = shown;
    assert.equal(group?.description, '1 failed · 1 open of 2 · pid 4711');
    assert.equal(group?.colour, 'errorForeground');
    assert.equal(failed?.colour, 'errorForeground');
    assert.match(failed?.description ?? '', /^refused · /);
  });

  it('tells what was said, and a failed answer as a failure', () => {
    const said = (status: number) => ({ protocol: 'http', summary: `GET /x ${status}`, status, failed: status >= 500 });
    const { shown } = tree([closed(flow(0), { application: said(500) }), flow(1, { application: said(200) })]);
    assert.match(shown[1]?.description ?? '', /^GET \/x 200 · /);
    assert.match(shown[2]?.description ?? '', /^GET \/x 500 · /);
    assert.equal(shown[2]?.icon, 'error');
    assert.match(shown[0]?.description ?? '', /^1 failed · 1 open of 2/);
    const tip = flowTooltip(closed(flow(0), { application: said(500) }), t).replaceAll('\\', '');
    assert.match(tip, /^\*\*Failed: GET \/x 500\*\*/);
  });

  it('says who called a server', () => {
    const f = flow(0, {
      inbound: true,
      source: { address: '127.0.0.1', port: 55 },
      destination: { address: '127.0.0.1', port: 8080 },
    });
    assert.equal(tree([f]).shown[1]?.label, ':8080 from 127.0.0.1:55');
    assert.match(tree([f]).shown[1]?.spoken ?? '', /connection from 127\.0\.0\.1:55/);
  });

  it('has an id of its own in every grouping', () => {
    const flows = [flow(0), flow(1), flow(2, { host: 'a' }), closed(flow(3))];
    for (const grouping of ['process', 'host', 'state'] as const) {
      const ids = tree(flows, grouping).shown.map((s) => s.id);
      assert.equal(new Set(ids).size, ids.length);
    }
  });

  it('says to a screen reader what icons and arrows say to the eye', () => {
    const { shown } = tree([closed(flow(0, { bytesUp: 5 }), { reason: 'refused', closedAt: now - 20e6 })]);
    assert.equal(shown[1]?.spoken, 'curl to example.com:443, TCP, refused, 5 B sent, 0 B received, 20 s ago');
    assert.equal(shown[0]?.spoken, 'curl, 0 open of 1, 1 failed, 5 B sent, 0 B received');
  });

  it('has a text for every reason of the wire', () => {
    const reasons = Object.values(CloseReason).filter((r): r is CloseReason => typeof r === 'number');
    assert.ok(reasons.length >= 15);
    const titles = reasons.map((r) => reasonText(closed(flow(0), { reason: closeReasonText(r) }), t));
    assert.equal(new Set(titles.map((r) => r.title)).size, titles.length);
    for (const { title, detail } of titles) assert.ok(title && detail.endsWith('.'), title);
  });
});

describe('a tooltip of the sidebar', () => {
  it('tells everything known', () => {
    const lost = { datagramsUp: 3, datagramsDown: 0, bytesUp: 1200, bytesDown: 0 };
    const f = closed(flow(0, { bytesUp: 5000, rule: 'slow', capture: 'run-1', lost }), {
      reason: 'reset by server',
      error: 104,
      errorText: 'Connection reset by peer',
    });
    const plain = flowTooltip(f, t).replaceAll('\\', '');
    for (const part of [
      'Failed: reset by server',
      'curl (pid 4711)',
      '/usr/bin/curl',
      'curl https://example.com/',
      'bash (4000)',
      '93.184.216.34:443 TCP',
      '10.0.0.2:40000',
      'Connected after: 20 ms',
      '5.0 kB (5000 B)',
      'slow',
      'Not let through: ↑ 3 (1.2 kB) ↓ 0 (0 B)',
      'run-1',
      'Connection reset by peer (errno 104)',
      'aborted the connection',
    ])
      assert.ok(plain.includes(part), `${part} is missing in:\n${plain}`);
  });

  it('cannot be broken out of by any captured value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (value) => {
        const escaped = escapeMarkdown(value);
        // Every punctuation character that Markdown or the autolinker knows is escaped, and nothing breaks the line.
        assert.doesNotMatch(escaped.replace(/\\[!-/:-@[-`{-~]/g, ''), /[!-/:-@[-`{-~]/);
        // eslint-disable-next-line no-control-regex
        assert.doesNotMatch(escaped, /[\u0000-\u001f\u202e]/);
      }),
    );
    const hostile = '](command:x) <img src=x> https://evil.test www.evil.test `a`\n# b';
    const f = flow(0, {
      host: hostile,
      process: { name: hostile, path: hostile, arguments: [hostile] },
      errorText: hostile,
      error: 1,
    });
    for (const element of tree([f]).elements) {
      const markdown = tooltip(element, t, () => ({
        open: 1,
        failed: 0,
        closed: 0,
        bytesUp: 0,
        bytesDown: 0,
        rate: 0,
        pids: [1],
      }));
      assert.doesNotMatch(markdown, /[^\\]\]\(|[^\\]<|https:|www\.|\n# b/);
    }
  });

  it('is bounded for endless command lines', () => {
    const f = flow(0, { process: { arguments: Array.from({ length: 10_000 }, () => 'x'.repeat(100)) } });
    assert.ok(flowTooltip(f, t).length < 5000);
  });
});

describe('the texts of the sidebar', () => {
  it('copy a connection as one line', () => {
    const line = flowLine(closed(flow(0, { bytesUp: 78 }), { closedAt: start + 35_000 }), t);
    assert.equal(
      line,
      '2026-09-21T14:13:20.000000Z  tcp  curl (4711)  →  example.com:443 [93.184.216.34:443]  ↑78 B ↓0 B  eof 35 ms',
    );
  });

  it('show ages in steps', () => {
    assert.deepEqual(
      [0, 4.9, 7, 59, 61, 3599, 7200, 90_000].map((s) => ageText(s * 1e6)),
      ['<5 s', '<5 s', '5 s', '50 s', '1 min', '59 min', '2 h', '1 d'],
    );
  });

  it('hide nothing behind invisible characters', () => {
    const { shown } = tree([flow(0, { host: 'a\u202eb\nc.test', process: { name: 'ev\u0000il', arguments: [] } })]);
    assert.equal(shown[0]?.label, 'ev\ufffdil');
    assert.equal(shown[1]?.label, 'a\ufffdb\ufffdc.test:443');
  });
});

describe('a command on elements of the sidebar', () => {
  const script = { pid: 7, name: 'node', path: '/usr/bin/node', arguments: ['node', '/a b/x.js'] };
  const flows = [
    flow(0),
    flow(1, { process: script }),
    flow(2, { process: { ...script, pid: 8 } }),
    flow(3, { inbound: true, host: '', destination: { address: '127.0.0.1', port: 80 } }),
  ];

  it('takes the flows of groups and rows once', () => {
    const { elements } = tree(flows);
    assert.deepEqual(
      flowsOf([...elements, ...elements]).map((f) => f.id),
      [0, 1, 2, 3],
    );
  });

  it('filters to what it is on, and to nothing else', () => {
    for (const grouping of ['process', 'host'] as const)
      for (const element of tree(flows, grouping).elements) {
        if (element.kind === 'more') continue;
        const own = flowsOf([element]);
        const filter = grouping === 'process' ? processFilter(element) : hostFilter(element);
        const { matches, error } = compileFilter(filter ?? '', t);
        assert.equal(error, undefined, `${filter}: ${error?.message}`);
        for (const f of own) assert.ok(matches!(f), `${filter} does not match`);
        const group = element.kind === 'group' ? element : element.group;
        for (const f of flows) if (!group.rows.has(f.id)) assert.ok(!matches!(f), `${filter} matches ${f.id}`);
      }
  });

  it('makes queries that parse, whatever the names are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), (name) => {
        const f = flow(0, { host: name, process: { pid: 0, name, path: '' } });
        const row = tree([f]).elements[1] as FlowRow;
        for (const filter of [processFilter(row), hostFilter(row)]) {
          const { matches, error } = compileFilter(filter!, t);
          assert.equal(error, undefined, `${filter}: ${error?.message}`);
          assert.ok(matches!(f), filter);
        }
      }),
    );
  });
});
