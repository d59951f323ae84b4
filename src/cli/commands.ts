// The commands of `flowtap`. A command is one file in commands/ and one line here.
import type { CliCommand } from './command.ts';

/** Loaded when it is asked for: a command must not wait for what another one needs. */
export interface CommandEntry {
  readonly name: string;
  readonly load: () => Promise<CliCommand>;
}

export const commands: readonly CommandEntry[] = [
  { name: 'run', load: async () => (await import('./commands/run.ts')).run },
  { name: 'watch', load: async () => (await import('./commands/watch.ts')).watch },
  { name: 'start', load: async () => (await import('./commands/start.ts')).start },
  { name: 'stop', load: async () => (await import('./commands/stop.ts')).stop },
  { name: 'status', load: async () => (await import('./commands/status.ts')).status },
  { name: 'grant', load: async () => (await import('./commands/grant.ts')).grant },
  { name: 'rules', load: async () => (await import('./commands/rules.ts')).rules },
  { name: 'export', load: async () => (await import('./commands/export.ts')).exportCapture },
  { name: 'lint', load: async () => (await import('./commands/lint.ts')).lint },
  { name: 'explain', load: async () => (await import('./commands/explain.ts')).explain },
];
