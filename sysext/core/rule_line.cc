#include "sysext/core/rule_line.h"

#include <optional>

namespace flowtap::core {
namespace {

constexpr double kMaxDelayMillis = 3'600'000;
constexpr double kMaxBytes = 1e12;

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit kByteUnits[] = {{"", 1},        {"b", 1},       {"k", 1e3},     {"kb", 1e3},         {"m", 1e6},
                               {"mb", 1e6},    {"g", 1e9},     {"gb", 1e9},    {"ki", 1024},        {"kib", 1024},
                               {"mi", 1 << 20}, {"mib", 1 << 20}, {"gi", 1 << 30}, {"gib", 1 << 30}};
constexpr Unit kBitUnits[] = {{"bit", 0.125}, {"kbit", 125}, {"mbit", 125e3}, {"gbit", 125e6}};
constexpr Unit kTimeUnits[] = {{"", 1}, {"ms", 1}, {"s", 1e3}, {"sec", 1e3}, {"m", 60e3}, {"min", 60e3}, {"h", 3600e3}};

template <size_t N>
bool scaled(double number, const std::string& unit, const Unit (&units)[N], double& result) {
  for (const Unit& each : units)
    if (unit == each.name) {
      result = number * each.factor;
      return true;
    }
  return false;
}

struct Word : Span {
  std::string text;  ///< A to Z in lower case
};

class Line {
 public:
  Line(std::string_view line, QueryProblem& problem) : line_(line), problem_(problem) {}

  std::unique_ptr<Rule> run() {
    Word word = peek();
    if (word.text.empty() || word.text[0] == '#') return nullptr;
    const size_t begin = word.start;
    bool any = false, pass = false;
    for (;; any = true) {
      word = peek();
      if (word.text == "pass") pass = true;
      else if (word.text != "block" && word.text != "reset" && word.text != "delay" && word.text != "rate") break;
      if (any && (pass || effect_.block)) return refuse(word, afterAll(pass, word.text));
      at_ = word.end;
      if (word.text == "block" && !block(word)) return nullptr;
      if (word.text == "reset" && !reset(word)) return nullptr;
      if (word.text == "delay" && !delay(word)) return nullptr;
      if (word.text == "rate" && !rate(word)) return nullptr;
    }
    if (!any) return refuse(word, unknown(word));
    if (word.text.empty() || word.text[0] == '#')
      return refuse(word, "This rule does not say which flows: add a query such as host:example.com, or * for every flow.");
    auto rule = std::make_unique<Rule>();
    rule->query = parseQuery(line_, at_, problem_);
    if (!problem_.message.empty()) return nullptr;
    rule->effect = effect_;
    rule->text = line_.substr(begin, lexQuery(line_, at_).back().end - begin);
    return rule;
  }

 private:
  /// The next word, which stays; empty at the end.
  Word peek() const {
    Word word;
    word.start = at_;
    while (word.start < line_.size()) {
      const size_t space = spaceAt(line_, word.start);
      if (space == 0) break;
      word.start += space;
    }
    word.end = word.start;
    while (word.end < line_.size() && !spaceAt(line_, word.end)) word.end++;
    word.text = lowerAscii(line_.substr(word.start, word.end - word.start));
    return word;
  }
  Word take() {
    Word word = peek();
    at_ = word.end;
    return word;
  }

  std::nullptr_t refuse(const Span& place, std::string message) {
    static_cast<Span&>(problem_) = place;
    problem_.message = std::move(message);
    return nullptr;
  }

