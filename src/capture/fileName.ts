// A file's name out of what was captured.

/** The last part of a request's target, where it can be the name of a file; what was captured chooses no folder. */
export function fileName(target: string, otherwise: string, extension: string): string {
  const [path] = target.split(/[?#]/, 1);
  const last = /([\w.-]+)\/?$/.exec(path!.slice(-200))?.[1] ?? '';
  const base = last.slice(-80).replace(/^[.-]+/, '') || otherwise;
  return /\.\w{1,8}$/.test(base) ? base : `${base}.${extension}`;
}
