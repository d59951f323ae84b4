// DNS messages (RFC 1035, section 4) for name servers of the tests.

/** A name as labels. */
export function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
const u16 = (...values: number[]): Buffer => Buffer.from(values.flatMap((v) => [v >> 8, v & 255]));
const typeA = 1;
const typeCname = 5;
const classIn = 1;

/** A question for an IPv4 address. */
export const nameOfQuery = (name: string, type = typeA): Buffer => Buffer.concat([nameBytes(name), u16(type, classIn)]);

/** `name`: undefined is the one in the question. */
const record = (name: string | undefined, type: number, data: Buffer): Buffer =>
  Buffer.concat([name === undefined ? u16(0xc00c) : nameBytes(name), u16(type, classIn, 0, 60, data.length), data]);
export const addressRecord = (name: string | undefined, address: string): Buffer =>
  record(name, typeA, Buffer.from(address.split('.').map(Number)));
export const aliasRecord = (name: string, alias: string): Buffer => record(name, typeCname, nameBytes(alias));

/** An answer with these records; `but`: what is not as it should be. */
export function answerTo(
  query: Buffer,
  records: readonly Buffer[],
  but: { id?: number; flags?: number; name?: string; type?: number } = {},
): Buffer {
  const endOfName = query.indexOf(0, 12) + 1;
  const question = Buffer.concat([
    but.name === undefined ? query.subarray(12, endOfName) : nameBytes(but.name),
    but.type === undefined ? query.subarray(endOfName, endOfName + 4) : u16(but.type, classIn),
  ]);
  const id = query.readUInt16BE(0);
  const header = u16(but.id === undefined ? id : id ^ but.id, but.flags ?? 0x8180, 1, records.length, 0, 0);
  return Buffer.concat([header, question, ...records]);
}
