import { lookup } from '../../plist/value.ts';
import { setStringFix } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF014: ProjectRule = {
  id: 'INF014',
  severity: 'hint',
  title: 'NEMachServiceName has no version',
  doc: {
    what: 'The name of the endpoint is the same in every build.',
    why: 'After an extension is replaced launchd can keep the old registration until the Mac restarts; look-ups then fail with error 3. A name that carries the build number is new with each build.',
    evidence:
      'FB21271237 as quoted by a public project; the same advice in two others. Eight public projects have no version in the name, three have.',
    fix: "Append $(CURRENT_PROJECT_VERSION), and let the app read the name from the installed extension's Info.plist.",
    bad: '<string>group.com.example.app.xpc</string>',
    good: '<string>group.com.example.app.xpc.$(CURRENT_PROJECT_VERSION)</string>',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations) {
        const name = c.machName(configuration);
        if (!name || /VERSION|BUILD|\.v?\d+$/i.test(name.raw)) continue;
        // A name that code repeats cannot change by itself; INF018 comes first.
        const value = lookup(configuration.info.part?.root, 'NetworkExtension', 'NEMachServiceName');
        const repeated = c.targets.some((t) => [...c.listeners(t), ...c.clients(t)].some((u) => u.name === name.text));
        yield {
          ...name.location,
          message: 'The name has no version: after an update look-ups can fail until the Mac restarts.',
          fixes:
            repeated || sysex.origin === 'inferred'
              ? []
              : setStringFix(
                  'Append $(CURRENT_PROJECT_VERSION)',
                  configuration.info,
                  value,
                  `${name.raw}.$(CURRENT_PROJECT_VERSION)`,
                ),
        };
      }
  },
};
