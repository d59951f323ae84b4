// What is built for macOS. One entry each: { name, sources (patterns as in native-targets.mjs), language, link(arch),
// output(arch) }; `exports` are symbols that must be there; `library`: an archive, not linked;
// `exceptions`: C++ exceptions are on; `flags`: further ones of the compiler; `universal: true` joins the two architectures
// into output('universal').
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './toolchain.mjs';

/** Node provides these to an addon when it loads it; any other undefined symbol is an error. */
function nodeApiSymbols() {
  const { symbols } = createRequire(import.meta.url)('node-api-headers');
  const { js_native_api_symbols: engine, node_api_symbols: node } = symbols.v9;
  return [...engine, ...node].flatMap((name) => ['-U', `_${name}`]);
}
/** What Node calls the architecture. */
const nodeArch = { arm64: 'arm64', x86_64: 'x64' };

/** The lists of sysext/macos/sources.mk, which make on a Mac reads as well: NAME = values. */
const lists = Object.fromEntries(
  [...readFileSync(path.join(root, 'sysext/macos/sources.mk'), 'utf8').matchAll(/^(\w+) = (.*)$/gm)].map(
    ([, name, values]) => [name, values.trim().split(/\s+/)],
  ),
);

const frameworks = (names) => names.flatMap((name) => ['-framework', name]);

/** A program of the app's bundle. The archive of the app is made from what is joined of both architectures. */
const program = (name, prefix) => ({
  name,
  exceptions: true,
  universal: true,
  sources: [...lists[`${prefix}_SOURCES`], 'sysext/macos/sdk/lib/availability.c'],
  link: () => [
    ...frameworks(lists[`${prefix}_FRAMEWORKS`]),
    ...lists[`${prefix}_LIBRARIES`].map((library) => `-l${library}`),
  ],
  output: (arch) => `out/macos/${name}/${arch}/${name}`,
});

export const artefacts = [
  program('extension', 'EXTENSION'),
  program('app', 'APP'),
  {
    name: 'bridge',
    sources: lists.ADDON_SOURCES,
    link: () => ['-bundle', ...frameworks(lists.ADDON_FRAMEWORKS), ...nodeApiSymbols()],
    exports: ['_napi_register_module_v1', '_node_api_module_get_api_version_v1'],
    output: (arch) => `dist/bin/darwin-${nodeArch[arch]}/bridge.node`,
  },
  {
    name: 'kit',
    library: true,
    universal: true,
    exceptions: true,
    sources: lists.KIT_SOURCES, // the wire's parser throws at malformed input
    exports: [
      '_flowtap_endpoint_start',
      '_flowtap_endpoint_stop',
      '_flowtap_endpoint_statistics',
      '_flowtap_flow_open',
      '_flowtap_flow_connected',
      '_flowtap_flow_data',
      '_flowtap_flow_count',
      '_flowtap_flow_ended',
      '_flowtap_flow_close',
      '_flowtap_flow_info_set_audit_token',
    ],
    output: (arch) => `dist/kit/darwin-${nodeArch[arch] ?? arch}/libflowtapkit.a`,
  },
  {
    // A program that uses the whole kit, linked as a developer's would be.
    name: 'kit-feed',
    exceptions: true,
    sources: [...lists.KIT_SOURCES, 'sysext/test/kit/feed.c'],
    link: () => ['-framework', 'CoreFoundation', '-framework', 'Security', '-lbsm'],
    output: (arch) => `out/macos/kit-feed/${arch}/kit-feed`,
  },
  {
    // Whether what people are to paste compiles.
    name: 'kit-example',
    library: true,
    sources: ['sysext/kit/examples/*.m'],
    flags: [`-I${path.join(root, 'sysext/kit/include')}`],
    exports: ['_ExampleStartEndpoint', '_ExampleOpen'],
    output: (arch) => `out/macos/kit-example/${arch}/libexample.a`,
  },
  {
    name: 'xpc-real-test',
    exceptions: true,
    sources: lists.XPC_TEST_SOURCES,
    link: () => frameworks(lists.XPC_TEST_FRAMEWORKS),
    output: (arch) => `out/macos/xpc-real-test/${arch}/xpc-real-test`,
  },
];
