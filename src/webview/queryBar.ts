// The query bar: an input with completion and errors marked in place (ARIA combobox with a listbox).
import type { Completion } from '../flow/query/complete.ts';
import type { QueryError } from '../flow/query/ast.ts';
import { element, icon } from './dom.ts';
import { t } from './strings.ts';

export interface QueryBarEvents {
  readonly complete: (query: string, cursor: number) => Promise<readonly Completion[]>;
  /** Resolves to what is wrong with the query, if anything. */
  readonly apply: (query: string) => Promise<QueryError | undefined>;
}
const applyDelay = 150;

export class QueryBar {
  readonly root: HTMLElement;
  private readonly input = element('input', {
    type: 'text', class: 'query', spellcheck: 'false', autocomplete: 'off', role: 'combobox', 'aria-expanded': 'false', 'aria-autocomplete': 'list',
    'aria-controls': 'query-completions', 'aria-label': t('Query'), placeholder: t('Query: {0}', 'process:node host:*.example.com status>=400'),
  }); // prettier-ignore
  private readonly list = element('div', {
    class: 'completions',
    id: 'query-completions',
    role: 'listbox',
    'aria-label': t('Completions'),
    hidden: true,
  });
  private readonly mark = element('div', { class: 'query-mark', 'aria-hidden': 'true' });
  private readonly message = element('div', { class: 'query-error', role: 'alert' });
  private readonly events: QueryBarEvents;
  private readonly field: HTMLElement;
  private offered: readonly Completion[] = [];
  private chosen = -1;
  private timer = 0;
  private asked = 0;

  constructor(events: QueryBarEvents) {
    this.events = events;
    this.field = element('div', { class: 'query-field' }, this.mark, this.input, this.list);
    this.root = element('div', { class: 'query-bar' }, icon('filter'), this.field, this.message);
    this.input.addEventListener('input', () => this.typed());
    this.input.addEventListener('keydown', (e) => this.key(e));
    this.input.addEventListener('blur', () => this.hide());
    this.input.addEventListener('scroll', () => this.mark.style.setProperty('--scroll', `${-this.input.scrollLeft}px`));
  }

  get query(): string {
    return this.input.value;
  }
  /** Resolves when the query has been applied, or its error is shown. */
  async set(query: string): Promise<void> {
    if (query === this.input.value) return;
    this.input.value = query;
    await this.apply();
  }
  /** A button that stands in the bar while there is a query. */
  addAction(action: HTMLElement): void {
    action.classList.add('query-action');
    this.field.append(action);
  }
  focus(): void {
    this.input.focus();
    this.input.select();
  }

  private typed(): void {
    window.clearTimeout(this.timer);
    this.field.classList.toggle('filled', this.input.value !== '');
    this.timer = window.setTimeout(() => void this.apply(), applyDelay);
    if (this.input.value === '') this.hide();
    else void this.offer();
  }

  private async apply(): Promise<void> {
    window.clearTimeout(this.timer);
    const query = this.input.value;
    this.field.classList.toggle('filled', query !== '');
    const error = await this.events.apply(query);
    if (query === this.input.value) this.show(error);
  }

  /** The text before the error pushes the mark to its place: both use the input's font. */
  private show(error: QueryError | undefined): void {
    this.message.textContent = error?.message ?? '';
    this.input.setAttribute('aria-invalid', String(error !== undefined));
    const wrong =
      error &&
      element(
        'span',
        { class: 'wrong' },
        this.input.value.slice(error.start, Math.max(error.end, error.start + 1)) || ' ',
      );
    this.mark.replaceChildren(
      ...(error && wrong ? [element('span', {}, this.input.value.slice(0, error.start)), wrong] : []),
    );
  }

  private async offer(): Promise<void> {
    const mine = ++this.asked;
    const offered = await this.events.complete(this.input.value, this.input.selectionStart ?? this.input.value.length);
    if (mine !== this.asked || document.activeElement !== this.input) return;
    this.offered = offered.slice(0, 12);
    this.chosen = -1;
    this.drawList();
  }

  private drawList(): void {
    this.list.hidden = this.offered.length === 0;
    this.input.setAttribute('aria-expanded', String(!this.list.hidden));
    const items = this.offered.map((c, i) => {
      const item = element('div', { class: `completion${i === this.chosen ? ' chosen' : ''}`, role: 'option', id: `completion-${i}`, 'aria-selected': i === this.chosen }, element('span', { class: 'label' }, c.label), element('span', { class: 'detail' }, c.detail)); // prettier-ignore
      item.addEventListener('mousedown', (e) => {
        e.preventDefault();
        this.insert(c);
      });
      return item;
    });
    this.list.replaceChildren(...items);
    if (this.chosen >= 0) this.input.setAttribute('aria-activedescendant', `completion-${this.chosen}`);
    else this.input.removeAttribute('aria-activedescendant');
  }

  private hide(): void {
    this.asked++;
    this.offered = [];
    this.chosen = -1;
    this.drawList();
  }

  private insert(c: Completion): void {
    const { value } = this.input;
    this.input.value = value.slice(0, c.start) + c.insert + value.slice(c.end);
    const cursor = c.start + c.insert.length;
    this.input.setSelectionRange(cursor, cursor);
    this.typed();
  }

  private key(event: KeyboardEvent): void {
    const open = this.offered.length > 0;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && open) {
      this.chosen = (this.chosen + step + this.offered.length + 1) % (this.offered.length + 1);
      if (this.chosen === this.offered.length) this.chosen = -1;
      this.drawList();
    } else if (event.key === ' ' && event.ctrlKey) void this.offer();
    else if ((event.key === 'Enter' || event.key === 'Tab') && open && this.chosen >= 0)
      this.insert(this.offered[this.chosen]!);
    else if (event.key === 'Enter') {
      this.hide();
      void this.apply();
    } else if (event.key === 'Escape' && open) this.hide();
    else if (event.key === 'Escape') void this.set('');
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
