#include "sysext/linux/launcher/problem.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

namespace flowtap::linux_ {
namespace {

const char* const kAlternative =
    "\nOr capture the programs that obey proxy variables only: flowtap-run --mode explicit";

std::string message(int error) { return std::generic_category().message(error); }

/// The first word of a file, or "" where it cannot be read.
std::string setting(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

/// A value of /proc/self/status, e.g. "Seccomp".
std::string status(const std::string& proc, const std::string& key) {
  std::ifstream file(proc + "/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, key.size() + 1, key + ":") != 0) continue;
    std::istringstream rest(line.substr(key.size() + 1));
    std::string word;
    rest >> word;
    return word;
  }
  return "";
}

/// What forbids an ordinary user a namespace, by the system's own settings; an empty code where they tell nothing.
Problem forbiddenBy(const std::string& proc) {
  if (setting(proc + "/sys/kernel/unprivileged_userns_clone") == "0")
    return {"userns-sysctl",
            "This system forbids user namespaces to ordinary users (kernel.unprivileged_userns_clone = 0). Allow them:\n"
            "  sudo sysctl -w kernel.unprivileged_userns_clone=1"};
  if (setting(proc + "/sys/kernel/apparmor_restrict_unprivileged_userns") == "1")
    return {"userns-apparmor",
            "AppArmor forbids user namespaces to programs without a profile of their own "
            "(kernel.apparmor_restrict_unprivileged_userns = 1). Install the profile of this program:\n"
            "  flowtap-run --apparmor-profile | sudo tee /etc/apparmor.d/flowtap-run > /dev/null\n"
            "  sudo apparmor_parser --replace /etc/apparmor.d/flowtap-run"};
  if (status(proc, "Seccomp") == "2")
    return {"userns-seccomp",
            "A system-call filter (seccomp) of this container forbids new namespaces. Start the container with a filter "
            "that allows unshare, for Docker and Podman:\n"
            "  --security-opt seccomp=FILE   (or seccomp=unconfined)"};
  return {};
}

}  // namespace

Problem explainNamespaceFailure(const std::string& step, int error, const std::string& proc) {
  Problem problem;
  if (error == ENOSPC || error == EUSERS) {
    std::string limit;
    for (const char* name : {"max_user_namespaces", "max_net_namespaces"})
      if (setting(proc + "/sys/user/" + name) == "0") limit = name;
    if (!limit.empty())
      problem = {"userns-limit", "This system allows no namespaces (user." + limit +
                                     " = 0). Allow them:\n  sudo sysctl -w user." + limit + "=10000"};
    else
      problem = {"userns-limit",
                 "The limit of namespaces is reached (user.max_user_namespaces = " +
                     setting(proc + "/sys/user/max_user_namespaces") + ", user.max_net_namespaces = " +
                     setting(proc + "/sys/user/max_net_namespaces") +
                     "), or they are nested too deep. End programs that hold namespaces, or raise the limit with sysctl"};
  } else if (error == EPERM || error == EACCES) {
    problem = forbiddenBy(proc);
    if (problem.code.empty())
      problem = {"userns-forbidden", "The system does not let this user make a namespace. It does not say why: a security "
                                     "module (SELinux, Landlock), a chroot or an outer container can be the reason"};
  } else if (error == EINVAL || error == ENOSYS) {
    problem = {"userns-missing", "This kernel has no user or network namespaces (CONFIG_USER_NS, CONFIG_NET_NS)"};
  } else {
    problem = {"userns-failed", "The system could not make a namespace"};
  }
  problem.text += "\n(" + step + ": " + message(error) + ")" + kAlternative;
  return problem;
}

Problem explainRulesFailure(const NetlinkRefusal& refusal, const std::string& proc) {
  Problem problem;
  const auto& what = refusal.what;
  if (refusal.error == EPERM || refusal.error == EACCES) {
    problem = forbiddenBy(proc);
    if (problem.code.empty())
      problem = {"nftables-forbidden",
                 "The system does not let this user set packet filter rules in a namespace of its own"};
  } else if (what.compare(0, 5, "rule ") == 0 || what.compare(0, 6, "chain ") == 0) {
    const bool redirect = what.find("redirect to") != std::string::npos || what.find("type nat") != std::string::npos;
    const std::string modules = redirect ? "nft_chain_nat, nft_redir" : "nft_tproxy, nft_socket";
    problem = {redirect ? "nft-redirect-missing" : "nft-tproxy-missing",
               "This kernel lacks parts of nf_tables. Load them:\n  sudo modprobe -a nf_tables " +
                   (redirect ? std::string("nft_chain_nat nft_redir") : std::string("nft_tproxy nft_socket")) +
                   "\nor use a kernel that has them (modules " + modules + ")"};
  } else {
    problem = {"nftables-missing",
               "This kernel has no nf_tables. Load it:\n  sudo modprobe -a nf_tables nft_tproxy nft_socket"};
  }
  problem.text += "\n(" + refusal.describe() + ")" + kAlternative;
  return problem;
}

}  // namespace flowtap::linux_
