// XML property lists: text to values. Never throws: what is wrong is listed with its place and what can be saved is
// saved. Linear in the text and without recursion.
import type { PlistComment, PlistDocument, PlistError, PlistErrorCode, PlistValue } from './value.ts';
import type { Frame } from './xmlFrames.ts';
import { closeFrame, frameKind, newFrame } from './xmlFrames.ts';
import { decodeText } from './xmlText.ts';
import type { XmlToken } from './xmlTokens.ts';
import { readToken } from './xmlTokens.ts';

/** Values below this depth are not built, so that whoever walks the tree may recurse. */
export const maxDepth = 512;
const maxErrors = 100;

export function parseXmlPlist(text: string): PlistDocument {
  const builder = new Builder(text);
  builder.run();
  return builder.document();
}

const isBlank = (text: string): boolean => !/[^ \t\r\n]/.test(text);

class Builder {
  readonly text: string;
  readonly errors: PlistError[] = [];
  readonly comments: PlistComment[] = [];
  readonly stack: Frame[] = [];
  /** How many frames of each name are open: a close tag finds out at once whether it has a partner. */
  readonly open = new Map<string, number>();
  root: PlistValue | undefined;
  sawRoot = false;
  tooDeep = false;

  constructor(text: string) {
    this.text = text;
  }

  document(): PlistDocument {
    this.errors.sort((a, b) => a.range.start - b.range.start);
    const { text, errors, comments, root } = this;
    return { format: 'xml', text, errors, comments, ...(root && { root }) };
  }

  error(code: PlistErrorCode, start: number, end: number, message: string, fix?: PlistError['fix']): void {
    if (this.errors.length > maxErrors) return;
    if (this.errors.length === maxErrors) {
      this.errors.push({ code: 'limit', range: { start, end }, message: 'Too many mistakes: the rest is not listed.' });
    } else this.errors.push({ code, range: { start, end }, message, ...(fix && { fix }) });
  }

  run(): void {
    const { text } = this;
    let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
    if (isBlank(text.slice(at))) return this.error('empty', 0, text.length, 'The file is empty.');
    this.checkCharacters();
    const token: XmlToken = { kind: 'text', start: 0, end: 0, name: '', empty: false, complete: true };
    while (at < text.length) {
      readToken(text, at, token);
      this.take(token);
      at = token.end;
    }
    while (this.stack.length > 0) this.unclosed(text.length);
    if (!this.sawRoot) this.error('bad-root', 0, Math.min(text.length, 1), 'No <plist> element: not a property list.');
  }

