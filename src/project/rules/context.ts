// The project as rules ask about it: roles, resolved names, who embeds whom. Every answer is undefined where the
// files do not tell; a rule that gets undefined says nothing.
import type { Location } from '../../entitlements/project.ts';
import type { RuleConfig } from '../../entitlements/rules/rule.ts';
import { entry, lookup, stringsOf } from '../../plist/value.ts';
import type { PlistEntry, PlistValue } from '../../plist/value.ts';
import { isHeader } from '../build.ts';
import { basename, extension } from '../files.ts';
import type { Configuration, PlistText, PlistUse, Target } from '../model.ts';
import { readProfiles } from '../profile.ts';
import { asName } from '../settings.ts';
import type { ProfileUse } from '../profileUse.ts';
import type { AcceptHandler, NameExpression, SourceFacts, XpcObject } from '../source/facts.ts';
import type { ProjectModel } from '../workspace.ts';
import { containersOf, isEmbedded } from './containers.ts';
import { Families } from './families.ts';
import { configurationPairs } from './pairs.ts';
import type { ConfigurationPair, Pair } from './pairs.ts';
import { endpointSecurityKey, groupsKey, networkExtensionKey, sandboxKey } from './keys.ts';
import { launchdServices, scriptsMention } from './surroundings.ts';
import type { LaunchdService } from './surroundings.ts';

export interface EndpointUse {
  readonly target: Target;
  readonly file: string;
  readonly object: XpcObject;
  /** The names it can have, where all are known: one for each distinct outcome. */
  readonly name: string | undefined;
}

export interface SourceFile {
  readonly file: string;
  readonly facts: SourceFacts;
}

export interface HandlerUse {
  readonly target: Target;
  readonly file: string;
  readonly handler: AcceptHandler;
}

export interface ProjectOptions {
  /** The last released CFBundleVersion of each bundle id, from .flowtaprc. */
  readonly released?: ReadonlyMap<string, string>;
  /** For certificates and profiles, injected so that a check is repeatable. */
  readonly now?: Date;
}

const once = <K, V>(make: (key: K) => V): ((key: K) => V) => {
  const known = new Map<K, V>();
  return (key) => {
    if (!known.has(key)) known.set(key, make(key));
    return known.get(key) as V;
  };
};

export class ProjectContext {
  readonly model: ProjectModel;
  readonly config: RuleConfig;
  readonly options: ProjectOptions;
  #users: Map<string, Target[]> | undefined;
  #pairs: readonly Pair[] | undefined;

  constructor(model: ProjectModel, config: RuleConfig, options: ProjectOptions = {}) {
    this.model = model;
    this.config = config;
    this.options = options;
  }

  get targets(): readonly Target[] {
    return this.model.targets;
  }

  /** System extensions that provide network services: by their plist, their entitlements or their code. */
  readonly isNetworkSysex = once((target: Target): boolean => {
    if (target.productType !== 'system-extension') return false;
    const signs = (key: string): boolean =>
      target.configurations.some((c) => entry(c.entitlements.part?.root, key) !== undefined);
    const declares = target.configurations.some((c) => entry(c.info.part?.root, 'NetworkExtension') !== undefined);
    if (declares || signs(networkExtensionKey)) return true;
    if (signs(endpointSecurityKey)) return false;
    return this.facts(target).some(({ facts }) => facts.words.has('startSystemExtensionMode'));
  });

  /** System extensions of Network Extension. */
  get sysexes(): readonly Target[] {
    return this.targets.filter((t) => this.isNetworkSysex(t));
  }

  /** Extensions in an app that are Network Extension providers. */
  readonly isProviderAppex = once(
    (target: Target): boolean =>
      target.productType === 'app-extension' &&
      target.configurations.some((c) => {
        const point = lookup(c.info.part?.root, 'NSExtension', 'NSExtensionPointIdentifier');
        return point?.kind === 'string' && point.value.startsWith('com.apple.networkextension.');
      }),
  );

  #families: Families | undefined;
  get #familiesOfTargets(): Families {
    return (this.#families ??= new Families(this.targets, (t) => this.isNetworkSysex(t) || this.isProviderAppex(t)));
  }
  /** Those of projects with a Network Extension. */
  get relatedTargets(): readonly Target[] {
    return (this.#relatedTargets ??= this.targets.filter((t) => this.#familiesOfTargets.hasExtension(t)));
  }
  #relatedTargets: readonly Target[] | undefined;
  /** Parts of one product, as far as folders tell. */
  isSameProduct(a: Target, b: Target): boolean {
    return this.#familiesOfTargets.same(a, b);
  }

  /** Each system extension with the apps that carry it. */
  get pairs(): readonly Pair[] {
    return (this.#pairs ??= this.sysexes.flatMap((sysex) =>
      containersOf(sysex, this.targets, this.sysexes).map((app) => ({ app, sysex })),
    ));
  }

