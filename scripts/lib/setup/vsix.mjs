// The packages. `vsix`: this machine's, which the browser tests install, and the one without native programs.
import { bundles, made } from './build.mjs';
import { macosPrograms, nativeOther, otherArch } from './cross.mjs';

const here = `${process.platform}-${process.arch}`;

const packages = (name, title, needs, targets) =>
  made(name, title, {
    needs: ['bundles', ...needs],
    inputs: [
      'scripts/lib/notices.mjs',
      ...bundles.outputs,
      ...targets.filter((target) => target !== 'universal').map((target) => `dist/bin/${target}`),
      ...(targets.some((target) => target.startsWith('darwin-')) ? ['dist/macos/Flowtap.app.tar.gz'] : []),
      'media',
      'syntaxes',
      'l10n',
      'package.json',
      'package.nls.json',
      '.vscodeignore',
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
    ],
    outputs: targets.map((target) => `out/flowtap-${target}.vsix`),
    script: ['scripts/package.mjs', '--no-setup', ...targets],
  });

export const vsix = packages('vsix', 'The extension packages', ['native'], [here, 'universal']);
export const vsixOther = packages(
  'vsix-other',
  `The package for linux-${otherArch}`,
  [nativeOther.name],
  [`linux-${otherArch}`],
);
export const vsixMacos = packages(
  'vsix-macos',
  'The packages for macOS',
  [macosPrograms.name],
  ['darwin-arm64', 'darwin-x64'],
);
