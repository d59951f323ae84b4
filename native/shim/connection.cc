// Connections of one process with itself. A client's end and a peer's end point at each other; one lock guards all of
// that, and every event is delivered on the connection's own queue.
#include <Block.h>

#include <functional>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "native/shim/object.h"
#include "native/shim/queue.h"

namespace shim {
namespace {
// Recursive: releasing the last reference to something under it may end up here again.
std::recursive_mutex world;
using Lock = std::lock_guard<std::recursive_mutex>;
std::map<std::string, Connection*> services;  // registered listeners
std::set<Connection*> connections;
}  // namespace

struct Pending {
  dispatch_queue_t queue;  ///< retained
  xpc_handler_t handler;   ///< copied
};

struct Connection final : Object {
  enum Role { kListener, kClient, kPeer };
  const Role role;
  const std::string name;
  const Identity owner;
  Identity remote{static_cast<uid_t>(-1), static_cast<gid_t>(-1), 0, ""};
  dispatch_queue_t queue;
  xpc_handler_t handler = nullptr;
  std::string requirement;
  bool activated = false, cancelled = false, finished = false;
  Connection* other = nullptr;
  uint64_t nextId = 1;
  std::map<uint64_t, Pending> pending;
  std::vector<std::function<void()>> early;  ///< events of a connection that is not active yet

  Connection(Role r, std::string n, Identity o, dispatch_queue_t q)
      : Object(XPC_TYPE_CONNECTION), role(r), name(std::move(n)), owner(std::move(o)), queue(q) {
    dispatch_retain(queue);
    connections.insert(this);
  }
  ~Connection() override {
    const Lock lock(world);
    if (!activated) trap("the last reference to an inactive connection was released");
    connections.erase(this);
    if (handler) Block_release(handler);
    dispatch_release(queue);
  }

