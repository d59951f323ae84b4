// Requests to an explicit proxy, cut at every byte, and hostile ones.
#include <random>

#include "native/test/check.h"
#include "sysext/linux/explicit/http_forward.h"
#include "sysext/linux/explicit/http_reply.h"
#include "sysext/linux/explicit/socks.h"

namespace {

using namespace flowtap::explicit_proxy;
using flowtap::core::Address;
using Kind = SocksParsed::Kind;

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int v : values) out += static_cast<char>(v);
  return out;
}

// ---- authorities ----

TEST("an authority is a host and a port") {
  const struct {
    const char* text;
    const char* host;
    uint16_t port;
  } good[] = {
      {"example.org:443", "example.org", 443}, {"example.org", "example.org", 80}, {"example.org:", "example.org", 80},
      {"[::1]:8080", "::1", 8080},             {"[fe80::1%eth0]", "fe80::1%eth0", 80}, {"127.0.0.1:65535", "127.0.0.1", 65535},
      {"my_host:1", "my_host", 1},
  };
  for (const auto& each : good) {
    const auto target = parseAuthority(each.text, 80);
    CHECK(target.has_value());
    if (!target) continue;
    CHECK_EQ(target->host, each.host);
    CHECK_EQ(target->port, each.port);
  }
  for (const char* text : {"", ":80", "a:0", "a:65536", "a:99999999999999999999", "a:-1", "a:8x", "::1", "[::1", "[::1]80",
                           "[a]:1", "a b:1", "a@b:1", "a/b:1", "\x01:1", "\xc3\xa9:1", "[]:1"})
    CHECK(!parseAuthority(text, 80).has_value());
  CHECK(!parseAuthority("example.org", 0).has_value());
  CHECK(!parseAuthority(std::string(256, 'a'), 80).has_value());
}

// ---- SOCKS ----

/// The outcome of the whole; no shorter piece may have one.
SocksParsed whole(SocksParsed (*parse)(std::string_view), const std::string& input) {
  for (size_t size = 0; size < input.size(); size++)
    CHECK(parse(std::string_view(input).substr(0, size)).kind == Kind::kMore);
  const SocksParsed parsed = parse(input);
  const SocksParsed more = parse(input + "rest");  // of the tunnel
  CHECK(more.kind == parsed.kind && more.consumed == parsed.consumed && more.target == parsed.target);
  return parsed;
}

TEST("SOCKS 5: greeting and requests, cut at each byte") {
  auto greeting = whole(parseSocks5Greeting, bytes({5, 2, 2, 0}));
  CHECK(greeting.kind == Kind::kDone && greeting.consumed == 4);
  CHECK_EQ(greeting.reply, bytes({5, 0}));
  greeting = whole(parseSocks5Greeting, bytes({5, 2, 1, 2}));
  CHECK(greeting.kind == Kind::kRefused);
  CHECK_EQ(greeting.reply, bytes({5, 0xff}));
  CHECK(whole(parseSocks5Greeting, bytes({5, 0})).kind == Kind::kRefused);

  auto request = whole(parseSocks5Request, bytes({5, 1, 0, 1, 10, 0, 0, 7, 0x1f, 0x90}));
  CHECK(request.kind == Kind::kDone && request.consumed == 10);
  CHECK(request.target.address.size == 4 && request.target.address.bytes[3] == 7);
  CHECK_EQ(request.target.port, 8080);
  CHECK_EQ(request.target.address.port, 8080);
  request = whole(parseSocks5Request, bytes({5, 1, 0, 4}) + std::string(15, '\0') + bytes({1, 0, 80}));
  CHECK(request.target.address.size == 16 && request.target.address.bytes[15] == 1);
  request = whole(parseSocks5Request, bytes({5, 1, 0, 3, 11}) + "example.org" + bytes({1, 0xbb}));
  CHECK_EQ(request.target.host, "example.org");
  CHECK_EQ(request.target.port, 443);
  CHECK_EQ(request.target.address.size, 0);
}

