#include "sysext/macos/runtime/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>

namespace flowtap::macos {
namespace {

constexpr size_t kMostThreads = 8;
constexpr size_t kMostWaiting = 256;

/// The first in the system's order of preference (RFC 6724), of a family that this machine has.
core::Address addressOf(const std::string& host, uint16_t port) {
  core::Address address;
  address.port = port;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return address;
  for (const addrinfo* each = found; each && address.size == 0; each = each->ai_next) {
    if (each->ai_family == AF_INET) {
      address.size = 4;
      std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in*>(each->ai_addr)->sin_addr, 4);
    } else if (each->ai_family == AF_INET6) {
      address.size = 16;
      std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(each->ai_addr)->sin6_addr, 16);
    }
  }
  ::freeaddrinfo(found);
  return address;
}

}  // namespace

struct Resolver::State {
  struct Question {
    std::string host;
    uint16_t port;
    Answer answer;
  };
  std::mutex mutex;  // guards what follows
  std::deque<Question> waiting;
  size_t threads = 0;
  std::condition_variable ended;
};

Resolver::Resolver() : state_(std::make_shared<State>()) {}

void Resolver::end() {
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->waiting.clear();
  state_->ended.wait(lock, [this] { return state_->threads == 0; });
}

bool Resolver::ask(const std::string& host, uint16_t port, Answer answer) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  if (state_->waiting.size() >= kMostWaiting) return false;
  if (state_->threads < kMostThreads) {
    auto* const shared = new std::shared_ptr<State>(state_);
    pthread_t thread;
    if (::pthread_create(&thread, nullptr, &Resolver::work, shared) == 0) {
      ::pthread_detach(thread);
      state_->threads++;
    } else {
      delete shared;
      if (state_->threads == 0) return false;
    }
  }
  state_->waiting.push_back({host, port, std::move(answer)});
  return true;
}

void* Resolver::work(void* shared) {
  const std::unique_ptr<std::shared_ptr<State>> owned(static_cast<std::shared_ptr<State>*>(shared));
  State& state = **owned;
  std::unique_lock<std::mutex> lock(state.mutex);
  while (!state.waiting.empty()) {
    auto question = std::move(state.waiting.front());
    state.waiting.pop_front();
    lock.unlock();
    question.answer(addressOf(question.host, question.port));
    question.answer = nullptr;
    lock.lock();
  }
  state.threads--;
  state.ended.notify_all();
  return nullptr;
}

}  // namespace flowtap::macos