  void run(std::function<void()> work) {
    if (activated) enqueue(queue, std::move(work));
    else early.push_back(std::move(work));
  }
  void event(xpc_object_t object) {
    xpc_retain(this);
    xpc_retain(object);
    run([this, object] {
      xpc_handler_t copy = nullptr;
      {
        const Lock lock(world);
        if (handler && (!cancelled || object == XPC_ERROR_CONNECTION_INVALID)) copy = Block_copy(handler);
      }
      if (copy) {
        copy(object);
        Block_release(copy);
      } else if (xpc_get_type(object) == XPC_TYPE_CONNECTION) {
        static_cast<Connection*>(asObject(object))->turnAway();
      }
      xpc_release(object);
      xpc_release(this);
    });
  }
  void failPending(xpc_object_t error) {
    std::map<uint64_t, Pending> failing;
    failing.swap(pending);
    for (const auto& entry : failing) answer(entry.second, error);
  }
  static void answer(Pending waiting, xpc_object_t object) {
    xpc_retain(object);
    enqueue(waiting.queue, [waiting, object] {
      waiting.handler(object);
      Block_release(waiting.handler);
      xpc_release(object);
      dispatch_release(waiting.queue);
    });
  }
  /// The last event. XPC lets go of the handler and of the connection when the owner has cancelled as well.
  void finish() {
    if (finished) return;
    finished = true;
    failPending(XPC_ERROR_CONNECTION_INVALID);
    event(XPC_ERROR_CONNECTION_INVALID);
    if (cancelled) letGo();
  }
  void letGo() {
    run([this] {
      xpc_handler_t last;
      {
        const Lock lock(world);
        last = handler;
        handler = nullptr;
      }
      if (last) Block_release(last);
      xpc_release(this);  // taken by activate
    });
  }
  void activate() {
    activated = true;
    xpc_retain(this);  // until finish
    for (auto& work : early) enqueue(queue, std::move(work));
    early.clear();
  }
  /// A peer that came while its listener was being cancelled: nobody will ever see it.
  void turnAway() {
    const Lock lock(world);
    activate();
    cancelled = true;
    unlink();
    finish();
  }
  /// The other process has ended this connection.
  void lost() {
    other = nullptr;
    if (role == kPeer) {
      finish();
      return;
    }
    failPending(XPC_ERROR_CONNECTION_INTERRUPTED);
    event(XPC_ERROR_CONNECTION_INTERRUPTED);
  }
  void unlink() {
    if (!other) return;
    Connection* const end = other;
    other = nullptr;
    end->lost();
  }
  /// A client reaches its service at activation and, after an interruption, with the next message.
  bool link() {
    if (other) return true;
    if (cancelled || finished) return false;
    const auto found = services.find(name);
    if (found == services.end()) {
      finish();
      return false;
    }
    Connection* const listener = found->second;
    auto* const peer = new Connection(kPeer, name, listener->owner, listener->queue);
    peer->remote = owner;
    remote = listener->owner;
    peer->other = this;
    other = peer;
    listener->event(peer);
    xpc_release(peer);
    return true;
  }
};

namespace {

Connection* asConnection(xpc_connection_t connection) {
  auto* const object = asObject(connection);
  if (object->type != XPC_TYPE_CONNECTION) trap("not a connection");
  return static_cast<Connection*>(object);
}

void send(Connection* from, Dictionary* message, uint64_t requestId) {
  if (from->role == Connection::kClient && !from->link()) return;
  Connection* const to = from->other;
  if (!to) return;
  auto* const copy = new Dictionary;
  for (const auto& [key, value] : message->values) {
    if (value.object) xpc_retain(value.object);
    copy->values.emplace(key, value);
  }
  copy->connection = static_cast<Connection*>(xpc_retain(to));
  copy->senderSignature = from->owner.signature;
  copy->isReply = message->isReply;
  const uint64_t answers = message->isReply ? std::exchange(message->replyId, 0) : 0;
  if (!to->requirement.empty() && to->requirement != from->owner.signature) {
    if (answers && to->pending.count(answers)) {
      Connection::answer(to->pending[answers], XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT);
      to->pending.erase(answers);
    }
    to->event(XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT);
    if (to->role == Connection::kPeer) {
      to->unlink();
      to->finish();
    }
  } else if (message->isReply) {
    const auto found = to->pending.find(answers);
    if (found != to->pending.end()) {
      const Pending waiting = found->second;
      to->pending.erase(found);
      Connection::answer(waiting, copy);
    }
  } else {
    copy->replyId = requestId;
    to->event(copy);
  }
  xpc_release(copy);
}

}  // namespace

void abandonReply(Connection* connection, uint64_t id) {
  const Lock lock(world);
  Connection* const asker = connection->other;
  if (!asker) return;
  const auto found = asker->pending.find(id);
  if (found == asker->pending.end()) return;
  const Pending waiting = found->second;
  asker->pending.erase(found);
  Connection::answer(waiting, XPC_ERROR_CONNECTION_INTERRUPTED);
}

void crash(pid_t pid) {
  const Lock lock(world);
  for (auto service = services.begin(); service != services.end();)
    service = service->second->owner.pid == pid ? services.erase(service) : std::next(service);
  const std::set<Connection*> all = connections;
  for (Connection* connection : all) {
    if (connection->role != Connection::kPeer || connection->owner.pid != pid) continue;
    connection->unlink();
    connection->finish();
  }
}

void announceTermination(pid_t pid) {
  const Lock lock(world);
  for (Connection* connection : connections)
    if (connection->owner.pid == pid && !connection->finished) connection->event(XPC_ERROR_TERMINATION_IMMINENT);
}

}  // namespace shim

using namespace shim;

