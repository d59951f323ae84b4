// The stream of a rendezvous inside XPC messages, for sandboxes that let no descriptor cross. The user of the rendezvous
// gets one end of a local socket pair and notices no difference; a thread moves bytes between the other end and the
// connection. It lives until both directions have ended or the other side is gone, whatever becomes of the Client or
// Listener that made it.
#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "native/fd.h"
#include "native/wake.h"
#include "native/xpc/handle.h"

namespace flowtap::xpc {

class MessageStream : public std::enable_shared_from_this<MessageStream> {
 public:
  /// Null, with errno set, where the system gives no socket or thread. From now on the connection's handler passes every
  /// message and error on. Ends also when the user's end is closed, and cancels the connection then.
  static std::shared_ptr<MessageStream> start(xpc_connection_t connection, Fd& user);

  /// On the connection's queue.
  void onMessage(xpc_object_t message);
  void onError();
  bool running();

 private:
  MessageStream() = default;
  static void* main(void* self);
  void run();
  void flush();
  void readSome();

  Connection connection_;
  Fd inner_;  // the thread's
  Wake wake_;
  // The thread's alone.
  bool localEnded_ = false, shutDown_ = false, stalledHangup_ = false;

  std::mutex mutex_;  // guards what follows
  std::string incoming_;         ///< received, not yet written to inner_; at most kWindow
  uint64_t sendCredit_ = 0;      ///< bytes that may still be sent
  uint64_t receiveCredit_ = 0;   ///< bytes that the other side may still send
  uint64_t unreturned_ = 0;      ///< written to inner_, for which no credit went back yet
  bool remoteEnded_ = false;     ///< no more bytes will come
  bool lost_ = false;            ///< nothing can be sent any more
  bool dead_ = false;            ///< ends at once
  bool finished_ = false;
};

}  // namespace flowtap::xpc
