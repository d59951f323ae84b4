// The kit behind the XPC rendezvous, as macOS has it, on the stand-in of native/shim: that flows reach a client over
// either transport, and who gets in.
#include <algorithm>
#include <future>

#include "native/rendezvous.h"
#include "native/shim/left.h"
#include "sysext/test/kit/handle.h"
#include "sysext/test/kit/reader.h"

namespace {

using namespace flowtap;
using namespace flowtap::kit::test;
using flowtap::test::eventually;
using flowtap::test::runAll;

const char* const kName = "group.example.flows";
const char* const kToken = "0123456789abcdef0123456789abcdef";
const shim::Identity kExample{0, 0, 100, "example"};
const shim::Identity kEditor{501, 20, 501001, "editor"};

struct Endpoint : Handle {
  Endpoint() {
    flowtap_options options{};
    options.token = kToken;
    options.body_limit = 1u << 20;
    shim::become(kExample);
    start(kName, options);
  }
  flowtap_flow* open(uint32_t uid = kEditor.uid) const { return Handle::open(FLOWTAP_TCP, uid); }
  bool logs(const std::string& part) {
    return eventually([&] {
      const auto lines = log();
      return std::any_of(lines.begin(), lines.end(), [&](const auto& line) { return line.find(part) != std::string::npos; });
    });
  }
};

struct Answer {
  ConnectError error;
  std::string text;
  Fd fd;
};
Answer connectWith(const std::string& token) {
  shim::become(kEditor);
  std::promise<Answer> promise;
  auto future = promise.get_future();
  const auto client = flowtap::Client::connect(kName, "", token, [&](ConnectError error, const std::string& text, int fd) {
    promise.set_value({error, text, Fd(fd)});
  });
  return future.get();
}

/// While the stream inside messages is what there is.
struct NoDescriptors {
  explicit NoDescriptors(bool none) { shim::refuseFds(none, none); }
  ~NoDescriptors() { shim::refuseFds(false, false); }
};

/// The whole run leaves no object of the system.
void leavesNothing(const std::function<void()>& body) {
  body();
  CHECK(shim::nothingIsLeft());
}

}  // namespace

TEST("flows stream to a client that came by XPC, as descriptor and inside messages, whole and in order") {
  for (const bool messages : {false, true}) {
    leavesNothing([messages] {
      const NoDescriptors none(messages);
      constexpr size_t kPiece = 4096, kPieces = 256;  // four times the window of a stream inside messages
      Endpoint endpoint;
      Answer answer = connectWith(kToken);
      CHECK_EQ(answer.text, "");
      Reader reader(std::move(answer.fd));
      reader.subscribe(kPiece * kPieces);
      CHECK(reader.live());
      CHECK(reader.welcome.mode == wire::Mode::kKit);
      flowtap_flow* const flow = endpoint.open();
      flowtap_flow_connected(flow);
      for (size_t i = 0; i < kPieces; i++) {
        const std::string up = pattern(i * kPiece, kPiece), down = pattern(i * kPiece + 1, kPiece);
        flowtap_flow_data(flow, FLOWTAP_UP, up.data(), up.size());
        flowtap_flow_data(flow, FLOWTAP_DOWN, down.data(), down.size());
        // As they come, not only at the end.
        if (i % 16 == 15)
          CHECK(reader.until([&] {
            return !reader.flows.empty() && reader.flows.begin()->second.payload(1).size() == (i + 1) * kPiece;
          }));
      }
      flowtap_flow_close(flow, FLOWTAP_EOF, 0);
      CHECK(reader.closed(1));
      if (reader.flows.size() != 1) return CHECK_EQ(reader.flows.size(), 1u);
      const Seen& seen = reader.flows.begin()->second;
      CHECK(seen.payload(0) == pattern(0, kPiece * kPieces));
      // Each piece began one further than its place.
      std::string down;
      for (size_t i = 0; i < kPieces; i++) down += pattern(i * kPiece + 1, kPiece);
      CHECK(seen.payload(1) == down);
      CHECK_EQ(seen.closed.bytesUp, kPiece * kPieces);
      CHECK_EQ(reader.droppedFrames, 0u);
    });
  }
}

TEST("a client gets the flows of its own user, as XPC names that") {
  leavesNothing([] {
    Endpoint endpoint;
    Reader reader(connectWith(kToken).fd);
    reader.subscribe(0);
    CHECK(reader.live());
    flowtap_flow_close(endpoint.open(502), FLOWTAP_EOF, 0);
    flowtap_flow_close(endpoint.open(kEditor.uid), FLOWTAP_EOF, 0);
    CHECK(reader.closed(1));
    CHECK_EQ(reader.flows.size(), 1u);
    flowtap_statistics statistics{};
    flowtap_endpoint_statistics(endpoint.handle, &statistics);
    CHECK_EQ(statistics.opened, 2u);
  });
}

TEST("without the endpoint's token nobody gets in, and the log names who tried") {
  leavesNothing([] {
    Endpoint endpoint;
    for (const std::string& token : {std::string(), std::string(kToken) + "x"}) {
      const Answer answer = connectWith(token);
      CHECK(answer.error == ConnectError::kRefused);
      CHECK(!answer.fd);
    }
    CHECK(endpoint.logs("turned away pid 501001 of uid 501"));
    CHECK(connectWith(kToken).error == ConnectError::kNone);
  });
}

TEST("a stopped endpoint ends its clients after their last frame, and its name is free for the next") {
  for (const bool messages : {false, true}) {
    leavesNothing([messages] {
      const NoDescriptors none(messages);
      Endpoint endpoint;
      Reader reader(connectWith(kToken).fd);
      reader.subscribe(16384);
      CHECK(reader.live());
      flowtap_flow* const flow = endpoint.open();
      flowtap_flow_data(flow, FLOWTAP_UP, "last words", 10);
      std::thread reading([&] { CHECK(reader.toTheEnd()); });
      endpoint.stop();
      reading.join();
      CHECK_EQ(reader.closes, 1u);
      if (!reader.flows.empty()) CHECK_EQ(reader.flows.begin()->second.payload(0), "last words");
      flowtap_flow_close(flow, FLOWTAP_EOF, 0);
      CHECK(connectWith(kToken).error == ConnectError::kNoService);
      Endpoint next;
      CHECK(connectWith(kToken).error == ConnectError::kNone);
    });
  }
}

int main(int argc, char** argv) { return runAll(argc > 1 ? argv[1] : ""); }
