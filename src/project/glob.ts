// Shell patterns: `*` within a path component, `**` across components, `?`. Used for build-setting conditions,
// XcodeGen's includes and excludes, and .flowtaprc.

const cache = new Map<string, RegExp>();

function compile(pattern: string): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    if (c === '*' && pattern[i + 1] === '*') {
      const slash = pattern[i + 2] === '/';
      source += slash ? '(?:[^/]*/)*' : '.*';
      i += slash ? 2 : 1;
    } else if (c === '*') {
      // One run of stars is one star: `****` must not backtrack.
      source += '[^/]*';
    } else source += c === '?' ? '[^/]' : c.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  }
  return new RegExp(`^${source}$`);
}

export function matches(pattern: string, text: string): boolean {
  // A pattern with many stars takes time that grows with a power of the text's length.
  if (pattern.length > 256 || (pattern.match(/\*+/g) ?? []).length > 8) return pattern === text;
  let regex = cache.get(pattern);
  if (!regex) {
    if (cache.size > 500) cache.clear();
    cache.set(pattern, (regex = compile(pattern)));
  }
  return regex.test(text);
}
