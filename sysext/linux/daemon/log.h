// The daemon's log: what it did and what went wrong, never payload, addresses or names of what was captured.
#pragma once
#include <string>

#include "native/fd.h"

namespace flowtap::daemon {

class Log {
 public:
  /// Standard error.
  Log() = default;
  /// Appends to `path`. A file that has grown beyond 1 MiB is first renamed to `path`.1. Where it cannot be opened,
  /// the log goes to standard error, and says so.
  explicit Log(const std::string& path);

  /// Standard error goes to the file too: what a library or a sanitizer says before the end.
  void takeStandardError() const;
  /// One line; line breaks and control characters are made visible.
  void write(const std::string& text) const;

 private:
  Fd file_;
};

}  // namespace flowtap::daemon
