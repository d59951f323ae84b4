// Running a program captured: what to execute, and whether it can work here.
import type { Programs } from './paths.ts';
import type { Problem } from './problems.ts';

export type CaptureMode = 'auto' | 'tproxy' | 'redirect' | 'explicit';

export interface CapturedCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface CaptureCheck {
  /** The mode a capture would get; undefined where there is none. */
  readonly mode: string | undefined;
  readonly problem: Problem | undefined;
}

/** Unique per run; flows carry it. */
export declare function newCaptureName(client: string): string;
/** A terminal profile takes file, args and env as they are. */
export declare function capturedCommand(
  programs: Programs,
  command: readonly string[],
  options?: { capture?: string; mode?: CaptureMode; env?: NodeJS.ProcessEnv },
): CapturedCommand;
/** Rejects with a ProblemError where the launcher cannot be run at all. */
export declare function checkCapture(programs: Programs, mode?: CaptureMode): Promise<CaptureCheck>;
