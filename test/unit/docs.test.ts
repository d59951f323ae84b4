// What the documents say, held against what there is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { commands as cliCommands } from '../../src/cli/commands.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

const folders = ['.', 'docs', 'docs/rules', 'bench/results', 'sample'];
const pages = folders.flatMap((folder) =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name)),
);

/** Without code: a link in it is an example. */
const prose = (text: string): string => text.replace(/^ *(```|~~~)[^]*?^ *\1/gm, '').replace(/`[^`\n]*`/g, '``');

/** As GitHub makes them of headings. */
const anchors = (text: string): Set<string> =>
  new Set(
    [...text.replace(/^ *```[^]*?^ *```/gm, '').matchAll(/^#+ +(.*)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );

describe('the documents', () => {
  it('are there', () => {
    assert.ok(pages.includes('README.md') && pages.length > 100, `${pages.length} pages`);
  });

  it('have no dead link to a file or heading', () => {
    const dead: string[] = [];
    let seen = 0;
    for (const page of pages)
      for (const [, target] of prose(read(page)).matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)) {
        if (/^[a-z][a-z+.-]*:/i.test(target!)) continue;
        seen++;
        const [file, anchor] = target!.split('#') as [string, string?];
        const at = file === '' ? page : path.join(path.dirname(page), decodeURIComponent(file));
        if (!existsSync(path.join(root, at))) dead.push(`${page}: ${target}`);
        else if (anchor && at.endsWith('.md') && !anchors(read(at)).has(anchor)) dead.push(`${page}: no #${anchor}`);
      }
    assert.ok(seen > 100, `${seen} links`);
    assert.deepEqual(dead, []);
  });

  it('name every file that they name in code', () => {
    const missing: string[] = [];
    for (const page of [
      'README.md',
      'ARCHITECTURE.md',
      'CONTRIBUTING.md',
      ...pages.filter((p) => /^docs\/\w+\.md$/.test(p)),
    ])
      for (const [, file] of read(page).matchAll(
        /`((?:src|scripts|test|native|sysext|proto|docs|bench)\/[\w./-]+\.\w+)`/g,
      ))
        if (!existsSync(path.join(root, file!))) missing.push(`${page}: ${file}`);
    assert.deepEqual(missing, []);
  });

  it('show every command of the command line in README.md', () => {
    const table = read('README.md');
    for (const { name } of cliCommands)
      assert.ok(new RegExp(`^\\|.*\`(?:flowtap )?${name}\\b`, 'm').test(table), `flowtap ${name}`);
  });

  it('name no option of the command line that is not there', function () {
    this.timeout(60_000); // starts the command line for each of its commands
    const help = (...words: string[]): string =>
      execFileSync(process.execPath, [path.join(root, 'src/cli/main.ts'), ...words, '--help'], { encoding: 'utf8' });
    const known = new Map(cliCommands.map(({ name }) => [name, help(name)]));
    for (const page of ['README.md', ...pages.filter((p) => /^docs\/\w+\.md$/.test(p))])
      for (const [all, name] of read(page).matchAll(/`flowtap (\w+)([^`]*)`/g)) {
        const text = known.get(name!);
        assert.ok(text, `${page}: ${all}`);
        const own = all.split(' -- ')[0]!;
        for (const [option] of own.matchAll(/(?<=[ [])--[\w-]+/g)) assert.ok(text.includes(option), `${page}: ${all}`);
      }
  }).timeout(60_000); // a process for each command

  interface Manifest {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly configuration: readonly { readonly properties: Readonly<Record<string, { readonly default: unknown }>> }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when: string }[]>>;
  }
  const { contributes } = JSON.parse(read('package.json')) as { contributes: Manifest };
  const words = JSON.parse(read('package.nls.json')) as Record<string, string>;
  const page = read('docs/editor.md');

  it('tell of every command of the palette in docs/editor.md', () => {
    const hidden = new Set(
      contributes.menus['commandPalette']!.filter((m) => m.when === 'false').map((m) => m.command),
    );
    for (const { command, title } of contributes.commands)
      if (!hidden.has(command)) assert.ok(page.includes(words[title.slice(1, -1)]!), words[title.slice(1, -1)]);
  });

  it('tell of every setting, with its default, and of no other', () => {
    const settings = contributes.configuration.flatMap(({ properties }) => Object.entries(properties));
    for (const [id, { default: value }] of settings)
      assert.ok(page.includes(`| \`${id}\` | \`${JSON.stringify(value)}\` |`), id);
    const known = new Set(settings.map(([id]) => id));
    for (const file of pages)
      for (const [, id] of read(file).matchAll(
        /`(flowtap\.(?:proxy|sidebar|store|lint|endpoints|[a-z]+[A-Z])[\w.]*)`/g,
      ))
        assert.ok(known.has(id!) || [...known].some((k) => id!.endsWith('.') && k.startsWith(id!)), `${file}: ${id}`);
  });
});
