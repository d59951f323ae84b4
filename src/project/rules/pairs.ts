// An app and the system extension in it, configuration by configuration.
import { entry } from '../../plist/value.ts';
import type { Configuration, Target } from '../model.ts';
import { installKey } from './keys.ts';

/** An app and a system extension in it. */
export interface Pair {
  readonly app: Target;
  readonly sysex: Target;
}

export interface ConfigurationPair extends Pair {
  readonly appConfiguration: Configuration;
  readonly sysexConfiguration: Configuration;
}

const installs = (k: Configuration): boolean => entry(k.entitlements.part?.root, installKey) !== undefined;

/** By the configuration's name. An app with both packagings (a provider for the store, a system extension for Developer
 *  ID) builds one of them in a configuration: the system extension where it claims the right to install it. */
export function configurationPairs(
  pairs: readonly Pair[],
  hasStorePackaging: (app: Target) => boolean,
): readonly ConfigurationPair[] {
  return pairs.flatMap(({ app, sysex }) => {
    const either = hasStorePackaging(app) && app.configurations.some(installs);
    return sysex.configurations.flatMap((sysexConfiguration) =>
      counterparts(app, sysexConfiguration)
        .filter((appConfiguration) => !either || installs(appConfiguration))
        .map((appConfiguration) => ({ app, sysex, appConfiguration, sysexConfiguration })),
    );
  });
}

function counterparts(app: Target, { name }: Configuration): readonly Configuration[] {
  const twin = app.configurations.find((c) => c.name === name);
  if (twin) return [twin];
  return app.origin === 'inferred' || app.configurations.length === 1 ? app.configurations : [];
}
