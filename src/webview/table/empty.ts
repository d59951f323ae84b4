// What stands in the place of rows where there are none: why, and what can be done about it.
import type { PanelState } from '../../protocol/panel.ts';
import { element, icon } from '../dom.ts';
import { t } from '../strings.ts';

export interface EmptyEvents {
  readonly onDidAskClear: () => void;
  readonly onDidAskCapture: () => void;
}
type Kind = '' | 'filtered' | 'file' | 'none';

function kindOf({ count, total, place }: PanelState): Kind {
  if (count > 0) return '';
  if (total > 0) return 'filtered';
  return place === 'file' ? 'file' : 'none';
}

export class Empty {
  readonly root = element('div', { class: 'empty', role: 'status' });
  private readonly events: EmptyEvents;
  private kind: Kind = '';

  constructor(events: EmptyEvents) {
    this.events = events;
  }

  show(state: PanelState): void {
    const kind = kindOf(state);
    // A file that is still being read may have flows yet.
    if (this.kind === kind || (kind === 'file' && state.progress !== undefined)) return;
    this.kind = kind;
    this.root.replaceChildren(...this.content(kind));
  }

  private content(kind: Kind): HTMLElement[] {
    switch (kind) {
      case '':
        return [];
      case 'file':
        return [icon('inbox'), element('p', {}, t('There are no flows in this file.'))];
      case 'filtered':
        return [
          icon('search-stop'),
          element('p', {}, t('No flow matches the query.')),
          action('link', t('Clear the query'), this.events.onDidAskClear),
        ];
      case 'none':
        return [
          icon('pulse'),
          element('p', {}, t('No flows yet. The connections of what runs in a captured terminal show here.')),
          action('primary', t('New Captured Terminal'), this.events.onDidAskCapture),
        ];
    }
  }
}

function action(kind: string, label: string, run: () => void): HTMLElement {
  const b = element('button', { class: kind, type: 'button' }, label);
  b.addEventListener('click', run);
  return b;
}
