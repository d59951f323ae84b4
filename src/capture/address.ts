// Addresses in text and in network order.

/** 4 or 16 bytes; undefined where the text is no address. A zone (`%eth0`) is left out. */
export function parseAddress(text: string): Uint8Array | undefined {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (v4) {
    const bytes = v4.slice(1).map(Number);
    return bytes.every((b) => b < 256) ? Uint8Array.from(bytes) : undefined;
  }
  return parseIpv6(text.replace(/%.*$/, ''));
}

/** RFC 4291 section 2.2, with an embedded IPv4 address at the end. */
function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || !/^[0-9a-f:.]+$/i.test(text)) return undefined;
  const groups = (part: string | undefined): number[] | undefined => {
    if (!part) return [];
    const out: number[] = [];
    for (const piece of part.split(':')) {
      const v4 = piece.includes('.') ? parseAddress(piece) : undefined;
      if (v4?.length === 4) out.push((v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!);
      else if (/^[0-9a-f]{1,4}$/i.test(piece)) out.push(Number.parseInt(piece, 16));
      else return undefined;
    }
    return out;
  };
  const [left, right] = [groups(halves[0]), groups(halves[1])];
  if (!left || !right) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...left, ...Array.from({ length: missing }, () => 0), ...right];
  return Uint8Array.from(all.flatMap((g) => [g >> 8, g & 255]));
}
