// What the log says of clients that are turned away.
#include "sysext/kit/refusals.h"

#include <vector>

#include "native/test/check.h"

using flowtap::Peer;
using flowtap::kit::Refusals;

TEST("a client that is turned away is named in the log, with the reason") {
  std::vector<std::string> log;
  Refusals refusals([&](const std::string& text) { log.push_back(text); });
  Peer peer;
  peer.uid = 501;
  peer.pid = 77;
  refusals.tell(peer, "a second Hello");
  refusals.tell(Peer(), "the name is taken");
  refusals.tell(peer, std::string(10'000, 'x') + "\xff");
  CHECK_EQ(log.size(), 3u);
  CHECK_EQ(log[0], "turned away pid 77 of uid 501: a second Hello");
  CHECK_EQ(log[1], "the name is taken");
  CHECK(log[2].size() < 600);
}

TEST("clients that come again and again do not fill the log") {
  size_t lines = 0;
  std::string last;
  Refusals refusals([&](const std::string& text) {
    lines++;
    last = text;
  });
  for (int i = 0; i < 5000; i++) refusals.tell(Peer(), "again");
  CHECK_EQ(lines, 1001u);
  CHECK_EQ(last, "further clients that are turned away are not logged");
}
