// Questions to the proxy that wait for their answer. Answers come in the order of the questions.
import { problem, ProblemError, type Problem } from '../proxy/problems.ts';

interface Waiting<T> {
  resolve(answer: T): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

export class Requests<T> {
  readonly #waiting: Waiting<T>[] = [];

  /** Waits for the next answer that nobody before waits for. */
  ask(timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // The answer may still come; whoever asks later must not take it for theirs, so the place is kept.
        reject(new ProblemError(problem('no-answer', `${timeoutMs / 1000} s`)));
      }, timeoutMs);
      this.#waiting.push({ resolve, reject, timer });
    });
  }

  answer(value: T): void {
    const first = this.#waiting.shift();
    clearTimeout(first?.timer);
    first?.resolve(value);
  }

  answerAll(value: T): void {
    while (this.#waiting.length > 0) this.answer(value);
  }

  fail(reason: Problem): void {
    for (const waiting of this.#waiting.splice(0)) {
      clearTimeout(waiting.timer);
      waiting.reject(new ProblemError(reason));
    }
  }
}
