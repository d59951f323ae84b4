#include "sysext/core/ne_admission.h"

#include <algorithm>
#include <cstring>

namespace flowtap::core {
namespace {

constexpr uint8_t kSynthetic[4] = {192, 0, 2, 1};

bool isSynthetic(const Address& address) {
  return address.size == 4 && std::memcmp(address.bytes.data(), kSynthetic, 4) == 0;
}

/// The system puts the Team ID in front of the identifier in some places. Who forges it gains an answer from the proxy.
bool isApp(const std::string& signingId, const std::string& appId) {
  const size_t size = appId.size();
  if (size == 0 || signingId.size() < size) return false;
  const size_t at = signingId.size() - size;
  return signingId.compare(at, size, appId) == 0 && (at == 0 || signingId[at - 1] == '.');
}

/// An IPv4 address that an IPv6 socket connects to (RFC 4291, section 2.5.5.2) is one.
bool mapped(const Address& a) {
  constexpr uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return a.size == 16 && std::memcmp(a.bytes.data(), prefix, 12) == 0;
}

bool isLocal4(const uint8_t* b) {
  const bool broadcast = b[0] == 255 && b[1] == 255 && b[2] == 255 && b[3] == 255;
  return b[0] == 0 || b[0] == 127 || (b[0] >= 224 && b[0] < 240) || broadcast;
}

bool isLocal(const Address& a, bool bound) {
  const uint8_t* const b = a.bytes.data();
  if (a.size == 4) return isLocal4(b);
  if (mapped(a)) return isLocal4(b + 12);
  const bool zeros = std::all_of(b, b + 15, [](uint8_t byte) { return byte == 0; });
  if (zeros && b[15] <= 1) return true;  // unspecified, loopback
  if (b[0] == 0xff) return true;         // multicast
  // Link-local (RFC 4291, section 2.5.6): ambiguous without its interface.
  return b[0] == 0xfe && (b[1] & 0xc0) == 0x80 && !bound;
}

}  // namespace

const char* textOf(NePass pass) {
  switch (pass) {
    case NePass::kStopped:
      return "the proxy is stopped";
    case NePass::kOwn:
      return "it is the proxy's own";
    case NePass::kNobody:
      return "the system does not say whose it is";
    case NePass::kUnresolved:
      return "it is known only by a name";
    case NePass::kLocal:
      return "it stays on this machine or its link";
    case NePass::kUnwatched:
      return "nobody was allowed to watch its user";
    case NePass::kLimit:
      return "too many flows are live";
  }
  return "";
}

void NeAdmission::setWatched(std::set<uint32_t> users, bool everybody) {
  const std::lock_guard<std::mutex> lock(mutex_);
  users_ = std::move(users);
  everybody_ = everybody;
}

std::optional<NePass> NeAdmission::objection(const NeOffer& offer) {
  if (!running_) return NePass::kStopped;
  if (offer.pid == options_.ownPid) return NePass::kOwn;
  if (!offer.uid) return NePass::kNobody;
  // A UDP flow would need names resolved for each datagram.
  const bool resolvable = offer.named && offer.protocol == Protocol::kTcp;
  if (offer.remote.size == 0 && !resolvable) return NePass::kUnresolved;
  if (offer.remote.size != 0 && isLocal(offer.remote, offer.interface != 0)) return NePass::kLocal;
  if (!everybody_ && users_.count(*offer.uid) == 0) return NePass::kUnwatched;
  if (full_ && live_ < options_.low) full_ = false;
  if (live_ >= options_.high) full_ = true;
  if (full_) return NePass::kLimit;
  return std::nullopt;
}

NeAdmission::Verdict NeAdmission::consider(const NeOffer& offer) {
  Verdict verdict;
  // To the end, so that of many at once none sees a place that another one takes.
  const std::lock_guard<std::mutex> lock(mutex_);
  // The app's own question whether flows come here: it has an answer also where nobody watches or many flows live.
  verdict.synthetic = running_ && offer.uid && isApp(offer.signingId, options_.appId) &&
                      offer.protocol == Protocol::kTcp && isSynthetic(offer.remote);
  const auto objected = verdict.synthetic ? std::nullopt : objection(offer);
  verdict.take = !objected;
  if (objected) {
    verdict.pass = *objected;
    passed_[static_cast<size_t>(*objected)]++;
  } else {
    verdict.place = Place(*this);
  }
  return verdict;
}

Address neSyntheticAddress(uint16_t port) {
  Address address;
  address.size = 4;
  address.port = port;
  std::copy(std::begin(kSynthetic), std::end(kSynthetic), address.bytes.begin());
  return address;
}

}  // namespace flowtap::core
