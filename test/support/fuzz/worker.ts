// One target in a thread of its own: scripts/fuzz-readers.mjs watches that it goes on.
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { inputOf } from './mutate.ts';
import { targets } from './targets.ts';

const { name, seed, from, shared, maxBuffers } = workerData as {
  name: string;
  seed: number;
  from: number;
  /** [the case under way, 1 to stop] */
  shared: Int32Array;
  maxBuffers: number;
};
/** What is only not collected yet is no finding; buffers are given back a little after they were found to be garbage. */
async function held(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().arrayBuffers;
}

const target = targets.find((t) => t.name === name)!;
const seeds = target.seeds();
let number = from;
let error = '';
try {
  for (; Atomics.load(shared, 1) === 0; number++) {
    Atomics.store(shared, 0, number);
    target.run(inputOf(seeds, seed, number));
    const { arrayBuffers } = process.memoryUsage();
    if (number % 64 === 0 && arrayBuffers > maxBuffers && (await held()) > maxBuffers)
      throw new Error(`${await held()} bytes of buffers are held after this case`);
  }
} catch (e) {
  error = e instanceof Error ? (e.stack ?? e.message) : String(e);
}
parentPort!.postMessage({ number, error });
