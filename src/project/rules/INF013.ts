import type { Fix } from '../../entitlements/finding.ts';
import type { PlistText, Target } from '../model.ts';
import type { ProjectContext } from './context.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF013: ProjectRule = {
  id: 'INF013',
  severity: 'hint',
  title: 'CFBundleVersion is not higher than that of the last release',
  doc: {
    what: 'The version of the extension is not above the one that .flowtaprc records as released ("released": {"com.example.app.extension": "41"}).',
    why: 'The system replaces an installed extension when its version differs; the delegate is asked, and products commonly go on only when the new one is higher. With the same version the old code keeps running.',
    evidence: "The documented replacement rule of OSSystemExtensionRequest's delegate.",
    fix: 'Raise CFBundleVersion (CURRENT_PROJECT_VERSION) before each build that is installed over another.',
    bad: 'released 41, CFBundleVersion 41',
    good: 'released 41, CFBundleVersion 42',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations) {
        const id = c.bundleId(configuration);
        const released = id?.complete ? c.options.released?.get(id.text) : undefined;
        const version = c.infoText(configuration, 'CFBundleVersion');
        if (released === undefined || !version?.complete || compare(version.text, released) > 0) continue;
        yield {
          ...version.location,
          message: `Version ${version.text} is not above the released ${released}: an installed extension is not replaced.`,
          fixes: raise(c, sysex, version, released),
        };
      }
  },
};

/** In Info.plist, or in the build setting that stands there, of every configuration. */
function raise(c: ProjectContext, sysex: Target, version: PlistText, released: string): readonly Fix[] {
  const parts = released.split('.');
  const last = Number.parseInt(parts.pop() ?? '', 10);
  if (version.text === '' || Number.isNaN(last)) return [];
  const next = [...parts, last + 1].join('.');
  const variable = /^\$[({](\w+)[)}]$/.exec(version.raw)?.[1];
  const places = variable
    ? sysex.configurations.map(({ settings }) => settings.get(variable)?.from)
    : [version.location];
  const edits = new Map<string, Fix['edits'][number]>();
  for (const place of places) {
    if (!place) return [];
    const { file, range } = place;
    const written = (c.model.cache.text(file) ?? '').slice(range.start, range.end);
    const at = written.indexOf(version.text);
    if (at < 0 || written.includes('$')) return [];
    const start = range.start + at;
    edits.set(`${file}:${start}`, { file, start, end: start + version.text.length, text: next });
  }
  return [{ title: `Raise to ${next}`, edits: [...edits.values()], preferred: true }];
}

/** Component by component, as numbers. */
function compare(a: string, b: string): number {
  const [x, y] = [a.split('.'), b.split('.')];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const difference = (Number.parseInt(x[i] ?? '0', 10) || 0) - (Number.parseInt(y[i] ?? '0', 10) || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
