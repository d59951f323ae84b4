#include "sysext/linux/launcher/launch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "sysext/linux/launcher/apparmor_profile.h"
#include "sysext/linux/launcher/capture.h"
#include "sysext/linux/launcher/command.h"
#include "sysext/linux/launcher/daemon_link.h"
#include "sysext/linux/launcher/explicit_proxy.h"
#include "sysext/linux/launcher/namespaces.h"
#include "sysext/linux/launcher/options.h"

namespace flowtap::linux_ {
namespace {

int complain(int status, const std::string& text) {
  std::fprintf(stderr, "flowtap-run: %s\n", text.c_str());
  return status;
}

/// Where standard descriptors are closed, our own would take their numbers, and messages would go into a socket. The
/// stand-ins close at exec, so the command finds what it was given.
void occupyStandardDescriptors() {
  for (int fd = 0; fd <= 2; fd++)
    if (::fcntl(fd, F_GETFD) < 0) (void)!::open("/dev/null", O_RDWR | O_CLOEXEC);
}

std::string json(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += {'\\', c};
    else if (c == '\n') out += "\\n";
    else if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + "\"";
}

const char* nameOf(wire::Mode mode) {
  return mode == wire::Mode::kTproxy ? "tproxy" : mode == wire::Mode::kRedirect ? "redirect" : "explicit";
}

Capture makeCapture(const Options& options) {
  return options.modes.front() == wire::Mode::kExplicit ? makeExplicitCapture() : enterCapture(options.modes);
}

Variables variables(const Capture& capture, const Options& options) {
  if (capture.mode == wire::Mode::kExplicit) return proxyVariables(capture);
  // By it a launcher inside knows where it is (DaemonLink::open).
  return {{"FLOWTAP_CAPTURE", options.capture}};
}

int check(const Options& options) {
  try {
    const Capture capture = makeCapture(options);
    std::printf("{\"mode\":\"%s\",\"holds\":%s,\"problem\":null}\n", nameOf(capture.mode),
                capture.holds ? "true" : "false");
  } catch (const CaptureImpossible& e) {
    // Explicit proxying needs nothing of the system.
    std::printf("{\"mode\":\"explicit\",\"holds\":false,\"problem\":{\"code\":%s,\"text\":%s}}\n",
                json(e.problem().code).c_str(), json(e.problem().text).c_str());
  }
  return 0;
}

int printProfile() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) return complain(1, "cannot tell where flowtap-run is installed");
  std::fputs(apparmorProfile(std::string(path, static_cast<size_t>(size))).c_str(), stdout);
  return 0;
}

int run(const Options& options) {
  std::string text;
  if (const int status = findCommand(options.command[0], text)) return complain(status, text);
  try {
    DaemonLink daemon = DaemonLink::open();
    const Capture capture = makeCapture(options);
    std::vector<std::string> words;
    for (char** word = options.command; *word; word++) words.push_back(*word);
    daemon.attach(capture, options.capture, words);
    if (capture.privileged && ::geteuid() != 0) dropCapabilities();
    for (const auto& [name, value] : variables(capture, options)) ::setenv(name.c_str(), value.c_str(), 1);
    daemon.keepAcrossExec();
  } catch (const CaptureImpossible& e) {
    return complain(kCaptureFailed, e.problem().text);
  }
  const int status = runCommand(options.command, text);
  return complain(status, text);
}

}  // namespace

int launch(int argc, char** argv) {
  occupyStandardDescriptors();
  const Options options = parseOptions(argc, argv);
  switch (options.action) {
    case Options::Action::kRun: return run(options);
    case Options::Action::kCheck: return check(options);
    case Options::Action::kApparmorProfile: return printProfile();
    case Options::Action::kHelp: std::fputs(kUsage, stdout); return 0;
    case Options::Action::kInvalid: break;
  }
  complain(kCaptureFailed, options.problem);
  std::fputs(kUsage, stderr);
  return kCaptureFailed;
}

}  // namespace flowtap::linux_
