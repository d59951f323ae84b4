// Colours for the text bodies that HTTP mostly carries. A tokenizer per language, linear, with plain text as the rest.
import { element } from '../dom.ts';

/** More than this is shown without colours: it is for reading, and the editor opens the whole. */
const maxHighlighted = 256 * 1024;

const markup =
  /(?<comment><!--[^]*?-->)|(?<keyword><\/?[\w:.-]+|\/?>)|(?<key>[\w:.-]+(?==["']))|(?<string>"[^"]*"|'[^']*')/g;

const languages: Readonly<Record<string, RegExp>> = {
  json: /(?<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?<string>"(?:[^"\\]|\\.)*")|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<keyword>\b(?:true|false|null)\b)/g,
  xml: markup,
  html: markup,
  javascript:
    /(?<comment>\/\/[^\n]*|\/\*[^]*?\*\/)|(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|(?<keyword>\b(?:async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|false|finally|for|from|function|if|import|in|instanceof|let|new|null|of|return|static|super|switch|this|throw|true|try|typeof|undefined|var|void|while|yield)\b)|(?<number>\b\d[\w.]*)/g,
  css: /(?<comment>\/\*[^]*?\*\/)|(?<string>"[^"\n]*"|'[^'\n]*')|(?<key>[\w-]+(?=\s*:))|(?<number>#[\da-f]{3,8}\b|\b\d[\w.%]*)/gi,
  form: /(?<key>[^=&]+(?==))|(?<string>(?<==)[^&]*)/g,
};

export function highlighted(text: string, language: string | undefined): HTMLElement {
  const root = element('pre', { class: 'text-body', tabindex: 0 });
  const pattern = language ? languages[language] : undefined;
  if (!pattern || text.length > maxHighlighted) {
    root.textContent = text;
    return root;
  }
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match[0] === '') continue;
    const kind = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined)?.[0];
    root.append(text.slice(at, match.index), element('span', { class: `token ${kind ?? ''}` }, match[0]));
    at = match.index + match[0].length;
  }
  root.append(text.slice(at));
  return root;
}
