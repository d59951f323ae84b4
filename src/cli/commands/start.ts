import { daemonStatus } from '../../proxy/daemon.ts';
import type { CliCommand } from '../command.ts';
import { oneQuestion, requireProxy, runningText } from '../proxy.ts';

export const start: CliCommand = {
  register: (program, context, exit) =>
    program
      .command('start')
      .description('start the proxy of this user, unless it runs already')
      .addHelpText(
        'after',
        '\nThe proxy starts by itself when it is needed, and ends when nothing has needed it for a minute.',
      )
      .action(async () => {
        requireProxy(context);
        await context.ensure();
        const found = await daemonStatus(oneQuestion(context));
        context.stdout.write(
          found.kind === 'running' ? `${runningText(found.welcome, found.status)}\n` : 'The proxy runs.\n',
        );
        exit(0);
      }),
};
