// The manifest and the code name the same things.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  commands,
  contextKeys,
  customEditors,
  enablement,
  settings,
  stateKinds,
  submenus,
  taskTypes,
  terminalProfiles,
  viewContainers,
  views,
} from '../../../src/protocol/ids.ts';
import { collect } from '../../../scripts/l10n.mjs';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly {
      command: string;
      title: string;
      enablement?: string;
      category: string;
      icon?: string;
    }[];
    readonly menus: Readonly<Record<string, readonly { command?: string; submenu?: string; when?: string }[]>>;
    readonly submenus: readonly { id: string }[];
    readonly keybindings: readonly { command: string; when: string }[];
    readonly views: Readonly<Record<string, readonly { id: string; icon?: string }[]>>;
    readonly viewsContainers: Readonly<Record<string, readonly { id: string; icon: string }[]>>;
    readonly viewsWelcome: readonly { view: string; contents: string; when: string }[];
    readonly taskDefinitions: readonly { type: string }[];
    readonly customEditors: readonly { viewType: string }[];
    readonly terminal: { readonly profiles: readonly { id: string }[] };
    readonly configuration: readonly { properties: Readonly<Record<string, object>> }[];
  };
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
}
const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const nls = JSON.parse(read('package.nls.json')) as Record<string, string>;
const { contributes } = manifest;
const sorted = (values: Iterable<string>): string[] => [...values].sort();

const source = (folder: string): string =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.ts'))
    .map((f) => read(path.join(folder, f)))
    .join('\n');

/** Every `when` and `enablement` of the manifest. */
const clauses = [...JSON.stringify(contributes).matchAll(/"(?:when|enablement)":"((?:[^"\\]|\\.)*)"/g)].map(
  (m) => m[1]!,
);

describe('the manifest and src/protocol/ids.ts', () => {
  it('have the same commands, each used by the code', () => {
    assert.deepEqual(sorted(contributes.commands.map((c) => c.command)), sorted(Object.values(commands)));
    const code = source('src/editor');
    const unused = Object.keys(commands).filter((key) => !code.includes(`commands.${key}`));
    assert.deepEqual(unused, []);
  });

  it('agree when a command may be used', () => {
    for (const { command, enablement: clause } of contributes.commands)
      assert.equal(clause, enablement[command as keyof typeof enablement], command);
  });

  it('have the same views, containers, submenus, terminal profiles, custom editors and task types', () => {
    const of = (lists: Readonly<Record<string, readonly { id: string }[]>>): string[] =>
      Object.values(lists)
        .flat()
        .map((v) => v.id);
    assert.deepEqual(sorted(of(contributes.views)), sorted(Object.values(views)));
    assert.deepEqual(sorted(of(contributes.viewsContainers)), sorted(Object.values(viewContainers)));
    assert.deepEqual(sorted(contributes.submenus.map((s) => s.id)), sorted(Object.values(submenus)));
    assert.deepEqual(sorted(contributes.terminal.profiles.map((p) => p.id)), sorted(Object.values(terminalProfiles)));
    assert.deepEqual(sorted(contributes.customEditors.map((e) => e.viewType)), sorted(Object.values(customEditors)));
    assert.deepEqual(sorted(contributes.taskDefinitions.map((d) => d.type)), sorted(Object.values(taskTypes)));
  });

  it('have the same settings', () => {
    const declared = contributes.configuration.flatMap((c) => Object.keys(c.properties));
    assert.deepEqual(sorted(declared), sorted(Object.values(settings)));
    for (const id of manifest.capabilities.untrustedWorkspaces.restrictedConfigurations)
      assert.ok(declared.includes(id), id);
  });

  it('name only commands, submenus and views that exist', () => {
    const ids = new Set<string>([...Object.values(commands), ...Object.values(submenus)]);
    for (const [menu, items] of Object.entries(contributes.menus))
      for (const item of items)
        assert.ok(ids.has(item.command ?? item.submenu ?? ''), `${menu}: ${JSON.stringify(item)}`);
    for (const { command } of contributes.keybindings) assert.ok(ids.has(command), command);
    for (const { view } of contributes.viewsWelcome) assert.ok((Object.values(views) as string[]).includes(view), view);
    for (const clause of clauses)
      for (const [, view] of clause.matchAll(/(?:view|focusedView) == ([\w.]+)/g))
        assert.ok((Object.values(views) as string[]).includes(view!), clause);
  });

  it('have the same context keys, and the code sets each of them', () => {
    const used = new Set<string>();
    for (const clause of clauses)
      for (const [key] of clause.matchAll(/\bflowtap\.\w+/g))
        if (!(Object.values(views) as string[]).includes(key)) used.add(key);
    assert.deepEqual(sorted(used), sorted(Object.values(contextKeys)));
    const code = source('src/editor');
    for (const key of Object.keys(contextKeys))
      assert.match(code, new RegExp(`set\\(\\s*contextKeys\\.${key}\\b`), `${key} is never set`);
  });

  it('know the same states, and each of them has a welcome', () => {
    const named = new Set<string>();
    for (const clause of clauses)
      for (const [, kinds] of clause.matchAll(/flowtap\.state =~ \/\^\(\?:([\w|]+)\)\$\//g))
        for (const kind of kinds!.split('|')) named.add(kind);
    assert.deepEqual(sorted(named), sorted(stateKinds));
    const welcomed = contributes.viewsWelcome.map((w) => w.when).join(' ');
    for (const kind of stateKinds) assert.match(welcomed, new RegExp(`[(:|]${kind}[|)]`), kind);
  });

  it('have a text for every key, and no text without a key', () => {
    const text = read('package.json');
    const keys = new Set([...text.matchAll(/"%([^%"]+)%"/g)].map((m) => m[1]!));
    assert.deepEqual(sorted(Object.keys(nls)), sorted(keys));
    for (const { title } of contributes.commands) assert.match(title, /^%.+%$/);
  });

  it('link from the welcome texts only to commands that exist', () => {
    const own = new Set<string>(Object.values(commands));
    for (const { contents } of contributes.viewsWelcome)
      for (const [, id] of nls[contents.slice(1, -1)]!.matchAll(/\(command:([\w.]+)\)/g))
        assert.ok(own.has(id!) || id!.startsWith('workbench.'), `${contents}: ${id}`);
  });

  it('have icons that exist, as codicons or own files', () => {
    const codicons = JSON.parse(read('node_modules/@vscode/codicons/src/template/mapping.json')) as Record<
      string,
      string[]
    >;
    const names = new Set(Object.values(codicons).flat());
    const icons = [...JSON.stringify(contributes).matchAll(/"icon":"([^"]+)"/g)].map((m) => m[1]!);
    for (const icon of icons) {
      const codicon = /^\$\((.+)\)$/.exec(icon)?.[1];
      assert.ok(codicon ? names.has(codicon) : existsSync(path.join(root, icon)), icon);
    }
    const code = source('src/editor');
    for (const [, icon] of code.matchAll(/ThemeIcon\('([^'~]+)(?:~spin)?'/g)) assert.ok(names.has(icon!), icon);
    for (const [, icon] of code.matchAll(/icon: '([^'~]+)(?:~spin)?'/g)) assert.ok(names.has(icon!), icon);
  });
});

describe('the strings of the editor', () => {
  it('are all in l10n/bundle.l10n.json (node scripts/l10n.mjs writes it)', () => {
    assert.equal(read('l10n/bundle.l10n.json'), collect());
  });
});
