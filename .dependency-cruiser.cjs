// Who may import whom (ARCHITECTURE.md, "The import rules").
const pure = 'flow|dissect|capture|plist|entitlements|project|protocol';
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^src/(${from})/` },
  to: { path: '^src/', pathNot: `^src/(${allowed})/` },
});

module.exports = {
  forbidden: [
    only('pure-imports-pure', pure, pure, 'Pure folders import pure folders only.'),
    only(
      'node-layers',
      'node|endpoint|proxy|cli',
      `${pure}|node|endpoint|proxy|cli`,
      'They know nothing of the editor.',
    ),
    only('webview-imports-pure', 'webview', `webview|${pure}`, 'The panel runs in a browser.'),
    {
      name: 'pure-is-portable',
      comment: 'No vscode, no node:*, no DOM library in pure folders.',
      severity: 'error',
      from: { path: `^src/(${pure}|webview)/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only-editor-imports-vscode',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(editor/|extension\\.ts$)' },
      to: { path: '^vscode$' },
    },
    {
      name: 'editor-not-webview',
      severity: 'error',
      from: { path: '^src/editor/' },
      to: { path: '^src/webview/' },
    },
    {
      name: 'production-not-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    { name: 'no-circular', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    {
      name: 'resolvable',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true, pathNot: '^vscode$' },
    },
  ],
  options: {
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules|^gen/' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.json'] },
  },
};
