// Everything that can keep a proxy from working, in the user's words: what is wrong and what to do next.

const table = {
  'platform-unsupported': {
    text: 'Flowtap cannot capture on this system ({detail}).',
    next: 'Capturing works on Linux and macOS. Captures, entitlements and Info.plist files can be read here all the same.',
  },
  'needs-app': {
    text: 'On macOS the Flowtap app does the capturing, and it is not there.',
    next: 'Run "Flowtap: Install Flowtap Proxy": it puts Flowtap.app into /Applications and asks for your approval.',
  },
  // The app says itself what is wrong and where to click; these stand where it does not.
  'app-stage': {
    text: 'The Flowtap app could not do it.',
    next: 'Run "/Applications/Flowtap.app/Contents/MacOS/Flowtap status" in a terminal: it tells how far the proxy has come.',
  },
  'app-waits': {
    text: 'The Flowtap app waits for you.',
    next: 'Approve what the system asks for, then start the proxy again.',
  },
  'app-silent': {
    text: 'The Flowtap app gave no answer: {detail}.',
    next: 'If the system ended it, its signature does not fit this Mac: install Flowtap again, or sign it as docs/macos.md says.',
  },
  'app-cancelled': {
    text: 'You cancelled it.',
    next: 'Run the command again to go on; what was done so far stays.',
  },
  'app-install': {
    text: 'The Flowtap app could not be installed: {detail}.',
    next: 'Make sure that you may write to /Applications, or ask an administrator of this Mac.',
  },
  'app-archive': {
    text: 'This package of Flowtap carries no app: {detail}.',
    next: 'Install the package for macOS, or build the app with "make -C sysext".',
  },
  'needs-grant': {
    text: 'The proxy lets this editor in only when you allow it: {detail}',
    next: 'Run "Flowtap: Allow This Editor to See Flows".',
  },
  // The same two in a terminal.
  'app-missing': {
    text: 'On macOS the Flowtap app does the capturing, and there is no {detail}.',
    next: 'In VS Code run "Flowtap: Install Flowtap Proxy", or in a source tree "make -C sysext install"; then "flowtap start".',
  },
  'needs-grant-cli': {
    text: 'The proxy lets this command in only when you allow it: {detail}',
    next: 'Run "flowtap grant": the Flowtap app asks you. Or give a token that it granted in FLOWTAP_TOKEN.',
  },
  'token-file': {
    text: 'The token of the Flowtap app cannot be kept safely: {detail}.',
    next: 'Remove the file, make sure that its folder is yours and that only you may write to it, then run "flowtap grant".',
  },
  'program-missing': {
    text: 'A program of Flowtap is missing: {detail}.',
    next: 'Install the Flowtap package for this platform again, or run "npm run build" in a source tree.',
  },
  'program-failed': {
    text: 'A program of Flowtap could not be run: {detail}.',
    next: 'Check that the file may be executed and belongs to this platform, or install Flowtap again.',
  },
  'start-failed': {
    text: 'The proxy did not start: {detail}',
    next: 'The log in the run-time folder tells more; "flowtap status" shows where that is.',
  },
  'start-timeout': {
    text: 'The proxy did not start within {detail}.',
    next: 'Try again. If it persists, look at the log in the run-time folder.',
  },
  // The bridge's loader says itself what to do.
  'bridge-missing': {
    text: '{detail}',
    next: 'Until then no proxy can be reached from here; reading captures and checking files work all the same.',
  },
  'bridge-unusable': {
    text: '{detail}',
    next: 'Until then no proxy can be reached from here; reading captures and checking files work all the same.',
  },
  'not-running': {
    text: 'No proxy is running.',
    next: 'Start one with "flowtap start", or run a command captured: "flowtap run -- COMMAND".',
  },
  'peer-refused': {
    text: 'The proxy’s socket cannot be trusted: {detail}',
    next: 'Make sure that the run-time folder belongs to you with mode 0700, or remove it and start the proxy again.',
  },
  'endpoint-name': {
    text: '“{detail}” is not the name of an endpoint.',
    next: 'On macOS it is the NEMachServiceName of the system extension, on Linux the absolute path of a Unix socket.',
  },
  'endpoint-token': {
    text: 'The token of the endpoint cannot be read: {detail}',
    next: 'The file holds the token that the endpoint was started with, on one line, and only you may read it (chmod 600).',
  },
  'connect-failed': {
    text: 'The proxy cannot be reached: {detail}',
    next: 'Flowtap keeps trying. If it persists, restart the proxy: "flowtap stop", then "flowtap start".',
  },
  'proxy-gone': {
    text: 'The connection to the proxy broke: {detail}',
    next: 'Flowtap connects again as soon as the proxy is back; captured programs have to be started anew.',
  },
  'bad-data': {
    text: 'What the proxy sent makes no sense: {detail}',
    next: 'Make sure that proxy and client are of the same version of Flowtap, then restart the proxy.',
  },
  'no-answer': {
    text: 'The proxy did not answer within {detail}.',
    next: 'Try again. If it persists, restart the proxy: "flowtap stop", then "flowtap start".',
  },
  refused: {
    text: 'The proxy refused this client: {detail}',
    next: 'Restart the proxy: "flowtap stop", then "flowtap start".',
  },
  'version-refused': {
    text: 'Proxy and client speak different versions: {detail}',
    next: 'Update the older of the two. A running proxy ends by itself one minute after its last capture and client.',
  },
  busy: {
    text: 'The proxy serves as many clients as it can: {detail}',
    next: 'Close another window or "flowtap watch"; Flowtap tries again by itself.',
  },
  'capture-impossible': {
    // The launcher says itself what forbids it and what to do.
    text: '{detail}',
    next: 'Then try again.',
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

export function problem(code: ProblemCode, detail = ''): Problem {
  const { text, next } = table[code];
  return { code, text: text.replace('{detail}', () => detail).trimEnd(), next };
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
