// The command to be captured.
#pragma once
#include <sys/types.h>

#include <string>

namespace flowtap::linux_ {

/// Exit statuses as env(1) and shells use them.
constexpr int kCaptureFailed = 125;
constexpr int kNotRunnable = 126;
constexpr int kNotFound = 127;

/// 0 where execvp() would find an executable file for `name`; otherwise the exit status, with the reason in `text`.
int findCommand(const std::string& name, std::string& text);

/// Has the command told (SIGTERM) when `parent`, which is this process's, ends before it. False where it has ended.
bool endWith(pid_t parent);

/// Becomes the command. Returns only when that failed: the exit status, with the reason in `text`.
int runCommand(char** command, std::string& text);

}  // namespace flowtap::linux_
