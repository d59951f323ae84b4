// Running a program captured: what to execute, and whether it can work here.
import { randomBytes } from 'node:crypto';
import { execute } from './execute.ts';
import type { Programs } from './paths.ts';
import { problem, ProblemError, type Problem } from './problems.ts';

export const captureModes = ['auto', 'tproxy', 'redirect', 'explicit'] as const;
export type CaptureMode = (typeof captureModes)[number];

export interface CapturedCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface CaptureCheck {
  /** The mode a capture would get; undefined where there is none. */
  readonly mode: string | undefined;
  /** What it would not see, plain sentences. */
  readonly blindSpots: readonly string[];
  readonly problem: Problem | undefined;
}

const checkTimeout = 10_000;

/** Unique per run; flows carry it. */
export const newCaptureName = (client: string): string =>
  `${client}-${process.pid}-${randomBytes(6).toString('base64url')}`;

/** A terminal profile takes file, args and env as they are. */
export function capturedCommand(
  programs: Programs,
  command: readonly string[],
  options: {
    capture?: string;
    mode?: CaptureMode;
    env?: NodeJS.ProcessEnv;
    /** It is to end where this process is killed. */
    endsWithUs?: boolean;
  } = {},
): CapturedCommand {
  if (programs.seesAll) return { file: command[0] ?? '', args: command.slice(1), env: options.env ?? process.env };
  const args: string[] = [];
  if (options.capture) args.push('--capture', options.capture);
  if (options.mode && options.mode !== 'auto') args.push('--mode', options.mode);
  if (options.endsWithUs) args.push('--end-with-parent');
  return { file: programs.launcher, args: [...args, '--', ...command], env: options.env ?? process.env };
}

/** Rejects with a ProblemError where the launcher cannot be run at all. */
export async function checkCapture(programs: Programs, mode?: CaptureMode): Promise<CaptureCheck> {
  if (programs.seesAll) return { mode: 'transparent-proxy', blindSpots: [], problem: undefined };
  const args = mode && mode !== 'auto' ? ['--mode', mode, '--check'] : ['--check'];
  const { status, stdout, stderr } = await execute(programs.launcher, args, { timeoutMs: checkTimeout });
  const answer = status === 0 ? parseCheck(stdout) : undefined;
  if (answer) return answer;
  const said = (stderr || stdout).trim().slice(0, 500) || `it ended with status ${status}`;
  throw new ProblemError(problem('program-failed', `${programs.launcher} --check: ${said}`));
}

/** {"mode":…,"blindSpots":[…],"problem":{"code":…,"text":…}|null}, in one line. */
function parseCheck(text: string): CaptureCheck | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof answer !== 'object' || answer === null || !('mode' in answer)) return undefined;
  const mode = typeof answer.mode === 'string' && answer.mode !== '' ? answer.mode : undefined;
  const spots: unknown = 'blindSpots' in answer ? answer.blindSpots : [];
  const blindSpots = Array.isArray(spots) ? spots.filter((spot) => typeof spot === 'string') : [];
  const trouble = 'problem' in answer ? answer.problem : null;
  if (typeof trouble !== 'object' || trouble === null) return { mode, blindSpots, problem: undefined };
  const said = 'text' in trouble && typeof trouble.text === 'string' ? trouble.text : '';
  return { mode, blindSpots, problem: problem('capture-impossible', said) };
}
