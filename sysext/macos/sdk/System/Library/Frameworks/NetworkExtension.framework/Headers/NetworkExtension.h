// Our own declarations of the Network Extension classes that Flowtap uses, for the cross build without Apple's SDK.
#pragma once
#import <Foundation/Foundation.h>
#import <Network/Network.h>

NS_ASSUME_NONNULL_BEGIN

// ---- flows ----

typedef NS_ENUM(NSInteger, NEAppProxyFlowError) {
  NEAppProxyFlowErrorNotConnected = 1,
  NEAppProxyFlowErrorPeerReset = 2,
  NEAppProxyFlowErrorHostUnreachable = 3,
  NEAppProxyFlowErrorInvalidArgument = 4,
  NEAppProxyFlowErrorAborted = 5,
  NEAppProxyFlowErrorRefused = 6,
  NEAppProxyFlowErrorTimedOut = 7,
  NEAppProxyFlowErrorInternal = 8,
  NEAppProxyFlowErrorDatagramTooLarge = 9,
  NEAppProxyFlowErrorReadAlreadyPending = 10,
};
FOUNDATION_EXPORT NSErrorDomain const NEAppProxyErrorDomain;

API_DEPRECATED("nw_endpoint_t is its successor", macos(10.11, 15.0))
@interface NWEndpoint : NSObject
@end

API_DEPRECATED("nw_endpoint_t is its successor", macos(10.11, 15.0))
@interface NWHostEndpoint : NWEndpoint
+ (instancetype)endpointWithHostname:(NSString *)hostname port:(NSString *)port;
@property (readonly) NSString *hostname;
@property (readonly) NSString *port;
@end

@interface NEFlowMetaData : NSObject
@property (readonly) NSString *sourceAppSigningIdentifier;
@property (readonly, nullable) NSData *sourceAppAuditToken API_AVAILABLE(macos(10.15));
@end

@interface NEAppProxyFlow : NSObject
- (void)openWithLocalFlowEndpoint:(nullable nw_endpoint_t)endpoint
                completionHandler:(void (^)(NSError *_Nullable error))handler API_AVAILABLE(macos(15.0));
- (void)openWithLocalEndpoint:(nullable NWHostEndpoint *)endpoint
            completionHandler:(void (^)(NSError *_Nullable error))handler API_DEPRECATED("", macos(10.11, 15.0));
- (void)closeReadWithError:(nullable NSError *)error;
- (void)closeWriteWithError:(nullable NSError *)error;
@property (readonly) NEFlowMetaData *metaData;
@property (readonly, nullable) NSString *remoteHostname API_AVAILABLE(macos(11.0));
@property (readonly) BOOL isBound API_AVAILABLE(macos(11.1));
@property (readonly, nullable) nw_interface_t networkInterface API_AVAILABLE(macos(10.15.4));
@end

@interface NEAppProxyTCPFlow : NEAppProxyFlow
- (void)readDataWithCompletionHandler:(void (^)(NSData *_Nullable data, NSError *_Nullable error))handler;
- (void)writeData:(NSData *)data withCompletionHandler:(void (^)(NSError *_Nullable error))handler;
@property (readonly) nw_endpoint_t remoteFlowEndpoint API_AVAILABLE(macos(15.0));
@property (readonly) NWEndpoint *remoteEndpoint API_DEPRECATED("", macos(10.11, 15.0));
@end

@interface NEAppProxyUDPFlow : NEAppProxyFlow
- (void)readDatagramsAndFlowEndpointsWithCompletionHandler:
    (void (^)(NSArray<NSData *> *_Nullable datagrams, NSArray<nw_endpoint_t> *_Nullable endpoints,
              NSError *_Nullable error))handler API_AVAILABLE(macos(15.0));
- (void)readDatagramsWithCompletionHandler:(void (^)(NSArray<NSData *> *_Nullable datagrams,
                                                     NSArray<NWEndpoint *> *_Nullable endpoints,
                                                     NSError *_Nullable error))handler
    API_DEPRECATED("", macos(10.11, 15.0));
- (void)writeDatagrams:(NSArray<NSData *> *)datagrams
    sentByFlowEndpoints:(NSArray<nw_endpoint_t> *)endpoints
      completionHandler:(void (^)(NSError *_Nullable error))handler API_AVAILABLE(macos(15.0));
- (void)writeDatagrams:(NSArray<NSData *> *)datagrams
       sentByEndpoints:(NSArray<NWEndpoint *> *)endpoints
     completionHandler:(void (^)(NSError *_Nullable error))handler API_DEPRECATED("", macos(10.11, 15.0));
@property (readonly, nullable) nw_endpoint_t localFlowEndpoint API_AVAILABLE(macos(15.0));
@property (readonly, nullable) NWEndpoint *localEndpoint API_DEPRECATED("", macos(10.11, 15.0));
@end

// ---- the provider ----

