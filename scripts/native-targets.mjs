// What build-native.mjs can build. `shipped` targets are part of the package; the others are tests and benches.
// `with`: targets that are built along, since this one runs them.
// The messages of the wire, made from proto/flow.proto.
const wire = ['gen/flow_pb.cc'];
const core = [...wire, 'sysext/core/*.cc'];
const rendezvous = ['native/unix/*.cc'];
const kit = [...core, ...rendezvous, 'sysext/kit/*.cc'];
// What an explicit proxy reads and says, without input and output.
const explicit = ['sysext/linux/explicit/*.cc'];
const daemon = [...core, ...rendezvous, ...explicit, 'sysext/linux/*.cc', 'sysext/linux/daemon/*.cc'];
// What each fuzz target (sysext/fuzz/NAME.cc) is built with.
const fuzzed = {
  explicit: [...wire, ...explicit],
  rules: core,
  session: core,
  engine: core,
  wire,
  host_names: core,
  frame_socket: [...wire, 'sysext/linux/frame_socket.cc'],
  netlink: ['sysext/linux/netlink.cc'],
  held_syn: ['sysext/linux/daemon/held_syn.cc', 'sysext/linux/netlink.cc'],
  sock_diag: ['sysext/linux/daemon/sock_diag.cc', 'sysext/linux/netlink.cc'],
  listeners: ['sysext/linux/daemon/sock_diag.cc', 'sysext/linux/netlink.cc'],
  process_stat: [...core, 'sysext/linux/daemon/process_info.cc'],
};
export const fuzzTargets = Object.keys(fuzzed);
const launcher = [...wire, ...rendezvous, 'sysext/linux/*.cc', 'sysext/linux/launcher/*.cc'];

export const targets = {
  flowtapd: {
    shipped: true,
    sources: [...daemon, 'sysext/linux/daemon/program/main.cc'],
    // Runs whatever C library the machine has, or none.
    releaseLink: ['-static-pie'],
  },
  'flowtap-run': {
    shipped: true,
    sources: [...launcher, 'sysext/linux/launcher/program/main.cc'],
    releaseLink: ['-static-pie'],
  },
  bridge: {
    shipped: true,
    output: 'bridge.node',
    sources: [...rendezvous, 'native/addon/*.cc'],
    link: ['-shared'],
    // Node exports its own C++ library, which must not take the place of the one linked in here.
    releaseLink: ['-static-libstdc++', '-Wl,--exclude-libs,ALL', '-Wl,--gc-sections'],
    // Loads with glibc 2.28 and later.
    releaseSources: ['native/linux/glibc_2_28.c'],
    releaseStub: { source: 'native/linux/libpthread.c', soname: 'libpthread.so.0' },
  },
  'launcher-test': {
    sources: [
      ...launcher,
      'sysext/linux/daemon/attribution.cc',
      'sysext/linux/daemon/held_syn.cc',
      'sysext/linux/daemon/namespace_processes.cc',
      'sysext/linux/daemon/process_info.cc',
      'sysext/linux/daemon/sock_diag.cc',
      'sysext/linux/daemon/raw_packet.cc',
      'sysext/test/launcher/*.cc',
    ],
  },
  // What the macOS programs decide, and their portable parts with real sockets.
  'macos-test': {
    sources: [
      ...core,
      ...rendezvous,
      'sysext/kit/client.cc',
      'sysext/macos/runtime/*.cc',
      'sysext/macos/app/*.cc',
      'sysext/test/macos/*.cc',
    ],
  },
  'wire-peer': { sources: [...wire, 'sysext/test/wire_peer.cc'] },
  'rules-peer': { sources: [...core, 'sysext/test/rules_peer.cc'] },
  'daemon-test': { sources: [...daemon, 'sysext/test/daemon/*.cc'] },
  'explicit-test': { sources: [...explicit, 'sysext/test/explicit/*.cc'] },
  'core-test': { sources: [...core, 'sysext/test/core/*.cc'] },
  // The macOS source on Linux: only clang knows blocks.
  'xpc-test': {
    compiler: 'clang++-22',
    flags: ['-fblocks', '-Inative/shim/include'],
    sources: ['native/xpc/*.cc', 'native/shim/*.cc', 'native/test/xpc_test.cc'],
    link: ['-lBlocksRuntime'],
  },
  // What `make -C sysext test` runs on a Mac between processes; here both sides are one, on the stand-in.
  'xpc-real-test': {
    compiler: 'clang++-22',
    flags: ['-fblocks', '-Inative/shim/include'],
    sources: ['native/xpc/*.cc', 'native/shim/*.cc', 'native/test/xpc_real_test.cc'],
    link: ['-lBlocksRuntime'],
  },
  // The kit as macOS has it: with the XPC rendezvous, on the stand-in.
  'kit-xpc-test': {
    compiler: 'clang++-22',
    flags: ['-fblocks', '-Inative/shim/include'],
    sources: [...core, 'native/xpc/*.cc', 'native/shim/*.cc', 'sysext/kit/*.cc', 'sysext/test/kit/xpc/*.cc'],
    link: ['-lBlocksRuntime'],
  },
  // The extension's proxy and the app's health check as macOS has them: behind the XPC rendezvous, on the stand-in.
  'macos-xpc-test': {
    compiler: 'clang++-22',
    flags: ['-fblocks', '-Inative/shim/include'],
    sources: [
      ...core,
      'native/xpc/*.cc',
      'native/shim/*.cc',
      'sysext/kit/client.cc',
      'sysext/macos/runtime/*.cc',
      'sysext/macos/app/health.cc',
      'sysext/test/macos/network.cc',
      'sysext/test/macos/xpc/*.cc',
    ],
    link: ['-lBlocksRuntime'],
  },
  // For other people's programs: the flow core behind a C API.
  'flowtap-kit': { library: true, output: 'libflowtapkit.a', sources: kit },
  'kit-feed': { sources: [...kit, 'sysext/test/kit/feed.c'] },
  'kit-test': { sources: [...kit, 'sysext/test/kit/*.cc'], with: ['kit-feed'] },
  // What the benchmarks and the soak drive the proxies with.
  'bench-load': { tool: true, sources: ['bench/proxy/native/load.cc'] },
  'bench-server': { tool: true, sources: ['bench/proxy/native/server.cc'] },
  'bench-spawn': { tool: true, sources: ['bench/proxy/native/spawn.cc'] },
  'bench-subscriber': { tool: true, sources: [...wire, 'bench/proxy/native/subscriber.cc'] },
  // libFuzzer is clang's; build these with --variant asan.
  ...Object.fromEntries(
    Object.entries(fuzzed).map(([name, sources]) => [
      `fuzz-${name}`,
      {
        compiler: 'clang++-22',
        flags: ['-fsanitize=fuzzer-no-link'],
        sources: [...sources, `sysext/fuzz/${name}.cc`],
        link: ['-fsanitize=fuzzer'],
      },
    ]),
  ),
  'rendezvous-test': { sources: [...rendezvous, 'native/test/unix_test.cc'] },
};
