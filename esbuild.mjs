// Bundles: dist/extension.cjs and dist/parts/ (extension host), dist/cli.js and dist/cli/ (Node 20 and later), dist/webview/ (browser);
// with --tests only what runs inside the extension host: out/host-tests/.
import { build, context } from 'esbuild';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
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
// What the extension loads when it is first needed, by import(): bundles of their own, so that activation stays cheap.
const parts = {
  dissect: 'src/dissect/live.ts',
  filter: 'src/editor/sidebar/filter.ts',
  language: 'src/editor/language/register.ts',
  panel: 'src/editor/panel/register.ts',
};
const partsApart = {
  name: 'parts-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\.ts$/ }, ({ kind, path: file, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const wanted = path.relative(import.meta.dirname, path.resolve(resolveDir, file));
      const part = Object.keys(parts).find((name) => parts[name] === wanted);
      return part && { path: `./parts/${part}.cjs`, external: true };
    });
  },
};
/** A chunk has another name with each content. The old ones go last: a command that is running may still want them. */
const withoutStaleChunks = {
  name: 'without-stale-chunks',
  setup({ initialOptions, onEnd }) {
    initialOptions.metafile = true;
    onEnd(({ metafile }) => {
      if (!metafile) return;
      const made = new Set(Object.keys(metafile.outputs).map((file) => path.basename(file)));
      for (const file of readdirSync('dist/cli')) if (!made.has(file)) rmSync(`dist/cli/${file}`, { force: true });
    });
  },
};
const host = { ...node, format: 'cjs', target: 'node22' };
const bundles = [
  {
    ...host,
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.cjs',
    plugins: [partsApart],
    // import() becomes require(): the extension host gives `vscode` only to that.
    supported: { 'dynamic-import': false },
  },
  { ...host, entryPoints: parts, outdir: 'dist/parts', outExtension: { '.js': '.cjs' } },
  {
    ...node,
    // Every command is a chunk of its own in dist/cli/, so that one is not slowed by what another needs.
    entryPoints: { cli: 'src/cli/main.ts' },
    outdir: 'dist',
    splitting: true,
    chunkNames: 'cli/[name]-[hash]',
    plugins: [withoutStaleChunks],
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
    loader: { '.ttf': 'file' },
    assetNames: '[name]',
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

const present = (values.tests ? [testBundle] : bundles).filter((b) =>
  Object.values(b.entryPoints).every((e) => existsSync(e)),
);
if (values.watch) await Promise.all(present.map(async (b) => (await context(b)).watch()));
else await Promise.all(present.map((b) => build(b))).catch(() => process.exit(1)); // esbuild has said why.
