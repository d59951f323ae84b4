// Names and addresses of a flow as text. Pure.
import type { Endpoint, Flow } from '../../flow/model.ts';

/** Translates a message and puts its arguments in place of {0}, {1}, … (vscode.l10n.t in the editor). */
export type Translate = (message: string, ...args: (string | number)[]) => string;

// Control and bidirectional formatting characters could disguise a name that a captured program chose.
// eslint-disable-next-line no-control-regex
const deceptive = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A string from outside, made safe to show on one line and bounded. */
export function shown(text: string, limit = 200): string {
  const clean = text.slice(0, limit + 1).replace(deceptive, '\ufffd');
  return clean.length > limit ? `${clean.slice(0, limit - 1)}…` : clean;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80` */
export const endpointText = (e: Endpoint): string => hostPort(e.address, e.port);

export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The other side: whom the program called, or who called it. */
export const peerOf = (flow: Flow): Endpoint => (flow.inbound ? flow.source : flow.destination);

/** The peer's host name where the program named one, else its address. */
export const peerHost = (flow: Flow): string => (flow.host && !flow.inbound ? flow.host : peerOf(flow).address);

export const targetText = (flow: Flow): string => shown(hostPort(peerHost(flow), peerOf(flow).port));

const interpreters =
  /^(?:node|deno|bun|python[\d.]*|ruby[\d.]*|perl[\d.]*|php[\d.]*|bash|sh|dash|zsh|fish|java|npm|npx)$/;

/** The first argument of an interpreter that names a script or module, or ''. */
export function scriptOf(flow: Flow): string {
  const { name, path, arguments: argv } = flow.process;
  const base = path.slice(path.lastIndexOf('/') + 1);
  if (!interpreters.test(base) && !interpreters.test(name)) return '';
  for (let i = 1; i < argv.length && i < 16; i++) {
    const argument = argv[i]!;
    if (argument === '-m' || argument === '-jar') return argv[i + 1] ?? '';
    // Code given on the command line has no name.
    if (/^-(?:c|e|p|-eval|-print)$/.test(argument)) return '';
    if (!argument.startsWith('-')) return argument;
  }
  return '';
}

/** `curl`, `node server.js`: what a person would call the program. */
export function programName(flow: Flow, t: Translate): string {
  const { name, path, pid } = flow.process;
  const program = name || path.slice(path.lastIndexOf('/') + 1);
  if (!program) return pid ? t('process {0}', pid) : t('unknown process');
  const script = scriptOf(flow);
  return shown(script ? `${program} ${script.slice(script.lastIndexOf('/') + 1)}` : program, 60);
}
