import { addEntryFix } from './fixes.ts';
import { clientKey, serverKey } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X022: ProjectRule = {
  id: 'X022',
  severity: 'warning',
  title: 'A sandboxed extension opens sockets without the right to',
  doc: {
    what: 'The code of a sandboxed system extension uses NWConnection, URLSession or NWListener, and neither the entitlements nor the build settings allow network.client or network.server.',
    why: 'The sandbox denies network-outbound and network-bind; the connection fails with "Operation not permitted".',
    evidence: 'The sandbox profile of macOS 10.15.2.',
    fix: 'Add com.apple.security.network.client or .server.',
    bad: 'NWConnection(…) with app-sandbox alone',
    good: 'app-sandbox and network.client',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations) {
        const use = configuration.entitlements;
        if (c.sandboxed(configuration) !== true || !c.knows(use) || !use.part) continue;
        for (const [key, setting, words] of needs) {
          if (c.entitlement(configuration, key) || configuration.settings.get(setting)) continue;
          const found = c
            .facts(sysex)
            .flatMap((f) => words.map((w) => ({ file: f.file, range: f.facts.words.get(w), word: w })))
            .find((f) => f.range && c.users(f.file).every((t) => t === sysex));
          if (!found?.range) continue;
          yield {
            file: found.file,
            range: found.range,
            message: `${sysex.name} is sandboxed and lacks ${key}, which ${found.word} needs.`,
            fixes: addEntryFix(`Add ${key}`, use, key, true),
          };
        }
      }
  },
};

const needs: readonly (readonly [string, string, readonly string[]])[] = [
  [
    clientKey,
    'ENABLE_OUTGOING_NETWORK_CONNECTIONS',
    ['NWConnection', 'URLSession', 'NSURLSession', 'nw_connection_create'],
  ],
  [serverKey, 'ENABLE_INCOMING_NETWORK_CONNECTIONS', ['NWListener', 'nw_listener_create']],
];
