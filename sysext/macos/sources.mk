# What the programs for macOS are made of: one list for make on a Mac (sysext/Makefile) and for the cross build on Linux
# (scripts/lib/macos). Patterns from the root of the project. *.cc is C++17, *.mm Objective-C++ with ARC; both with
# exceptions (the wire's parser throws at malformed input) and without run-time type information.
EXTENSION_SOURCES = gen/flow_pb.cc sysext/core/*.cc native/xpc/*.cc sysext/kit/client.cc sysext/macos/runtime/*.cc sysext/macos/provider/*.cc sysext/macos/provider/*.mm
EXTENSION_FRAMEWORKS = CoreFoundation Foundation Network NetworkExtension Security
EXTENSION_LIBRARIES = objc bsm
APP_SOURCES = gen/flow_pb.cc native/xpc/*.cc sysext/core/utf8.cc sysext/core/ne_admission.cc sysext/macos/runtime/bundle.cc sysext/macos/app/*.cc sysext/macos/app/*.mm
APP_FRAMEWORKS = AppKit CoreFoundation Foundation NetworkExtension Security SystemExtensions
APP_LIBRARIES = objc
# What VS Code's extension host and Node.js load.
ADDON_SOURCES = native/xpc/*.cc native/addon/*.cc
ADDON_FRAMEWORKS = CoreFoundation Security
# The library for other people's extensions (docs/kit.md): the flow core behind the C API, with the rendezvous.
KIT_SOURCES = gen/flow_pb.cc sysext/core/*.cc native/xpc/*.cc sysext/kit/*.cc
# The rendezvous as service and client on the system's own XPC, which `make test` runs on a Mac.
XPC_TEST_SOURCES = native/xpc/*.cc native/test/xpc_real_test.cc
XPC_TEST_FRAMEWORKS = CoreFoundation Security
