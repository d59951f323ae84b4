// The tree "Signing & endpoints" as plain nodes: what each target signs, which endpoint it offers or uses, and what
// the rules say of it. Knows no editor; the caller gives the words.
import type { Finding, Severity } from '../../entitlements/finding.ts';
import { findKey } from '../../entitlements/catalogue/catalogue.ts';
import type { Location, Platform, ProductType } from '../../entitlements/project.ts';
import { entriesOf, entry } from '../../plist/value.ts';
import type { Configuration, Target } from '../../project/model.ts';
import { Lines } from '../../project/lines.ts';
import type { EndpointUse } from '../../project/rules/context.ts';
import { ProjectContext } from '../../project/rules/context.ts';
import { profilesOf } from '../../project/rules/profiles.ts';
import type { ProjectModel } from '../../project/workspace.ts';

export type Translate = (message: string, ...args: (string | number)[]) => string;

export interface SigningNode {
  /** Unique among its siblings; keeps what is open open when the tree is made anew. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly tooltip?: string;
  /** A codicon. */
  readonly icon: string;
  readonly severity?: Severity;
  readonly location?: Location;
  readonly children: readonly SigningNode[];
  /** Open at first. */
  readonly open?: boolean;
}

const icons: Partial<Record<ProductType, string>> = {
  application: 'window',
  'system-extension': 'shield',
  'app-extension': 'extensions',
  tool: 'terminal',
  'xpc-service': 'server-process',
};

/** Names, not words: the same in every language. */
const systems: Readonly<Record<Platform, string>> = {
  macos: 'macOS',
  ios: 'iOS',
  tvos: 'tvOS',
  watchos: 'watchOS',
  visionos: 'visionOS',
  driverkit: 'DriverKit',
};

const leaf = (id: string, label: string, icon: string, rest: Partial<SigningNode> = {}): SigningNode => ({
  id,
  label,
  icon,
  children: [],
  ...rest,
});

const worst = (findings: readonly Finding[]): Severity | undefined =>
  (['error', 'warning', 'info', 'hint'] as const).find((s) => findings.some((f) => f.severity === s));

const findingIcons: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  info: 'info',
  hint: 'lightbulb',
};

class Builder {
  readonly #context: ProjectContext;
  readonly #findings: readonly Finding[];
  readonly #t: Translate;

  constructor(model: ProjectModel, findings: readonly Finding[], t: Translate) {
    this.#context = new ProjectContext(model, { severity: () => undefined });
    this.#findings = findings;
    this.#t = t;
  }

