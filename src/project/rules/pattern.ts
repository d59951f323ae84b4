// The mistake of the seed: the app advertises the endpoint, the system extension looks it up.
import type { Target } from '../model.ts';
import type { EndpointUse, ProjectContext } from './context.ts';

/** Listeners on a named endpoint in an application. Not those in a file that an extension, daemon or tool compiles
 *  too (who runs it cannot be told), and not names that a launchd job registers. */
export function misplacedListeners(c: ProjectContext): readonly EndpointUse[] {
  return c.relatedTargets
    .filter((t) => t.productType === 'application' && t.platform !== 'ios' && !c.isEmbedded(t))
    .flatMap((app) =>
      c.listeners(app).filter((u) => {
        if (c.users(u.file).some((t) => t.productType !== 'application' && t.productType !== 'test')) return false;
        return u.name === undefined ? c.launchdServices.length === 0 : !c.isLaunchdService(u.name);
      }),
    );
}

/** Look-ups in system extensions of what an app advertises; files that the app compiles too are left out. */
export function lookUpsInSysex(c: ProjectContext, listener: EndpointUse): readonly EndpointUse[] {
  return c.sysexes
    .filter((sysex) => c.isSameProduct(sysex, listener.target))
    .flatMap((sysex) => c.clients(sysex))
    .filter((u) => !c.users(u.file).some((t) => t.productType === 'application') && mayBeSame(u, listener));
}

/** The same name, the same constant, or a name that cannot be known. */
function mayBeSame(a: EndpointUse, b: EndpointUse): boolean {
  if (a.name !== undefined && b.name !== undefined) return a.name === b.name;
  const [x, y] = [a.object.name.identifier, b.object.name.identifier];
  return x === undefined || y === undefined || x === y;
}

/** In the product of `target`. */
export const isWholePattern = (c: ProjectContext, target: Target): boolean =>
  misplacedListeners(c).some((l) => c.isSameProduct(l.target, target) && lookUpsInSysex(c, l).length > 0);
