#include "sysext/linux/explicit/http_forward.h"

#include <algorithm>
#include <cstring>

namespace flowtap::explicit_proxy {
namespace {

struct Location {
  std::string_view scheme, authority, path;  // path from its '/', '?' on
};

/// An absolute URI; an empty scheme where it is none.
Location locate(std::string_view target) {
  const size_t colon = target.find("://");
  if (colon == std::string_view::npos || target.find_first_of("/?#") < colon) return {};
  Location found;
  found.scheme = target.substr(0, colon);
  const std::string_view rest = target.substr(colon + 3);
  const size_t path = std::min(rest.find_first_of("/?#"), rest.size());
  found.authority = rest.substr(0, path);
  found.path = rest.substr(path);
  // What stands before the host is for the client to send as a header (RFC 9110, section 4.2.4).
  if (const size_t at = found.authority.rfind('@'); at != std::string_view::npos)
    found.authority.remove_prefix(at + 1);
  return found;
}

ForwardHead refuse(int status, std::string text) {
  ForwardHead made;
  made.refusal = {status, std::move(text)};
  return made;
}

/// Of the connection between client and proxy only.
bool isForProxy(std::string_view name) {
  return sameName(name, "proxy-connection") || sameName(name, "proxy-authorization") ||
         sameName(name, "proxy-authenticate");
}

}  // namespace

ForwardHead rewriteRequest(const RequestHead& head) {
  if (head.method == "CONNECT") {
    const auto target = parseAuthority(head.target, 0);
    if (!target) return refuse(400, "CONNECT has to name a host and a port.");
    ForwardHead made;
    made.target = *target;
    made.isConnect = true;
    return made;
  }
  const Location location = locate(head.target);
  if (location.scheme.empty())
    return refuse(400, "This is a proxy: the request has to name a whole URL, as in \"GET http://host/path\".");
  if (sameName(location.scheme, "https"))
    return refuse(501, "Requests for https go through CONNECT, so that they stay encrypted.");
  if (!sameName(location.scheme, "http"))
    return refuse(501, "The proxy forwards http only; for other schemes use CONNECT or SOCKS.");
  const auto target = parseAuthority(location.authority, 80);
  if (!target) return refuse(400, "The URL does not name a host and a port.");

  ForwardHead made;
  made.target = *target;
  made.isHead = head.method == "HEAD";
  made.body = requestBody(head);
  if (made.body.kind == BodyLength::Kind::kInvalid)
    return refuse(400, "The request's length is contradictory (Content-Length, Transfer-Encoding).");
  std::string& out = made.text;
  out.append(head.method).append(" ");
  const std::string_view path = location.path.substr(0, location.path.find('#'));
  if (path.empty()) out.append(head.method == "OPTIONS" ? "*" : "/");
  else if (path.front() == '?') out.append("/").append(path);
  else out.append(path);
  out.append(" HTTP/1.").append(1, static_cast<char>('0' + head.minor)).append("\r\n");
  // The URL's host counts, whatever the Host field says (RFC 9112, section 3.2.2).
  bool hosted = false;
  const auto putHost = [&] {
    if (!hosted) out.append("Host: ").append(location.authority).append("\r\n");
    hosted = true;
  };
  if (std::none_of(head.fields.begin(), head.fields.end(), [](const Field& f) { return sameName(f.name, "host"); }))
    putHost();
  for (const Field& field : head.fields) {
    if (sameName(field.name, "host")) putHost();
    else if (!isForProxy(field.name)) out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  out.append("\r\n");
  return made;
}

// ---- requests ----

RequestForwarder::State RequestForwarder::state() {
  if (!output_.empty()) return State::kBytes;
  if (body_.state() == HttpBody::State::kGoing) return input_.empty() ? State::kMore : State::kBytes;
  if (body_.state() == HttpBody::State::kInvalid) {
    next_.refusal = {400, "The request's chunks are damaged."};
    return State::kRefused;
  }
  if (parsed_) return next_.refusal.status ? State::kRefused : State::kRequest;
  // Empty lines before a request are passed over (RFC 9112, section 2.2).
  size_t blank = 0;
  while (blank < input_.size() &&
         (input_[blank] == '\n' || (input_[blank] == '\r' && blank + 1 < input_.size() && input_[blank + 1] == '\n')))
    blank++;
  if (blank > 0) {
    input_.erase(0, blank);
    searched_ = 0;
  }
  const size_t end = findHeadEnd(input_, searched_);
  if (end == 0 && input_.size() <= kMaxHead) return State::kMore;
  parsed_ = true;
  if (end == 0 || end > kMaxHead) {
    next_ = refuse(431, "The request's head is longer than " + std::to_string(kMaxHead >> 10) + " KiB.");
    return State::kRefused;
  }
  RequestHead head;
  const std::string problem = parseHead(std::string_view(input_).substr(0, end), head);
  if (!problem.empty()) next_ = refuse(400, problem);
  else next_ = rewriteRequest(head);
  if (next_.refusal.status) return State::kRefused;
  input_.erase(0, end);
  return State::kRequest;
}

void RequestForwarder::begin() {
  output_ = std::move(next_.text);
  body_ = HttpBody(next_.body);
  parsed_ = false;
  searched_ = 0;
}

size_t RequestForwarder::take(char* data, size_t size) {
  if (!output_.empty()) {
    const size_t some = std::min(size, output_.size());
    std::memcpy(data, output_.data(), some);
    output_.erase(0, some);
    return some;
  }
  const size_t some = body_.take(std::string_view(input_).substr(0, size));
  std::memcpy(data, input_.data(), some);
  input_.erase(0, some);
  return some;
}

// ---- responses ----

void ResponseTracker::feed(std::string_view bytes) {
  while (!bytes.empty() && !raw_) {
    if (inBody_) {
      bytes.remove_prefix(body_.take(bytes));
      if (body_.state() == HttpBody::State::kInvalid) raw_ = true;
      if (body_.state() != HttpBody::State::kDone) continue;
      inBody_ = inMessage_ = false;
      continue;
    }
    if (expected_.empty()) raw_ = true;  // nobody asked
    if (raw_) return;
    inMessage_ = true;
    const size_t before = buffer_.size();
    buffer_.append(bytes.substr(0, kMaxHead + 1));
    const size_t end = findHeadEnd(buffer_, searched_);
    if (end == 0) {
      if (buffer_.size() > kMaxHead) raw_ = true;
      bytes.remove_prefix(buffer_.size() - before);
      continue;
    }
    bytes.remove_prefix(end - before);
    buffer_.resize(end);
    if (!head()) raw_ = true;
    buffer_.clear();
    searched_ = 0;
  }
}

/// The head in buffer_. False where it cannot be followed.
bool ResponseTracker::head() {
  ResponseHead head;
  if (!parseHead(buffer_, head).empty() || head.status == 101) return false;
  if (head.status < 200) return true;  // an interim answer; inMessage_ stays until the real one
  const BodyLength length = responseBody(head, expected_.front());
  expected_.pop_front();
  if (length.kind == BodyLength::Kind::kUntilClose || listHas(head.fields, "connection", "close") ||
      (head.minor == 0 && !listHas(head.fields, "connection", "keep-alive")))
    closes_ = true;
  body_ = HttpBody(length);
  inBody_ = body_.state() == HttpBody::State::kGoing;
  inMessage_ = inBody_;
  return body_.state() != HttpBody::State::kInvalid;
}

}  // namespace flowtap::explicit_proxy
