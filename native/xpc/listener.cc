#include <algorithm>
#include <cstring>
#include <list>
#include <map>

#include "native/xpc/message.h"
#include "native/xpc/message_stream.h"
#include "native/xpc/proof.h"
#include "native/xpc/signature.h"
#include "native/xpc/sockets.h"

namespace flowtap::xpc {
namespace {

class Service;

/// One peer connection, from its first event to its last. Everything happens on the listener's queue.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::weak_ptr<Service> service, xpc_connection_t connection)
      : service_(std::move(service)),
        connection_(Connection::retained(connection)),
        peer_{xpc_connection_get_euid(connection), xpc_connection_get_egid(connection),
              xpc_connection_get_pid(connection)} {}

  const Peer& peer() const { return peer_; }
  /// Still counts as a handshake: the peer has not got its socket yet, or has not left since.
  bool pending() const { return !stream_; }
  bool unserved() const { return stage_ != Stage::kServed && stage_ != Stage::kRefused; }
  void onEvent(xpc_object_t event);
  /// Ends the connection without another word about it.
  void drop() {
    stage_ = Stage::kRefused;
    ours_.reset();
    xpc_connection_cancel(connection_.get());
  }

 private:
  enum class Stage { kConnected, kGreeted, kOpened, kServed, kRefused };

  void onRequest(Service& service, xpc_object_t request);
  void hello(Service& service, xpc_object_t request, xpc_object_t reply);
  void open(Service& service, xpc_object_t request, xpc_object_t reply);
  void taken(Service& service, xpc_object_t reply);
  void changeToken(Service& service, xpc_object_t request, bool grant, xpc_object_t reply);
  void refuse(Service& service, xpc_object_t reply, ConnectError error, const std::string& text);

  const std::weak_ptr<Service> service_;
  const Connection connection_;
  Peer peer_;
  Stage stage_ = Stage::kConnected;
  std::string nonce_;
  Transport transport_ = kDescriptor;
  Fd ours_;  ///< the listener's end, until the peer says that it has the other
  std::shared_ptr<MessageStream> stream_;
};

class Service : public std::enable_shared_from_this<Service> {
 public:
  Service(std::string serviceName, ListenerOptions listenerOptions, Listener::OnConnection connected,
          Listener::OnRefused refused)
      : name(std::move(serviceName)),
        options(std::move(listenerOptions)),
        onConnection(std::move(connected)),
        onRefused(std::move(refused)) {}

  void accept(xpc_connection_t connection);
  void forget(const std::shared_ptr<Session>& session) { sessions_.remove(session); }
  /// Whether one more stream may run for that uid.
  bool streamFree(uid_t uid) {
    auto& running = streams_[uid];
    running.erase(std::remove_if(running.begin(), running.end(),
                                 [](const std::weak_ptr<MessageStream>& stream) {
                                   const auto alive = stream.lock();
                                   return !alive || !alive->running();
                                 }),
                  running.end());
    return running.size() < kMostStreams;
  }
  void addStream(uid_t uid, const std::shared_ptr<MessageStream>& stream) { streams_[uid].push_back(stream); }
  void stop() {
    stopped = true;
    for (const auto& session : sessions_)
      if (session->pending()) session->drop();
    sessions_.clear();
  }

  const std::string name;
  const ListenerOptions options;
  const Listener::OnConnection onConnection;
  const Listener::OnRefused onRefused;
  bool stopped = false;

 private:
  void limit(uid_t uid);

