import type { Fix } from '../../entitlements/finding.ts';
import type { Location } from '../../entitlements/project.ts';
import { fixIn } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';
import { isShared, settingValue } from './settingPlace.ts';

export const X025: ProjectRule = {
  id: 'X025',
  severity: 'info',
  title: 'The app is installed elsewhere than in /Applications',
  doc: {
    what: 'INSTALL_PATH of a container app is set to a folder outside /Applications.',
    why: 'A system extension is activated only from an app in /Applications: OSSystemExtensionErrorDomain 3, "no policy, cannot allow apps outside /Applications".',
    evidence: 'Developer forums, thread 823200.',
    fix: 'Install to /Applications; while developing, copy the app there in a build phase, or use systemextensionsctl developer on.',
    bad: 'INSTALL_PATH = "$(HOME)/Applications"',
    good: 'INSTALL_PATH = "$(LOCAL_APPS_DIR)"',
  },
  *check(c): Generator<ProjectReport> {
    for (const { app, appConfiguration } of c.configurationPairs) {
      const path = appConfiguration.settings.get('INSTALL_PATH');
      if (!path?.complete || !path.from || path.text === '' || /^\/Applications(\/|$)/.test(path.text)) continue;
      if (c.mentionedInScripts(/\/Applications\b/)) continue;
      yield {
        file: path.from.file,
        range: path.from.range,
        message: `${app.name} is installed to ${path.text}; its extension is activated only from /Applications.`,
        fixes: isShared(c, app, 'INSTALL_PATH', path.from) ? [] : installFix(path.from),
      };
    }
  },
};

/** $(LOCAL_APPS_DIR) is Xcode's name for /Applications. */
function installFix({ file, range }: Location): readonly Fix[] {
  return [fixIn('Install to /Applications', file, [{ ...range, text: settingValue(file, '$(LOCAL_APPS_DIR)') }])];
}
