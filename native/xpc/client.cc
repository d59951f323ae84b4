#include <cerrno>
#include <cstring>
#include <optional>

#include "native/xpc/message.h"
#include "native/xpc/message_stream.h"
#include "native/xpc/proof.h"
#include "native/xpc/sockets.h"
#include "native/xpc/tokens.h"

namespace flowtap::xpc {
namespace {

/// One handshake. Everything after start() happens on the client's queue. XPC keeps it through the connection's handler
/// until the connection is cancelled, which happens in each way out.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  /// `change`: what is asked instead of a socket.
  Attempt(std::string name, std::string token, std::optional<TokenChange> change, Client::OnFd onFd)
      : name_(std::move(name)), token_(std::move(token)), change_(std::move(change)), onFd_(std::move(onFd)) {}

  void start(dispatch_queue_t queue, const std::string& requirement);
  /// The client is being destroyed.
  void abandon() {
    onFd_ = nullptr;
    end();
  }

 private:
  void onEvent(xpc_object_t event);
  void ask(Op op, xpc_object_t request, void (Attempt::*next)(xpc_object_t reply));
  void hello();
  void open(xpc_object_t reply);
  void changeToken(xpc_object_t reply);
  void take(xpc_object_t reply);
  void finish(xpc_object_t reply);
  void failedReply(xpc_object_t reply);
  void deliver(ConnectError error, const std::string& text);
  void end();

