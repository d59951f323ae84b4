// The commands that say who may watch.
#include "sysext/macos/app/controller.h"

#include <utility>

#include "sysext/macos/app/json.h"

namespace flowtap::macos::app {

Question grantQuestion(const std::string& askingProgram) {
  // The outermost bundle: an editor's helper lies in the editor.
  const size_t bundle = askingProgram.find(".app/");
  const std::string path = bundle == std::string::npos ? askingProgram : askingProgram.substr(0, bundle);
  std::string name = path.substr(path.rfind('/') + 1);
  if (name.empty()) name = "a program";
  const std::string from = askingProgram.empty() ? "It is not known which program asks." : "Asked by " + askingProgram;
  return {"Allow " + name + " to see this user's network flows?",
          "It will see who talks to whom and what is sent, of your own programs only, until you revoke it (Flowtap "
          "revoke). Nothing leaves this Mac.\n\n" + from};
}

void Controller::withEndpoint(std::function<void(const std::string& endpoint)> then) {
  system_.extensions([self = shared_from_this(), then](Extensions found) {
    self->facts_.extensions = std::move(found);
    const auto stages = judge(self->facts_);
    // An older build serves as well, under its own name.
    const Stage* const first = firstBroken(stages);
    if (first && first->code != "outdated" && first->state != StageState::kSkipped) {
      self->tell();
      return self->finish();
    }
    then(endpointOf(self->facts_));
  });
}

void Controller::grant() {
  withEndpoint([self = shared_from_this()](const std::string& endpoint) {
    const Question question = grantQuestion(self->system_.askingProgram());
    if (!self->system_.askUser(question.title, question.detail))
      return self->fail("declined", "You did not allow it.", "Run it again to be asked again.");
    const std::string token = self->system_.makeToken();
    if (token.empty()) return self->fail("no-randomness", "The system gives no random bytes.", "Try again.");
    self->system_.changeToken(endpoint, true, token, [self, endpoint, token](const std::string& error) {
      if (!error.empty()) return self->fail("not-granted", error, "Run: Flowtap status");
      self->end(JsonLine()
                    .text("result", "ok")
                    .text("token", token)
                    .text("endpoint", endpoint)
                    .text("requirement", requirementOf(endpoint))
                    .str(),
                kDone);
    });
  });
}

void Controller::revoke(const std::string& token) {
  withEndpoint([self = shared_from_this(), token](const std::string& endpoint) {
    self->system_.changeToken(endpoint, false, token, [self, token](const std::string& error) {
      if (!error.empty()) return self->fail("not-revoked", error, "Run: Flowtap status");
      self->end(JsonLine()
                    .text("result", "ok")
                    .text("text", token.empty() ? "Nobody may see your flows any more." : "The token is worth nothing now.")
                    .str(),
                kDone);
    });
  });
}

}  // namespace flowtap::macos::app
