// Wakes a thread that polls: a pipe, since eventfd is Linux's alone.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include "native/fd.h"

namespace flowtap {

class Wake {
 public:
  /// Before anything else. False with errno set.
  bool open() {
    int ends[2];
    if (::pipe(ends) != 0) return false;
    read_.reset(ends[0]);
    write_.reset(ends[1]);
    for (const int end : ends) {
      ::fcntl(end, F_SETFD, FD_CLOEXEC);
      ::fcntl(end, F_SETFL, ::fcntl(end, F_GETFL) | O_NONBLOCK);
    }
    return true;
  }

  /// What to poll for POLLIN.
  int fd() const { return read_.get(); }

  /// From any thread. A full pipe wakes as well; nothing else can go wrong here.
  void signal() const { (void)!::write(write_.get(), "", 1); }

  /// By the thread that was woken.
  void clear() const {
    char drained[64];
    while (::read(read_.get(), drained, sizeof drained) > 0) continue;
  }

 private:
  Fd read_, write_;
};

}  // namespace flowtap
