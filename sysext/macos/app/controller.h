// The app's commands, as a sequence of questions to the system. Prints one JSON object a line: stages as they become
// known, then a result. See docs/macos.md for the contract.
#pragma once
#include <memory>

#include "sysext/macos/app/command.h"
#include "sysext/macos/app/stages.h"

namespace flowtap::macos::app {

/// What the grant window says: the name of the program that asks, from the bundle it lies in, and its path.
struct Question {
  std::string title;
  std::string detail;
};
Question grantQuestion(const std::string& askingProgram);

class Controller : public std::enable_shared_from_this<Controller> {
 public:
  using Exit = std::function<void(int code)>;
  Controller(System& system, Exit exit);
  /// `exit` is called once, when everything is said.
  void run(const Command& command);

 private:
  using Next = std::function<void()>;

  // The proxy: controller_proxy.cc.
  void status();
  void activate(Next then);
  void deactivate();
  void start();
  void stop();
  // Who may watch: controller_access.cc.
  void grant();
  void revoke(const std::string& token);

  // Each looks something up, says the stages that are known by it, and goes on where those are in order.
  void lookAtExtensions(Next then);
  void lookAtConfiguration(Next then);
  void lookAtConfiguration(int attempts, Next then);
  void lookAtHealth(int attempts, Next then);
  void awaitConnection(bool wanted, int attempts, Next then);
  void withEndpoint(std::function<void(const std::string& endpoint)> then);

  void tell();
  bool broken();
  void finish();
  void fail(const std::string& code, const std::string& text, const std::string& next);
  void end(const std::string& line, int code);

  System& system_;
  Exit exit_;
  Facts facts_;
  size_t told_ = 0;  // stages
};

}  // namespace flowtap::macos::app
