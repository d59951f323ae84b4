// The proxy on macOS: the Flowtap app's command line, which starts and stops the system extension and tells how far it has
// come. It prints one JSON object a line: stages as they become known, then a result (sysext/macos/app/controller.h).
import { spawn } from 'node:child_process';
import { problem, ProblemError, type Problem } from './problems.ts';

export const stageNames = ['installed', 'approved', 'enabled', 'connected', 'reachable', 'flow-seen'] as const;
export type StageName = (typeof stageNames)[number];
const stageStates = ['ok', 'waiting', 'failed', 'unknown', 'skipped'] as const;

export interface Stage {
  readonly stage: StageName;
  readonly state: (typeof stageStates)[number];
  /** What is wrong, for programs; '' where nothing is. */
  readonly code: string;
  readonly text: string;
  readonly next: string;
  /** The pane of System Settings where the user puts it right, as a URL; or ''. */
  readonly open: string;
}

export interface AppAnswer {
  readonly ok: boolean;
  /** The last word on each stage, in their order. */
  readonly stages: readonly Stage[];
  /** Where the answer is not `ok`: what is wrong and what to do. */
  readonly problem: Problem | undefined;
  /** Of `grant`. */
  readonly token: string;
}

export type AppCommand = 'activate' | 'deactivate' | 'start' | 'stop' | 'status' | 'grant' | 'revoke';

/** How long each may take: the user is asked for approval, or for consent. */
const patience: Readonly<Record<AppCommand, number>> = {
  activate: 600_000,
  deactivate: 600_000,
  start: 600_000,
  grant: 600_000,
  stop: 60_000,
  status: 60_000,
  revoke: 60_000,
};
const mostOutput = 256 * 1024;
const longestText = 2000;

export interface AppOptions {
  /** Called with each stage as it is told. */
  readonly onStage?: (stage: Stage) => void;
  /** Ends the command, which leaves the system as it is then. */
  readonly signal?: AbortSignal;
  readonly arguments?: readonly string[];
}

/** Rejects with a ProblemError where the app is not there, says nothing of use, or does not end in time. */
export async function runApp(program: string, command: AppCommand, options: AppOptions = {}): Promise<AppAnswer> {
  const stages = new Map<StageName, Stage>();
  let result: Readonly<Record<string, unknown>> | undefined;
  const line = (text: string): void => {
    const object = parse(text);
    const stage = object && readStage(object);
    if (stage) {
      stages.set(stage.stage, stage);
      options.onStage?.(stage);
    } else if (object && 'result' in object) result = object;
  };
  const end = await follow(program, [command, ...(options.arguments ?? [])], patience[command], line, options.signal);
  if (!result) throw new ProblemError(problem('app-silent', end));
  const ok = result['result'] === 'ok';
  const told = stageNames.map((name) => stages.get(name)).filter((stage) => stage !== undefined);
  const broken = brokenStage(told);
  return { ok, stages: told, problem: ok ? undefined : problemOf(broken, result), token: text(result, 'token') };
}

/** The first that is not in order. */
export const brokenStage = (stages: readonly Stage[]): Stage | undefined =>
  stages.find(({ state }) => state !== 'ok' && state !== 'skipped');

/** A stage as a problem, in the app's own words: it knows the running macOS and where to click. */
export const stageProblem = (stage: Stage): Problem => ({
  code: stage.state === 'waiting' ? 'app-waits' : 'app-stage',
  text: stage.text || `The proxy is not ready (${stage.stage}).`,
  next: stage.next || 'Open the log for more.',
});

function problemOf(broken: Stage | undefined, result: Readonly<Record<string, unknown>>): Problem {
  if (broken) return stageProblem(broken);
  const said = problem('app-stage', '');
  const code = result['result'] === 'waiting' ? 'app-waits' : 'app-stage';
  return { code, text: text(result, 'text') || said.text, next: text(result, 'next') || said.next };
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // what frameworks write about themselves
  }
}

function readStage(object: Readonly<Record<string, unknown>>): Stage | undefined {
  const stage = stageNames.find((name) => name === object['stage']);
  const state = stageStates.find((name) => name === object['state']);
  if (!stage || !state) return undefined;
  const open = text(object, 'open');
  return {
    stage,
    state,
    code: text(object, 'code'),
    text: text(object, 'text'),
    next: text(object, 'next'),
    // Nothing else is opened on its word.
    open: open.startsWith('x-apple.systempreferences:') ? open : '',
  };
}

const text = (object: Readonly<Record<string, unknown>>, name: string): string => {
  const value = object[name];
  return typeof value === 'string' ? value.slice(0, longestText) : '';
};

/** Resolves to how it ended, in words. */
function follow(
  program: string,
  args: readonly string[],
  timeoutMs: number,
  line: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(signal ? { signal } : {}) });
    let rest = '';
    let size = 0;
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      size += piece.length;
      if (size > mostOutput) return void child.kill('SIGKILL');
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const one of lines) line(one);
    });
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (errors = (errors + piece).slice(-longestText)));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (error.name === 'AbortError') reject(new ProblemError(problem('app-cancelled')));
      else if (error.code === 'ENOENT') reject(new ProblemError(problem('needs-app')));
      else reject(new ProblemError(problem('program-failed', `${program}: ${error.message}`)));
    });
    child.once('close', (code, by) => {
      clearTimeout(timer);
      line(rest);
      const said = errors.trim().split('\n').at(-1);
      const ended = late ? `it did not end within ${timeoutMs / 1000} s` : `it ended with ${code ?? by}`;
      resolve(said ? `${ended}: ${said}` : ended);
    });
  });
}
