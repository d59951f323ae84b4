// What a test can make of the stand-in's world, and what it can ask.
#pragma once
#include <sys/types.h>

#include <string>

namespace shim {

struct Identity {
  uid_t uid;
  gid_t gid;
  pid_t pid;
  std::string signature;  ///< the one code-signing requirement it satisfies
};
/// Connections that this thread makes from now on belong to that process.
void become(const Identity& identity);
Identity self();

/// That process, which serves names, dies: its clients learn it as XPC tells it. Its objects must still be destroyed.
void crash(pid_t pid);
/// The system tells every connection of that process that the process is about to be ended.
void announceTermination(pid_t pid);
/// Runs every timer now; returns how many.
int fireTimers();
/// xpc_fd_create() and xpc_dictionary_dup_fd() fail from now on, as in a sandbox that forbids it.
void refuseFds(bool creating, bool taking);
/// XPC and CoreFoundation objects, queues and timers that are alive.
long liveObjects();

/// Ends the process with a message: misuse that traps on macOS.
[[noreturn]] void trap(const char* what);
void countObject(long change);

}  // namespace shim
