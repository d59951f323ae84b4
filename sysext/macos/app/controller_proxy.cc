// The commands that bring the proxy up and down.
#include "sysext/macos/app/controller.h"

#include <utility>

#include "sysext/macos/app/advice.h"
#include "sysext/macos/app/json.h"

namespace flowtap::macos::app {
namespace {

/// Times System::later() until the system has made or ended a connection: about half a minute.
constexpr int kConnectionAttempts = 60;
/// The extension's process starts when it is first looked up.
constexpr int kHealthAttempts = 6;

}  // namespace

void Controller::status() {
  const auto self = shared_from_this();
  lookAtExtensions([self] {
    self->lookAtConfiguration([self] { self->lookAtHealth(1, [self] { self->finish(); }); });
  });
}

void Controller::activate(Next then) {
  const auto self = shared_from_this();
  system_.activate(
      [self] {
        const Advice advice = approveExtension(self->facts_.version);
        Stage stage;
        stage.name = "approved";
        stage.state = StageState::kWaiting;
        stage.code = "awaiting-approval";
        stage.text = "The extension waits for your approval.";
        stage.next = advice.next;
        stage.open = advice.open;
        self->system_.say(lineOf(stage));
      },
      [self, then](const RequestEnd& end) {
        if (end.code != 0) {
          const Explanation why = explainRequest(end.code, end.text);
          return self->fail("request-" + std::to_string(end.code), why.text, why.next);
        }
        if (!end.afterReboot) return then();
        self->end(JsonLine()
                      .text("result", "waiting")
                      .text("code", "restart-needed")
                      .text("text", "The system takes the extension over with the next restart.")
                      .text("next", "Restart this Mac.")
                      .str(),
                  kAwaitsRestart);
      });
}

void Controller::start() {
  const auto self = shared_from_this();
  const Next connect = [self] {
    self->system_.enable([self](const std::string& error) {
      if (!error.empty())
        return self->fail("not-configured", "The proxy's configuration was not saved: " + error,
                          "Run it again, and allow Flowtap to add proxy configurations when the system asks.");
      self->system_.connect([self](const std::string& failure) {
        if (!failure.empty())
          return self->fail("not-started", "The system does not start the proxy: " + failure, "Run: Flowtap status");
        self->awaitConnection(true, kConnectionAttempts, [self] {
          self->lookAtConfiguration([self] { self->lookAtHealth(kHealthAttempts, [self] { self->finish(); }); });
        });
      });
    });
  };
  system_.extensions([self, connect](Extensions found) {
    const Extension* const current = currentExtension(found);
    // What an administrator has switched off is not asked for again; status says where it is switched on.
    const bool fresh = found.error.empty() && current && current->build == self->facts_.bundledBuild &&
                       !current->awaitingApproval;
    if (fresh) {
      const bool on = current->enabled;
      self->facts_.extensions = std::move(found);
      self->tell();
      if (self->broken()) return self->finish();
      return on ? connect() : self->lookAtConfiguration([self] { self->finish(); });
    }
    self->activate([self, connect] { self->lookAtExtensions(connect); });
  });
}

void Controller::stop() {
  const auto self = shared_from_this();
  system_.configuration([self](const Configuration& found) {
    const auto stopped = [self] {
      self->end(JsonLine().text("result", "ok").text("text", "The proxy is stopped.").str(), kDone);
    };
    if (!found.error.empty())
      return self->fail("configuration-unreadable", "The proxy's configuration cannot be read: " + found.error,
                        "Sign the app with its entitlements and profile: make -C sysext sign.");
    if (!found.exists) return stopped();
    self->system_.disconnect();
    self->awaitConnection(false, kConnectionAttempts, stopped);
  });
}

void Controller::deactivate() {
  const auto self = shared_from_this();
  const Next request = [self] {
    self->system_.deactivate(
        [self] {
          Stage stage;
          stage.name = "installed";
          stage.state = StageState::kWaiting;
          stage.code = "awaiting-approval";
          stage.text = "The system asks for an administrator's password before it removes the extension.";
          self->system_.say(lineOf(stage));
        },
        [self](const RequestEnd& end) {
          // Code 4: it is not there, which is what was asked for.
          if (end.code != 0 && end.code != 4) {
            const Explanation why = explainRequest(end.code, end.text);
            return self->fail("request-" + std::to_string(end.code), why.text, why.next);
          }
          const std::string text = end.afterReboot ? "The extension is gone after the next restart of this Mac."
                                                   : "The extension is removed.";
          self->end(JsonLine().text("result", end.afterReboot ? "waiting" : "ok").text("text", text).str(),
                    end.afterReboot ? kAwaitsRestart : kDone);
        });
  };
  system_.configuration([self, request](const Configuration& found) {
    if (!found.exists) return request();
    self->system_.disconnect();
    self->awaitConnection(false, kConnectionAttempts, [self, request] {
      // The extension can be removed also where its configuration cannot.
      self->system_.removeConfiguration([request](const std::string&) { request(); });
    });
  });
}

}  // namespace flowtap::macos::app
