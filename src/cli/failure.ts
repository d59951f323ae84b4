import type { Problem } from '../proxy/problems.ts';

/** Ends the command with a status, what is wrong and what to do next. */
export class Failure extends Error {
  readonly status: number;
  readonly next: string;
  constructor(status: number, text: string, next = '') {
    super(text);
    this.name = 'Failure';
    this.status = status;
    this.next = next;
  }
  static of(problem: Problem, status: number): Failure {
    return new Failure(status, problem.text, problem.next);
  }
}
