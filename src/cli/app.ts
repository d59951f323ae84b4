// The commands on macOS, where the Flowtap app starts, stops and examines the proxy.
import { runApp, type AppAnswer, type AppCommand, type AppOptions, type Stage } from '../proxy/app.ts';
import { problem, ProblemError } from '../proxy/problems.ts';
import { loadToken } from '../proxy/tokenFile.ts';
import { printable } from './columns.ts';
import { say, type App, type Context } from './context.ts';

/** Of the environment: a token to use instead of the one that was kept. */
export const tokenVariable = 'FLOWTAP_TOKEN';

/** Undefined where the proxy is a daemon, or there is none. */
export const appOf = ({ support, app }: Context): App | undefined => (support.kind === 'app' ? app : undefined);

/** '' where nothing was granted. */
export const tokenOf = async (app: App, env: NodeJS.ProcessEnv): Promise<string> =>
  env[tokenVariable] || loadToken(app.tokenFile);

/** What the app says to it. Rejects with a ProblemError where the app is not there or does not answer. */
export async function askApp(app: App, command: AppCommand, options?: AppOptions): Promise<AppAnswer> {
  try {
    return await runApp(app.place.program, command, options);
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code !== 'needs-app') throw error;
    throw new ProblemError(problem('app-missing', app.place.bundle), { cause: error });
  }
}

/** The same, where anything but success is a ProblemError. */
export async function tellApp(app: App, command: AppCommand, options?: AppOptions): Promise<AppAnswer> {
  const answer = await askApp(app, command, options);
  if (answer.problem) throw new ProblemError(answer.problem);
  return answer;
}

/** Starts the proxy where it does not run, and says for what the user is waited for. */
export async function ensureApp(context: Context, app: App, signal?: AbortSignal): Promise<void> {
  await tellApp(app, 'start', {
    onStage: (stage) => {
      if (stage.state === 'waiting') say(context, `${printable(stage.text)}\n${printable(stage.next)}`.trimEnd());
    },
    ...(signal ? { signal } : {}),
  });
}

/** One line. */
export const stageText = ({ stage, state, text }: Stage): string =>
  `${`  ${stage.padEnd(9)} ${state.padEnd(7)} ${printable(text)}`.trimEnd()}\n`;
