// What is made from the sources. Each step is skipped while its inputs and outputs are as it left them.
import path from 'node:path';
import { cleanEnvironment, userPath } from '../environment.mjs';
import { node24, root } from '../paths.mjs';
import { runOrThrow } from '../run.mjs';
import { lastLine } from './last-line.mjs';
import { stamp } from './stamp.mjs';

/** A step that runs one of our scripts; `inputs` and `outputs` are files or folders. */
export function made(name, title, { needs, inputs, outputs, script }) {
  const state = stamp(name, { inputs: [...inputs, script[0]], outputs });
  return {
    name,
    title,
    needs,
    outputs,
    fresh: () => state.current(),
    async run(progress) {
      const bin = path.join(root, 'node_modules/.bin');
      await runOrThrow(node24() ?? process.execPath, script, {
        env: cleanEnvironment({ PATH: `${bin}${path.delimiter}${userPath()}` }),
        onText: (text) => progress(lastLine(text)),
      });
      state.record();
    },
  };
}

export const proto = made('proto', 'Code from the wire contract', {
  needs: ['dependencies'],
  inputs: ['proto', 'node_modules/protobufjs/package.json'],
  outputs: ['gen/flow_pb.ts', 'gen/flow_pb.hpp', 'gen/flow_pb.cc'],
  script: ['scripts/gen-proto.mjs'],
});

const linux = process.platform === 'linux';
export const nativeInputs = ['native', 'sysext', 'gen/flow_pb.hpp', 'gen/flow_pb.cc', 'scripts/native-targets.mjs'];
export const native = {
  ...made('native', 'Native programs', {
    needs: ['compiler', 'node', 'proto'],
    inputs: nativeInputs,
    outputs: [`dist/bin/${process.platform}-${process.arch}`],
    script: ['scripts/build-native.mjs'],
  }),
  ...(linux ? {} : { fresh: () => true }), // On a Mac the proxy is the system extension, built by make.
};

/** The daemon of the end-to-end tests. Without this step their first hook would build it, in the time that a hook has. */
export const nativeAsan = {
  ...made('native-asan', 'Daemon with sanitizers', {
    needs: ['compiler', 'node', 'proto'],
    inputs: nativeInputs,
    outputs: ['out/asan/flowtapd'],
    script: ['scripts/build-native.mjs', '--variant', 'asan', 'flowtapd'],
  }),
  ...(linux ? {} : { fresh: () => true }),
};

const sources = ['src', 'gen/flow_pb.ts', 'package.json', 'package-lock.json'];
export const bundles = made('bundles', 'Bundles', {
  needs: ['node', 'proto'],
  inputs: sources,
  outputs: ['dist/extension.cjs', 'dist/cli.js', 'dist/cli', 'dist/parts', 'dist/webview'],
  script: ['esbuild.mjs'],
});

export const hostTests = made('host-tests', 'Bundles of the in-host tests', {
  needs: ['node', 'proto'],
  inputs: [...sources, 'test/host'],
  outputs: ['out/host-tests/index.cjs'],
  script: ['esbuild.mjs', '--tests'],
});
