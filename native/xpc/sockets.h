// Socket pairs on systems without SOCK_CLOEXEC.
#pragma once
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "native/fd.h"

namespace flowtap::xpc {

inline void setCloseOnExecNonBlocking(int fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
#ifdef SO_NOSIGPIPE
  const int on = 1;
  (void)::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

/// Two ends of a stream socket. False with errno set.
inline bool makeSocketPair(Fd& a, Fd& b) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return false;
  for (const int end : ends) setCloseOnExecNonBlocking(end);
  a.reset(ends[0]);
  b.reset(ends[1]);
  return true;
}

}  // namespace flowtap::xpc
