// The packages: this machine's, which the browser tests install, and the one without native programs.
import { made } from './build.mjs';

const targets = [`${process.platform}-${process.arch}`, 'universal'];

export const vsix = made('vsix', 'The extension packages', {
  needs: ['bundles', 'native'],
  inputs: [
    'scripts/lib/notices.mjs',
    'dist',
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
