// Why a program cannot be captured here, and what to do about it.
#pragma once
#include <exception>
#include <string>

#include "sysext/linux/netlink.h"

namespace flowtap::linux_ {

struct Problem {
  std::string code;  ///< for programs; stable
  std::string text;  ///< for people: what is wrong and the remedy
};

/// Thrown on the way to a capture.
class CaptureImpossible : public std::exception {
 public:
  explicit CaptureImpossible(Problem problem) : problem_(std::move(problem)) {}
  const Problem& problem() const { return problem_; }
  const char* what() const noexcept override { return problem_.text.c_str(); }

 private:
  const Problem problem_;
};

/// A step that needs a new namespace failed with `error`. Looks at the system's settings to name the cause; `proc` is
/// where they are read.
Problem explainNamespaceFailure(const std::string& step, int error, const std::string& proc = "/proc");

/// nf_tables refused something in a namespace of our own.
Problem explainRulesFailure(const NetlinkRefusal& refusal, const std::string& proc = "/proc");

}  // namespace flowtap::linux_
