// What build-native.mjs can build. `shipped` targets are part of the package; the others are tests and benches.
// `with`: targets that are built along, since this one runs them.
const core = ['sysext/core/*.cc'];
const rendezvous = ['native/unix/*.cc'];
const kit = [...core, ...rendezvous, 'sysext/kit/*.cc'];
const daemon = [...core, ...rendezvous, 'sysext/linux/*.cc', 'sysext/linux/daemon/*.cc'];
const launcher = [...rendezvous, 'sysext/linux/*.cc', 'sysext/linux/launcher/*.cc'];

export const targets = {
  flowtapd: {
    shipped: true,
    sources: [...daemon, 'sysext/linux/daemon/program/main.cc'],
    releaseLink: ['-static-libstdc++', '-static-libgcc'],
  },
  'flowtap-run': {
    shipped: true,
    sources: [...launcher, 'sysext/linux/launcher/program/main.cc'],
    releaseLink: ['-static-libstdc++', '-static-libgcc'],
  },
  bridge: {
    shipped: true,
    output: 'bridge.node',
    sources: [...rendezvous, 'native/addon/*.cc'],
    link: ['-shared'],
    // Node exports its own C++ library, which must not take the place of the one linked in here.
    releaseLink: ['-static-libstdc++', '-static-libgcc', '-Wl,--exclude-libs,ALL', '-Wl,--gc-sections'],
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
  'wire-peer': { sources: ['sysext/test/wire_peer.cc'] },
  'daemon-test': { sources: [...daemon, 'sysext/test/daemon/*.cc'] },
  'core-test': { sources: [...core, 'sysext/test/core/*.cc'] },
  // The macOS source on Linux: only clang knows blocks.
  'xpc-test': {
    compiler: 'clang++-22',
    flags: ['-fblocks', '-Inative/shim/include'],
    sources: ['native/xpc/*.cc', 'native/shim/*.cc', 'native/test/xpc_test.cc'],
    link: ['-lBlocksRuntime'],
  },
  // For other people's programs: the flow core behind a C API.
  'flowtap-kit': { library: true, output: 'libflowtapkit.a', sources: kit },
  'kit-feed': { sources: [...kit, 'sysext/test/kit/feed.c'] },
  'kit-test': { sources: [...kit, 'sysext/test/kit/*.cc'], with: ['kit-feed'] },
  'rendezvous-test': { sources: [...rendezvous, 'native/test/unix_test.cc'] },
};
