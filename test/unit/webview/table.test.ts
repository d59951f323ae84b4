import assert from 'node:assert/strict';
import fc from 'fast-check';
import { defaultLayout, moved, resized, restoreLayout, shown, toggled } from '../../../src/webview/table/layout.ts';
import type { PanelRow } from '../../../src/protocol/panel.ts';
import { restored } from '../../../src/webview/saved.ts';
import { RowCache } from '../../../src/webview/table/rows.ts';
import { extend, noSelection, select, toggle } from '../../../src/webview/table/selection.ts';
import { TextWidths } from '../../../src/webview/table/textWidths.ts';
import { contentHeight, rowHeight, scrollTo, windowAt } from '../../../src/webview/table/window.ts';

describe('the window onto the rows', () => {
  const viewport = fc.integer({ min: 50, max: 2000 });
  const count = fc.oneof(fc.nat(200), fc.nat(1_000_000), fc.integer({ min: 1_400_000, max: 20_000_000 }));
  it('draws every row that is in view, and few others', () => {
    fc.assert(
      fc.property(viewport, count, fc.double({ min: 0, max: 1, noNaN: true }), (height, rows, where) => {
        const range = Math.max(0, contentHeight(rows) - height);
        const scrollTop = Math.floor(where * range);
        const { from, to, top } = windowAt(scrollTop, height, rows);
        assert.ok(from >= 0 && to <= rows && to - from <= height / rowHeight + 20);
        if (from > 0) assert.ok(top <= scrollTop, 'no hole above');
        if (to < rows) assert.ok(top + (to - from) * rowHeight >= scrollTop + height, 'no hole below');
      }),
    );
  });
  it('reaches the first and the last row', () => {
    fc.assert(
      fc.property(viewport, count, (height, rows) => {
        assert.equal(windowAt(0, height, rows).from, 0);
        assert.equal(windowAt(Math.max(0, contentHeight(rows) - height), height, rows).to, rows);
      }),
    );
  });
  it('brings any row into view, and leaves it where it is when it is in view', () => {
    fc.assert(
      fc.property(
        viewport,
        count.filter((n) => n > 0),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (height, rows, where) => {
          const row = Math.floor(where * rows);
          const scrollTop = scrollTo(row, 0, height, rows);
          const { from, to, top } = windowAt(scrollTop, height, rows);
          assert.ok(row >= from && row < to);
          const y = top + (row - from) * rowHeight - scrollTop;
          assert.ok(y >= -1 && y + rowHeight <= height + 1, `row at ${y} of ${height}`);
          const again = scrollTo(row, scrollTop, height, rows);
          assert.ok(Math.abs(again - scrollTop) < 1);
        },
      ),
    );
  });
});

describe('the layout of the columns', () => {
  const ids = defaultLayout.map((c) => c.id);
  it('survives a round trip, and rubbish', () => {
    const changed = moved(resized(defaultLayout, 'host', 333), 'start', 'process');
    assert.deepEqual(restoreLayout(JSON.parse(JSON.stringify(changed))), changed);
    fc.assert(
      fc.property(fc.jsonValue(), (saved) => {
        assert.deepEqual(restoreLayout(saved).map((c) => c.id).sort(), [...ids].sort()); // prettier-ignore
      }),
    );
  });
  it('moves a column before another, or to the end', () => {
    assert.deepEqual(moved(defaultLayout, 'start', 'process').map((c) => c.id)[0], 'start');
    assert.equal(moved(defaultLayout, 'process', undefined).at(-1)!.id, 'process');
    assert.deepEqual(moved(defaultLayout, 'nothing', 'process'), defaultLayout);
  });
  it('bounds widths and keeps one column', () => {
    assert.ok(resized(defaultLayout, 'host', -5).find((c) => c.id === 'host')!.width > 0);
    const none = ids.reduce(
      (layout, id) => (layout.find((c) => c.id === id)!.hidden ? layout : toggled(layout, id)),
      [...defaultLayout],
    );
    assert.equal(shown(none).length, 1);
  });
});

describe('the selection', () => {
  it('toggles, extends from its anchor, and stays by id', () => {
    let s = toggle(toggle(select(5), 7), 5);
    assert.deepEqual([...s.ids], [7]);
    s = extend(select(3), 6, [3, 4, 5, 6]);
    assert.deepEqual([s.ids.size, s.anchor, s.active], [4, 3, 6]);
    assert.equal(extend(noSelection, 2, [2]).anchor, 2);
  });
});

describe('what the page remembers', () => {
  it('is one for the live flows wherever they are, the later one; a file has its own, but for the columns', () => {
    const own = { query: 'own', share: 0.3, at: 2 };
    const remembered = { query: 'remembered', layout: [] };
    assert.deepEqual(restored(own, remembered, 'file'), { ...own, layout: [] });
    assert.deepEqual(restored(own, { ...remembered, at: 3 }, 'panel'), { ...remembered, at: 3 });
    assert.deepEqual(restored(own, { ...remembered, at: 1 }, 'panel'), { ...own, layout: [] });
    assert.deepEqual(restored({}, remembered, 'editor'), remembered);
    assert.deepEqual(restored(undefined, null, 'editor'), {});
    assert.deepEqual(restored('x', 7, 'editor'), {});
  });
});

