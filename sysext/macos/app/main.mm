// The container app: macOS behind the questions of system.h. What is asked and said is Controller's.
#import <AppKit/AppKit.h>
#import <NetworkExtension/NetworkExtension.h>
#import <SystemExtensions/SystemExtensions.h>
#include <libproc.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "native/xpc/tokens.h"
#include "sysext/macos/app/controller.h"
#include "sysext/macos/app/health.h"

using namespace flowtap;
using namespace flowtap::macos::app;

namespace {

std::string text(NSString *from) { return from.UTF8String ? from.UTF8String : ""; }
NSString *text(const std::string &from) { return [NSString stringWithUTF8String:from.c_str()] ?: @""; }
std::string words(NSError *error) { return error ? text(error.localizedDescription) : ""; }
std::string endpointIn(NSBundle *bundle) {
  NSDictionary *const extension = [bundle objectForInfoDictionaryKey:@"NetworkExtension"];
  return text((NSString *)extension[@"NEMachServiceName"]);
}

}  // namespace

/// One request at a time. The system keeps its delegate weakly: this object keeps itself until the request has ended.
@interface FlowtapRequest : NSObject <OSSystemExtensionRequestDelegate>
@property(copy) void (^waiting)(void);
@property(copy) void (^ended)(BOOL afterReboot, NSError *error);
@property(copy) void (^found)(NSArray<OSSystemExtensionProperties *> *all);
@property(strong) FlowtapRequest *kept;
@end

@implementation FlowtapRequest
- (void)submit:(OSSystemExtensionRequest *)request {
  self.kept = self;
  request.delegate = self;
  [OSSystemExtensionManager.sharedManager submitRequest:request];
}
- (OSSystemExtensionReplacementAction)request:(OSSystemExtensionRequest *)request
                  actionForReplacingExtension:(OSSystemExtensionProperties *)existing
                                withExtension:(OSSystemExtensionProperties *)replacement {
  (void)request, (void)existing, (void)replacement;
  return OSSystemExtensionReplacementActionReplace;  // also by an older build: the user put that app there
}
- (void)requestNeedsUserApproval:(OSSystemExtensionRequest *)request {
  (void)request;
  if (self.waiting) self.waiting();
}
- (void)request:(OSSystemExtensionRequest *)request didFinishWithResult:(OSSystemExtensionRequestResult)result {
  (void)request;
  if (self.ended) self.ended(result == OSSystemExtensionRequestWillCompleteAfterReboot, nil);
  self.kept = nil;
}
- (void)request:(OSSystemExtensionRequest *)request didFailWithError:(NSError *)error {
  (void)request;
  if (self.ended) self.ended(NO, error);
  self.kept = nil;
}
- (void)request:(OSSystemExtensionRequest *)request
    foundProperties:(NSArray<OSSystemExtensionProperties *> *)properties {
  (void)request;
  if (self.found) self.found(properties);
  self.found = nil;
}
@end

namespace {

class Mac final : public System {
 public:
  Mac() : identifier_(text([NSBundle.mainBundle objectForInfoDictionaryKey:@"FlowtapExtension"])) {}

  void say(const std::string &line) override {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }
  std::string appPath() override { return text(NSBundle.mainBundle.bundlePath); }
  Version version() override {
    const NSOperatingSystemVersion version = NSProcessInfo.processInfo.operatingSystemVersion;
    return {static_cast<int>(version.majorVersion), static_cast<int>(version.minorVersion)};
  }
  std::string bundledBuild() override {
    return text((NSString *)[bundled() objectForInfoDictionaryKey:@"CFBundleVersion"]);
  }
  std::string bundledEndpoint() override { return endpointIn(bundled()); }
  std::string askingProgram() override {
    char path[PROC_PIDPATHINFO_MAXSIZE];
    const int length = ::proc_pidpath(::getppid(), path, sizeof path);
    return length > 0 ? std::string(path, static_cast<size_t>(length)) : "";
  }

