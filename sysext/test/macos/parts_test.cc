// Admission, the order of start and stop, granted tokens, and what is read out of the system's own formats.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <thread>

#include "native/test/folder.h"
#include "sysext/core/ne_lifecycle.h"
#include "sysext/macos/runtime/arguments.h"
#include "sysext/macos/runtime/bundle.h"
#include "sysext/macos/runtime/token_list.h"
#include "sysext/test/macos/fakes.h"

using namespace flowtap;
using namespace flowtap::core;
using flowtap::macos::TokenList;

namespace {

Address v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port = 443) {
  Address address;
  address.size = 4;
  address.bytes = {a, b, c, d};
  address.port = port;
  return address;
}
Address v6(std::array<uint8_t, 16> bytes) {
  Address address;
  address.size = 16;
  address.bytes = bytes;
  address.port = 443;
  return address;
}
NeOffer offer(Address remote = v4(198, 51, 100, 7)) {
  NeOffer it;
  it.remote = remote;
  it.uid = 501;
  it.pid = 77;
  it.signingId = "com.example.browser";
  return it;
}
NeAdmission::Options small() {
  NeAdmission::Options options;
  options.ownPid = 9;
  options.appId = "dev.flowtap.app";
  options.high = 3;
  options.low = 2;
  return options;
}

// ---- admission ----

TEST("what is not taken, and why") {
  NeAdmission admission(small());
  admission.setWatched({501}, false);
  CHECK(admission.consider(offer()).pass == NePass::kStopped);
  admission.setRunning(true);
  CHECK(admission.consider(offer()).take);
  const auto why = [&](const NeOffer& it) {
    const auto verdict = admission.consider(it);
    CHECK(!verdict.take);
    return verdict.pass;
  };
  NeOffer own = offer(), nobodys = offer(), unresolved = offer(Address{}), other = offer();
  own.pid = 9;
  nobodys.uid.reset();
  other.uid = 502;
  CHECK(why(own) == NePass::kOwn);
  CHECK(why(nobodys) == NePass::kNobody);
  CHECK(why(unresolved) == NePass::kUnresolved);
  unresolved.named = true;
  unresolved.protocol = Protocol::kUdp;
  CHECK(why(unresolved) == NePass::kUnresolved);
  unresolved.protocol = Protocol::kTcp;
  CHECK(admission.consider(unresolved).take);
  CHECK(why(other) == NePass::kUnwatched);
  for (const Address& local : {v4(127, 0, 0, 1), v4(0, 0, 0, 0), v4(224, 0, 0, 251), v4(255, 255, 255, 255),
                               v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), v6({}),
                               v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}), v6({0xff, 2}), v6({0xfe, 0x80})})
    CHECK(why(offer(local)) == NePass::kLocal);
  CHECK_EQ(admission.passed(NePass::kLocal), 9u);
  CHECK_EQ(admission.live(), 0u);
}

TEST("addresses that only look local are taken") {
  NeAdmission admission(small());
  admission.setRunning(true);
  admission.setWatched({501}, false);
  NeOffer bound = offer(v6({0xfe, 0x80}));
  bound.interface = 4;
  CHECK(admission.consider(bound).take);
  for (const Address& remote : {v4(10, 0, 0, 1), v4(240, 0, 0, 1), v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 8, 8, 8, 8}),
                                v6({0xfc}), v6({0x20, 1, 0xd, 0xb8})})
    CHECK(admission.consider(offer(remote)).take);
}

TEST("root's watchers see everybody's flows") {
  NeAdmission admission(small());
  admission.setRunning(true);
  admission.setWatched({}, true);
  CHECK(admission.consider(offer()).take);
}

TEST("at the high water new flows pass, until fewer than the low water live") {
  NeAdmission admission(small());
  admission.setRunning(true);
  admission.setWatched({501}, false);
  std::vector<NeAdmission::Verdict> live;
  for (int i = 0; i < 3; i++) live.push_back(admission.consider(offer()));
  CHECK(admission.consider(offer()).pass == NePass::kLimit);
  CHECK(admission.full());
  live.pop_back();  // 2 live: not yet
  CHECK(!admission.consider(offer()).take);
  live.pop_back();
  CHECK(admission.consider(offer()).take);
  CHECK(!admission.full());
  CHECK_EQ(admission.passed(NePass::kLimit), 2u);
}

