#include "sysext/macos/provider/ports.h"

#include "sysext/macos/provider/convert.h"

namespace flowtap::macos {
namespace {

using core::NeError;
using core::NePort;
using Handler = void (^)(NSError *);

Handler handler(NePort::Done done) {
  return ^(NSError *error) {
    done(codeOf(error));
  };
}

// The calls before macOS 15 are deprecated and nothing else is there: which one is used, is asked at run time.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

void open(NEAppProxyFlow *flow, NePort::Done done) {
  if (@available(macOS 15.0, *)) [flow openWithLocalFlowEndpoint:nil completionHandler:handler(std::move(done))];
  else [flow openWithLocalEndpoint:nil completionHandler:handler(std::move(done))];
}

class StreamPort final : public core::NeStreamPort {
 public:
  explicit StreamPort(NEAppProxyTCPFlow *flow) : flow_(flow) {}
  void open(Done done) override { macos::open(flow_, std::move(done)); }
  void read(Got got) override {
    [flow_ readDataWithCompletionHandler:^(NSData *bytes, NSError *error) {
      got(codeOf(error), std::string(static_cast<const char *>(bytes.bytes), bytes.length));
    }];
  }
  void write(std::string bytes, Done done) override {
    [flow_ writeData:dataOf(bytes) withCompletionHandler:handler(std::move(done))];
  }
  void closeRead(NeError error) override { [flow_ closeReadWithError:errorOf(error)]; }
  void closeWrite(NeError error) override { [flow_ closeWriteWithError:errorOf(error)]; }

 private:
  NEAppProxyTCPFlow *const flow_;
};

class DatagramPort final : public core::NeDatagramPort {
 public:
  explicit DatagramPort(NEAppProxyUDPFlow *flow) : flow_(flow) {}
  void open(Done done) override { macos::open(flow_, std::move(done)); }
  void read(Got got) override {
    if (@available(macOS 15.0, *))
      [flow_ readDatagramsAndFlowEndpointsWithCompletionHandler:^(NSArray<NSData *> *datagrams,
                                                                  NSArray<nw_endpoint_t> *peers, NSError *error) {
        std::vector<core::NeDatagram> all;
        for (NSUInteger i = 0; i < datagrams.count && i < peers.count; i++)
          all.push_back({bytesOf(datagrams[i]), addressOf(peers[i])});
        got(codeOf(error), std::move(all));
      }];
    else
      [flow_ readDatagramsWithCompletionHandler:^(NSArray<NSData *> *datagrams, NSArray<NWEndpoint *> *peers,
                                                  NSError *error) {
        std::vector<core::NeDatagram> all;
        for (NSUInteger i = 0; i < datagrams.count && i < peers.count; i++)
          all.push_back({bytesOf(datagrams[i]), legacyAddressOf(peers[i])});
        got(codeOf(error), std::move(all));
      }];
  }
  void write(std::vector<core::NeDatagram> datagrams, Done done) override {
    NSMutableArray<NSData *> *const bytes = [NSMutableArray array];
    for (const core::NeDatagram &each : datagrams) [bytes addObject:dataOf(each.bytes)];
    if (@available(macOS 15.0, *)) {
      NSMutableArray<nw_endpoint_t> *const peers = [NSMutableArray array];
      for (const core::NeDatagram &each : datagrams) [peers addObject:endpointOf(each.peer)];
      [flow_ writeDatagrams:bytes sentByFlowEndpoints:peers completionHandler:handler(std::move(done))];
    } else {
      NSMutableArray<NWEndpoint *> *const peers = [NSMutableArray array];
      for (const core::NeDatagram &each : datagrams) [peers addObject:legacyEndpointOf(each.peer)];
      [flow_ writeDatagrams:bytes sentByEndpoints:peers completionHandler:handler(std::move(done))];
    }
  }
  void closeRead(NeError error) override { [flow_ closeReadWithError:errorOf(error)]; }
  void closeWrite(NeError error) override { [flow_ closeWriteWithError:errorOf(error)]; }

 private:
  static std::string bytesOf(NSData *bytes) {
    return std::string(static_cast<const char *>(bytes.bytes), bytes.length);
  }
  NEAppProxyUDPFlow *const flow_;
};

#pragma clang diagnostic pop

}  // namespace

std::shared_ptr<core::NeStreamPort> streamPort(NEAppProxyTCPFlow *flow) { return std::make_shared<StreamPort>(flow); }
std::shared_ptr<core::NeDatagramPort> datagramPort(NEAppProxyUDPFlow *flow) {
  return std::make_shared<DatagramPort>(flow);
}

}  // namespace flowtap::macos
