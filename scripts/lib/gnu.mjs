// Names of GNU's tools for another processor, as in Debian's packages.
const cpu = { x64: 'x86_64', arm64: 'aarch64' };

/** "aarch64-linux-gnu-" */
export function gnuPrefix(arch) {
  if (!cpu[arch])
    throw new Error(`no compiler is known for the processor ${arch}; there are: ${Object.keys(cpu).join(', ')}`);
  return `${cpu[arch]}-linux-gnu-`;
}

/** Debian's package of the compiler for that processor. */
export const gnuPackage = (arch) => `g++-${gnuPrefix(arch).replace('x86_64', 'x86-64').slice(0, -1)}`;
