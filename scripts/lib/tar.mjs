// A folder as tar (POSIX ustar), the same bytes from the same content: sorted, no owner, one time for all.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const block = 512;

/** `mtime` in seconds since 1970. Throws at what is neither file nor folder, and at a name that ustar cannot hold. */
export function tarOf(folder, { mtime }) {
  const parts = [];
  const add = (name, full) => {
    const status = statSync(full);
    if (status.isDirectory()) {
      parts.push(header(`${name}/`, { mode: 0o755, size: 0, mtime, type: '5' }));
      for (const child of readdirSync(full).sort()) add(`${name}/${child}`, path.join(full, child));
    } else if (status.isFile()) {
      const content = readFileSync(full);
      const mode = status.mode & 0o100 ? 0o755 : 0o644;
      parts.push(header(name, { mode, size: content.length, mtime, type: '0' }), content);
      parts.push(Buffer.alloc((block - (content.length % block)) % block));
    } else throw new Error(`${full} is neither a file nor a folder`);
  };
  add(path.basename(folder), folder);
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function header(name, { mode, size, mtime, type }) {
  const bytes = Buffer.alloc(block);
  const [prefix, rest] = split(name);
  const octal = (value, at, length) => bytes.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  bytes.write(rest, 0, 'utf8');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(mtime, 136, 12);
  bytes.write(' '.repeat(8), 148, 'latin1'); // the sum is taken with spaces in its own place
  bytes.write(type, 156, 'latin1');
  bytes.write('ustar\0' + '00', 257, 'latin1');
  bytes.write(prefix, 345, 'utf8');
  octal(
    bytes.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  bytes[154] = 0;
  return bytes;
}

/** A name longer than 100 bytes is cut at a slash into a prefix of at most 155 and the rest. */
function split(name) {
  if (Buffer.byteLength(name) <= 100) return ['', name];
  for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1)) {
    const rest = name.slice(at + 1);
    if (rest !== '' && Buffer.byteLength(rest) <= 100 && Buffer.byteLength(name.slice(0, at)) <= 155)
      return [name.slice(0, at), rest];
  }
  throw new Error(`${name} is too long for a tar archive`);
}
