#include "sysext/linux/launcher/apparmor_profile.h"

#include <sstream>

namespace flowtap::linux_ {
namespace {

/// The path as an AppArmor pattern. The extension's folder carries its version, which must not outdate the profile.
std::string pattern(const std::string& path) {
  std::string out;
  std::istringstream parts(path);
  std::string part;
  std::getline(parts, part, '/');  // before the first slash
  while (std::getline(parts, part, '/')) {
    out += '/';
    if (part.compare(0, 16, "flowtap.flowtap-") == 0) {
      out += "flowtap.flowtap-*";
      continue;
    }
    for (const char c : part) {
      if (std::string("*?[]{}\\\"^").find(c) != std::string::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string apparmorProfile(const std::string& executable) {
  return "# Lets Flowtap's launcher make a user namespace, in which it captures a program without root.\n"
         "# Install:  flowtap-run --apparmor-profile | sudo tee /etc/apparmor.d/flowtap-run > /dev/null\n"
         "#           sudo apparmor_parser --replace /etc/apparmor.d/flowtap-run\n"
         "# Remove:   sudo apparmor_parser --remove /etc/apparmor.d/flowtap-run && sudo rm /etc/apparmor.d/flowtap-run\n"
         "abi <abi/4.0>,\n"
         "include <tunables/global>\n"
         "\n"
         "profile flowtap-run \"" +
         pattern(executable) +
         "\" flags=(unconfined) {\n"
         "  userns,\n"
         "  include if exists <local/flowtap-run>\n"
         "}\n";
}

}  // namespace flowtap::linux_
