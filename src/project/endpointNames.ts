// The names under which a project's system extensions advertise an endpoint.
import { ProjectContext } from './rules/context.ts';
import type { ProjectModel } from './workspace.ts';

export interface EndpointName {
  /** With its variables resolved; a name whose variables are not known is left out. */
  readonly name: string;
  /** The target that lists it. */
  readonly target: string;
}

/** NEMachServiceName of every target and configuration, each once. */
export function endpointNamesOf(model: ProjectModel): EndpointName[] {
  const context = new ProjectContext(model, { severity: () => undefined });
  const found = new Map<string, EndpointName>();
  for (const target of context.targets)
    for (const configuration of target.configurations) {
      const name = context.machName(configuration)?.text;
      if (name && !name.includes('$(') && !found.has(name)) found.set(name, { name, target: target.name });
    }
  return [...found.values()];
}
