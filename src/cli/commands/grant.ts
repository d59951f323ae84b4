import { ProblemError, problem } from '../../proxy/problems.ts';
import { forgetToken, loadToken, storeToken } from '../../proxy/tokenFile.ts';
import { appOf, tellApp } from '../app.ts';
import type { CliCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { requireProxy } from '../proxy.ts';

export const grant: CliCommand = {
  register: (program, context, exit) =>
    program
      .command('grant')
      .description('let this command see your flows: the Flowtap app asks you (macOS)')
      .option('--revoke', 'take it back')
      .addHelpText(
        'after',
        `
What the app grants is kept in ~/Library/Application Support/Flowtap/token, which only you may read. The environment
variable FLOWTAP_TOKEN takes its place. Elsewhere than on macOS nothing has to be granted: the proxy is yours alone.`,
      )
      .action(async ({ revoke }: { revoke?: true }) => {
        requireProxy(context);
        context.stdout.write(await (revoke ? takeBack(context) : ask(context)));
        exit(0);
      }),
};

const nothing = 'Nothing has to be granted here: the proxy is yours alone.\n';

async function ask(context: Context): Promise<string> {
  const app = appOf(context);
  if (!app) return nothing;
  // What is kept now stays worth something until it is replaced.
  const before = await loadToken(app.tokenFile).catch(() => '');
  const { token } = await tellApp(app, 'grant');
  if (!token) throw new ProblemError(problem('app-silent', 'it granted nothing'));
  await storeToken(app.tokenFile, token);
  if (before) await tellApp(app, 'revoke', { arguments: [before] }).catch(() => undefined);
  return `Granted: "flowtap watch" and "flowtap run" see your flows.\nThe token is in ${app.tokenFile}.\n`;
}

async function takeBack(context: Context): Promise<string> {
  const app = appOf(context);
  if (!app) return nothing;
  const token = await loadToken(app.tokenFile);
  if (!token) return 'Nothing was granted to this command.\n';
  await tellApp(app, 'revoke', { arguments: [token] });
  await forgetToken(app.tokenFile);
  return 'Taken back: the token is worth nothing any more.\n';
}