describe('the rows that are held', () => {
  const row = (id: number): PanelRow => ({ id }) as PanelRow;
  function setUp() {
    let loaded = 0;
    const waiting: (() => void)[] = [];
    const asked: number[] = [];
    const cache = new RowCache(
      (from, to) => {
        asked.push(from);
        const rows = Array.from({ length: to - from }, (_, i) => row(from + i + 1));
        return new Promise((done) => waiting.push(() => done({ version: 1, from, rows })));
      },
      () => loaded++,
    );
    cache.outdated(1);
    const answer = async (): Promise<void> => {
      for (const go of waiting.splice(0)) go();
      await new Promise((done) => setTimeout(done, 0));
    };
    return { cache, waiting, asked, answer, loaded: () => loaded };
  }
  it('are asked for by range, once, and again when they are out of date', async () => {
    const { cache, waiting, answer } = setUp();
    cache.want(60, 70, 70);
    cache.want(60, 70, 70);
    assert.equal(waiting.length, 1);
    assert.equal(cache.get(60), undefined);
    await answer();
    assert.equal(cache.get(60)!.id, 61);
    assert.equal(cache.get(69)!.id, 70);
    cache.want(60, 70, 70);
    assert.equal(waiting.length, 0);
    cache.outdated(2);
    cache.want(60, 61, 70);
    assert.equal(waiting.length, 1);
    assert.equal(cache.get(60)!.id, 61, 'shown until the new ones come');
  });
  it('are not asked for where one only passed by', async () => {
    const { cache, waiting, answer, asked } = setUp();
    for (let place = 0; place < 100; place++) cache.want(place * 1000, place * 1000 + 40, 99_040);
    assert.equal(waiting.length, 1);
    await answer();
    await answer();
    assert.equal(waiting.length, 0);
    assert.equal(asked.length, 2);
    assert.equal(cache.get(99_000)!.id, 99_001);
  });
  it('are asked for ahead, where one comes to by scrolling on', async () => {
    const { cache, waiting, answer, asked } = setUp();
    cache.want(640, 680, 10_000);
    await answer();
    await answer();
    assert.deepEqual([cache.get(703)!.id, cache.get(704)!.id, cache.get(639)], [704, 705, undefined]);
    cache.want(600, 640, 10_000);
    await answer();
    await answer();
    assert.equal(cache.get(576)!.id, 577);
    assert.ok(cache.get(575), 'upwards too');
    assert.deepEqual([waiting.length, asked.length], [0, 4]);
  });
  it('that are given need not be asked for, where they fill a page or end the list', () => {
    const { cache, waiting } = setUp();
    cache.put({ version: 1, from: 30, rows: Array.from({ length: 40 }, (_, i) => row(31 + i)) }, Infinity);
    assert.deepEqual([cache.get(30)!.id, cache.get(69)!.id, cache.get(70)], [31, 70, undefined]);
    cache.want(32, 70, 70);
    assert.equal(waiting.length, 0);
    cache.want(30, 70, 70); // the first page is not all there
    assert.equal(waiting.length, 1);
  });
  it('move with the list', async () => {
    const { cache, answer } = setUp();
    cache.want(0, 128, 128);
    await answer();
    cache.move(-3);
    for (let i = 0; i < 125; i++) assert.equal(cache.get(i)!.id, i + 4);
    cache.move(10);
    assert.equal(cache.get(9), undefined);
    assert.equal(cache.get(10)!.id, 4);
  });
  it('are let go when they move and are far from those in view', async () => {
    const { cache, answer } = setUp();
    for (const page of [0, 500, 1000]) {
      cache.want(page * 64, page * 64 + 64, 1e6);
      await answer();
    }
    cache.want(500 * 64, 501 * 64, 1e6);
    cache.move(-3);
    assert.equal(cache.get(0), undefined);
    assert.equal(cache.get(1000 * 64), undefined);
    assert.equal(cache.get(500 * 64)!.id, 500 * 64 + 4);
  });
  it('are bounded, however far one scrolls', async () => {
    const { cache, answer } = setUp();
    for (let page = 0; page < 500; page++) {
      cache.want(page * 64, page * 64 + 1, 1e6);
      await answer();
    }
    const held = Array.from({ length: 500 }, (_, page) => cache.get(page * 64)).filter(Boolean).length;
    assert.ok(held > 0 && held <= 70, String(held));
  });
});

describe('the width of a text', () => {
  it('is never thought smaller than it is', () => {
    const width = (c: string): number => (c === 'i' ? 3 : c === '1' ? 5 : c >= '0' && c <= '9' ? 7 : 10);
    const widths = new TextWidths(width);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(300), (text, room) => {
        const real = text.split('').reduce((sum, c) => sum + width(c), 0);
        if (widths.fits(text, room)) assert.ok(real <= room);
      }),
    );
    assert.ok(widths.fits('iiii', 13));
    assert.ok(!widths.fits('1111', 25), 'digits may all be as wide as the widest');
    assert.ok(!widths.fits('ü', 1000));
    widths.forget();
    assert.ok(widths.fits('', 0));
  });
});
