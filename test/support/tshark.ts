// tshark as the judge of our captures. Absent, the tests that need it are skipped.
import { spawnSync } from 'node:child_process';

export const haveTshark = spawnSync('tshark', ['--version']).status === 0;

/** Whether this version has the field: JA4 came with 4.2. */
export const tsharkKnows = (field: string): boolean =>
  spawnSync('tshark', ['-G', 'fields'], { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout.includes(`\t${field}\t`);

/** Rows of the fields asked for, one per packet. */
export function tshark(file: string, fields: readonly string[], ...options: string[]): string[][] {
  const args = [
    '-n',
    '-r',
    file,
    '-T',
    'fields',
    '-E',
    'separator=\u001f',
    ...fields.flatMap((f) => ['-e', f]),
    ...options,
  ];
  const { status, stdout, stderr } = spawnSync('tshark', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`tshark: ${stderr}`);
  return stdout.split('\n').filter(Boolean).map((line) => line.split('\u001f')); // prettier-ignore
}
