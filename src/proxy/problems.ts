// Everything that can keep a proxy from working, in the user's words: what is wrong and what to do next.

import { message, wordsOf, type Message } from '../flow/message.ts';

const table = {
  'platform-unsupported': {
    text: message('Flowtap cannot capture on this system ({0}).'),
    next: message(
      'Capturing works on Linux and macOS. Captures, entitlements and Info.plist files can be read here all the same.',
    ),
  },
  'needs-app': {
    text: message('On macOS the Flowtap app does the capturing, and it is not there.'),
    next: message(
      'Run "Flowtap: Install Flowtap Proxy": it puts Flowtap.app into /Applications and asks for your approval.',
    ),
  },
  // The app says itself what is wrong and where to click; these stand where it does not.
  'app-stage': {
    text: message('The Flowtap app could not do it.'),
    next: message(
      'Run "/Applications/Flowtap.app/Contents/MacOS/Flowtap status" in a terminal: it tells how far the proxy has come.',
    ),
  },
  'app-waits': {
    text: message('The Flowtap app waits for you.'),
    next: message('Approve what the system asks for, then start the proxy again.'),
  },
  'app-silent': {
    text: message('The Flowtap app gave no answer: {0}.'),
    next: message(
      'If the system ended it, its signature does not fit this Mac: install Flowtap again, or sign it as docs/macos.md says.',
    ),
  },
  'app-cancelled': {
    text: message('You cancelled it.'),
    next: message('Run the command again to go on; what was done so far stays.'),
  },
  'app-install': {
    text: message('The Flowtap app could not be installed: {0}.'),
    next: message('Make sure that you may write to /Applications, or ask an administrator of this Mac.'),
  },
  'app-archive': {
    text: message('This package of Flowtap carries no app: {0}.'),
    next: message('Install the package for macOS, or build the app with "make -C sysext".'),
  },
  'needs-grant': {
    text: message('The proxy lets this editor in only when you allow it: {0}'),
    next: message('Run "Flowtap: Allow This Editor to See Flows".'),
  },
  // The same two in a terminal.
  'app-missing': {
    text: message('On macOS the Flowtap app does the capturing, and there is no {0}.'),
    next: message(
      'In VS Code run "Flowtap: Install Flowtap Proxy", or in a source tree "make -C sysext install"; then "flowtap start".',
    ),
  },
  'needs-grant-cli': {
    text: message('The proxy lets this command in only when you allow it: {0}'),
    next: message('Run "flowtap grant": the Flowtap app asks you. Or give a token that it granted in FLOWTAP_TOKEN.'),
  },
  'token-file': {
    text: message('The token of the Flowtap app cannot be kept safely: {0}.'),
    next: message(
      'Remove the file, make sure that its folder is yours and that only you may write to it, then run "flowtap grant".',
    ),
  },
  'program-missing': {
    text: message('A program of Flowtap is missing: {0}.'),
    next: message('Install the Flowtap package for this platform again, or run "npm run build" in a source tree.'),
  },
  'program-failed': {
    text: message('A program of Flowtap could not be run: {0}.'),
    next: message('Check that the file may be executed and belongs to this platform, or install Flowtap again.'),
  },
  'start-failed': {
    text: message('The proxy did not start: {0}'),
    next: message('The log in the run-time folder tells more; "flowtap status" shows where that is.'),
  },
  'start-timeout': {
    text: message('The proxy did not start within {0}.'),
    next: message('Try again. If it persists, look at the log in the run-time folder.'),
  },
  // The bridge's loader says itself what to do.
  'bridge-missing': {
    text: message('{0}'),
    next: message(
      'Until then no proxy can be reached from here; reading captures and checking files work all the same.',
    ),
  },
  'bridge-unusable': {
    text: message('{0}'),
    next: message(
      'Until then no proxy can be reached from here; reading captures and checking files work all the same.',
    ),
  },
  'not-running': {
    text: message('No proxy is running.'),
    next: message('Start one with "flowtap start", or run a command captured: "flowtap run -- COMMAND".'),
  },
  'peer-refused': {
    text: message('The proxy’s socket cannot be trusted: {0}'),
    next: message(
      'Make sure that the run-time folder belongs to you with mode 0700, or remove it and start the proxy again.',
    ),
  },
  'endpoint-name': {
    text: message('“{0}” is not the name of an endpoint.'),
    next: message(
      'On macOS it is the NEMachServiceName of the system extension, on Linux the absolute path of a Unix socket.',
    ),
  },
  'endpoint-token': {
    text: message('The token of the endpoint cannot be read: {0}'),
    next: message(
      'The file holds the token that the endpoint was started with, on one line, and only you may read it (chmod 600).',
    ),
  },
  'connect-failed': {
    text: message('The proxy cannot be reached: {0}'),
    next: message('Flowtap keeps trying. If it persists, restart the proxy: "flowtap stop", then "flowtap start".'),
  },
  'proxy-gone': {
    text: message('The connection to the proxy broke: {0}'),
    next: message('Flowtap connects again as soon as the proxy is back; captured programs have to be started anew.'),
  },
  'bad-data': {
    text: message('What the proxy sent makes no sense: {0}'),
    next: message('Make sure that proxy and client are of the same version of Flowtap, then restart the proxy.'),
  },
  'no-answer': {
    text: message('The proxy did not answer within {0}.'),
    next: message('Try again. If it persists, restart the proxy: "flowtap stop", then "flowtap start".'),
  },
  refused: {
    text: message('The proxy refused this client: {0}'),
    next: message('Restart the proxy: "flowtap stop", then "flowtap start".'),
  },
  'version-refused': {
    text: message('Proxy and client speak different versions: {0}'),
    next: message(
      'Update the older of the two. A running proxy ends by itself one minute after its last capture and client.',
    ),
  },
  busy: {
    text: message('The proxy serves as many clients as it can: {0}'),
    next: message('Close another window or "flowtap watch"; Flowtap tries again by itself.'),
  },
  'capture-impossible': {
    // The launcher says itself what forbids it and what to do.
    text: message('{0}'),
    next: message('Then try again.'),
  },
} as const;

export type ProblemCode = keyof typeof table;
export const problemCodes = Object.keys(table) as readonly ProblemCode[];

export interface Problem {
  readonly code: ProblemCode;
  /** What is wrong, a sentence. */
  readonly text: string;
  /** What to do next, a sentence. */
  readonly next: string;
}

/** The sentences of a problem with this detail, for a translation. */
export function sentencesOf(code: ProblemCode, detail: string): { text: Message; next: Message } {
  const { text, next } = table[code];
  return { text: { ...text, args: [detail] }, next };
}

export function problem(code: ProblemCode, detail = ''): Problem {
  const { text, next } = sentencesOf(code, detail);
  return { code, text: wordsOf(text).trimEnd(), next: wordsOf(next) };
}

/** The detail that a problem was made with; undefined where another program wrote its text, as the app on macOS does. */
export function detailOf({ code, text, next }: Problem): string | undefined {
  const [before = '', after = ''] = table[code].text.text.split('{0}');
  const detail = text.slice(before.length, text.length - after.length);
  const same = problem(code, detail);
  return same.text === text && same.next === next ? detail : undefined;
}

/** A problem on its way up. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(of: Problem, options?: ErrorOptions) {
    super(of.text, options);
    this.name = 'ProblemError';
    this.problem = of;
  }
}
