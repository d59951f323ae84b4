import { daemonStatus } from '../../proxy/daemon.ts';
import type { Stage } from '../../proxy/app.ts';
import { printable } from '../columns.ts';
import { appOf, stageText, tellApp } from '../app.ts';
import type { CliCommand } from '../command.ts';
import { inForce, newCaptures, oneQuestion, requireProxy, runningText } from '../proxy.ts';

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
        const app = appOf(context);
        if (app) {
          const tell = (stage: Stage): void => {
            context.stdout.write(stageText(stage));
            // A stage that fails is the error at the end.
            if (stage.state === 'waiting' && stage.next) context.stdout.write(`            ${printable(stage.next)}\n`);
          };
          await tellApp(app, 'start', { onStage: tell });
          context.stdout.write('The proxy runs.\n');
          return exit(0);
        }
        await context.ensure();
        const found = await daemonStatus(oneQuestion(context));
        context.stdout.write(
          found.kind === 'running'
            ? `${runningText(found.welcome, inForce(found.status, await newCaptures(context)).mode)}\n`
            : 'The proxy runs.\n',
        );
        exit(0);
      }),
};
