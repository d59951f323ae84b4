// A command that runs captured, with everything around it.
#pragma once
#include <memory>

#include "native/test/check.h"
#include "sysext/test/launcher/proxy.h"

namespace flowtap::test {

/// Starts `command` under the launcher and takes its sockets. CHECKs that this works.
class Captured {
 public:
  explicit Captured(const std::vector<std::string>& command, const std::vector<std::string>& options = {},
                    std::function<bool()> before = nullptr) {
    program_ = std::make_unique<Program>(
        Program::Setup{launcher(options, command), proxy_.environment(), std::move(before), ""});
    handover_ = proxy_.take();
    CHECK(handover_.has_value());
  }
  explicit operator bool() const { return handover_.has_value(); }
  Program& program() { return *program_; }
  Handover& handover() { return *handover_; }

  /// Lets the command run, answers all it sends, and waits for its end.
  Result finish() {
    if (!handover_) return program_->wait();
    answers_ = std::make_unique<Answers>(*handover_);
    handover_->accept();
    return program_->wait();
  }
  std::vector<Seen> seen() { return answers_ ? answers_->seen() : std::vector<Seen>{}; }

 private:
  Proxy proxy_;
  std::unique_ptr<Program> program_;
  std::optional<Handover> handover_;
  std::unique_ptr<Answers> answers_;  // ends before the sockets that it uses
};

/// The output of a captured client.
inline std::string output(const std::vector<std::string>& arguments, const std::vector<std::string>& options = {},
                          std::function<bool()> before = nullptr) {
  Captured captured(client(arguments), options, std::move(before));
  const Result result = captured.finish();
  return result.out + result.err;
}

}  // namespace flowtap::test
