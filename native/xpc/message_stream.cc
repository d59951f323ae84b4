#include "native/xpc/message_stream.h"

#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <cerrno>

#include "native/xpc/message.h"
#include "native/xpc/sockets.h"

namespace flowtap::xpc {
namespace {

#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;  // SO_NOSIGPIPE is set
#endif

bool wouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

std::shared_ptr<MessageStream> MessageStream::start(xpc_connection_t connection, Fd& user) {
  std::shared_ptr<MessageStream> stream(new MessageStream);
  stream->sendCredit_ = stream->receiveCredit_ = kWindow;
  Fd outer;
  if (!makeSocketPair(stream->inner_, outer) || !stream->wake_.open()) return nullptr;
  stream->connection_ = Connection::retained(connection);
  auto* const forThread = new std::shared_ptr<MessageStream>(stream);
  pthread_t thread;
  const int error = ::pthread_create(&thread, nullptr, &MessageStream::main, forThread);
  if (error != 0) {
    delete forThread;
    errno = error;
    return nullptr;
  }
  ::pthread_detach(thread);
  user = std::move(outer);
  return stream;
}

void* MessageStream::main(void* self) {
  const std::unique_ptr<std::shared_ptr<MessageStream>> owned(static_cast<std::shared_ptr<MessageStream>*>(self));
  (*owned)->run();
  return nullptr;
}

void MessageStream::onMessage(xpc_object_t message) {
  const std::lock_guard<std::mutex> lock(mutex_);
  switch (opOf(message)) {
    case Op::kData: {
      size_t size = 0;
      const void* const bytes = xpc_dictionary_get_data(message, kKeyBytes, &size);
      if (!bytes || size == 0 || size > receiveCredit_ || remoteEnded_) {
        dead_ = true;
        break;
      }
      receiveCredit_ -= size;
      incoming_.append(static_cast<const char*>(bytes), size);
      break;
    }
    case Op::kCredit: {
      const uint64_t count = xpc_dictionary_get_uint64(message, kKeyCount);
      if (count > kWindow - sendCredit_) dead_ = true;
      else sendCredit_ += count;
      break;
    }
    case Op::kEnd:
      remoteEnded_ = true;
      break;
    default:
      dead_ = true;
  }
  wake_.signal();
}

void MessageStream::onError() {
  const std::lock_guard<std::mutex> lock(mutex_);
  // What has arrived is still delivered.
  remoteEnded_ = lost_ = true;
  wake_.signal();
}

bool MessageStream::running() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !finished_;
}

void MessageStream::run() {
  for (;;) {
    short events = 0;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (remoteEnded_ && incoming_.empty() && !shutDown_) {
        (void)::shutdown(inner_.get(), SHUT_WR);
        shutDown_ = true;
      }
      if (dead_ || (shutDown_ && (localEnded_ || lost_))) break;
      if (!localEnded_ && !lost_ && sendCredit_ > 0) events |= POLLIN;
      if (!incoming_.empty()) events |= POLLOUT;
    }
    // A hangup is reported whether it is asked for or not: look away from it until there is credit to send what is left.
    pollfd polled[2] = {{stalledHangup_ && events == 0 ? -1 : inner_.get(), events, 0}, {wake_.fd(), POLLIN, 0}};
    if (::poll(polled, 2, -1) < 0 && errno != EINTR) break;
    if (polled[1].revents) wake_.clear();
    if (polled[0].revents & POLLOUT) flush();
    const bool readable = polled[0].revents & (POLLIN | POLLHUP | POLLERR);
    if (readable && (events & POLLIN)) {
      readSome();
    } else if (polled[0].revents & (POLLHUP | POLLERR)) {
      if (localEnded_) break;  // the user has closed its end: nobody reads what is still to come
      stalledHangup_ = true;
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  inner_.reset();
  finished_ = true;
  incoming_.clear();
  // What was sent goes out first: cancelling drops what is still queued.
  const xpc_connection_t connection = connection_.get();
  xpc_retain(connection);
  xpc_connection_send_barrier(connection, ^{
    xpc_connection_cancel(connection);
    xpc_release(connection);
  });
}

void MessageStream::flush() {
  uint64_t credit = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (incoming_.empty()) return;
    const ssize_t written = ::send(inner_.get(), incoming_.data(), incoming_.size(), kSendFlags);
    if (written < 0) {
      if (!wouldBlock()) dead_ = true;
      return;
    }
    incoming_.erase(0, static_cast<size_t>(written));
    unreturned_ += static_cast<uint64_t>(written);
    if (unreturned_ < kWindow / 4 || remoteEnded_) return;
    credit = unreturned_;
    unreturned_ = 0;
    receiveCredit_ += credit;
  }
  const Object message = makeMessage(Op::kCredit);
  xpc_dictionary_set_uint64(message.get(), kKeyCount, credit);
  xpc_connection_send_message(connection_.get(), message.get());
}

void MessageStream::readSome() {
  char bytes[kChunk];
  uint64_t most;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    most = std::min<uint64_t>(sendCredit_, sizeof bytes);
  }
  const ssize_t size = ::read(inner_.get(), bytes, most);
  if (size < 0) {
    if (wouldBlock()) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    dead_ = true;
    return;
  }
  if (size == 0) {
    localEnded_ = true;
    const Object message = makeMessage(Op::kEnd);
    xpc_connection_send_message(connection_.get(), message.get());
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    sendCredit_ -= static_cast<uint64_t>(size);
  }
  const Object message = makeMessage(Op::kData);
  xpc_dictionary_set_data(message.get(), kKeyBytes, bytes, static_cast<size_t>(size));
  xpc_connection_send_message(connection_.get(), message.get());
}

}  // namespace flowtap::xpc