extern "C" {
xpc_connection_t xpc_connection_create_mach_service(const char* name, dispatch_queue_t queue, uint64_t flags) {
  const Lock lock(world);
  const bool listener = flags & XPC_CONNECTION_MACH_SERVICE_LISTENER;
  if (!listener && !(flags & XPC_CONNECTION_MACH_SERVICE_PRIVILEGED))
    trap("a system extension's name is found with the privileged flag only");
  return reinterpret_cast<xpc_connection_t>(
      static_cast<Object*>(new Connection(listener ? Connection::kListener : Connection::kClient, name, self(), queue)));
}
void xpc_connection_set_target_queue(xpc_connection_t connection, dispatch_queue_t queue) {
  const Lock lock(world);
  auto* const c = asConnection(connection);
  if (c->activated) trap("the target queue of an active connection was set");
  dispatch_retain(queue);
  dispatch_release(c->queue);
  c->queue = queue;
}
void xpc_connection_set_event_handler(xpc_connection_t connection, xpc_handler_t handler) {
  const Lock lock(world);
  auto* const c = asConnection(connection);
  if (c->handler) Block_release(c->handler);
  c->handler = Block_copy(handler);
}
int xpc_connection_set_peer_code_signing_requirement(xpc_connection_t connection, const char* requirement) {
  const Lock lock(world);
  auto* const c = asConnection(connection);
  if (c->activated) trap("the requirement of an active connection was set");
  if (!c->requirement.empty()) trap("a requirement was set twice");
  if (requirement[0] == '!') return 22;
  c->requirement = requirement;
  return 0;
}
void xpc_connection_activate(xpc_connection_t connection) {
  const Lock lock(world);
  auto* const c = asConnection(connection);
  if (!c->handler) trap("a connection without event handler was activated");
  if (c->activated) return;
  c->activate();
  if (c->role == Connection::kClient) {
    c->link();
  } else if (c->role == Connection::kListener) {
    if (!services.emplace(c->name, c).second) c->finish();  // launchd gives a name to one process
  }
}
void xpc_connection_cancel(xpc_connection_t connection) {
  const Lock lock(world);
  auto* const c = asConnection(connection);
  if (!c->activated) trap("an inactive connection was cancelled");
  if (c->cancelled) return;
  c->cancelled = true;
  if (c->role == Connection::kListener) {
    const auto found = services.find(c->name);
    if (found != services.end() && found->second == c) services.erase(found);
  }
  if (c->finished) {
    c->letGo();
    return;
  }
  c->unlink();
  c->finish();
}
void xpc_connection_send_message(xpc_connection_t connection, xpc_object_t message) {
  const Lock lock(world);
  auto* const c = asConnection(connection);
  if (!c->activated) trap("a message was sent on an inactive connection");
  auto* const m = asDictionary(message);
  if (m->isReply && m->connection != c) trap("a reply was sent on another connection than its request came by");
  if (!c->cancelled) send(c, m, 0);
}
void xpc_connection_send_message_with_reply(xpc_connection_t connection, xpc_object_t message, dispatch_queue_t queue,
                                            xpc_handler_t handler) {
  const Lock lock(world);
  auto* const c = asConnection(connection);
  if (!c->activated) trap("a message was sent on an inactive connection");
  dispatch_retain(queue ? queue : c->queue);
  const Pending waiting{queue ? queue : c->queue, Block_copy(handler)};
  if (c->cancelled || c->finished) {
    Connection::answer(waiting, XPC_ERROR_CONNECTION_INVALID);
    return;
  }
  const uint64_t id = c->nextId++;
  c->pending[id] = waiting;
  send(c, asDictionary(message), id);
}
void xpc_connection_send_barrier(xpc_connection_t connection, dispatch_block_t barrier) {
  dispatch_async(asConnection(connection)->queue, barrier);
}
uid_t xpc_connection_get_euid(xpc_connection_t connection) {
  const Lock lock(world);
  return asConnection(connection)->remote.uid;
}
gid_t xpc_connection_get_egid(xpc_connection_t connection) {
  const Lock lock(world);
  return asConnection(connection)->remote.gid;
}
pid_t xpc_connection_get_pid(xpc_connection_t connection) {
  const Lock lock(world);
  return asConnection(connection)->remote.pid;
}
}
