// The escapes of a quoted OpenStep string, both ways.
const named: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** `text` is what stands between the quotes. */
export function decodeQuoted(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(U[0-9a-fA-F]{4}|[0-7]{1,3}|[\s\S])/g, (_, body: string) => {
    if (body.length === 5) return String.fromCharCode(Number.parseInt(body.slice(1), 16));
    if (/^[0-7]+$/.test(body)) return String.fromCharCode(Number.parseInt(body, 8) & 0xff);
    return named[body] ?? body;
  });
}

/** As Xcode writes it: bare where only letters, digits, `_`, `.`, `/` and `$` occur. */
export function encodeString(value: string): string {
  if (/^[A-Za-z0-9_$./]+$/.test(value) && !value.includes('//')) return value;
  return `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t')}"`;
}
