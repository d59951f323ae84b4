#include "sysext/linux/launcher/launch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "sysext/linux/blind_spots.h"
#include "sysext/linux/launcher/apparmor_profile.h"
#include "sysext/linux/launcher/capture.h"
#include "sysext/linux/launcher/command.h"
#include "sysext/linux/launcher/daemon_link.h"
#include "sysext/linux/launcher/explicit_proxy.h"
#include "sysext/linux/launcher/join.h"
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

std::string json(const Problem& problem) {
  return "{\"code\":" + json(problem.code) + ",\"text\":" + json(problem.text) + "}";
}

const char* nameOf(wire::Mode mode) {
  return mode == wire::Mode::kTproxy ? "tproxy" : mode == wire::Mode::kRedirect ? "redirect" : "explicit";
}

/// The last rung: what the system forbids does not keep programs from obeying variables.
Capture fallBack(const Problem& problem) {
  try {
    Capture capture = makeExplicitCapture();
    capture.fallback = problem;
    return capture;
  } catch (const CaptureImpossible& second) {
    throw CaptureImpossible({problem.code, problem.text + "\n" + second.problem().text});
  }
}

/// Tries the modes in their order.
Capture makeCapture(const Options& options) {
  std::vector<wire::Mode> modes = options.modes;
  const bool last = modes.back() == wire::Mode::kExplicit;
  if (last) modes.pop_back();
  if (modes.empty()) return makeExplicitCapture();
  if (!last) return enterCapture(modes, options.holding);
  try {
    return joinCapture(modes, options.holding);
  } catch (const CaptureImpossible& e) {
    return fallBack(e.problem());
  }
}

Variables variables(const Capture& capture, const Options& options) {
  if (capture.mode == wire::Mode::kExplicit) return proxyVariables(capture);
  // By it a launcher inside knows where it is (DaemonLink::open).
  return {{"FLOWTAP_CAPTURE", options.capture}};
}

int check(const Options& options) {
  try {
    const Capture capture = makeCapture(options);
    std::string spots;
    for (const std::string& spot : blindSpotsOf(capture.mode, {::geteuid() != 0, capture.holds, true}))
      spots += (spots.empty() ? "" : ",") + json(spot);
    std::printf("{\"mode\":\"%s\",\"holds\":%s,\"blindSpots\":[%s],\"problem\":%s}\n", nameOf(capture.mode),
                capture.holds ? "true" : "false", spots.c_str(),
                capture.fallback ? json(*capture.fallback).c_str() : "null");
  } catch (const CaptureImpossible& e) {
    std::printf("{\"mode\":null,\"holds\":false,\"problem\":%s}\n", json(e.problem()).c_str());
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
  const pid_t parent = ::getppid();
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
    if (capture.fallback)
      complain(0, std::string(capture.mode == wire::Mode::kExplicit
                                  ? "only programs that obey proxy variables are seen here, others connect past Flowtap"
                                  : "only TCP is carried here, no UDP") +
                      " (" + capture.fallback->code + "; \"flowtap-run --check\" tells the remedy)");
  } catch (const CaptureImpossible& e) {
    return complain(kCaptureFailed, e.problem().text);
  }
  if (options.endsWithParent && !endWith(parent)) return complain(kCaptureFailed, "what ran flowtap-run has ended");
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
