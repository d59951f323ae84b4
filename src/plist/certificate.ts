// Of a signing certificate (X.509, RFC 5280) what the rules ask for: who, which team, until when.
import * as asn1 from 'asn1js';

export interface SigningCertificate {
  /** `Apple Development: Name (ID)`, `Developer ID Application: Name (TEAM)`, ... */
  readonly commonName: string;
  /** The organisational unit, which Apple fills with the Team ID. */
  readonly teamId: string;
  /** Hexadecimal. */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const commonName = '2.5.4.3';
const organisationalUnit = '2.5.4.11';

const children = (block: unknown): readonly unknown[] =>
  block instanceof asn1.Constructed ? block.valueBlock.value : [];

export function readCertificate(der: Uint8Array): SigningCertificate | undefined {
  try {
    const parsed = asn1.fromBER(der);
    if (parsed.offset < 0) return undefined;
    // TBSCertificate begins with [0] version where it is not 1.
    const fields = children(children(parsed.result)[0]);
    const first = fields[0] instanceof asn1.Integer ? 0 : 1;
    const [serial, , , validity, subject] = fields.slice(first);
    const [notBefore, notAfter] = children(validity).map(dateOf);
    if (!(serial instanceof asn1.Integer) || !notBefore || !notAfter) return undefined;
    const bytes = serial.valueBlock.valueHexView;
    return {
      commonName: nameOf(subject, commonName),
      teamId: nameOf(subject, organisationalUnit),
      serial: Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''),
      notBefore,
      notAfter,
    };
  } catch {
    return undefined;
  }
}

const dateOf = (block: unknown): Date | undefined =>
  block instanceof asn1.UTCTime || block instanceof asn1.GeneralizedTime ? block.toDate() : undefined;

/** Name ::= SEQUENCE OF SET OF SEQUENCE { type, value } */
function nameOf(subject: unknown, oid: string): string {
  for (const set of children(subject))
    for (const pair of children(set)) {
      const [type, value] = children(pair);
      if (type instanceof asn1.ObjectIdentifier && type.getValue() === oid && value instanceof asn1.BaseStringBlock)
        return value.getValue();
    }
  return '';
}