  std::string unknown(const Word& word) const {
    constexpr const char* kActions[] = {"block", "reset", "delay", "rate", "pass"};
    std::string text = "A rule begins with what to do: block, reset, delay, rate or pass, then says for which flows.";
    for (const char* action : kActions)
      if (editDistance(word.text.substr(0, 20), action) <= 2)
        return "There is no action \"" + word.text + "\". Did you mean \"" + action + "\"?";
    return text + " For example: block host:example.com";
  }
  static std::string afterAll(bool pass, const std::string& word) {
    if (pass) return "\"pass\" lets flows be as they are: it stands alone.";
    return "Nothing passes a rule that blocks, so \"" + word + "\" has no effect after it. Put delay before block.";
  }
  std::string twice(const Word& word) const { return "\"" + word.text + "\" stands twice in this rule."; }

  bool block(const Word& word) {
    if (effect_.resetAfter != RuleEffect::kNever || effect_.rate[0] || effect_.rate[1])
      return refuse(word, "Nothing passes a rule that blocks: leave out reset and rate."), false;
    effect_.block = true;
    return true;
  }

  bool reset(const Word& word) {
    if (effect_.resetAfter != RuleEffect::kNever) return refuse(word, twice(word)), false;
    effect_.resetAfter = 0;
    if (peek().text != "after") return true;
    take();
    const Word size = take();
    double bytes = 0;
    if (!measure(size, kByteUnits, bytes) || bytes > kMaxBytes)
      return refuse(size, "\"reset after\" needs a size such as 500, 10k or 1.5MiB."), false;
    effect_.resetAfter = static_cast<uint64_t>(bytes);
    const int direction = takeDirection();
    effect_.resetCount = direction < 0    ? RuleEffect::Count::kBoth
                         : direction == 0 ? RuleEffect::Count::kUp
                                          : RuleEffect::Count::kDown;
    return true;
  }

  bool delay(const Word& word) {
    if (effect_.delayMillis) return refuse(word, twice(word)), false;
    const Word time = take();
    double millis = 0;
    if (!measure(time, kTimeUnits, millis) || millis < 1 || millis > kMaxDelayMillis)
      return refuse(time, "\"delay\" needs a time from 1ms to 1h, such as 200ms or 1.5s."), false;
    effect_.delayMillis = static_cast<uint32_t>(millis);
    return true;
  }

  bool rate(const Word& word) {
    const Word speed = take();
    double bytes = 0;
    if (!perSecond(speed, bytes) || bytes < 1 || bytes > kMaxBytes)
      return refuse(speed, "\"rate\" needs bytes or bits per second, such as 100KB/s, 1MiB/s or 800kbit/s."), false;
    const int direction = takeDirection();
    for (int i = 0; i < 2; i++) {
      if (direction == 1 - i) continue;
      if (effect_.rate[static_cast<size_t>(i)])
        return refuse(word, "This rule limits the rate of one direction twice: say rate … up and rate … down."), false;
      effect_.rate[static_cast<size_t>(i)] = static_cast<uint64_t>(bytes);
    }
    return true;
  }

  template <size_t N>
  static bool measure(const Word& word, const Unit (&units)[N], double& result) {
    double number = 0;
    std::string unit;
    return splitNumber(word.text, number, unit) && scaled(number, unit, units, result);
  }
  static bool perSecond(const Word& word, double& bytes) {
    const size_t slash = word.text.find('/');
    if (slash == std::string::npos || word.text.substr(slash) != "/s") return false;
    double number = 0;
    std::string unit;
    return splitNumber(std::string_view(word.text).substr(0, slash), number, unit) &&
           (scaled(number, unit, kByteUnits, bytes) || scaled(number, unit, kBitUnits, bytes));
  }

  /// 0 up, 1 down, -1 where none is named.
  int takeDirection() {
    const std::string word = peek().text;
    if (word != "up" && word != "down") return -1;
    take();
    return word == "up" ? 0 : 1;
  }

  const std::string_view line_;
  QueryProblem& problem_;
  size_t at_ = 0;
  RuleEffect effect_;
};

}  // namespace

std::unique_ptr<Rule> parseRuleLine(std::string_view line, QueryProblem& problem) { return Line(line, problem).run(); }

}  // namespace flowtap::core
