// What the figures were measured on.
import os from 'node:os';

/** "2 cores (MODEL), 24 GiB, Linux 6.1 x64, Node v24.0.0; load average while measuring: 0.5": of the last minute. */
export function machine(): string {
  const model = os.cpus()[0]?.model.trim() || 'model unknown';
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return `${os.availableParallelism()} cores (${model}), ${memory} GiB, ${os.type()} ${os.release()} ${os.arch()}, Node ${process.version}; load average while measuring: ${os.loadavg()[0]!.toFixed(1)}`;
}