  void extensions(std::function<void(Extensions)> answer) override {
    FlowtapRequest *const request = [[FlowtapRequest alloc] init];
    __block bool answered = false;
    const auto once = ^(const Extensions &extensions) {
      if (answered) return;
      answered = true;
      answer(extensions);
    };
    request.found = ^(NSArray<OSSystemExtensionProperties *> *all) {
      Extensions extensions;
      for (OSSystemExtensionProperties *each in all)
        extensions.all.push_back({text(each.bundleVersion), endpointIn([NSBundle bundleWithPath:each.URL.path ?: @""]),
                                  each.isEnabled != NO, each.isAwaitingUserApproval != NO, each.isUninstalling != NO});
      once(extensions);
    };
    request.ended = ^(BOOL, NSError *error) {
      once({words(error), {}, static_cast<int>(error.code)});
    };
    [request submit:[OSSystemExtensionRequest propertiesRequestForExtension:identifier() queue:main_]];
  }
  void activate(std::function<void()> waiting, std::function<void(RequestEnd)> end) override {
    ask([OSSystemExtensionRequest activationRequestForExtension:identifier() queue:main_], waiting, end);
  }
  void deactivate(std::function<void()> waiting, std::function<void(RequestEnd)> end) override {
    ask([OSSystemExtensionRequest deactivationRequestForExtension:identifier() queue:main_], waiting, end);
  }

  void configuration(std::function<void(Configuration)> answer) override {
    [NETransparentProxyManager
        loadAllFromPreferencesWithCompletionHandler:^(NSArray<NETransparentProxyManager *> *all, NSError *error) {
          NETransparentProxyManager *const found = mine(all);
          Configuration configuration;
          configuration.error = words(error);
          configuration.exists = found != nil;
          configuration.enabled = found.enabled;
          // The framework's numbers of NEVPNStatus are Connection's.
          if (found) configuration.connection = static_cast<Connection>(found.connection.status);
          onMain([answer, configuration] { answer(configuration); });
        }];
  }
  void enable(Done done) override {
    withManager(done, ^(NETransparentProxyManager *found) {
      NETransparentProxyManager *const manager = found ?: [[NETransparentProxyManager alloc] init];
      NETunnelProviderProtocol *const protocol = [[NETunnelProviderProtocol alloc] init];
      protocol.providerBundleIdentifier = identifier();
      protocol.serverAddress = @"127.0.0.1";  // shown in System Settings; nothing is sent there
      manager.protocolConfiguration = protocol;
      manager.localizedDescription = @"Flowtap";
      manager.enabled = YES;
      [manager saveToPreferencesWithCompletionHandler:^(NSError *error) {
        if (error) return finish(done, error);
        [manager loadFromPreferencesWithCompletionHandler:^(NSError *failure) {
          finish(done, failure);
        }];
      }];
    });
  }
  void removeConfiguration(Done done) override {
    withManager(done, ^(NETransparentProxyManager *found) {
      if (!found) return finish(done, nil);
      [found removeFromPreferencesWithCompletionHandler:^(NSError *error) {
        finish(done, error);
      }];
    });
  }
  void connect(Done done) override {
    withManager(done, ^(NETransparentProxyManager *found) {
      NSError *error = nil;
      if (found) (void)[found.connection startVPNTunnelAndReturnError:&error];
      onMain([done, why = found ? words(error) : "the configuration is gone"] { done(why); });
    });
  }
  void disconnect() override {
    withManager([](const std::string &) {}, ^(NETransparentProxyManager *found) {
      [found.connection stopVPNTunnel];
    });
  }
  void lastFailure(Done answer) override {
    withManager(answer, ^(NETransparentProxyManager *found) {
      if (!found) return finish(answer, nil);
      [found.connection fetchLastDisconnectErrorWithCompletionHandler:^(NSError *error) {
        finish(answer, error);
      }];
    });
  }
  void later(std::function<void()> work) override {
    dispatch_after(dispatch_time(DISPATCH_TIME_NOW, 500 * static_cast<int64_t>(NSEC_PER_MSEC)), main_, ^{
      work();
    });
  }

