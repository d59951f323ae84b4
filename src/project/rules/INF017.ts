import { lookup } from '../../plist/value.ts';
import { isOwn } from './names.ts';
import { setStringFix } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF017: ProjectRule = {
  id: 'INF017',
  severity: 'warning',
  title: 'NSEndpointSecurityMachServiceName is not below an app group',
  doc: {
    what: 'An Endpoint Security extension names an endpoint that is not below one of its app groups.',
    why: 'A sandboxed app may look up only names below a group it claims; another name fails with xpc_error=[159].',
    evidence: 'Developer forums, thread 789330.',
    fix: 'Begin the name with an app group that the extension and the app claim.',
    bad: 'com.example.es.xpc with the group TTT.com.example',
    good: 'TTT.com.example.es.xpc',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.targets) {
      if (sysex.productType !== 'system-extension') continue;
      for (const configuration of sysex.configurations) {
        const value = lookup(configuration.info.part?.root, 'NSEndpointSecurityMachServiceName');
        const name = c.text(configuration, configuration.info, value);
        const groups = c.groups(configuration);
        // Without a group no sandboxed client is intended.
        if (!name || groups.length === 0 || groups.some((g) => isOwn(name, g) !== 'no')) continue;
        const [group] = groups;
        yield {
          ...name.location,
          message: `“${name.text}” is not below an app group of ${sysex.name}: a sandboxed app cannot look it up.`,
          fixes: group ? setStringFix(`Rename to ${group.raw}.xpc`, configuration.info, value, `${group.raw}.xpc`) : [],
        };
      }
    }
  },
};
