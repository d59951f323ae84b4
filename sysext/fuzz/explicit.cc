// What a client of the explicit proxy says, and what a server answers: SOCKS, CONNECT, plain requests, responses. However
// the bytes are cut, they are read the same way; nothing takes more than it got, and no head is kept without bound.
#include "sysext/fuzz/fuzz.h"
#include "sysext/linux/explicit/http_forward.h"
#include "sysext/linux/explicit/http_reply.h"
#include "sysext/linux/explicit/socks.h"

using namespace flowtap;
using namespace flowtap::explicit_proxy;

namespace {

struct Read {
  std::string out;
  int status = 0;
};

/// Every request is passed on but CONNECT, behind which the tunnel begins. Pieces of 1 to `most` bytes.
Read forwarded(const std::string& bytes, size_t most) {
  Read read;
  RequestForwarder forwarder;
  size_t at = 0, turn = 0;
  for (;;) {
    switch (forwarder.state()) {
      case RequestForwarder::State::kMore: {
        fuzz::require(forwarder.held() <= kMaxHead + most, "an unfinished head is bounded");
        if (at == bytes.size()) return read;
        const size_t piece = std::min(bytes.size() - at, 1 + turn++ % most);
        forwarder.feed({bytes.data() + at, piece});
        at += piece;
        break;
      }
      case RequestForwarder::State::kBytes: {
        char taken[64];
        const size_t size = forwarder.take(taken, sizeof taken);
        fuzz::require(size <= sizeof taken, "no more is written than there is room for");
        fuzz::require(size > 0 || forwarder.state() == RequestForwarder::State::kRefused,
                      "what is there can be taken, or is refused");
        read.out.append(taken, size);
        break;
      }
      case RequestForwarder::State::kRequest: {
        const ForwardHead& next = forwarder.next();
        fuzz::require(next.target.port != 0 && !next.target.host.empty(), "a request has a target");
        if (next.isConnect) return read;
        fuzz::require(next.text.find("\r\n\r\n") == next.text.size() - 4, "one head is passed on, no more");
        forwarder.begin();
        break;
      }
      case RequestForwarder::State::kRefused:
        read.status = forwarder.refusal().status;
        fuzz::require(read.status >= 400 && !httpReply(forwarder.refusal()).empty(), "a refusal can be said");
        return read;
    }
  }
}

void socks(const std::string& bytes) {
  for (const auto parse : {parseSocks5Greeting, parseSocks5Request, parseSocks4Request}) {
    const SocksParsed whole = parse(bytes);
    fuzz::require(whole.consumed <= bytes.size(), "no more is taken than was given");
    if (whole.kind == SocksParsed::Kind::kMore) fuzz::require(bytes.size() < kMaxSocksMessage, "no message is endless");
    if (whole.kind != SocksParsed::Kind::kDone) continue;
    fuzz::require(whole.consumed > 0 && parse(bytes.substr(0, whole.consumed)).kind == SocksParsed::Kind::kDone,
                  "a message ends where it says");
    fuzz::require(parse(bytes.substr(0, whole.consumed - 1)).kind == SocksParsed::Kind::kMore, "and not before");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const auto requests = input.ConsumeIntegralInRange<unsigned>(0, 4);
  const bool toHead = input.ConsumeBool();
  const std::string bytes = fuzz::rest(input);
  socks(bytes);
  const Read once = forwarded(bytes, bytes.size() + 1), cut = forwarded(bytes, 7);
  fuzz::require(once.out == cut.out && once.status == cut.status, "requests are read the same however they are cut");

  ResponseTracker whole, pieces;
  for (unsigned i = 0; i < requests; i++) whole.expect(toHead), pieces.expect(toHead);
  whole.feed(bytes);
  for (const char c : bytes) pieces.feed({&c, 1});
  fuzz::require(whole.complete() == pieces.complete() && whole.raw() == pieces.raw() && whole.closes() == pieces.closes(),
                "responses are read the same however they are cut");
  return 0;
}
