import { lookup } from '../../plist/value.ts';
import { setStringFix } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF009: ProjectRule = {
  id: 'INF009',
  severity: 'error',
  title: 'CFBundlePackageType of a system extension is not SYSX',
  doc: {
    what: 'CFBundlePackageType is neither SYSX nor $(PRODUCT_BUNDLE_PACKAGE_TYPE).',
    why: 'sysextd takes the bundle for something else and refuses it (OSSystemExtensionErrorDomain 7 or 9).',
    evidence: "sysextd's messages in public reports; every public system extension has SYSX.",
    fix: 'Set it to $(PRODUCT_BUNDLE_PACKAGE_TYPE), which Xcode fills in by the product type.',
    bad: '<key>CFBundlePackageType</key>\n<string>XPC!</string>',
    good: '<key>CFBundlePackageType</key>\n<string>$(PRODUCT_BUNDLE_PACKAGE_TYPE)</string>',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations) {
        const { info } = configuration;
        const value = lookup(info.part?.root, 'CFBundlePackageType');
        const type = c.text(configuration, info, value);
        if (!type?.complete || type.text === 'SYSX') continue;
        yield {
          file: type.location.file,
          range: type.location.range,
          message: `The package type of a system extension is SYSX, not “${type.text}”.`,
          fixes: setStringFix(
            'Set to $(PRODUCT_BUNDLE_PACKAGE_TYPE)',
            info,
            value,
            sysex.origin === 'inferred' ? 'SYSX' : '$(PRODUCT_BUNDLE_PACKAGE_TYPE)',
          ),
        };
      }
  },
};
