#include <pthread.h>

#include <condition_variable>
#include <mutex>

#include "native/rendezvous.h"
#include "native/unix/directory.h"
#include "native/unix/socket_connect.h"

namespace flowtap {
namespace {

/// connect() blocks while the service's queue is full, so each attempt has a thread.
class UnixClient final : public Client {
 public:
  UnixClient(std::string path, OnFd onFd) : path_(std::move(path)), onFd_(std::move(onFd)) {
    // Not std::thread: the addon is built without exceptions on some platforms, and a failure is no crash.
    const int error = ::pthread_create(&thread_, nullptr, &UnixClient::main, this);
    running_ = error == 0;
    if (!running_) onFd_(ConnectError::kInterrupted, unixsocket::withErrno("Cannot start a thread to connect", error), -1);
  }
  ~UnixClient() override {
    if (!running_) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      cancelled_ = true;
    }
    wake_.notify_all();
    ::pthread_join(thread_, nullptr);
  }

 private:
  static void* main(void* self) {
    static_cast<UnixClient*>(self)->run();
    return nullptr;
  }
  void run() {
    auto result = unixsocket::connectSocket(path_, [this](std::chrono::milliseconds time) {
      std::unique_lock<std::mutex> lock(mutex_);
      return wake_.wait_for(lock, time, [this] { return cancelled_; });
    });
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (cancelled_) return;
    }
    onFd_(result.error, result.text, result.fd.release());
  }

  const std::string path_;
  const OnFd onFd_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool cancelled_ = false;  // guarded by mutex_
  bool running_ = false;    // touched by the owner's thread only
  pthread_t thread_{};
};

}  // namespace

std::unique_ptr<Client> Client::connect(const std::string& name, const std::string&, const std::string&, OnFd onFd) {
  return std::make_unique<UnixClient>(name, std::move(onFd));
}

}  // namespace flowtap