  /** Another target carries it (a login item, a helper app). */
  isEmbedded(target: Target): boolean {
    return isEmbedded(target, this.targets);
  }

  get configurationPairs(): readonly ConfigurationPair[] {
    return (this.#configurationPairs ??= configurationPairs(this.pairs, (app) => this.#hasStorePackaging(app)));
  }
  #configurationPairs: readonly ConfigurationPair[] | undefined;
  #hasStorePackaging(app: Target): boolean {
    return this.targets.some(
      (t) => this.isProviderAppex(t) && (app.dependencies.includes(t.id) || app.embeds.some((e) => e.target === t.id)),
    );
  }

  /** Who compiles a file. */
  users(file: string): readonly Target[] {
    if (!this.#users) {
      this.#users = new Map();
      for (const target of this.targets)
        for (const source of target.sources) {
          const list = this.#users.get(source);
          if (list) list.push(target);
          else this.#users.set(source, [target]);
        }
    }
    return this.#users.get(file) ?? [];
  }

  /** The target's sources, and the project's headers that they include. */
  readonly #files = once((target: Target): readonly string[] => {
    const files = [...target.sources];
    const seen = new Set(files);
    const include = (name: string): void => {
      const headers = this.#headers(basename(name));
      // Of several with one name it cannot be told which is meant.
      const [header] = headers;
      if (header === undefined || headers.length > 1 || seen.has(header)) return;
      seen.add(header);
      files.push(header);
    };
    for (const { settings } of target.configurations) {
      const bridging = settings.value('SWIFT_OBJC_BRIDGING_HEADER');
      if (bridging) include(bridging);
    }
    // The list grows while it is walked: headers include headers.
    for (const file of files)
      if (extension(file) !== 'swift') for (const name of this.model.cache.includes(file)) include(name);
    return files;
  });

  /** Of the files that can matter to a rule. */
  readonly facts = once((target: Target): readonly SourceFile[] => {
    const { cache } = this.model;
    return this.#files(target)
      .filter((file) => cache.isRelevant(file))
      .map((file) => ({ file, facts: cache.source(file) }))
      .filter((f): f is SourceFile => f.facts !== undefined);
  });

  #headersByName: Map<string, string[]> | undefined;
  #headers(name: string): readonly string[] {
    if (!this.#headersByName) {
      this.#headersByName = new Map();
      for (const path of this.model.cache.paths)
        if (isHeader(path))
          this.#headersByName.set(basename(path), [...(this.#headersByName.get(basename(path)) ?? []), path]);
    }
    return this.#headersByName.get(name) ?? [];
  }

  /** Whether any source of the target uses one of these words. */
  uses(target: Target, ...words: readonly string[]): boolean {
    return this.facts(target).some(({ facts }) => words.some((w) => facts.words.has(w)));
  }

  readonly #objects = once((target: Target): readonly EndpointUse[] =>
    this.facts(target).flatMap(({ file, facts }) =>
      facts.objects.map((object) => ({ target, file, object, name: this.nameOf(target, file, object.name) })),
    ),
  );
  listeners(target: Target): readonly EndpointUse[] {
    return this.#objects(target).filter((u) => u.object.role === 'listener');
  }
  clients(target: Target): readonly EndpointUse[] {
    return this.#objects(target).filter((u) => u.object.role === 'client');
  }
  handlers(target: Target): readonly HandlerUse[] {
    return this.facts(target).flatMap(({ file, facts }) => facts.accepts.map((handler) => ({ target, file, handler })));
  }

  readonly #constants = new Map<string, readonly { readonly value: string; readonly location: Location }[]>();

  /** The constant that a name in code stands for: of the same file, else the only value within the target. */
  constant(
    target: Target,
    file: string,
    identifier: string,
  ): { readonly value: string; readonly location: Location } | undefined {
    const name = identifier.replace(/^_+/, '');
    const key = `${target.id}\0${name}`;
    let found = this.#constants.get(key);
    if (!found) {
      const { cache } = this.model;
      found = this.#files(target)
        .filter((f) => cache.text(f)?.includes(name))
        .flatMap((f) =>
          (cache.source(f)?.constants ?? [])
            .filter((c) => c.name === name)
            .map((c) => ({ value: c.value, location: { file: f, range: c.valueRange } })),
        );
      this.#constants.set(key, found);
    }
    const near = found.filter((c) => c.location.file === file);
    const choice = near.length > 0 ? near : found;
    return new Set(choice.map((c) => c.value)).size === 1 ? choice[0] : undefined;
  }

  nameOf(target: Target, file: string, name: NameExpression): string | undefined {
    if (name.literal !== undefined) return name.literal;
    return name.identifier === undefined ? undefined : this.constant(target, file, name.identifier)?.value;
  }

  /** Where the text of a name stands: the literal in place, or the constant's. */
  namePlace(use: EndpointUse): Location | undefined {
    const { name } = use.object;
    if (name.literal !== undefined) return { file: use.file, range: { start: name.start, end: name.end } };
    return name.identifier === undefined ? undefined : this.constant(use.target, use.file, name.identifier)?.location;
  }

  /** undefined where the file cannot be seen. */
  entitlement(c: Configuration, key: string): PlistEntry | undefined {
    return entry(c.entitlements.part?.root, key);
  }
  /** The entitlements were read and are a dictionary. */
  knows(use: PlistUse): boolean {
    return use.state === 'present' && use.part?.root?.kind === 'dict';
  }

  text(c: Configuration, use: PlistUse, value: PlistValue | undefined): PlistText | undefined {
    if (value?.kind !== 'string' || !use.part) return undefined;
    const location = { file: use.part.file, range: value.range };
    return { ...asName(value.value, c.settings.expand(value.value)), raw: value.value, location };
  }

  strings(c: Configuration, use: PlistUse, value: PlistValue | undefined): readonly PlistText[] {
    return stringsOf(value)
      .map((s) => this.text(c, use, s))
      .filter((t) => t !== undefined);
  }

  groups(c: Configuration): readonly PlistText[] {
    return this.strings(c, c.entitlements, this.entitlement(c, groupsKey)?.value);
  }
  providerValues(c: Configuration): readonly PlistText[] {
    return this.strings(c, c.entitlements, this.entitlement(c, networkExtensionKey)?.value);
  }
  machName(c: Configuration): PlistText | undefined {
    return this.text(c, c.info, lookup(c.info.part?.root, 'NetworkExtension', 'NEMachServiceName'));
  }

  /** Whether the Info.plist can be reasoned about: all of it is here, and no preprocessor changes it. */
  knowsInfo(c: Configuration): boolean {
    return this.knows(c.info) && c.settings.flag('INFOPLIST_PREPROCESS') !== true;
  }

  /** A top-level key of Info.plist, from the file or from INFOPLIST_KEY_…. */
  infoText(c: Configuration, key: string): PlistText | undefined {
    const own = this.text(c, c.info, lookup(c.info.part?.root, key));
    if (own) return own;
    const set = c.settings.get(`INFOPLIST_KEY_${key}`);
    if (!set?.from) return undefined;
    return { ...set, raw: set.from.value, location: { file: set.from.file, range: set.from.range } };
  }

  bundleId(c: Configuration): PlistText | undefined {
    const inPlist = this.text(c, c.info, lookup(c.info.part?.root, 'CFBundleIdentifier'));
    const set = c.settings.get('PRODUCT_BUNDLE_IDENTIFIER');
    if (set?.from)
      return {
        ...asName(set.from.value, set),
        raw: set.from.value,
        location: { file: set.from.file, range: set.from.range },
      };
    return inPlist;
  }

  /** From the file and from the build setting that stands in for it. */
  sandboxed(c: Configuration): boolean | undefined {
    const own = this.entitlement(c, sandboxKey)?.value;
    if (own?.kind === 'boolean') return own.value;
    if (c.settings.get('ENABLE_APP_SANDBOX')) return c.settings.flag('ENABLE_APP_SANDBOX');
    if (own || c.entitlements.state === 'unresolved' || !c.settings.known) return undefined;
    return this.knows(c.entitlements) ? false : undefined;
  }

  signing(c: Configuration): 'development' | 'developer-id' | 'app-store' | undefined {
    const identity = c.settings.value('CODE_SIGN_IDENTITY') ?? '';
    if (identity.startsWith('Developer ID Application')) return 'developer-id';
    if (/^(Apple|Mac|iPhone) Develop(ment|er)/.test(identity)) return 'development';
    return /^(Apple|iPhone|3rd Party Mac Developer) (Distribution|Application)/.test(identity)
      ? 'app-store'
      : undefined;
  }

  #profiles: readonly ProfileUse[] | undefined;
  get profiles(): readonly ProfileUse[] {
    return (this.#profiles ??= readProfiles(this.model.cache));
  }

  /** A launchd job of the project registers this name. */
  isLaunchdService(name: string): boolean {
    return this.launchdServices.some((s) => s.name === name);
  }
  #launchd: readonly LaunchdService[] | undefined;
  get launchdServices(): readonly LaunchdService[] {
    return (this.#launchd ??= launchdServices(this.model.cache));
  }

  /** A build phase or a script of the project says something that could stand in for what is missing. */
  mentionedInScripts(pattern: RegExp): boolean {
    return scriptsMention(pattern, this.targets, this.model.cache);
  }
}
