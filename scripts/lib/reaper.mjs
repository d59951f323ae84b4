// Started beside what must not outlive its starter: when the pipe from there closes, for whatever reason (a
// `kill -9` included), it ends the marked processes and removes their folder.   node reaper.mjs MARK FOLDER
import { rmSync } from 'node:fs';
import { endMarked } from './family.mjs';

const [mark, folder] = process.argv.slice(2);
process.stdin.on('error', () => {}).resume();
process.stdin.once('close', () => {
  void endMarked(mark).then(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
});
