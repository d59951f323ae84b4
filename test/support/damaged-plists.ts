// Property lists for tests: what Python's plistlib writes, and damaged ones.
import { execFileSync } from 'node:child_process';

const writer = `
import base64, datetime, json, plistlib, sys
def value(x):
    if isinstance(x, dict):
        if '$data' in x: return base64.b64decode(x['$data'])
        if '$date' in x: return datetime.datetime.strptime(x['$date'], '%Y-%m-%dT%H:%M:%SZ')
        return {k: value(v) for k, v in x.items()}
    return [value(v) for v in x] if isinstance(x, list) else x
out = []
for x in json.load(sys.stdin):
    for fmt in (plistlib.FMT_XML, plistlib.FMT_BINARY):
        out.append(base64.b64encode(plistlib.dumps(value(x), fmt=fmt, sort_keys=False)).decode())
json.dump(out, sys.stdout)
`;

/** Each value as XML and as a binary property list, written by plistlib. */
export function writtenByPython(values: readonly unknown[]): { xml: Uint8Array; binary: Uint8Array }[] {
  const out = JSON.parse(
    execFileSync('python3', ['-c', writer], { input: JSON.stringify(values), encoding: 'utf8', maxBuffer: 1 << 28 }),
  ) as string[];
  const bytes = out.map((text) => new Uint8Array(Buffer.from(text, 'base64')));
  return values.map((_, i) => ({ xml: bytes[2 * i]!, binary: bytes[2 * i + 1]! }));
}

/** xorshift32: the same numbers each time. */
export function numbers(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const tricks = [
  '<!--', '-->', '<![CDATA[', ']]>', '<?xml', '?>', '<!DOCTYPE plist [<!ENTITY a SYSTEM "http://127.0.0.1:9/">', '&a;',
  '&#0;', '&#x110000;', '&', '<', '>', '</', '/>', '"', '\0', '\ufeff', '\r', '\r\n', '\ud800', '<dict>', '</dict>',
  '<array>', '</array>', '<key>', '</key>', '<string>', '<real>', '<true/>', '</plist>', '<dict>'.repeat(600), 'x'.repeat(20_000),
]; // prettier-ignore

/** `text` after a few cuts, insertions, repetitions and swaps. */
export function mutated(text: string, random: (below: number) => number): string {
  let out = text;
  for (let n = 1 + random(4); n > 0; n--) {
    const at = random(out.length + 1);
    const end = Math.min(out.length, at + random(60));
    switch (random(5)) {
      case 0:
        out = out.slice(0, at);
        break;
      case 1:
        out = out.slice(0, at) + tricks[random(tricks.length)]! + out.slice(at);
        break;
      case 2:
        out = out.slice(0, at) + out.slice(end);
        break;
      case 3:
        out = out.slice(0, end) + out.slice(at);
        break;
      default:
        out = out.slice(0, at) + String.fromCharCode(random(65_536)) + out.slice(at + 1);
    }
  }
  return out;
}
