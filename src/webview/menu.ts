// A context menu in the look of VS Code's, with its keyboard.
import { element, icon } from './dom.ts';

export interface MenuItem {
  readonly label: string;
  readonly checked?: boolean;
  readonly disabled?: boolean;
  /** The key that does the same. */
  readonly key?: string;
  readonly run: () => void;
}

export class Menu {
  private readonly root: HTMLElement;
  private readonly before = document.activeElement as HTMLElement | null;
  private readonly outside = (e: Event): void => {
    if (!this.root.contains(e.target as Node)) this.close();
  };

  constructor(items: readonly (MenuItem | 'separator')[]) {
    this.root = element('div', { class: 'menu', role: 'menu' }, ...items.map((item) => this.item(item)));
    this.root.addEventListener('keydown', (e) => this.key(e));
  }

  /** At a point of the window, moved so that all of it is in view. */
  open(x: number, y: number): void {
    document.body.append(this.root);
    const { width, height } = this.root.getBoundingClientRect();
    this.root.style.left = `${Math.max(0, Math.min(x, window.innerWidth - width))}px`;
    this.root.style.top = `${Math.max(0, Math.min(y, window.innerHeight - height))}px`;
    window.addEventListener('mousedown', this.outside, true);
    window.addEventListener('blur', this.outside);
    this.focus(0);
  }
  close(): void {
    window.removeEventListener('mousedown', this.outside, true);
    window.removeEventListener('blur', this.outside);
    this.root.remove();
    this.before?.focus();
  }

  private item(item: MenuItem | 'separator'): HTMLElement {
    if (item === 'separator') return element('div', { class: 'menu-separator', role: 'separator' });
    const role = item.checked === undefined ? 'menuitem' : 'menuitemcheckbox';
    const row = element('div', { class: 'menu-item', role, tabindex: -1, 'aria-checked': item.checked, 'aria-disabled': item.disabled }, item.checked ? icon('check') : undefined, element('span', {}, item.label), item.key ? element('span', { class: 'key' }, item.key) : undefined); // prettier-ignore
    if (!item.disabled)
      row.addEventListener('click', () => {
        this.close();
        item.run();
      });
    return row;
  }

  private get rows(): HTMLElement[] {
    return [...this.root.querySelectorAll<HTMLElement>('.menu-item')];
  }
  private focus(index: number): void {
    const rows = this.rows;
    rows[(index + rows.length) % rows.length]?.focus();
  }
  private key(event: KeyboardEvent): void {
    const at = this.rows.indexOf(document.activeElement as HTMLElement);
    if (event.key === 'ArrowDown') this.focus(at + 1);
    else if (event.key === 'ArrowUp') this.focus(at - 1);
    else if (event.key === 'Home') this.focus(0);
    else if (event.key === 'End') this.focus(-1);
    else if (event.key === 'Enter' || event.key === ' ') this.rows[at]?.click();
    else if (event.key === 'Escape' || event.key === 'Tab') this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
