// Folders that hold what tools made or fetched: never read, and a file named in one counts as unseen.

const names: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  '.build',
  '.swiftpm',
  '.gradle',
  '.next',
  '.venv',
  'node_modules',
  'bower_components',
  'DerivedData',
  'Pods',
  'Carthage',
  'build',
  'dist',
  'out',
  '__pycache__',
]);

/** A bundle's inside is a product, except an Xcode project's. */
const bundles = /\.(app|appex|systemextension|framework|xcframework|xcarchive|dSYM|bundle|xcassets|docc|xcdatamodeld)$/;

export const isSkippedFolder = (name: string): boolean => names.has(name) || bundles.test(name);

/** Electron's packager keeps entitlements.mac.plist and its kin in a folder that is a product everywhere else. */
export const isKept = (folderName: string, fileName: string): boolean =>
  folderName === 'build' && /^entitlements[\w.-]*\.plist$|\.entitlements$/.test(fileName);

export function isSkipped(path: string): boolean {
  const folders = path.split('/');
  const name = folders.pop() ?? '';
  if (isKept(folders.at(-1) ?? '', name)) folders.pop();
  return folders.some(isSkippedFolder);
}
