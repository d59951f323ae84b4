// What the app asks of macOS. main.mm adapts it to the system's frameworks; tests put a fake in its place. Everything
// happens on the main thread: answers come there, each exactly once unless it says otherwise, possibly at once.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "native/rendezvous.h"

namespace flowtap::macos::app {

struct Version {
  int major = 0;
  int minor = 0;
};

/// A system extension as the system lists it. After an update the one that was replaced can stay listed for a while.
struct Extension {
  std::string build;
  std::string endpoint;  ///< NEMachServiceName of the installed bundle; "" where it cannot be read
  bool enabled = false;
  bool awaitingApproval = false;
  bool uninstalling = false;
};

struct Extensions {
  std::string error;  ///< "" where the system answered
  std::vector<Extension> all;
  int code = 0;  ///< of OSSystemExtensionErrorDomain, with the error
};

/// How a request about the extension ended.
struct RequestEnd {
  bool afterReboot = false;
  int code = 0;      ///< of OSSystemExtensionErrorDomain; 0: it was done
  std::string text;  ///< the system's words for the code
};

enum class Connection { kInvalid, kDisconnected, kConnecting, kConnected, kReasserting, kDisconnecting };

struct Configuration {
  std::string error;
  bool exists = false;
  bool enabled = false;
  Connection connection = Connection::kInvalid;
};

/// What a check of the running proxy found.
struct Health {
  ConnectError connect = ConnectError::kNone;
  std::string connectText;
  std::string build;       ///< of the proxy, from its Welcome
  std::string refusal;     ///< its reason where it refused
  bool answered = false;   ///< what it was asked to send came back
  int dialError = 0;       ///< errno with which the synthetic connection could not even begin
  bool seen = false;       ///< ... and it came through the proxy
  bool staleAnswers = false;  ///< another build's endpoint answers instead
};

class System {
 public:
  using Done = std::function<void(const std::string& error)>;

  virtual ~System() = default;
  /// One line on standard output.
  virtual void say(const std::string& line) = 0;

  virtual std::string appPath() = 0;
  virtual Version version() = 0;
  /// Of the extension inside the app.
  virtual std::string bundledBuild() = 0;
  virtual std::string bundledEndpoint() = 0;
  /// Who asked: the path of the program that started this one.
  virtual std::string askingProgram() = 0;

  virtual void extensions(std::function<void(Extensions)> answer) = 0;
  /// `waiting` is called where the user has to approve it first.
  virtual void activate(std::function<void()> waiting, std::function<void(RequestEnd)> end) = 0;
  virtual void deactivate(std::function<void()> waiting, std::function<void(RequestEnd)> end) = 0;

  virtual void configuration(std::function<void(Configuration)> answer) = 0;
  /// Makes the configuration, or enables it, and loads what was saved: a connection of before cannot be started.
  virtual void enable(Done done) = 0;
  virtual void removeConfiguration(Done done) = 0;
  virtual void connect(Done done) = 0;
  virtual void disconnect() = 0;
  /// Why the last connection ended; "" where unknown.
  virtual void lastFailure(Done answer) = 0;
  /// After a moment, for asking again.
  virtual void later(std::function<void()> work) = 0;

  /// Connects to the endpoint, says hello, and sends one synthetic flow. `others`: endpoints that must not answer.
  virtual void checkHealth(const std::string& endpoint, std::vector<std::string> others,
                           std::function<void(Health)> answer) = 0;
  /// Asks the user; true where they agree.
  virtual bool askUser(const std::string& question, const std::string& detail) = 0;
  /// A fresh secret, as text.
  virtual std::string makeToken() = 0;
  /// Adds the token to those of this user, or removes it; an empty one removes all.
  virtual void changeToken(const std::string& endpoint, bool grant, const std::string& token, Done done) = 0;
};

}  // namespace flowtap::macos::app
