// What is fuzzed: every dissector, every reader of files, the query language. A new one is one line in `targets`.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { asCurl, asFetch } from '../../../src/capture/curl.ts';
import { exportFormats } from '../../../src/capture/export.ts';
import { CaptureLoad } from '../../../src/capture/load.ts';
import { decodeContent } from '../../../src/dissect/content.ts';
import type { Dissector } from '../../../src/dissect/dissection.ts';
import { dissectFlow } from '../../../src/dissect/feed.ts';
import { FlowDissection } from '../../../src/dissect/flowDissection.ts';
import { HpackDecoder } from '../../../src/dissect/hpack.ts';
import { dissectors } from '../../../src/dissect/registry.ts';
import { FlowStore } from '../../../src/flow/store.ts';
import { completeQuery } from '../../../src/flow/query/complete.ts';
import { compileQuery } from '../../../src/flow/query/match.ts';
import { parseQuery } from '../../../src/flow/query/parse.ts';
import { scan } from '../../../src/flow/query/matching.ts';
import { nodeCodecs } from '../../../src/node/contentCodecs.ts';
import { parseBinaryPlist } from '../../../src/plist/binary.ts';
import { readCertificate } from '../../../src/plist/certificate.ts';
import { parseOpenStep } from '../../../src/plist/openstep.ts';
import { parsePlist } from '../../../src/plist/plist.ts';
import { parseProfile } from '../../../src/plist/profile.ts';
import { parseYamlProject } from '../../../src/plist/projectYaml.ts';
import { parseXcconfig } from '../../../src/plist/xcconfig.ts';
import { formatXmlPlist } from '../../../src/plist/xmlFormat.ts';
import { parseXmlPlist } from '../../../src/plist/xml.ts';
import { makeFlow } from '../flows.ts';
import { check, play, script } from './flows.ts';
import { captureSeeds } from './captures.ts';

export interface FuzzTarget {
  readonly name: string;
  readonly seeds: () => readonly Uint8Array[];
  /** Throws where the input is not taken as it should. */
  readonly run: (input: Uint8Array) => void;
}

const root = path.resolve(import.meta.dirname, '../../..');
const corpus = (): Uint8Array => fs.readFileSync(path.join(root, 'test/fixtures/captures/corpus.pcapng'));
const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};
const utf8 = new TextDecoder();
const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/** A capture as the editor and the command line take it. Small limits, so that eviction has its part. */
function load(bytes: Uint8Array, size = 1000): FlowStore {
  const store = new FlowStore({ flows: 500, bodyBytes: 4 << 20 }, { schedule: () => {} });
  const reading = new CaptureLoad(store, { bodyLimit: 1 << 20 });
  for (let at = 0; at < bytes.length && reading.push(bytes.subarray(at, at + size)); at += size);
  reading.end();
  return store;
}

const recorded = once(() => {
  const store = load(corpus(), 1 << 20);
  return Array.from({ length: store.size }, (_, i) => store.flow(store.first + i)!).map((flow) => ({
    protocol: flow.application?.protocol ?? '',
    port: flow.destination.port,
    transport: flow.protocol,
    bytes: script({ up: store.body(flow.id, 'up').chunks, down: store.body(flow.id, 'down').chunks }),
  }));
});
/** Frames as they come after an upgrade: text masked and in fragments, a ping, a long one, a close. */
const frames = ['00000681846162636400010203', '010003810268690100020501610000030002810068', '010004890170', '01000a827e000568656c6c6f', '01000488020303e8']; // prettier-ignore
/** What the corpus has of a protocol; of everything where it has none. */
const said = (protocol: string): Uint8Array[] => {
  if (protocol === 'websocket') return frames.map((f) => Buffer.from(f, 'hex'));
  const own = recorded().filter((r) => r.protocol === protocol);
  return (own.length > 0 ? own : recorded()).map((r) => r.bytes);
};

const forced = (dissector: Dissector): FuzzTarget => ({
  name: `dissect-${dissector.protocol}`,
  seeds: () => said(dissector.protocol),
  run(input) {
    const transport = dissector.protocol === 'quic' ? 'udp' : 'tcp';
    // As if it had been recognised, whatever is there.
    const d = new FlowDissection([{ ...dissector, recognise: () => 'yes' }], transport, 443);
    play(d, input);
    check(d, input.length);
  },
});

const recognition = (transport: 'tcp' | 'udp'): FuzzTarget => ({
  name: `dissect-any-${transport}`,
  seeds: () => recorded().flatMap((r) => (r.transport === transport ? [r.bytes] : [])),
  run(input) {
    const d = new FlowDissection(dissectors, transport, input.length % 2 ? 53 : 443);
    play(d, input);
    check(d, input.length);
  },
});

function exportAll(store: FlowStore): void {
  const flows = Array.from({ length: store.size }, (_, i) => store.flow(store.first + i)!);
  for (const format of exportFormats) {
    let size = 0;
    for (const piece of format.write(flows, store, { creator: { name: 'f', version: '1' }, decoders: nodeCodecs })) {
      size += piece.length;
      assert.ok(size < 512 << 20, `${format.id} of ${size} bytes`);
    }
  }
  for (const flow of flows.slice(0, 20))
    for (const message of dissectFlow(flow, store).messages.slice(0, 20))
      if (message.kind === 'http' && message.request) {
        asCurl(flow, message.request);
        asFetch(flow, message.request);
      }
}

