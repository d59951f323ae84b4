// JSON objects of one line, as the app prints them.
#pragma once
#include <string>

namespace flowtap::macos::app {

class JsonLine {
 public:
  JsonLine& text(const char* name, const std::string& value);
  /// Left out where it is empty.
  JsonLine& optional(const char* name, const std::string& value) { return value.empty() ? *this : text(name, value); }
  JsonLine& flag(const char* name, bool value);
  std::string str() const { return "{" + members_ + "}"; }

 private:
  void name(const char* name);
  std::string members_;
};

}  // namespace flowtap::macos::app