  nodes(): readonly SigningNode[] {
    const c = this.#context;
    // What can be signed; frameworks and tests have no entitlements of their own.
    const shown = c.targets.filter(
      (t) => t.productType !== undefined && icons[t.productType] !== undefined && t.configurations.length > 0,
    );
    const rank = (t: Target): number =>
      c.sysexes.includes(t) ? 0 : c.pairs.some((p) => p.app === t) ? 1 : c.isProviderAppex(t) ? 2 : 3;
    const nodes = shown.toSorted((a, b) => rank(a) - rank(b)).map((t) => this.#target(t, rank(t) < 3));
    // Findings of files that belong to no target.
    const claimed = new Set(shown.flatMap((t) => this.#filesOf(t)));
    const rest = this.#findings.filter((f) => !claimed.has(f.file));
    return rest.length > 0 ? [...nodes, this.#findingsNode(rest, this.#t('Other files'))] : nodes;
  }

  #filesOf(target: Target): readonly string[] {
    const c = this.#context;
    return [
      target.project,
      ...target.configurations.flatMap((k) => [k.entitlements.part?.file ?? '', k.info.part?.file ?? '']),
      ...c.facts(target).map((f) => f.file),
    ];
  }

  #target(target: Target, open: boolean): SigningNode {
    const t = this.#t;
    const own = new Set(this.#filesOf(target).filter((f) => f !== target.project));
    const findings = this.#findings.filter((f) => own.has(f.file));
    const types: Partial<Record<ProductType, string>> = {
      application: t('application'),
      'system-extension': t('system extension'),
      'app-extension': t('app extension'),
      tool: t('command-line tool'),
      'xpc-service': t('XPC service'),
    };
    const children = [
      ...this.#entitlements(target),
      ...this.#endpoint(target),
      ...this.#uses(target),
      ...this.#profiles(target),
      ...(findings.length > 0 ? [this.#findingsNode(findings, t('Findings'))] : []),
    ];
    const severity = worst(findings);
    return {
      id: target.id,
      label: target.name,
      description: [types[target.productType ?? 'other'], target.platform && systems[target.platform]]
        .filter(Boolean)
        .join(' · '),
      icon: icons[target.productType ?? 'other'] ?? 'package',
      location: target.place,
      children,
      open,
      ...(severity ? { severity } : {}),
    };
  }

  /** One node for each entitlements file, with the names of the configurations that sign with it. */
  #entitlements(target: Target): readonly SigningNode[] {
    const t = this.#t;
    const byFile = new Map<string, Configuration[]>();
    for (const k of target.configurations) {
      const key = k.entitlements.part?.file ?? k.entitlements.path ?? '';
      byFile.set(key, [...(byFile.get(key) ?? []), k]);
    }
    return [...byFile].map(([file, configurations]) => {
      const [first] = configurations;
      const names = byFile.size > 1 ? configurations.map((k) => k.name).join(', ') : '';
      if (!first?.entitlements.part) {
        const state = first?.entitlements.state;
        const label = state === 'absent' ? t('Entitlements: {0} does not exist', file) : t('No entitlements known');
        const place = first?.entitlements.place;
        return leaf(`entitlements:${file}`, label, 'question', {
          description: names,
          ...(place ? { location: place } : {}),
        });
      }
      const { part } = first.entitlements;
      const start = { file: part.file, range: { start: 0, end: 0 } };
      return {
        id: `entitlements:${file}`,
        label: t('Entitlements'),
        description: [file.slice(file.lastIndexOf('/') + 1), names].filter(Boolean).join(' · '),
        icon: 'key',
        location: start,
        children: entriesOf(part.root).map((e) => {
          const values = this.#context.strings(first, first.entitlements, e.value);
          return leaf(`key:${e.key}`, e.key, findKey(e.key)?.access === 'restricted' ? 'lock' : 'symbol-key', {
            ...(values.length > 0 ? { description: values.map((v) => v.text).join(', ') } : {}),
            location: { file: part.file, range: e.keyRange },
            tooltip: findKey(e.key)?.about ?? t('Not in the catalogue'),
          });
        }),
      };
    });
  }

  #endpoint(target: Target): readonly SigningNode[] {
    const t = this.#t;
    const c = this.#context;
    if (!c.sysexes.includes(target)) return [];
    const names = new Map(
      target.configurations.flatMap((k) => {
        const name = c.machName(k);
        return name ? [[name.text, name] as const] : [];
      }),
    );
    if (names.size === 0) {
      const [first] = target.configurations;
      const part = first?.info.part;
      const dict = entry(part?.root, 'NetworkExtension');
      const location = part ? { location: { file: part.file, range: dict?.keyRange ?? { start: 0, end: 0 } } } : {};
      return [leaf('mach', t('No NEMachServiceName'), 'debug-disconnect', location)];
    }
    return [...names.values()].map((name) => ({
      id: `mach:${name.text}`,
      label: t('Endpoint'),
      description: name.text,
      icon: 'radio-tower',
      location: name.location,
      children: [],
    }));
  }

  #uses(target: Target): readonly SigningNode[] {
    const t = this.#t;
    const node = (use: EndpointUse, label: string, icon: string): SigningNode => {
      const text = this.#context.model.cache.text(use.file) ?? '';
      const { line } = new Lines(text).at(use.object.start);
      const where = `${use.file.slice(use.file.lastIndexOf('/') + 1)}:${line}`;
      return leaf(`${label}:${use.file}:${use.object.start}`, label, icon, {
        description: use.name === undefined ? where : `${where} · ${use.name}`,
        location: { file: use.file, range: { start: use.object.start, end: use.object.end } },
      });
    };
    return [
      ...this.#context.listeners(target).map((u) => node(u, t('Listens'), 'broadcast')),
      ...this.#context.clients(target).map((u) => node(u, t('Looks up'), 'plug')),
    ];
  }

  #profiles(target: Target): readonly SigningNode[] {
    const t = this.#t;
    const found = new Map<string, SigningNode>();
    for (const k of target.configurations)
      for (const profile of profilesOf(this.#context, k)) {
        const restricted = entriesOf(k.entitlements.part?.root).filter((e) => findKey(e.key)?.access === 'restricted');
        const missing = restricted.filter((e) => !entry(profile.entitlements, e.key));
        const expiry = profile.expires ? t('until {0}', profile.expires.toISOString().slice(0, 10)) : '';
        const covers = t('{0} of {1} restricted keys', restricted.length - missing.length, restricted.length);
        found.set(
          `${profile.file}:${missing.length}`,
          leaf(
            `profile:${profile.file}`,
            profile.name ?? profile.file,
            missing.length > 0 ? 'unverified' : 'verified',
            {
              description: [covers, expiry].filter(Boolean).join(' · '),
              tooltip: missing.length > 0 ? t('Not allowed: {0}', missing.map((e) => e.key).join(', ')) : profile.file,
            },
          ),
        );
      }
    return [...found.values()];
  }

  #findingsNode(findings: readonly Finding[], label: string): SigningNode {
    const severity = worst(findings);
    return {
      id: `findings:${label}`,
      label,
      description: String(findings.length),
      icon: severity ? findingIcons[severity] : 'info',
      ...(severity ? { severity } : {}),
      children: findings.map((f) =>
        leaf(`${f.rule}:${f.file}:${f.range.start}`, f.message, findingIcons[f.severity], {
          description: `${f.rule} · ${f.file}`,
          severity: f.severity,
          location: { file: f.file, range: f.range },
        }),
      ),
    };
  }
}

export const signingNodes = (model: ProjectModel, findings: readonly Finding[], t: Translate): readonly SigningNode[] =>
  new Builder(model, findings, t).nodes();