const capture: FuzzTarget = {
  name: 'capture-file',
  seeds: once(() => [corpus(), ...captureSeeds()]),
  run(input) {
    const store = load(input, 1 + (input.length % 5000));
    assert.ok(store.size <= 500);
    exportAll(store);
  },
};

const filled = once(() => load(corpus()));
const query: FuzzTarget = {
  name: 'query',
  seeds: () => ['process:node host:*.example.com port:443,80 down>10k', '(method:POST or not status>=400) "free text"', 'host:/^a[pi]+\\.(x|y){2}/i -start:12:00..12:05 up<=1.5MiB', "error:'a b' reason=eof summary:?x* state!=open && age>1d || dial:.."].map(ascii), // prettier-ignore
  run(input) {
    const text = utf8.decode(input).slice(0, 5000);
    const { query: parsed, error } = parseQuery(text, 1_700_000_000_000_000);
    if (error) assert.ok(error.message && error.start >= 0 && error.start <= error.end && error.end <= text.length);
    else {
      compileQuery(parsed)(makeFlow());
      scan(parsed, filled(), 1_700_000_000_000_000);
    }
    for (const c of completeQuery(text, Math.min(text.length, input.length % 40), () => ['a b', '"']))
      assert.ok(c.start >= 0 && c.start <= c.end);
  },
};

const text = 'a text that can be packed. '.repeat(40);
const content: FuzzTarget = {
  name: 'content-coding',
  seeds: () => [zlib.gzipSync(text), zlib.deflateSync(text), zlib.deflateRawSync(text), zlib.brotliCompressSync(text), zlib.zstdCompressSync(text), zlib.gzipSync(Buffer.alloc(300_000)), zlib.zstdCompressSync(Buffer.alloc(300_000))], // prettier-ignore
  run(input) {
    for (const contentEncoding of ['gzip', 'deflate', 'br', 'zstd', 'gzip, zstd'])
      for (const decoders of [{}, nodeCodecs]) {
        const body = { bytes: input, length: input.length, truncated: false, contentEncoding, contentType: '' };
        assert.ok(decodeContent(body, decoders).bytes.length <= 8 << 20);
      }
  },
};

const hpack: FuzzTarget = {
  name: 'hpack',
  seeds: () => [Buffer.from('828684410f7777772e6578616d706c652e636f6d', 'hex'), Buffer.from('828684be58086e6f2d6361636865', 'hex'), Buffer.from('488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff', 'hex')], // prettier-ignore
  run(input) {
    const decoder = new HpackDecoder();
    decoder.allow(input.length * 40);
    for (let at = 0; at < input.length; at += 60) if (!decoder.decode(input.subarray(at, at + 60))) return;
  },
};

const xml = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>a</key><array><string>x &amp; y</string><integer>-5</integer><real>1.5</real><true/></array><!-- c --><key>d</key><data>AAEC</data><key>t</key><date>2026-01-31T12:00:00Z</date></dict></plist>`;
const openStep = '// !$*UTF8*$!\n{ archiveVersion = 1; objects = { A1 /* x */ = { isa = PBXGroup; children = (B1, "C \\U00e9 1", <0f 1e>); }; }; }'; // prettier-ignore
const binary = Buffer.from('62706c6973743030d10102516151628b080b0d0f', 'hex');
const profiles = once(() => fs.readdirSync(path.join(root, 'test/fixtures/profiles')).map((f) => fs.readFileSync(path.join(root, 'test/fixtures/profiles', f)))); // prettier-ignore
const asText = (name: string, seeds: readonly string[], parse: (text: string) => unknown): FuzzTarget => ({
  name,
  seeds: () => seeds.map((s) => new TextEncoder().encode(s)),
  run: (input) => void parse(utf8.decode(input)),
});

export const targets: readonly FuzzTarget[] = [
  ...dissectors.map(forced),
  recognition('tcp'),
  recognition('udp'),
  capture,
  hpack,
  content,
  query,
  asText('plist-xml', [xml], (t) => formatXmlPlist(parseXmlPlist(t))),
  asText('plist-openstep', [openStep], parseOpenStep),
  asText('xcconfig', ['#include? "a.xcconfig"\nA[sdk=macosx*] = $(inherited) x // c\nB = ${C:lower}\n'], parseXcconfig),
  asText('project-yaml', ['name: A\ntargets:\n  App:\n    type: application\n    platform: macOS\n    settings: {base: {A: 1}}\n    entitlements: &e {path: a}\n'], parseYamlProject), // prettier-ignore
  { name: 'plist-binary', seeds: () => [binary], run: (input) => void parseBinaryPlist(input) },
  { name: 'plist-any', seeds: () => [binary, ascii(xml), ascii(openStep)], run: (input) => void parsePlist(input) },
  {
    name: 'profile',
    seeds: profiles,
    run(input) {
      parseProfile(input);
      readCertificate(input);
    },
  },
];