typedef NS_ENUM(NSInteger, NEProviderStopReason) {
  NEProviderStopReasonNone = 0,
  NEProviderStopReasonUserInitiated = 1,
  NEProviderStopReasonProviderFailed = 2,
};
typedef NS_ENUM(NSInteger, NENetworkRuleProtocol) {
  NENetworkRuleProtocolAny = 0,
  NENetworkRuleProtocolTCP = 1,
  NENetworkRuleProtocolUDP = 2,
};
typedef NS_ENUM(NSInteger, NETrafficDirection) {
  NETrafficDirectionAny = 0,
  NETrafficDirectionInbound = 1,
  NETrafficDirectionOutbound = 2,
};

@interface NENetworkRule : NSObject
- (instancetype)initWithRemoteNetworkEndpoint:(nullable nw_endpoint_t)remoteNetwork
                                 remotePrefix:(NSUInteger)remotePrefix
                         localNetworkEndpoint:(nullable nw_endpoint_t)localNetwork
                                  localPrefix:(NSUInteger)localPrefix
                                     protocol:(NENetworkRuleProtocol)protocol
                                    direction:(NETrafficDirection)direction API_AVAILABLE(macos(15.0));
- (instancetype)initWithRemoteNetwork:(nullable NWHostEndpoint *)remoteNetwork
                         remotePrefix:(NSUInteger)remotePrefix
                         localNetwork:(nullable NWHostEndpoint *)localNetwork
                          localPrefix:(NSUInteger)localPrefix
                             protocol:(NENetworkRuleProtocol)protocol
                            direction:(NETrafficDirection)direction API_DEPRECATED("", macos(10.15, 15.0));
@end

@interface NETunnelNetworkSettings : NSObject
- (instancetype)initWithTunnelRemoteAddress:(NSString *)address;
@end

API_AVAILABLE(macos(11.0))
@interface NETransparentProxyNetworkSettings : NETunnelNetworkSettings
@property (copy, nullable) NSArray<NENetworkRule *> *includedNetworkRules;
@property (copy, nullable) NSArray<NENetworkRule *> *excludedNetworkRules;
@end

@interface NEProvider : NSObject
+ (void)startSystemExtensionMode API_AVAILABLE(macos(10.15));
- (void)sleepWithCompletionHandler:(void (^)(void))handler;
- (void)wake;
@end

@interface NETunnelProvider : NEProvider
- (void)setTunnelNetworkSettings:(nullable NETunnelNetworkSettings *)settings
               completionHandler:(nullable void (^)(NSError *_Nullable error))handler;
@end

@interface NEAppProxyProvider : NETunnelProvider
- (void)startProxyWithOptions:(nullable NSDictionary<NSString *, id> *)options
            completionHandler:(void (^)(NSError *_Nullable error))handler;
- (void)stopProxyWithReason:(NEProviderStopReason)reason completionHandler:(void (^)(void))handler;
- (BOOL)handleNewFlow:(NEAppProxyFlow *)flow;
- (BOOL)handleNewUDPFlow:(NEAppProxyUDPFlow *)flow
    initialRemoteFlowEndpoint:(nw_endpoint_t)endpoint API_AVAILABLE(macos(15.0));
- (BOOL)handleNewUDPFlow:(NEAppProxyUDPFlow *)flow
    initialRemoteEndpoint:(NWEndpoint *)endpoint API_DEPRECATED("", macos(10.15, 15.0));
@end

API_AVAILABLE(macos(11.0))
@interface NETransparentProxyProvider : NEAppProxyProvider
@end

// ---- the app's side ----

typedef NS_ENUM(NSInteger, NEVPNStatus) {
  NEVPNStatusInvalid = 0,
  NEVPNStatusDisconnected = 1,
  NEVPNStatusConnecting = 2,
  NEVPNStatusConnected = 3,
  NEVPNStatusReasserting = 4,
  NEVPNStatusDisconnecting = 5,
};

@interface NEVPNProtocol : NSObject
@property (copy, nullable) NSString *serverAddress;
@end

@interface NETunnelProviderProtocol : NEVPNProtocol
@property (copy, nullable) NSString *providerBundleIdentifier;
@end

@interface NEVPNConnection : NSObject
- (BOOL)startVPNTunnelAndReturnError:(NSError **)error;
- (void)stopVPNTunnel;
- (void)fetchLastDisconnectErrorWithCompletionHandler:(void (^)(NSError *_Nullable error))handler
    API_AVAILABLE(macos(13.0));
@property (readonly) NEVPNStatus status;
@end

@interface NEVPNManager : NSObject
- (void)loadFromPreferencesWithCompletionHandler:(void (^)(NSError *_Nullable error))handler;
- (void)saveToPreferencesWithCompletionHandler:(nullable void (^)(NSError *_Nullable error))handler;
- (void)removeFromPreferencesWithCompletionHandler:(nullable void (^)(NSError *_Nullable error))handler;
@property (copy, nullable) NSString *localizedDescription;
@property (strong, nullable) NEVPNProtocol *protocolConfiguration;
@property (readonly) NEVPNConnection *connection;
@property (getter=isEnabled) BOOL enabled;
@end

API_AVAILABLE(macos(11.0))
@interface NETransparentProxyManager : NEVPNManager
+ (void)loadAllFromPreferencesWithCompletionHandler:
    (void (^)(NSArray<NETransparentProxyManager *> *_Nullable managers, NSError *_Nullable error))handler;
@end

NS_ASSUME_NONNULL_END