TEST("SOCKS 5: what is not served is refused by its own code") {
  const auto codeOf = [](const std::string& input) {
    const auto parsed = parseSocks5Request(input);
    CHECK(parsed.kind == Kind::kRefused);
    CHECK_EQ(parsed.reply.size(), 10u);
    return static_cast<int>(parsed.reply[1]);
  };
  CHECK_EQ(codeOf(bytes({5, 3, 0, 1, 0, 0, 0, 0, 0, 0})), 7);  // UDP ASSOCIATE
  CHECK_EQ(codeOf(bytes({5, 2, 0, 1, 1, 2, 3, 4, 0, 80})), 7);  // BIND
  CHECK_EQ(codeOf(bytes({5, 1, 0, 9, 1, 2, 3, 4, 0, 80})), 8);
  CHECK_EQ(codeOf(bytes({4, 1, 0, 1, 1})), 1);
  CHECK_EQ(codeOf(bytes({5, 1, 0, 3, 3}) + "a b" + bytes({0, 80})), 4);
  CHECK_EQ(codeOf(bytes({5, 1, 0, 3, 0, 0, 80})), 4);
}

TEST("SOCKS 4 and 4a: requests, cut at each byte") {
  auto request = whole(parseSocks4Request, bytes({4, 1, 0, 80, 10, 0, 0, 1}) + "me" + bytes({0}));
  CHECK(request.kind == Kind::kDone);
  CHECK(request.target.address.size == 4 && request.target.host.empty());
  CHECK_EQ(request.target.port, 80);
  request = whole(parseSocks4Request, bytes({4, 1, 0, 80, 0, 0, 0, 1, 0}) + "example.org" + bytes({0}));
  CHECK_EQ(request.target.host, "example.org");
  CHECK_EQ(request.target.address.size, 0);
  CHECK(whole(parseSocks4Request, bytes({4, 2, 0, 80, 10, 0, 0, 1, 0})).kind == Kind::kRefused);
  CHECK(parseSocks4Request(bytes({4, 1, 0, 80, 10, 0, 0, 1}) + std::string(2000, 'u')).kind == Kind::kRefused);
  CHECK(parseSocks4Request(bytes({4, 1, 0, 80, 0, 0, 0, 1, 0}) + std::string(2000, 'h')).kind == Kind::kRefused);
}

TEST("SOCKS: outcomes have the code that fits") {
  Address bound;
  bound.size = 4;
  bound.bytes = {127, 0, 0, 1};
  bound.port = 0x1234;
  CHECK_EQ(socksAccepted(kSocks5, bound), bytes({5, 0, 0, 1, 127, 0, 0, 1, 0x12, 0x34}));
  CHECK_EQ(socksAccepted(kSocks4, bound), bytes({0, 90, 0x12, 0x34, 127, 0, 0, 1}));
  bound.size = 16;
  CHECK_EQ(socksAccepted(kSocks5, bound).size(), 22u);
  CHECK_EQ(socksAccepted(kSocks4, bound).size(), 8u);
  using F = Failure::Kind;
  const std::pair<F, int> codes[] = {{F::kRefused, 5}, {F::kNetworkUnreachable, 3}, {F::kHostUnreachable, 4},
                                     {F::kNameNotFound, 4}, {F::kTimedOut, 6}, {F::kDenied, 2}, {F::kLimit, 1}};
  for (const auto& [kind, code] : codes) CHECK_EQ(static_cast<int>(socksFailed(kSocks5, {kind, ""})[1]), code);
  CHECK_EQ(static_cast<int>(socksFailed(kSocks4, {F::kRefused, ""})[1]), 91);
}

// ---- HTTP heads ----

RequestHead parsed(const std::string& text, std::string* problem = nullptr) {
  RequestHead head;
  const std::string found = parseHead(text, head);
  if (problem) *problem = found;
  else CHECK_EQ(found, "");
  return head;
}

