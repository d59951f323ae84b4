// The suites of `npm test`, in order: the quick ones first. One entry adds one.
//   check: counts as one test by its exit code (otherwise the output ends in "N passed, N failed[, N skipped]")
//   needs: steps of scripts/lib/setup/table.mjs beside npm's packages and the code from the wire contract
//   wants: steps that it can do without: its tests that need them skip themselves
//   unavailable(): why it cannot run here, or undefined; limitSeconds: when it counts as hung (default 900)

const node = 'node'; // test.mjs puts Node 24 first on PATH.
const bin = (name) => [node, `node_modules/${name}`];
const mocha = [...bin('mocha/bin/mocha.js'), '--reporter', 'test/support/counting-reporter.cjs'];
const tellEachTest = { FLOWTAP_REPORTER: 'spec' };

export const suites = [
  {
    name: 'types',
    title: 'TypeScript',
    check: true,
    command: [...bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json'],
  },
  {
    name: 'lint',
    title: 'Lint',
    check: true,
    command: [...bin('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'],
  },
  {
    name: 'format',
    title: 'Formatting',
    check: true,
    command: [...bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  },
  {
    name: 'imports',
    title: 'Import rules',
    check: true,
    command: [...bin('dependency-cruiser/bin/dependency-cruiser.mjs'), 'src'],
  },
  {
    name: 'unit',
    title: 'Unit tests',
    needs: ['native', 'bundles'],
    wants: ['tshark'],
    command: [...mocha, 'test/unit/**/*.test.ts'],
  },
  {
    name: 'rendezvous',
    title: 'Rendezvous and addon (ASan, UBSan, TSan)',
    unavailable: () => (process.platform === 'linux' ? undefined : 'the Unix-socket rendezvous is for Linux'),
    command: [
      node,
      'scripts/test-native.mjs',
      'asan:rendezvous-test',
      'tsan:rendezvous-test',
      'asan:bridge=native/test/teardown.mjs',
    ],
  },
  {
    name: 'launcher',
    title: 'Linux launcher and attribution (ASan, UBSan; as root and as a user)',
    unavailable: () => (process.platform === 'linux' ? undefined : 'the launcher is for Linux'),
    wants: ['peers'],
    command: [node, 'scripts/test-native.mjs', 'asan:launcher-test'],
  },
  {
    name: 'xpc',
    title: 'XPC rendezvous, and what stands behind it, on the stand-in (ASan, UBSan, TSan)',
    needs: ['blocks-compiler'],
    command: [
      node,
      'scripts/test-native.mjs',
      'asan:xpc-test',
      'tsan:xpc-test',
      'asan:xpc-real-test',
      'tsan:xpc-real-test',
      'asan:kit-xpc-test',
      'asan:macos-xpc-test',
      'tsan:macos-xpc-test',
    ],
  },
  {
    name: 'macos',
    title: 'macOS programs, cross-built',
    needs: ['macos-tools', 'macos-headers', 'bundles'],
    command: [node, 'scripts/check-macos.mjs', '--build'],
  },
  {
    name: 'native',
    title: 'Flow core, daemon and the portable part of the macOS programs (ASan, UBSan, TSan)',
    command: [
      node,
      'scripts/test-native.mjs',
      'asan:core-test',
      'asan:explicit-test',
      'asan:daemon-test',
      'asan:macos-test',
      'tsan:macos-test',
    ],
  },
  {
    name: 'fuzz',
    title: 'Fuzzing of the native parsers, a fixed number of inputs (ASan, UBSan)',
    needs: ['fuzzer'],
    command: [node, 'scripts/fuzz.mjs', '--runs', '3000'],
  },
  {
    name: 'kit',
    title: 'Endpoint kit (ASan, UBSan, TSan)',
    unavailable: () => (process.platform === 'linux' ? undefined : 'the tests connect to the Unix-socket rendezvous'),
    command: [node, 'scripts/test-native.mjs', 'asan:kit-test', 'tsan:kit-test'],
  },
  {
    name: 'e2e',
    title: 'The command line with the real proxy',
    needs: ['native', 'native-asan', 'bundles'],
    wants: ['tshark', 'peers', 'browser'],
    command: [
      ...bin('mocha/bin/mocha.js'),
      '--reporter',
      'test/support/counting-reporter.cjs',
      'test/e2e/**/*.test.ts',
    ],
  },
  {
    name: 'host',
    title: 'Tests in the extension host',
    needs: ['native', 'bundles', 'host-tests', 'workbench', 'browser'],
    command: [node, 'test/support/host-tests.ts'],
  },
  {
    name: 'ui',
    title: 'Tests in a browser, on the packaged extension',
    needs: ['vsix', 'workbench', 'browser'],
    wants: ['tshark'],
    command: [...mocha, 'test/ui/**/*.test.ts'],
    env: tellEachTest,
  },
  {
    name: 'packages',
    title: 'The packages',
    needs: ['vsix'],
    wants: ['vsix-other', 'vsix-macos', 'qemu'],
    command: [...mocha, 'test/tooling/package.test.ts', 'test/tooling/tar.test.ts'],
    env: tellEachTest,
  },
  {
    name: 'start',
    title: 'npm start',
    needs: ['native', 'bundles', 'workbench', 'browser'],
    command: [...mocha, 'test/tooling/start.test.ts'],
    env: tellEachTest,
  },
];
