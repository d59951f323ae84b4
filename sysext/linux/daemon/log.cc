#include "sysext/linux/daemon/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace flowtap::daemon {
namespace {
constexpr off_t kMaxBytes = 1 << 20;
}

Log::Log(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size > kMaxBytes)
    ::rename(path.c_str(), (path + ".1").c_str());
  file_.reset(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) write("Cannot open the log " + path + ": " + std::generic_category().message(errno));
}

void Log::takeStandardError() const {
  if (file_) ::dup2(file_.get(), STDERR_FILENO);
}

void Log::write(const std::string& text) const {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  char time[40];
  const size_t size = ::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(time + size, sizeof time - size, ".%03ldZ ", now.tv_nsec / 1'000'000);
  std::string line = time;
  for (const char c : text) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  line += '\n';
  if (::write(file_ ? file_.get() : STDERR_FILENO, line.data(), line.size()) < 0) return;  // nowhere left to say it
}

}  // namespace flowtap::daemon
