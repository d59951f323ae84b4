#include "sysext/linux/explicit/http_reply.h"

namespace flowtap::explicit_proxy {
namespace {

struct Answer {
  int status;
  const char* error;  // of the registry of RFC 9209, section 2.3
};

Answer answerTo(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::kRefused: return {502, "connection_refused"};
    case Failure::Kind::kHostUnreachable:
    case Failure::Kind::kNetworkUnreachable: return {502, "destination_ip_unroutable"};
    case Failure::Kind::kTimedOut: return {504, "connection_timeout"};
    case Failure::Kind::kNameNotFound: return {502, "dns_error"};
    case Failure::Kind::kNameTimedOut: return {504, "dns_timeout"};
    case Failure::Kind::kReset: return {502, "connection_terminated"};
    case Failure::Kind::kDenied: return {403, "http_request_denied"};
    case Failure::Kind::kLimit: return {503, "connection_limit_reached"};
    case Failure::Kind::kOther: break;
  }
  return {502, "proxy_internal_error"};
}

const char* phraseOf(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 408: return "Request Timeout";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Bad Gateway";
  }
}

/// A quoted string of a structured field (RFC 8941, section 3.3.3): printable ASCII.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c >= 0x20 && c < 0x7f ? c : '?';
  }
  return out + "\"";
}

std::string reply(int status, const char* error, const std::string& text, bool toHead) {
  const std::string body = "Flowtap: " + text + "\n";
  std::string out = "HTTP/1.1 " + std::to_string(status) + " " + phraseOf(status) + "\r\n";
  out += std::string("Proxy-Status: flowtap; error=") + error + "; details=" + quoted(text) + "\r\n";
  out += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  out += "Connection: close\r\n\r\n";
  return toHead ? out : out + body;
}

}  // namespace

const char* const kTunnelReply = "HTTP/1.1 200 Connection established\r\n\r\n";

std::string httpReply(const HttpRefusal& refusal, bool toHead) {
  return reply(refusal.status, "http_request_error", refusal.text, toHead);
}

std::string httpReply(const Failure& failure, bool toHead) {
  const Answer answer = answerTo(failure.kind);
  return reply(answer.status, answer.error, failure.text, toHead);
}

}  // namespace flowtap::explicit_proxy
