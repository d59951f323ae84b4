// The package that the browser tests install.
import { made } from './build.mjs';

export const vsix = made('vsix', 'The extension package', {
  needs: ['bundles', 'native'],
  inputs: [
    'dist',
    'media',
    'syntaxes',
    'l10n',
    'package.json',
    '.vscodeignore',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
  ],
  outputs: [`out/flowtap-${process.platform}-${process.arch}.vsix`],
  script: ['scripts/package.mjs', `${process.platform}-${process.arch}`],
});
