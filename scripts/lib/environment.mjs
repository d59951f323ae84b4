// The environment for what the scripts start. `npm start` and `npm test` put some forty variables about
// themselves into it (npm_config_local_prefix and npm_config_prefix among them), which send a nested npm to the
// wrong folder; and a terminal inside VS Code has variables that make a second VS Code join the first.
import path from 'node:path';

/** What a user may have set for npm and a nested npm must still follow. */
const keptForNpm = /^npm_config_(cache|userconfig|globalconfig|registry|.*proxy|ca|cafile|strict_ssl|.*offline)$/i;
const editorOnly = /^(VSCODE_|ELECTRON_|NODE_OPTIONS$|NODE_ENV$)/;

/** The user's environment without npm's and a surrounding editor's; `undefined` in `extra` removes a variable. */
export function cleanEnvironment(extra = {}, { forNpm = false } = {}) {
  const env = {};
  for (const [name, value] of Object.entries({ ...process.env, PATH: userPath(), ...extra })) {
    if (value === undefined) continue;
    const added = Object.hasOwn(extra, name);
    if (!added && editorOnly.test(name)) continue;
    if (!added && /^(npm_|INIT_CWD$|NODE$)/i.test(name) && !(forNpm && keptForNpm.test(name))) continue;
    env[name] = value;
  }
  return env;
}

/** PATH without the node_modules/.bin folders that npm puts in front. */
export function userPath() {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.filter((dir) => !/node_modules[\\/]\.bin[\\/]?$|node-gyp-bin[\\/]?$/.test(dir)).join(path.delimiter);
}
