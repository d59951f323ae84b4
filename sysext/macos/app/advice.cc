#include "sysext/macos/app/advice.h"

namespace flowtap::macos::app {
namespace {

// macOS 15 moved system extensions to Login Items & Extensions; macOS 26 shows that list by app until it is told to show
// it by category.
constexpr const char* kExtensionsUrl =
    "x-apple.systempreferences:com.apple.ExtensionsPreferences?extensionPointIdentifier="
    "com.apple.system_extension.network_extension.extension-point";
constexpr const char* kSecurityUrl = "x-apple.systempreferences:com.apple.settings.PrivacySecurity.extension?Security";
constexpr const char* kNetworkUrl = "x-apple.systempreferences:com.apple.Network-Settings.extension";

std::string extensionsPath(Version version) {
  if (version.major >= 26)
    return "Open System Settings, General, Login Items & Extensions, scroll down to Extensions, choose By Category, click "
           "the (i) beside Network Extensions, switch Flowtap on and confirm with an administrator's password.";
  return "Open System Settings, General, Login Items & Extensions, scroll down to Extensions, click the (i) beside "
         "Network Extensions, switch Flowtap on and confirm with an administrator's password.";
}

}  // namespace

Advice approveExtension(Version version) {
  if (version.major >= 15) return {extensionsPath(version), kExtensionsUrl};
  return {"Open System Settings, Privacy & Security, scroll down to Security and click Allow beside \"System software "
          "from application Flowtap was blocked from loading\" (where several wait: Details, then Flowtap), and confirm "
          "with an administrator's password.",
          kSecurityUrl};
}

Advice enableExtension(Version version) {
  if (version.major >= 15) return {extensionsPath(version), kExtensionsUrl};
  // Those versions have no switch: it is off because it was never allowed, or because it was removed.
  return {"Run: Flowtap activate. Then allow it in System Settings, Privacy & Security, under Security.", kSecurityUrl};
}

Advice enableConfiguration(Version version) {
  const std::string place = version.major >= 15 ? "Open System Settings, Network, Filters"
                                                : "Open System Settings, Network, VPN & Filters, Filters & Proxies";
  return {place + ", and switch Flowtap on; or run: Flowtap start.", kNetworkUrl};
}

Explanation explainRequest(int code, const std::string& systemText) {
  switch (code) {
    case 2:
      return {"The app lacks the entitlement com.apple.developer.system-extension.install.",
              "Sign it with the entitlements and the profile that the project names: make -C sysext sign."};
    case 3:
      return {"The app is not where an extension may be installed from.",
              "Move Flowtap.app to /Applications and open it there."};
    case 4:
      return {"The app carries no such extension.", "Install Flowtap.app again; this copy is damaged."};
    case 8:
      return {"The signature of the extension is not valid here.",
              "Look with: codesign --verify --deep --strict -vv /Applications/Flowtap.app. A profile that does not name "
              "this Mac, and a missing notarisation, show up like this as well."};
    case 9:
      return {"The system does not accept the extension: its own check failed.",
              "The log says why: log show --last 5m --predicate 'process == \"sysextd\"' | flowtap explain"};
    case 10:
      return {"A management profile forbids this extension.",
              "Ask the administrator of this Mac to allow the team or the extension."};
    case 11:
      return {"The request was cancelled.", "Run it again: Flowtap activate."};
    case 12:
      return {"A newer request took the place of this one.", "Wait for the other one to end; only one runs at a time."};
    case 13:
      return {"The system wants an administrator's consent first.",
              "Run it again and confirm with an administrator's password."};
    default:
      return {"The system did not do what was asked: " + systemText + " (code " + std::to_string(code) + ").",
              "The log says why: log show --last 5m --predicate 'process == \"sysextd\"' | flowtap explain"};
  }
}

}  // namespace flowtap::macos::app