  std::list<std::shared_ptr<Session>> sessions_;  // oldest first
  std::map<uid_t, std::vector<std::weak_ptr<MessageStream>>> streams_;
};

std::string uidText(const Peer& peer) { return "uid " + std::to_string(peer.uid); }

void Service::accept(xpc_connection_t connection) {
  const auto session = std::make_shared<Session>(weak_from_this(), connection);
  xpc_connection_set_event_handler(connection, ^(xpc_object_t event) {
    session->onEvent(event);
  });
  // Before activation: XPC then checks every message, and a peer that fails gets nowhere.
  const bool checked =
      options.requirement.empty() ||
      xpc_connection_set_peer_code_signing_requirement(connection, options.requirement.c_str()) == 0;
  xpc_connection_activate(connection);
  if (stopped || !checked) {
    if (!stopped) onRefused(session->peer(), "the listener's code-signing requirement is malformed");
    xpc_connection_cancel(connection);
    return;
  }
  sessions_.push_back(session);
  limit(session->peer().uid);
}

/// One user's unfinished handshakes cannot keep others, nor its own next one, from connecting.
void Service::limit(uid_t uid) {
  const auto counts = [uid](const std::shared_ptr<Session>& session) {
    return session->pending() && session->peer().uid == uid;
  };
  if (std::count_if(sessions_.begin(), sessions_.end(), counts) <= kMostPending) return;
  const auto oldest = std::find_if(sessions_.begin(), sessions_.end(), counts);
  const auto session = *oldest;
  sessions_.erase(oldest);
  if (session->unserved())
    onRefused(session->peer(), "it left the handshake unfinished while " + std::to_string(kMostPending) +
                                   " newer connections of " + uidText(session->peer()) + " came");
  session->drop();
}

void Session::onEvent(xpc_object_t event) {
  const auto service = service_.lock();
  const xpc_type_t type = xpc_get_type(event);
  if (type == XPC_TYPE_DICTIONARY) {
    if (stream_) stream_->onMessage(event);
    else if (service && !service->stopped) onRequest(*service, event);
    return;
  }
  // This process is about to be told to end; the peer is still there.
  if (type != XPC_TYPE_ERROR || event == XPC_ERROR_TERMINATION_IMMINENT) return;
  if (stream_) stream_->onError();
  const bool wasUnserved = unserved();
  // Also where the peer has ended it: it makes XPC let go of the handler, and so of this session.
  if (!stream_) drop();
  if (!service || service->stopped) return;
  if (wasUnserved)
    service->onRefused(peer_, event == XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT
                                  ? "it is not signed as required"
                                  : "it left during the handshake");
  service->forget(shared_from_this());
}

void Session::onRequest(Service& service, xpc_object_t request) {
  const Object reply(xpc_dictionary_create_reply(request));
  if (!reply) return;  // the peer awaits no answer, so this is none of our requests
  xpc_dictionary_set_uint64(reply.get(), kKeyVersion, kVersion);
  const uint64_t version = xpc_dictionary_get_uint64(request, kKeyVersion);
  const Op op = opOf(request);
  if (version != kVersion)
    refuse(service, reply.get(), ConnectError::kProtocol,
           "the service speaks version " + std::to_string(kVersion) + " of the rendezvous, the client version " +
               std::to_string(version));
  else if (op == Op::kHello && unserved()) hello(service, request, reply.get());
  else if (op == Op::kOpen && stage_ == Stage::kGreeted) open(service, request, reply.get());
  else if (op == Op::kTaken && stage_ == Stage::kOpened) taken(service, reply.get());
  else if ((op == Op::kGrant || op == Op::kRevoke) && stage_ == Stage::kGreeted)
    changeToken(service, request, op == Op::kGrant, reply.get());
  else
    refuse(service, reply.get(), ConnectError::kProtocol,
           "request " + std::to_string(static_cast<uint64_t>(op)) + " has no place here in the handshake");
  xpc_connection_send_message(connection_.get(), reply.get());
}

void Session::refuse(Service& service, xpc_object_t reply, ConnectError error, const std::string& text) {
  const bool first = stage_ != Stage::kRefused;
  stage_ = Stage::kRefused;
  ours_.reset();
  xpc_dictionary_set_uint64(reply, kKeyError, static_cast<uint64_t>(error));
  xpc_dictionary_set_string(reply, kKeyText, text.c_str());
  if (first) service.onRefused(peer_, text);
}

void Session::hello(Service& service, xpc_object_t request, xpc_object_t reply) {
  stage_ = Stage::kGreeted;
  ours_.reset();  // the peer could not use what it was offered before
  nonce_ = makeNonce();
  peer_.trusted = !service.options.trusted.empty() && senderMeets(request, service.options.trusted);
  setBytes(reply, kKeyNonce, nonce_);
  xpc_dictionary_set_uint64(reply, kKeyNeedsToken, peer_.trusted ? 0 : 1);
}

void Session::open(Service& service, xpc_object_t request, xpc_object_t reply) {
  const std::string nonce = std::exchange(nonce_, std::string());  // good for one attempt
  if (!peer_.trusted) {
    const std::string proof = getBytes(request, kKeyProof, 64);
    const auto tokens = service.options.tokens ? service.options.tokens(peer_) : std::vector<std::string>();
    if (!proves(proof, tokens, service.name, nonce)) {
      refuse(service, reply, ConnectError::kRefused,
             tokens.empty() ? "nothing was granted to " + uidText(peer_)
                            : "the client knows no token that is granted to " + uidText(peer_));
      return;
    }
  }
  const uint64_t transports = xpc_dictionary_get_uint64(request, kKeyTransports);
  if (transports & kDescriptor) {
    Fd theirs;
    if (makeSocketPair(ours_, theirs)) {
      const Object box(xpc_fd_create(theirs.get()));
      if (box) {
        transport_ = kDescriptor;
        stage_ = Stage::kOpened;
        xpc_dictionary_set_value(reply, kKeySocket, box.get());
        xpc_dictionary_set_uint64(reply, kKeyTransport, kDescriptor);
        return;
      }
      ours_.reset();
    }
  }
  if (!(transports & kMessages)) {
    refuse(service, reply, ConnectError::kProtocol, "no descriptor can cross, and the client knows no other transport");
  } else if (!service.streamFree(peer_.uid)) {
    refuse(service, reply, ConnectError::kRefused,
           uidText(peer_) + " has " + std::to_string(kMostStreams) + " connections inside messages already; close one");
  } else {
    transport_ = kMessages;
    stage_ = Stage::kOpened;
    xpc_dictionary_set_uint64(reply, kKeyTransport, kMessages);
  }
}

void Session::taken(Service& service, xpc_object_t reply) {
  if (transport_ == kMessages) {
    // Checked again: many may have been offered the same place.
    stream_ = service.streamFree(peer_.uid) ? MessageStream::start(connection_.get(), ours_) : nullptr;
    if (!stream_) {
      refuse(service, reply, ConnectError::kInterrupted, "the service has no descriptor or thread left for this connection");
      return;
    }
    service.addStream(peer_.uid, stream_);
  }
  stage_ = Stage::kServed;
  service.onConnection(ours_.release(), peer_);
}

void Session::changeToken(Service& service, xpc_object_t request, bool grant, xpc_object_t reply) {
  // A token must not make further ones, which would outlive it.
  if (!peer_.trusted || !service.options.onTokenChange) {
    refuse(service, reply, ConnectError::kRefused, "only a program of the service's own team may grant or revoke");
    return;
  }
  const TokenChange change{grant, getBytes(request, kKeyToken, ListenerOptions::kLongestToken)};
  const std::string problem = grant && change.token.size() < ListenerOptions::kShortestToken
                                  ? "a token has at least " + std::to_string(ListenerOptions::kShortestToken) + " bytes"
                                  : service.options.onTokenChange(peer_, change);
  if (!problem.empty()) refuse(service, reply, ConnectError::kRefused, problem);
  else stage_ = Stage::kServed;
}

class XpcListener final : public Listener {
 public:
  XpcListener(const std::string& name, ListenerOptions options, OnConnection onConnection, OnRefused onRefused)
      : queue_("flowtap.rendezvous.listener"),
        service_(std::make_shared<Service>(name, std::move(options), std::move(onConnection), std::move(onRefused))),
        connection_(
            xpc_connection_create_mach_service(name.c_str(), queue_.get(), XPC_CONNECTION_MACH_SERVICE_LISTENER)) {
    const auto service = service_;
    const dispatch_queue_t queue = queue_.get();  // kept by the connection
    xpc_connection_set_event_handler(connection_.get(), ^(xpc_object_t event) {
      if (xpc_get_type(event) == XPC_TYPE_CONNECTION) {
        const auto peer = static_cast<xpc_connection_t>(event);
        xpc_connection_set_target_queue(peer, queue);
        service->accept(peer);
      } else if (event == XPC_ERROR_CONNECTION_INVALID && !service->stopped) {
        service->onRefused({}, "the system does not give the name " + service->name +
                                   " to this process; it must stand in Info.plist as NEMachServiceName, below an "
                                   "application group, and no older version may hold it");
      }
    });
    xpc_connection_activate(connection_.get());
  }
  ~XpcListener() override {
    Service* const service = service_.get();
    dispatch_sync(queue_.get(), ^{
      service->stop();
    });
    xpc_connection_cancel(connection_.get());
  }
  int pollFd() const override { return -1; }
  void onReadable() override {}

 private:
  const Queue queue_;
  const std::shared_ptr<Service> service_;
  const Connection connection_;
};

}  // namespace
}  // namespace flowtap::xpc

namespace flowtap {

bool Listener::asksForTokens() { return true; }

Listener::Started Listener::start(const std::string& name, ListenerOptions options, OnConnection onConnection,
                                  OnRefused onRefused) {
  if (name.empty() || name.find('\0') != std::string::npos)
    return {nullptr, StartError::kSystem, "The name of the service must be a Mach service name, not \"\""};
  return {std::make_unique<xpc::XpcListener>(name, std::move(options), std::move(onConnection), std::move(onRefused)),
          StartError::kNone, ""};
}

}  // namespace flowtap