TEST("the end of a head is found wherever its bytes are cut") {
  for (const std::string head : {"GET / HTTP/1.1\r\nA: b\r\n\r\n", "GET / HTTP/1.1\nA: b\n\n", "X\r\n\n", "X\n\r\n"}) {
    size_t from = 0;
    for (size_t size = 0; size < head.size(); size++) CHECK_EQ(findHeadEnd(head.substr(0, size), from), 0u);
    CHECK_EQ(findHeadEnd(head + "body\r\n\r\n", from), head.size());
  }
}

TEST("a head is taken apart; a hostile one is refused") {
  const std::string text = "GET /a HTTP/1.1\r\nHost:  x \r\nEmpty:\r\n\r\n";
  const auto head = parsed(text);
  CHECK_EQ(head.method, "GET");
  CHECK_EQ(head.target, "/a");
  CHECK_EQ(head.fields.size(), 2u);
  CHECK_EQ(head.fields[0].value, "x");
  CHECK_EQ(head.fields[1].value, "");
  for (const std::string bad : {
           "GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/1.10\r\n\r\n",
           "G\x01T / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nA b\r\n\r\n", "GET / HTTP/1.1\r\nA : b\r\n\r\n",
           "GET / HTTP/1.1\r\n folded: b\r\n\r\n", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
           "GET / HTTP/1.1\r\n: b\r\n\r\n", "\x16\x03\x01\r\n\r\n", "GET / HTTP/1.1\r\nA: b", "(GET) / HTTP/1.1\r\n\r\n",
       }) {
    std::string problem;
    parsed(bad, &problem);
    CHECK(!problem.empty());
  }
  std::string problem, many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 2000; i++) many += "A: b\r\n";
  parsed(many + "\r\n", &problem);
  CHECK_CONTAINS(problem, "too many");
  parsed(std::string("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 27), &problem);
  CHECK_CONTAINS(problem, "control");
}

TEST("a body's length is one or none") {
  using L = BodyLength::Kind;
  const auto kindOf = [](const std::string& fields, const char* version = "1.1") {
    const std::string text = std::string("POST / HTTP/") + version + "\r\n" + fields + "\r\n";
    return requestBody(parsed(text)).kind;
  };
  CHECK(kindOf("") == L::kNone);
  CHECK(kindOf("Content-Length: 3\r\n") == L::kSized);
  CHECK(kindOf("Content-Length: 3, 3\r\ncontent-length: 3\r\n") == L::kSized);
  CHECK(kindOf("Transfer-Encoding: gzip, Chunked\r\n") == L::kChunked);
  for (const char* bad : {"Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: -3\r\n", "Content-Length: +3\r\n",
                          "Content-Length:\r\n", "Content-Length: 99999999999999999999\r\n", "Content-Length: 0x3\r\n",
                          "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "Transfer-Encoding: gzip\r\n",
                          "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: chunked, chunked\r\n",
                          "Transfer-Encoding: xchunked\r\n"})
    CHECK(kindOf(bad) == L::kInvalid);
  CHECK(kindOf("Transfer-Encoding: chunked\r\n", "1.0") == L::kInvalid);
}

TEST("a chunked body ends where it says, cut at each byte") {
  const std::string body = "3;x=y\r\nabc\r\n1A\r\n01234567890123456789012345\r\n0\r\nT: r\r\n\r\n";
  for (size_t cut = 0; cut <= body.size(); cut++) {
    HttpBody reader({BodyLength::Kind::kChunked, 0});
    CHECK_EQ(reader.take(body.substr(0, cut)), cut);
    CHECK(cut == body.size() || reader.state() == HttpBody::State::kGoing);
    CHECK_EQ(reader.take(body.substr(cut) + "next"), body.size() - cut);
    CHECK(reader.state() == HttpBody::State::kDone);
  }
  for (const std::string bad : {"x\r\n", "\r\n", "3\nabc", "3\r\nabcd", "3\r\nabc\n", "fffffffffffffffff\r\n", "-1\r\n",
                                "0\r\n\n", "3 ;\n", "0\r\n\rx"}) {
    HttpBody reader({BodyLength::Kind::kChunked, 0});
    CHECK(reader.take(bad) < bad.size());
    CHECK(reader.state() == HttpBody::State::kInvalid);
  }
  HttpBody endless({BodyLength::Kind::kChunked, 0});
  endless.take("1;" + std::string(100'000, 'x'));
  CHECK(endless.state() == HttpBody::State::kInvalid);
}

// ---- forwarding ----

std::string rewritten(const std::string& text) {
  const auto made = rewriteRequest(parsed(text));
  CHECK_EQ(made.refusal.status, 0);
  return made.text;
}

TEST("an absolute URL becomes the origin's form, with the URL's host") {
  CHECK_EQ(rewritten("GET http://a.example:8080/p?q=1#f HTTP/1.1\r\nHost: evil\r\nX: y\r\nProxy-Connection: keep-alive\r\n\r\n"),
           "GET /p?q=1 HTTP/1.1\r\nHost: a.example:8080\r\nX: y\r\n\r\n");
  CHECK_EQ(rewritten("GET HTTP://u:p@a.example HTTP/1.0\r\nProxy-Authorization: Basic eA==\r\n\r\n"),
           "GET / HTTP/1.0\r\nHost: a.example\r\n\r\n");
  CHECK_EQ(rewritten("OPTIONS http://a.example HTTP/1.1\r\nHost: a.example\r\nHost: b\r\n\r\n"),
           "OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n");
  CHECK_EQ(rewritten("GET http://[::1]:81?x HTTP/1.1\r\n\r\n"), "GET /?x HTTP/1.1\r\nHost: [::1]:81\r\n\r\n");
  const std::pair<const char*, int> refused[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},       {"GET https://a/ HTTP/1.1\r\n\r\n", 501},
      {"GET ftp://a/ HTTP/1.1\r\n\r\n", 501},           {"GET http:///x HTTP/1.1\r\n\r\n", 400},
      {"GET http://a:0/ HTTP/1.1\r\n\r\n", 400},        {"GET /?u=http://a/ HTTP/1.1\r\n\r\n", 400},
      {"CONNECT a HTTP/1.1\r\n\r\n", 400},              {"CONNECT http://a:80/ HTTP/1.1\r\n\r\n", 400},
      {"POST http://a/ HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400},
  };
  for (const auto& [text, status] : refused) CHECK_EQ(rewriteRequest(parsed(text)).refusal.status, status);
  const auto connect = rewriteRequest(parsed("CONNECT a.example:443 HTTP/1.1\r\n\r\n"));
  CHECK(connect.isConnect && connect.target.host == "a.example" && connect.target.port == 443);
}

/// What the server gets when the client's bytes come in these pieces, and the hosts in their order.
std::string forwarded(const std::string& input, size_t cut, std::string& hosts) {
  RequestForwarder forwarder;
  std::string out;
  bool refused = false;
  const auto drain = [&] {
    while (!refused) {
      char data[7];
      switch (forwarder.state()) {
        case RequestForwarder::State::kMore: return;
        case RequestForwarder::State::kRefused:
          refused = true;
          out += "<" + std::to_string(forwarder.refusal().status) + ">";
          break;
        case RequestForwarder::State::kBytes: out.append(data, forwarder.take(data, sizeof data)); break;
        case RequestForwarder::State::kRequest:
          hosts += forwarder.next().target.host + " ";
          forwarder.begin();
          break;
      }
    }
  };
  forwarder.feed(input.substr(0, cut));
  drain();
  forwarder.feed(input.substr(cut));
  drain();
  return out;
}

TEST("requests follow each other on one connection, cut at each byte") {
  const std::string input =
      "POST http://a/1 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello\r\n"
      "GET http://b/2 HTTP/1.1\r\n\r\n"
      "POST http://a/3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
      "HEAD http://a/4 HTTP/1.1\r\n\r\n";
  const std::string expected =
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
      "GET /2 HTTP/1.1\r\nHost: b\r\n\r\n"
      "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
      "HEAD /4 HTTP/1.1\r\nHost: a\r\n\r\n";
  for (size_t cut = 0; cut <= input.size(); cut++) {
    std::string hosts;
    CHECK_EQ(forwarded(input, cut, hosts), expected);
    CHECK_EQ(hosts, "a b a a ");
  }
}

TEST("a head without an end, and damaged chunks, are refused") {
  std::string hosts;
  CHECK_EQ(forwarded("GET http://a/ HTTP/1.1\r\nX: " + std::string(70'000, 'x'), 10, hosts), "<431>");
  CHECK_CONTAINS(forwarded("POST http://a/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 9, hosts), "<400>");
  CHECK_EQ(forwarded("\r\n\r\n\x16\x03\r\n\r\n", 3, hosts), "<400>");
}

TEST("responses are followed to their ends, cut at each byte") {
  const std::string stream =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
      "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"  // to HEAD
      "HTTP/1.1 204 No Content\r\n\r\n"
      "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
  for (size_t cut = 0; cut <= stream.size(); cut++) {
    ResponseTracker tracker;
    for (const bool head : {false, true, false, false}) tracker.expect(head);
    tracker.feed(stream.substr(0, cut));
    CHECK(!tracker.raw());
    CHECK(tracker.complete() == (cut == stream.size()));
    tracker.feed(stream.substr(cut));
    CHECK(tracker.complete() && !tracker.closes() && !tracker.raw());
  }
}

TEST("a response that the end of the connection ends is told apart; nonsense is passed on as it is") {
  const auto after = [](const std::string& text) {
    ResponseTracker tracker;
    tracker.expect(false);
    tracker.feed(text);
    return tracker;
  };
  CHECK(after("HTTP/1.1 200 OK\r\n\r\nuntil the end").closes());
  CHECK(!after("HTTP/1.1 200 OK\r\n\r\nuntil the end").complete());
  CHECK(after("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n").closes());
  CHECK(after("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").closes());
  CHECK(!after("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n").closes());
  CHECK(after("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n").raw());
  CHECK(after("SSH-2.0-x\r\n\r\n").raw());
  CHECK(after(std::string(200'000, 'x')).raw());
  CHECK(after("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n").raw());
  CHECK(after("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nunasked").raw());
}

TEST("answers of the proxy say who speaks and why") {
  const std::string reply = httpReply(Failure{Failure::Kind::kTimedOut, "a \"quoted\"\r\nname"});
  CHECK_CONTAINS(reply, "HTTP/1.1 504 Gateway Timeout\r\n");
  CHECK_CONTAINS(reply, "Proxy-Status: flowtap; error=connection_timeout; details=\"a \\\"quoted\\\"??name\"\r\n");
  CHECK(httpReply(Failure{Failure::Kind::kRefused, "x"}, true).find("\r\n\r\n") ==
        httpReply(Failure{Failure::Kind::kRefused, "x"}, true).size() - 4);
}

// ---- anything at all ----

TEST("random input, random cuts: no reader takes more than it got, and all of it is read the same way") {
  std::mt19937 random(20261123);
  const std::vector<std::string> words = {"GET ", "http://", "a", ":", "80", "/", " HTTP/1.1", "\r\n", "\n", "\r", "Host: ",
                                          "Content-Length: ", "5", "Transfer-Encoding: chunked", "0\r\n\r\n", "CONNECT ",
                                          "HTTP/1.1 200 OK\r\n", "\x05\x01", std::string(1, '\0'), "\xff", "[::1]"};
  for (int round = 0; round < 3000; round++) {
    std::string input;
    for (auto count = random() % 30; count > 0; count--) input += words[random() % words.size()];
    std::string first, second;
    const std::string whole = forwarded(input, input.size(), first);
    CHECK_EQ(forwarded(input, input.empty() ? 0 : random() % input.size(), second), whole);
    CHECK_EQ(first, second);
    ResponseTracker tracker;
    tracker.expect(false);
    for (const char c : input) tracker.feed({&c, 1});
    for (const auto parse : {parseSocks5Greeting, parseSocks5Request, parseSocks4Request})
      CHECK(parse(input).consumed <= input.size());
  }
}

}  // namespace
