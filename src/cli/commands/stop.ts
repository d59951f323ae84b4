import { stopDaemon } from '../../proxy/daemon.ts';
import { appOf, tellApp } from '../app.ts';
import type { CliCommand } from '../command.ts';
import { oneQuestion, requireProxy } from '../proxy.ts';

export const stop: CliCommand = {
  register: (program, context, exit) =>
    program
      .command('stop')
      .description('stop the proxy of this user; connections of captured programs end')
      .action(async () => {
        requireProxy(context);
        const app = appOf(context);
        if (app) {
          await tellApp(app, 'stop');
          context.stdout.write('The proxy has stopped.\n');
          return exit(0);
        }
        const stopped = await stopDaemon(oneQuestion(context));
        context.stdout.write(stopped ? 'The proxy has stopped.\n' : 'No proxy was running.\n');
        exit(0);
      }),
};
