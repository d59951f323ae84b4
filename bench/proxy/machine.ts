// What the figures were measured on.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { machine } from '../machine.ts';

function first(command: string, args: readonly string[], pattern: RegExp): string | undefined {
  try {
    const text = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return pattern.exec(text)?.[0];
  } catch {
    return undefined;
  }
}

/** The version of nginx is written to standard error. */
const shell = (command: string, pattern: RegExp): string | undefined => first('sh', ['-c', `${command} 2>&1`], pattern);

export function describeMachine(): string {
  const commit = first('git', ['rev-parse', '--short', 'HEAD'], /\w+/);
  return [
    new Date().toISOString().slice(0, 10),
    machine(),
    commit && `Flowtap ${commit}`,
    shell('haproxy -v', /HAProxy version \S+/),
    shell('nginx -v', /nginx\/\S+/),
    shell('mitmdump --version', /Mitmproxy: \S+/),
  ]
    .filter(Boolean)
    .join('; ');
}

export const load = (): number => Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
