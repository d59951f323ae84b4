// Elements without HTML text: what is captured is only ever set as text, so none of it can become markup.

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string | undefined)[]
): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(e, name, value);
  e.append(...children.filter((c) => c !== undefined));
  return e;
}

function set(e: Element, name: string, value: Attributes[string]): void {
  if (value === undefined || value === false) e.removeAttribute(name);
  else e.setAttribute(name, value === true ? '' : String(value));
}

/** A codicon; decorative, as words stand beside it. */
export const icon = (name: string): HTMLElement =>
  element('span', { class: `codicon codicon-${name}`, 'aria-hidden': 'true' });

export function button(label: string, iconName: string, action: () => void): HTMLButtonElement {
  const b = element(
    'button',
    { class: 'icon-button', title: label, 'aria-label': label, type: 'button' },
    icon(iconName),
  );
  b.addEventListener('click', action);
  return b;
}

export function replace(parent: Element, ...children: readonly (Node | string | undefined)[]): void {
  parent.replaceChildren(...children.filter((c) => c !== undefined));
}

/** Runs `work` at most once per frame, however often it is asked for. */
export function perFrame(work: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}
