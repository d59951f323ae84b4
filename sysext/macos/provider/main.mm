// The system extension's entry: makes the proxy, then hands the process over to the system.
#import <NetworkExtension/NetworkExtension.h>
#include <dispatch/dispatch.h>
#include <os/log.h>
#include <stdlib.h>

#include "sysext/macos/provider/convert.h"
#include "sysext/macos/provider/shared.h"
#include "sysext/macos/runtime/bundle.h"

using namespace flowtap;

namespace {

macos::Proxy *proxy;  // for as long as the process lives: the system ends it whenever it likes

os_log_t logOf() {
  static os_log_t log = os_log_create("dev.flowtap", "extension");
  return log;
}

}  // namespace

macos::Proxy &flowtap::macos::sharedProxy() { return *proxy; }

int main() {
  @autoreleasepool {
    NSDictionary *const extension = [NSBundle.mainBundle objectForInfoDictionaryKey:@"NetworkExtension"];
    macos::Proxy::Options options;
    options.endpoint = macos::text((NSString *)extension[@"NEMachServiceName"]);
    options.teamId = macos::teamOf(options.endpoint);
    options.appId = macos::text((NSString *)[NSBundle.mainBundle objectForInfoDictionaryKey:@"FlowtapApp"]);
    options.tokenFile = macos::text(NSHomeDirectory()) + "/Library/Application Support/dev.flowtap/tokens";
    options.log = [](macos::LogLevel level, const std::string &message) {
      if (level == macos::LogLevel::kError) os_log_with_type(logOf(), OS_LOG_TYPE_ERROR, "%{public}s", message.c_str());
      else os_log_with_type(logOf(), OS_LOG_TYPE_DEFAULT, "%{public}s", message.c_str());
    };
    // The proxy's thread is none of the system's: what its calls autorelease would stay for as long as the process lives.
    options.around = [](const std::function<void()> &turn) {
      @autoreleasepool {
        turn();
      }
    };
    std::string error;
    proxy = macos::Proxy::start(std::move(options), error).release();
    if (!proxy) {
      os_log_with_type(logOf(), OS_LOG_TYPE_ERROR, "cannot start: %{public}s", error.c_str());
      return EXIT_FAILURE;
    }
    [NEProvider startSystemExtensionMode];
  }
  dispatch_main();
}