  void checkHealth(const std::string &endpoint, std::vector<std::string> others,
                   std::function<void(Health)> answer) override {
    HealthCheck how;
    how.endpoint = endpoint;
    how.requirement = requirementOf(endpoint);
    how.others = std::move(others);
    how.pid = static_cast<uint32_t>(::getpid());
    how.dial = dialTcp;
    dispatch_async(dispatch_get_global_queue(QOS_CLASS_USER_INITIATED, 0), ^{
      const Health health = check(how);
      onMain([answer, health] { answer(health); });
    });
  }
  bool askUser(const std::string &question, const std::string &detail) override {
    NSApplication *const app = NSApplication.sharedApplication;
    [app setActivationPolicy:NSApplicationActivationPolicyAccessory];
    [app activateIgnoringOtherApps:YES];
    NSAlert *const alert = [[NSAlert alloc] init];
    alert.messageText = text(question);
    alert.informativeText = text(detail);
    [alert addButtonWithTitle:@"Don't Allow"];  // what Return does
    [alert addButtonWithTitle:@"Allow"];
    return [alert runModal] == NSAlertSecondButtonReturn;
  }
  std::string makeToken() override {
    unsigned char bytes[32];
    ::arc4random_buf(bytes, sizeof bytes);
    std::string token;
    for (const unsigned char byte : bytes) {
      char digits[3];
      std::snprintf(digits, sizeof digits, "%02x", byte);
      token += digits;
    }
    return token;
  }
  void changeToken(const std::string &endpoint, bool grant, const std::string &token, Done done) override {
    change_ = xpc::changeToken(endpoint, requirementOf(endpoint), {grant, token},
                               [this, done](ConnectError error, const std::string &why) {
                                 onMain([done, why = error == ConnectError::kNone ? "" : why] { done(why); });
                               });
  }

 private:
  NSString *identifier() const { return text(identifier_); }
  NSBundle *bundled() const {
    return [NSBundle bundleWithPath:text(appPathOnly() + "/Contents/Library/SystemExtensions/" + identifier_ +
                                         ".systemextension")];
  }
  static std::string appPathOnly() { return text(NSBundle.mainBundle.bundlePath); }

  void onMain(std::function<void()> work) {
    dispatch_async(main_, ^{
      work();
    });
  }
  void finish(const Done &done, NSError *error) {
    onMain([done, why = words(error)] { done(why); });
  }
  // By value: a block captures a reference as such, and is called when what it refers to is gone.
  void ask(OSSystemExtensionRequest *request, std::function<void()> waiting, std::function<void(RequestEnd)> end) {
    FlowtapRequest *const delegate = [[FlowtapRequest alloc] init];
    delegate.waiting = ^{
      waiting();
    };
    delegate.ended = ^(BOOL afterReboot, NSError *error) {
      end({afterReboot != NO, static_cast<int>(error.code), words(error)});
    };
    [delegate submit:request];
  }
  /// Another app's configurations are never listed; a second one of ours would be of an older build.
  NETransparentProxyManager *mine(NSArray<NETransparentProxyManager *> *all) {
    for (NETransparentProxyManager *each in all) {
      NEVPNProtocol *const protocol = each.protocolConfiguration;
      if ([protocol isKindOfClass:[NETunnelProviderProtocol class]] &&
          [((NETunnelProviderProtocol *)protocol).providerBundleIdentifier isEqualToString:identifier()])
        return each;
    }
    return nil;
  }
  void withManager(Done failed, void (^then)(NETransparentProxyManager *found)) {
    [NETransparentProxyManager
        loadAllFromPreferencesWithCompletionHandler:^(NSArray<NETransparentProxyManager *> *all, NSError *error) {
          if (error) return finish(failed, error);
          then(mine(all));
        }];
  }

  const std::string identifier_;
  const dispatch_queue_t main_ = dispatch_get_main_queue();
  std::unique_ptr<Client> change_;
};

}  // namespace

int main(int argc, char **argv) {
  @autoreleasepool {
    std::string error;
    const auto command = parseCommand({argv + 1, argv + argc}, error);
    if (!command) {
      std::fprintf(stderr, "Flowtap: %s\n%s", error.c_str(), usage().c_str());
      return kUsage;
    }
    static Mac mac;
    std::make_shared<Controller>(mac, [](int code) { std::_Exit(code); })->run(*command);
  }
  // Not dispatch_main(): windows need the main thread, not only its queue.
  CFRunLoopRun();
}