  /** NUL and the like end an XML document; one finding each is enough for a few of them. */
  checkCharacters(): void {
    // oxlint-disable-next-line no-control-regex
    const illegal = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]+/g;
    for (let n = 0; n < 10; n++) {
      const match = illegal.exec(this.text);
      if (!match) return;
      const code = match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
      const range = { start: match.index, end: illegal.lastIndex };
      this.error('syntax', range.start, range.end, `Character U+${code} is not allowed in XML.`, {
        title: 'Remove the characters that XML forbids',
        edits: [{ ...range, text: '' }],
      });
    }
  }

  take(token: XmlToken): void {
    const { start, end } = token;
    const frame = this.stack.at(-1);
    switch (token.kind) {
      case 'text':
        return this.takeText(start, end);
      case 'cdata':
        if (!token.complete) this.error('syntax', start, start + 9, 'This CDATA section has no end: ]]> is missing.');
        if (frame?.kind === 'scalar') frame.parts.push(this.text.slice(start + 9, token.complete ? end - 3 : end));
        else this.stray(start, end);
        return this.touch(end);
      case 'comment': {
        const inner = this.text.slice(start + 4, token.complete ? end - 3 : end);
        this.comments.push({ range: { start, end }, doubleHyphen: inner.includes('--') || inner.endsWith('-') });
        if (!token.complete) this.error('comment', start, start + 4, 'This comment has no end: --> is missing.');
        return;
      }
      case 'instruction':
        if (!token.complete)
          this.error('syntax', start, end, 'A processing instruction ends with ?>.', {
            title: 'End it with ?>',
            edits: [{ start: this.text[end - 1] === '>' ? end - 1 : end, end, text: '?>' }],
          });
        else if (start > (this.text.charCodeAt(0) === 0xfeff ? 1 : 0) && this.text.startsWith('<?xml ', start))
          this.error('syntax', start, end, 'The XML declaration must be the first thing in the file.', {
            title: 'Remove what stands before it',
            edits: [{ start: 0, end: start, text: '' }],
          });
        return;
      case 'doctype':
        return this.takeDoctype(token);
      case 'bad':
        return this.error('syntax', start, end, 'This is no tag. A literal < is written &lt;.', {
          title: 'Write &lt;',
          edits: [{ start, end: start + 1, text: '&lt;' }],
        });
      case 'open':
        return this.takeOpen(token);
      case 'close':
        return this.takeClose(token);
    }
  }

  touch(end: number): void {
    const frame = this.stack.at(-1);
    if (frame) frame.contentEnd = end;
  }

  takeText(start: number, end: number): void {
    const frame = this.stack.at(-1);
    if (frame?.kind === 'scalar') {
      frame.parts.push(this.decode(start, end));
      const trimmed = this.text.slice(start, end).trimEnd().length;
      if (trimmed > 0) this.touch(start + trimmed);
    } else this.stray(start, end);
  }

  decode(start: number, end: number): string {
    return decodeText(this.text, start, end, (bad) => {
      if (bad.name === '')
        this.error('bad-entity', bad.start, bad.end, 'A literal & is written &amp;.', {
          title: 'Write &amp;',
          edits: [{ start: bad.start, end: bad.start + 1, text: '&amp;' }],
        });
      else
        this.error(
          'bad-entity',
          bad.start,
          bad.end,
          `Unknown entity &${bad.name};. A property list has only &lt; &gt; &amp; &quot; &apos; and numbers.`,
        );
    });
  }

  stray(start: number, end: number): void {
    const raw = this.text.slice(start, end);
    const content = raw.trim();
    if (content === '' || content === '\ufeff') return;
    const from = start + raw.indexOf(content);
    const range = { start: from, end: from + content.length };
    const where = this.stack.length === 0 ? 'outside the <plist> element' : `within <${this.stack.at(-1)!.name}>`;
    this.error('stray-text', range.start, range.end, `Text ${where}, where none may stand.`, {
      title: 'Remove this text',
      edits: [{ ...range, text: '' }],
    });
    this.touch(range.end);
  }

  takeDoctype(token: XmlToken): void {
    const { start, end } = token;
    const declaration = this.text.slice(start, end);
    if (!token.complete) this.error('syntax', start, end, 'The DOCTYPE has no end: > is missing.');
    else if (declaration.includes('['))
      this.error('doctype', start, end, 'A property list declares no entities of its own; they are not read.', {
        title: 'Remove the declarations',
        edits: [{ start: start + declaration.indexOf('['), end: end - 1, text: '' }],
      });
  }

  takeOpen(token: XmlToken): void {
    const { start, end, name } = token;
    if (!token.complete)
      this.error('syntax', start, end, `The tag <${name} is not ended: > is missing.`, {
        title: 'Add >',
        edits: [{ start: end, end, text: '>' }],
      });
    // A scalar holds no element and an array no key: the close tag before it was forgotten.
    while (this.stack.length > 0 && this.mustEndBefore(this.stack.at(-1)!, name)) this.unclosed(start);
    const frame = newFrame(token, frameKind(name));
    const parent = this.stack.at(-1);
    // `<str` half typed: said above, and it must not take what follows into itself.
    if (frame.kind === 'unknown' && !token.complete) return;
    if (frame.kind === 'unknown' && !(parent?.kind === 'unknown'))
      this.error('unknown-element', start, end, `<${name}> is no element of a property list.`);
    if (!parent) {
      if (this.sawRoot) this.error('bad-root', start, end, 'A second root element: a property list has one.');
      else if (name !== 'plist') this.error('bad-root', start, end, 'The root element must be <plist>.');
    } else if (name === 'plist') this.error('bad-root', start, end, '<plist> within an element.');
    this.sawRoot = true;
    this.stack.push(frame);
    this.open.set(name, (this.open.get(name) ?? 0) + 1);
    if (this.stack.length === maxDepth + 2 && !this.tooDeep) {
      this.tooDeep = true;
      this.error('limit', start, end, `Nested more than ${maxDepth} deep: what is within is not read.`);
    }
    if (token.empty) this.pop(end, end);
  }

  mustEndBefore(frame: Frame, name: string): boolean {
    if (frame.kind === 'scalar') return true;
    return frame.kind === 'array' && name === 'key' && this.stack.at(-2)?.kind === 'dict';
  }

  takeClose(token: XmlToken): void {
    const { start, end, name } = token;
    if (!token.complete && name !== '')
      this.error('syntax', start, end, `The tag </${name} is not ended: > is missing.`, {
        title: 'Add >',
        edits: [{ start: end, end, text: '>' }],
      });
    if ((this.open.get(name) ?? 0) > 0) {
      while (this.stack.at(-1)!.name !== name) this.unclosed(start);
      return this.pop(start, end);
    }
    const frame = this.stack.at(-1);
    if (frame?.kind === 'scalar') {
      // `<string>x</strin>`: the name is misspelt.
      this.error('syntax', start, end, `</${name}> where </${frame.name}> is due.`, {
        title: `Write </${frame.name}>`,
        edits: [{ start, end, text: `</${frame.name}>` }],
      });
      return this.pop(start, end);
    }
    this.error('stray-close', start, end, `</${name}> closes nothing.`, {
      title: `Remove </${name}>`,
      edits: [{ start, end, text: '' }],
    });
  }

  /** The topmost frame ends without a close tag before `at`. */
  unclosed(at: number): void {
    const frame = this.stack.at(-1)!;
    const end = Math.min(frame.contentEnd, at);
    // The fix looks at the element's text: not for thousands of them.
    if (this.errors.length < maxErrors)
      this.error('unclosed', frame.start, frame.openEnd, `<${frame.name}> is not closed.`, {
        title: `Insert </${frame.name}>`,
        edits: [{ start: end, end, text: this.closeTagFor(frame, end) }],
      });
    else this.error('unclosed', frame.start, frame.openEnd, '');
    this.pop(end, end);
  }

  /** On a line of its own, as deep as the open tag, where the element spans lines. */
  closeTagFor(frame: Frame, end: number): string {
    const tag = `</${frame.name}>`;
    if (frame.kind === 'scalar' || !this.text.slice(frame.start, end).includes('\n')) return tag;
    const lineStart = this.text.lastIndexOf('\n', frame.start - 1) + 1;
    const indent = /^[ \t]*/.exec(this.text.slice(lineStart, frame.start))![0];
    return `${this.text.includes('\r\n') ? '\r\n' : '\n'}${indent}${tag}`;
  }

  pop(closeStart: number, end: number): void {
    const frame = this.stack.pop()!;
    this.open.set(frame.name, this.open.get(frame.name)! - 1);
    const result = closeFrame(frame, closeStart, end, (code, start, stop, message) =>
      this.error(code, start, stop, message),
    );
    this.touch(end);
    if (result === undefined || this.stack.length > maxDepth) return;
    const parent = this.stack.at(-1);
    if (!parent || parent.kind === 'plist' || parent.kind === 'unknown') {
      if (frame.kind === 'scalar' && frame.name === 'key')
        this.error('missing-value', frame.start, end, 'A <key> outside a <dict>.');
      else if (this.root && parent?.kind === 'plist')
        this.error('bad-root', frame.start, frame.openEnd, 'A second value: <plist> holds one.');
      else if (parent?.kind !== 'unknown' && typeof result !== 'string') this.root ??= result;
      return;
    }
    this.addTo(parent, frame, result);
  }

  addTo(parent: Frame, frame: Frame, result: PlistValue | string): void {
    const range = { start: frame.start, end: parent.contentEnd };
    if (typeof result === 'string') {
      if (parent.kind !== 'dict')
        return this.error('missing-value', range.start, range.end, 'A <key> outside a <dict>.');
      parent.entries.push({
        key: result,
        keyRange: { start: frame.openEnd, end: frame.innerEnd },
        keyElement: range,
        range,
      });
      return;
    }
    if (parent.kind === 'array') {
      parent.items.push(result);
      return;
    }
    const last = parent.entries.at(-1);
    if (!last || last.value)
      return this.error('missing-key', range.start, frame.openEnd, `This <${frame.name}> has no <key> before it.`);
    parent.entries[parent.entries.length - 1] = {
      ...last,
      value: result,
      range: { start: last.range.start, end: range.end },
    };
  }
}
