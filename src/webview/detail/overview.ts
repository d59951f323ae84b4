// The first tab of a flow's detail: who, where, what, when, and why it failed.
import type { PanelDetail } from '../../protocol/panel.ts';
import { durationText } from '../../flow/text.ts';
import { element, icon } from '../dom.ts';
import { t } from '../strings.ts';

export function fieldTable(fields: readonly (readonly [string, string])[]): HTMLElement {
  return element(
    'dl',
    { class: 'fields' },
    ...fields.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
}

export function overview(detail: PanelDetail): HTMLElement[] {
  const sections = detail.overview.map(({ title, fields }) =>
    element('section', { class: 'section' }, element('h4', {}, title), fieldTable(fields)),
  );
  return [
    ...(detail.explanation ? [explanation(detail)] : []),
    ...detail.notes.map((n) => element('p', { class: 'note' }, n)),
    element('div', { class: 'sections' }, ...sections, ...timings(detail)),
  ];
}

const explanation = ({ explanation: why, next }: PanelDetail): HTMLElement =>
  element(
    'div',
    { class: 'explanation', role: 'note' },
    icon('error'),
    element('div', {}, element('p', {}, why), next ? element('p', { class: 'quiet' }, next) : undefined),
  );

/** What followed what, as bars below each other. */
function timings({ timings: { dial, tls, firstByte, total } }: PanelDetail): HTMLElement[] {
  const rows = [[t('Dial'), dial, 'dial'], ['TLS', tls, 'tls'], [t('First byte'), firstByte, 'first-byte'], [t('Total'), total, 'total']] as const; // prettier-ignore
  const known = rows.filter(([, ms]) => ms !== undefined);
  if (known.length === 0) return [];
  const longest = Math.max(0.001, ...known.map(([, ms]) => ms ?? 0));
  let at = 0;
  const lines = known.flatMap(([name, ms = 0, kind]) => {
    const bar = element('span', { class: `span ${kind}` });
    bar.style.marginLeft = `${kind === 'total' ? 0 : Math.min(98, (at / longest) * 100)}%`;
    bar.style.width = `max(2px, ${Math.min(100, (ms / longest) * 100)}%)`;
    at += ms;
    const track = element('span', { class: 'track', 'aria-hidden': 'true' }, bar);
    return [element('dt', {}, name), element('dd', { class: 'timing' }, element('span', { class: 'figure' }, durationText(ms * 1000)), track)]; // prettier-ignore
  });
  return [element('section', { class: 'section' }, element('h4', {}, t('Timings')), element('dl', { class: 'fields' }, ...lines))]; // prettier-ignore
}