TEST("many threads at once never take more than the high water") {
  NeAdmission admission(small());
  admission.setRunning(true);
  admission.setWatched({501}, false);
  std::atomic<bool> exceeded{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++)
    threads.emplace_back([&] {
      for (int n = 0; n < 2000; n++) {
        const auto verdict = admission.consider(offer());
        if (admission.live() > 3) exceeded = true;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(!exceeded);
  CHECK_EQ(admission.live(), 0u);
}

TEST("the app's synthetic flow is taken where nobody watches; of no other program, and nowhere else") {
  NeAdmission admission(small());
  NeOffer synthetic = offer(neSyntheticAddress(50000));
  synthetic.signingId = "dev.flowtap.app";
  CHECK(!admission.consider(synthetic).take);  // stopped
  admission.setRunning(true);
  const auto verdict = admission.consider(synthetic);
  CHECK(verdict.take && verdict.synthetic);
  synthetic.signingId = "A1B2C3D4E5.dev.flowtap.app";
  CHECK(admission.consider(synthetic).synthetic);
  CHECK(!admission.consider(offer(neSyntheticAddress(50000))).take);
  synthetic.remote = v4(198, 51, 100, 7);
  CHECK(!admission.consider(synthetic).take);
}

// ---- errors ----

TEST("every error of the system comes back as an errno that tells the same") {
  for (const NeError error : {NeError::kPeerReset, NeError::kHostUnreachable, NeError::kRefused, NeError::kTimedOut,
                              NeError::kDatagramTooLarge})
    CHECK(neErrorOf(errnoOf(error)) == error);
  CHECK(neErrorOf(0) == NeError::kNone && errnoOf(NeError::kNone) == 0);
  for (int error = 1; error < 140; error++) CHECK(neErrorOf(error) != NeError::kNone);
  for (int code = 1; code <= 10; code++) CHECK(errnoOf(static_cast<NeError>(code)) != 0);
}

// ---- start and stop ----

TEST("a second start while the first is under way, and one afterwards, are answered and apply nothing") {
  NeLifecycle life;
  std::vector<std::string> answers;
  const auto note = [&](const std::string& error) { answers.push_back(error); };
  const auto attempt = life.start(note);
  CHECK(attempt.has_value());
  CHECK(!life.start(note).has_value());
  CHECK(answers.empty());
  CHECK(life.settled(*attempt, ""));
  CHECK(answers == std::vector<std::string>({"", ""}));
  CHECK(!life.start(note).has_value());
  CHECK_EQ(answers.size(), 3u);
  CHECK(life.running());
}

TEST("a stop ends a start that is under way, and its late settings count for nothing") {
  NeLifecycle life;
  std::vector<std::string> answers;
  const auto note = [&](const std::string& error) { answers.push_back(error); };
  const auto first = life.start(note);
  life.stop();
  CHECK_EQ(answers.size(), 1u);
  CHECK(!answers[0].empty());
  CHECK(!life.settled(*first, ""));
  CHECK(!life.running());
  const auto second = life.start(note);
  CHECK(second.has_value());
  CHECK(!life.settled(*first, ""));  // of the attempt before
  CHECK(!life.running());
  CHECK(life.settled(*second, ""));
  life.stop();
  life.stop();
  CHECK(!life.running());
}

TEST("settings that are refused leave it stopped, and it can be started again") {
  NeLifecycle life;
  std::string answer;
  const auto attempt = life.start([&](const std::string& error) { answer = error; });
  CHECK(!life.settled(*attempt, "no"));
  CHECK_EQ(answer, "no");
  CHECK(life.start([](const std::string&) {}).has_value());
}

// ---- tokens ----

struct Tokens {
  flowtap::test::Folder folder;
  // A container that is used for the first time need not have the folders.
  std::string file = folder.path() + "/Library/Application Support/kept/tokens";
  TokenList list{file};
};
const std::string kToken(32, 'a');
const std::string kOther(32, 'b');

TEST("tokens belong to their user, outlive the process, and end with their revocation") {
  Tokens t;
  CHECK_EQ(t.list.load(), "");
  CHECK_EQ(t.list.change(501, {true, kToken}), "");
  CHECK_EQ(t.list.change(501, {true, kToken}), "");
  CHECK_EQ(t.list.change(502, {true, kOther}), "");
  CHECK(t.list.of(501) == std::vector<std::string>{kToken});
  CHECK(t.list.of(503).empty());
  TokenList again(t.file);
  CHECK_EQ(again.load(), "");
  CHECK(again.of(501) == std::vector<std::string>{kToken});
  CHECK((again.users() == std::set<uint32_t>{501, 502}));
  struct stat about{};
  CHECK(::stat(t.file.c_str(), &about) == 0 && (about.st_mode & 0777) == 0600);
  CHECK(::stat((t.folder.path() + "/Library").c_str(), &about) == 0 && (about.st_mode & 0777) == 0700);
  // Another user's token is not one's own to revoke.
  CHECK_EQ(again.change(501, {false, kOther}), "");
  CHECK_EQ(again.of(502).size(), 1u);
  CHECK_EQ(again.change(501, {false, ""}), "");
  CHECK(again.of(501).empty());
  CHECK_EQ(t.list.load(), "");
  CHECK((t.list.users() == std::set<uint32_t>{502}));
}

TEST("a user's list is bounded; what is no token is not taken") {
  Tokens t;
  for (size_t i = 0; i < TokenList::kMostOfUser; i++) CHECK_EQ(t.list.change(501, {true, kToken + std::to_string(i)}), "");
  CHECK_CONTAINS(t.list.change(501, {true, kOther}), "revoke");
  CHECK_EQ(t.list.of(501).size(), TokenList::kMostOfUser);
  CHECK_EQ(t.list.change(502, {true, kOther}), "");
  for (const std::string& bad : {std::string(), std::string(15, 'a'), std::string(257, 'a'), kToken + " " + kToken,
                                 kToken + "\n502 " + kOther, std::string(32, '\0')})
    CHECK(!t.list.change(503, {true, bad}).empty());
  CHECK(t.list.of(503).empty());
}

TEST("a file that others can write, or that is a link, is not believed; damage costs only the damaged lines") {
  Tokens t;
  CHECK_EQ(t.list.change(501, {true, kToken}), "");
  ::chmod(t.file.c_str(), 0644);
  CHECK_CONTAINS(t.list.load(), "ignored");
  CHECK(t.list.of(501).empty());
  ::chmod(t.file.c_str(), 0600);
  std::ofstream(t.file, std::ios::app) << "nonsense\n-1 " << kOther << "\n502 short\n502 " << kOther << " more\n502 " << kOther << "\n";
  CHECK_CONTAINS(t.list.load(), "cannot be read");
  CHECK((t.list.users() == std::set<uint32_t>{501, 502}));
  ::rename(t.file.c_str(), (t.file + ".real").c_str());
  CHECK_EQ(::symlink((t.file + ".real").c_str(), t.file.c_str()), 0);
  CHECK(!t.list.load().empty());
  CHECK(t.list.users().empty());
}

TEST("what cannot be kept is not granted, and a revocation counts at once all the same") {
  TokenList list("/proc/nowhere/tokens");
  CHECK(!list.change(501, {true, kToken}).empty());
  CHECK(list.of(501).empty());
  Tokens t;
  CHECK_EQ(t.list.change(501, {true, kToken}), "");
  const std::string folder = t.file.substr(0, t.file.rfind('/'));
  ::rename(folder.c_str(), (t.folder.path() + "/gone").c_str());
  std::ofstream(folder) << "in the way";
  CHECK_CONTAINS(t.list.change(501, {false, kToken}), "until the extension starts anew");
  CHECK(t.list.of(501).empty());
}

// ---- formats ----

TEST("arguments of a process, from the kernel's own layout") {
  const std::string count("\2\0\0\0", 4);
  const std::string whole = count + std::string("/bin/x\0\0\0\0x\0-v\0SECRET=1\0", 25);
  CHECK((flowtap::macos::argumentsIn(whole) == std::vector<std::string>{"x", "-v"}));
  for (size_t size = 0; size < whole.size(); size++) CHECK(flowtap::macos::argumentsIn(whole.substr(0, size)).size() <= 2);
  CHECK(flowtap::macos::argumentsIn(std::string("\xff\xff\xff\xff/x\0a\0", 9)).empty());  // -1 arguments
  CHECK(flowtap::macos::argumentsIn(std::string("\xff\xff\xff\x7f/x\0a\0", 9)).size() == 1);
}

TEST("team and build of an endpoint's name") {
  using flowtap::macos::buildOf, flowtap::macos::teamOf;
  CHECK_EQ(teamOf("A1B2C3D4E5.dev.flowtap.12"), "A1B2C3D4E5");
  CHECK_EQ(buildOf("A1B2C3D4E5.dev.flowtap.12"), "12");
  for (const char* name : {"", "group.dev.flowtap", "a1b2c3d4e5.dev", "A1B2C3D4E5", "A1B2C3D4\"5.x", "A1B2C3D4E5x.y"})
    CHECK_EQ(teamOf(name), "");
  for (const char* name : {"", "x", "a.b", "a.", "a.1b"}) CHECK_EQ(buildOf(name), "");
}

}  // namespace
