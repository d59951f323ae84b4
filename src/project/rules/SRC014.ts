import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC014: ProjectRule = {
  id: 'SRC014',
  severity: 'info',
  title: 'A deprecated endpoint class',
  doc: {
    what: 'A provider for macOS 15 or later uses NWHostEndpoint.',
    why: 'macOS 15 deprecates NWEndpoint of Network Extension in favour of nw_endpoint_t and the Network framework.',
    evidence: "The title of Apple's history of NWEndpoint; the SDK's availability.",
    fix: 'Use the nw_endpoint variants where they are available.',
    bad: 'NWHostEndpoint(hostname: host, port: port)',
    good: 'NWEndpoint.hostPort(host: host, port: port) // Network',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes) {
      const versions = sysex.configurations.map((k) =>
        Number.parseFloat(k.settings.value('MACOSX_DEPLOYMENT_TARGET') ?? ''),
      );
      if (versions.length === 0 || !versions.every((v) => v >= 15)) continue;
      for (const { file, facts } of c.facts(sysex)) {
        const range = facts.words.get('NWHostEndpoint');
        if (range) yield { file, range, message: 'NWHostEndpoint is deprecated since macOS 15.' };
      }
    }
  },
};