  const std::string name_, token_;
  const std::optional<TokenChange> change_;
  Client::OnFd onFd_;  ///< unset once called or abandoned
  dispatch_queue_t queue_ = nullptr;
  Connection connection_;
  bool ended_ = false;
  bool retried_ = false;
  uint64_t transports_ = kDescriptor | kMessages;
  Fd fd_;
  std::shared_ptr<MessageStream> stream_;
};

void Attempt::start(dispatch_queue_t queue, const std::string& requirement) {
  queue_ = queue;  // the connection keeps it
  const auto self = shared_from_this();
  // XPC takes C strings, so it would look up what stands before a NUL.
  if (name_.empty() || name_.find('\0') != std::string::npos) {
    dispatch_async(queue, ^{
      self->deliver(ConnectError::kProtocol, "The proxy's endpoint must be the name of a Mach service, not \"\"");
    });
    return;
  }
  connection_ = Connection(
      xpc_connection_create_mach_service(name_.c_str(), queue, XPC_CONNECTION_MACH_SERVICE_PRIVILEGED));
  xpc_connection_set_event_handler(connection_.get(), ^(xpc_object_t event) {
    self->onEvent(event);
  });
  const bool wellFormed = requirement.empty() || xpc_connection_set_peer_code_signing_requirement(
                                                     connection_.get(), requirement.c_str()) == 0;
  xpc_connection_activate(connection_.get());
  if (!wellFormed) {
    const std::string text = "The code-signing requirement of the service is malformed: " + requirement;
    dispatch_async(queue, ^{
      self->deliver(ConnectError::kRefused, text);
    });
    return;
  }
  dispatch_async(queue, ^{
    self->hello();
  });
  dispatch_after(dispatch_time(DISPATCH_TIME_NOW, int64_t{kPatience} * static_cast<int64_t>(NSEC_PER_SEC)), queue, ^{
    self->deliver(ConnectError::kInterrupted, "The service " + self->name_ + " hangs: it does not answer");
  });
}

void Attempt::onEvent(xpc_object_t event) {
  const xpc_type_t type = xpc_get_type(event);
  if (type == XPC_TYPE_DICTIONARY && stream_) stream_->onMessage(event);
  if (type != XPC_TYPE_ERROR) return;
  if (stream_) stream_->onError();
  // An interruption is told by the request that was under way; the connection can be used again. The others end it.
  if (event != XPC_ERROR_CONNECTION_INTERRUPTED && event != XPC_ERROR_TERMINATION_IMMINENT) failedReply(event);
}

void Attempt::ask(Op op, xpc_object_t request, void (Attempt::*next)(xpc_object_t reply)) {
  if (ended_) return;
  const auto self = shared_from_this();
  xpc_connection_send_message_with_reply(connection_.get(), request, queue_, ^(xpc_object_t reply) {
    if (!self->onFd_) return;
    if (xpc_get_type(reply) != XPC_TYPE_DICTIONARY) {
      self->failedReply(reply);
      return;
    }
    const uint64_t version = xpc_dictionary_get_uint64(reply, kKeyVersion);
    const uint64_t error = xpc_dictionary_get_uint64(reply, kKeyError);
    const std::string text = getText(reply, kKeyText);
    if (error == static_cast<uint64_t>(ConnectError::kRefused))
      self->deliver(ConnectError::kRefused, "The service " + self->name_ + " turned this client away: " + text +
                                                (self->change_ ? "" : "; allow it with: flowtap start"));
    else if (error == static_cast<uint64_t>(ConnectError::kInterrupted))
      self->deliver(ConnectError::kInterrupted, "The service " + self->name_ + " is out of resources: " + text);
    else if (version != kVersion || error != 0)
      self->deliver(ConnectError::kProtocol, "The service " + self->name_ + " answers step " +
                                                 std::to_string(static_cast<uint64_t>(op)) +
                                                 " of the rendezvous otherwise than this client expects: " +
                                                 (text.empty() ? "version " + std::to_string(version) : text));
    else ((*self).*next)(reply);
  });
}

void Attempt::hello() {
  const Object request = makeMessage(Op::kHello);
  ask(Op::kHello, request.get(), &Attempt::open);
}

void Attempt::open(xpc_object_t reply) {
  const std::string nonce = getBytes(reply, kKeyNonce, kNonceSize);
  if (nonce.size() != kNonceSize) {
    deliver(ConnectError::kProtocol, "The service " + name_ + " is no proxy of Flowtap: it sends no nonce");
    return;
  }
  if (change_) return changeToken(reply);
  const Object request = makeMessage(Op::kOpen);
  xpc_dictionary_set_uint64(request.get(), kKeyTransports, transports_);
  if (xpc_dictionary_get_uint64(reply, kKeyNeedsToken) != 0)
    setBytes(request.get(), kKeyProof, makeProof(token_, name_, nonce));
  ask(Op::kOpen, request.get(), &Attempt::take);
}

void Attempt::changeToken(xpc_object_t reply) {
  if (xpc_dictionary_get_uint64(reply, kKeyNeedsToken) != 0) {
    deliver(ConnectError::kRefused, "The service " + name_ + " takes this program for no part of itself: both must be " +
                                        "signed by the same team");
    return;
  }
  const Object request = makeMessage(change_->grant ? Op::kGrant : Op::kRevoke);
  setBytes(request.get(), kKeyToken, change_->token);
  ask(change_->grant ? Op::kGrant : Op::kRevoke, request.get(), &Attempt::finish);
}

void Attempt::take(xpc_object_t reply) {
  const uint64_t transport = xpc_dictionary_get_uint64(reply, kKeyTransport);
  if (transport == kDescriptor && (transports_ & kDescriptor)) {
    fd_.reset(xpc_dictionary_dup_fd(reply, kKeySocket));
    if (!fd_) {
      // The sandbox lets no descriptor in: the same again, inside messages.
      transports_ = kMessages;
      hello();
      return;
    }
    setCloseOnExecNonBlocking(fd_.get());
  } else if (transport == kMessages) {
    stream_ = MessageStream::start(connection_.get(), fd_);
    if (!stream_) {
      deliver(ConnectError::kInterrupted, std::string("Cannot make a socket or thread: ") + std::strerror(errno));
      return;
    }
  } else {
    deliver(ConnectError::kProtocol, "The service " + name_ + " chose a transport that this client does not know");
    return;
  }
  const Object request = makeMessage(Op::kTaken);
  ask(Op::kTaken, request.get(), &Attempt::finish);
}

void Attempt::finish(xpc_object_t) { deliver(ConnectError::kNone, ""); }

void Attempt::failedReply(xpc_object_t reply) {
  if (reply == XPC_ERROR_CONNECTION_INVALID) {
    deliver(ConnectError::kNoService, "No proxy serves " + name_ +
                                          ": it does not run, or the installed one has another name; see: flowtap status");
  } else if (reply == XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT) {
    deliver(ConnectError::kRefused, "What serves " + name_ + " is not signed as Flowtap's proxy is; do not trust it");
  } else if (!retried_ && !stream_) {
    // The service ended; the system starts it again with the next message, which begins the handshake anew.
    retried_ = true;
    fd_.reset();
    hello();
  } else {
    deliver(ConnectError::kInterrupted, "The service " + name_ + " went away during the rendezvous; try again");
  }
}

void Attempt::deliver(ConnectError error, const std::string& text) {
  if (!onFd_) return;
  const auto onFd = std::exchange(onFd_, nullptr);
  const int fd = error == ConnectError::kNone ? fd_.release() : -1;
  // A stream that its user takes has the connection from now on.
  if (stream_ && fd >= 0) ended_ = true;
  else end();
  onFd(error, text, fd);
}

void Attempt::end() {
  if (ended_) return;
  ended_ = true;
  fd_.reset();  // which also ends a stream, and that the connection
  if (!stream_ && connection_) xpc_connection_cancel(connection_.get());
}

class XpcClient final : public Client {
 public:
  XpcClient(const std::string& name, const std::string& requirement, const std::string& token,
            std::optional<TokenChange> change, OnFd onFd)
      : queue_("flowtap.rendezvous.client"),
        attempt_(std::make_shared<Attempt>(name, token, std::move(change), std::move(onFd))) {
    attempt_->start(queue_.get(), requirement);
  }
  ~XpcClient() override {
    Attempt* const attempt = attempt_.get();
    dispatch_sync(queue_.get(), ^{
      attempt->abandon();
    });
  }

 private:
  const Queue queue_;
  const std::shared_ptr<Attempt> attempt_;
};

}  // namespace

std::unique_ptr<Client> changeToken(const std::string& name, const std::string& requirement, TokenChange change,
                                    OnChanged onDone) {
  return std::make_unique<XpcClient>(name, requirement, "", std::move(change),
                                     [onDone = std::move(onDone)](ConnectError error, const std::string& text, int) {
                                       onDone(error, text);
                                     });
}

}  // namespace flowtap::xpc

namespace flowtap {

std::unique_ptr<Client> Client::connect(const std::string& name, const std::string& requirement,
                                        const std::string& token, OnFd onFd) {
  return std::make_unique<xpc::XpcClient>(name, requirement, token, std::nullopt, std::move(onFd));
}

}  // namespace flowtap
