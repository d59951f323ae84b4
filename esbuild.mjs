// Bundles: dist/extension.cjs (extension host), dist/cli.js (Node 20 and later), dist/webview/ (browser);
// with --tests only what runs inside the extension host: out/host-tests/.
import { build, context } from 'esbuild';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { watch: { type: 'boolean' }, tests: { type: 'boolean' }, minify: { type: 'boolean' } },
});
const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
const common = {
  bundle: true,
  sourcemap: 'linked',
  logLevel: 'warning',
  minify: values.minify ?? false,
  legalComments: 'none',
  define: { FLOWTAP_VERSION: JSON.stringify(version) },
};
const node = {
  ...common,
  platform: 'node',
  external: ['vscode', '*.node'],
  // src/endpoint/bridge.ts asks whether import.meta is there.
  logOverride: { 'empty-import-meta': 'silent' },
};
const bundles = [
  { ...node, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.cjs', format: 'cjs', target: 'node22' },
  {
    ...node,
    entryPoints: ['src/cli/main.ts'],
    outfile: 'dist/cli.js',
    format: 'esm',
    target: 'node20',
    // Bundled CommonJS packages call require().
    banner: {
      js: "#!/usr/bin/env node\nimport { createRequire as makeRequire } from 'node:module';\nconst require = makeRequire(import.meta.url);",
    },
  },
  {
    ...common,
    platform: 'browser',
    entryPoints: ['src/webview/panel.ts'],
    outdir: 'dist/webview',
    format: 'iife',
    target: 'chrome128',
  },
];
const testBundle = {
  ...node,
  entryPoints: readdirSync('test/host', { recursive: true })
    .filter((f) => f.endsWith('.ts'))
    .map((f) => `test/host/${f}`),
  outdir: 'out/host-tests',
  outbase: 'test/host',
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  target: 'node22',
  external: ['vscode', '*.node', 'mocha'],
};
if (values.tests) rmSync('out/host-tests', { recursive: true, force: true }); // A deleted test must not go on running.

const present = (values.tests ? [testBundle] : bundles).filter((b) => b.entryPoints.every((e) => existsSync(e)));
if (values.watch) await Promise.all(present.map(async (b) => (await context(b)).watch()));
else await Promise.all(present.map((b) => build(b))).catch(() => process.exit(1)); // esbuild has said why.
