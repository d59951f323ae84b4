// What build-native.mjs can build. `shipped` targets are part of the package; the others are tests and benches.
const core = ['sysext/core/*.cc'];
const rendezvous = ['native/unix/*.cc'];

export const targets = {
  flowtapd: {
    shipped: true,
    sources: [...core, ...rendezvous, 'sysext/linux/*.cc', 'sysext/linux/daemon/*.cc'],
    releaseLink: ['-static-libstdc++', '-static-libgcc'],
  },
  'flowtap-run': {
    shipped: true,
    sources: [...rendezvous, 'sysext/linux/*.cc', 'sysext/linux/launcher/*.cc'],
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
  'rendezvous-test': { sources: [...rendezvous, 'native/test/unix_test.cc'] },
};
