// Programs for tests, made of a line of shell each.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A folder of its own; remove() takes it away. */
export class Scripts {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-scripts-'));

  /** The path of a new program. */
  add(name: string, body: string): string {
    const file = path.join(this.folder, name);
    fs.writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return file;
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
