// What is built for macOS. One entry each: { name, sources (patterns as in native-targets.mjs), language, link(arch),
// output(arch) }; `exports` are symbols that must be there; `universal: true` joins the two architectures into output('universal').
import { createRequire } from 'node:module';

/** Node provides these to an addon when it loads it; any other undefined symbol is an error. */
function nodeApiSymbols() {
  const { symbols } = createRequire(import.meta.url)('node-api-headers');
  const { js_native_api_symbols: engine, node_api_symbols: node } = symbols.v9;
  return [...engine, ...node].flatMap((name) => ['-U', `_${name}`]);
}
/** What Node calls the architecture. */
const nodeArch = { arm64: 'arm64', x86_64: 'x64' };

export const artefacts = [
  {
    name: 'bridge',
    sources: ['native/xpc/*.cc', 'native/addon/*.cc'],
    link: () => ['-bundle', '-framework', 'CoreFoundation', '-framework', 'Security', ...nodeApiSymbols()],
    exports: ['_napi_register_module_v1', '_node_api_module_get_api_version_v1'],
    output: (arch) => `dist/bin/darwin-${nodeArch[arch]}/bridge.node`,
  },
];
