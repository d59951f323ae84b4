#include "sysext/linux/daemon/explicit_resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <nss.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "native/fd.h"

namespace flowtap::daemon {
namespace {

constexpr size_t kThreads = 4;
constexpr size_t kMaxWaiting = 1024;
constexpr size_t kMaxAddresses = 8;

/// Only the services that are part of the C library: this program is linked statically, and what the system's
/// nsswitch.conf names beyond them would load a second C library into it.
void useBuiltInServices() {
  static const int configured = ::__nss_configure_lookup("hosts", "files dns");
  (void)configured;
}

Resolver::Answer look(const std::string& host, uint16_t port) {
  Resolver::Answer answer;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  answer.error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  for (const addrinfo* each = found; each && answer.addresses.size() < kMaxAddresses; each = each->ai_next) {
    sockaddr_storage address{};
    if (each->ai_addrlen > sizeof address) continue;
    std::memcpy(&address, each->ai_addr, each->ai_addrlen);
    if (address.ss_family == AF_INET) reinterpret_cast<sockaddr_in&>(address).sin_port = htons(port);
    else if (address.ss_family == AF_INET6) reinterpret_cast<sockaddr_in6&>(address).sin6_port = htons(port);
    else continue;
    answer.addresses.push_back(address);
  }
  if (found) ::freeaddrinfo(found);
  if (answer.error == 0 && answer.addresses.empty()) answer.error = EAI_NONAME;
  return answer;
}

}  // namespace

struct Resolver::Shared {
  struct Query {
    Id id;
    std::string host;
    uint16_t port;
  };
  struct Result {
    Id id;
    Answer answer;
  };

  void work() {
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      idle++;
      wanted.wait(lock, [this] { return stopping || !queries.empty(); });
      idle--;
      if (stopping) return;
      const Query query = std::move(queries.front());
      queries.pop_front();
      lock.unlock();
      Answer answer = look(query.host, query.port);
      lock.lock();
      if (stopping) return;
      results.push_back({query.id, std::move(answer)});
      const uint64_t one = 1;
      (void)!::write(wake.get(), &one, sizeof one);
    }
  }

  std::mutex mutex;  // guards all of it
  std::condition_variable wanted;
  std::deque<Query> queries;
  std::deque<Result> results;
  size_t threads = 0, idle = 0;
  bool stopping = false;
  Fd wake;
};

Resolver::Resolver(EventLoop& loop) : loop_(loop), shared_(std::make_shared<Shared>()) {
  useBuiltInServices();
  shared_->wake.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

Resolver::~Resolver() {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->stopping = true;
  shared_->wake.reset();
  shared_->wanted.notify_all();
}

bool Resolver::start() { return shared_->wake && loop_.watch(shared_->wake.get(), EPOLLIN, *this); }

Resolver::Id Resolver::resolve(const std::string& host, uint16_t port, Done done) {
  const Id id = ++last_;
  waiting_.emplace(id, std::move(done));
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  const auto fail = [&](int error) {
    Answer answer;
    answer.error = error;
    shared_->results.push_back({id, std::move(answer)});
    const uint64_t one = 1;
    (void)!::write(shared_->wake.get(), &one, sizeof one);
  };
  if (shared_->queries.size() >= kMaxWaiting) return fail(EAI_AGAIN), id;
  if (shared_->idle <= shared_->queries.size() && shared_->threads < kThreads) {
    try {
      std::thread([shared = shared_] { shared->work(); }).detach();
      shared_->threads++;
    } catch (const std::system_error&) {
      if (shared_->threads == 0) return fail(EAI_MEMORY), id;
    }
  }
  shared_->queries.push_back({id, host, port});
  shared_->wanted.notify_one();
  return id;
}

void Resolver::cancel(Id id) { waiting_.erase(id); }

void Resolver::onEvents(uint32_t, unsigned) {
  uint64_t count;
  (void)!::read(shared_->wake.get(), &count, sizeof count);
  std::deque<Shared::Result> results;
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    results.swap(shared_->results);
  }
  for (auto& [id, answer] : results) {
    const auto waiting = waiting_.find(id);
    if (waiting == waiting_.end()) continue;
    const Done done = std::move(waiting->second);
    waiting_.erase(waiting);
    done(std::move(answer));
  }
}

}  // namespace flowtap::daemon
