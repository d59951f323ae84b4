// Our own declarations of the System Extensions classes that Flowtap uses, for the cross build without Apple's SDK.
#pragma once
#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

@class OSSystemExtensionRequest;

typedef NS_ENUM(NSInteger, OSSystemExtensionReplacementAction) {
  OSSystemExtensionReplacementActionCancel = 0,
  OSSystemExtensionReplacementActionReplace = 1,
};
typedef NS_ENUM(NSInteger, OSSystemExtensionRequestResult) {
  OSSystemExtensionRequestCompleted = 0,
  OSSystemExtensionRequestWillCompleteAfterReboot = 1,
};

@interface OSSystemExtensionProperties : NSObject
@property (readonly) NSString *bundleVersion;
@property (readonly) NSURL *URL API_AVAILABLE(macos(12.0));
@property (readonly) BOOL isEnabled API_AVAILABLE(macos(12.0));
@property (readonly) BOOL isAwaitingUserApproval API_AVAILABLE(macos(12.0));
@property (readonly) BOOL isUninstalling API_AVAILABLE(macos(12.0));
@end

@protocol OSSystemExtensionRequestDelegate <NSObject>
- (OSSystemExtensionReplacementAction)request:(OSSystemExtensionRequest *)request
                  actionForReplacingExtension:(OSSystemExtensionProperties *)existing
                                withExtension:(OSSystemExtensionProperties *)replacement;
- (void)requestNeedsUserApproval:(OSSystemExtensionRequest *)request;
- (void)request:(OSSystemExtensionRequest *)request didFinishWithResult:(OSSystemExtensionRequestResult)result;
- (void)request:(OSSystemExtensionRequest *)request didFailWithError:(NSError *)error;
@optional
- (void)request:(OSSystemExtensionRequest *)request
    foundProperties:(NSArray<OSSystemExtensionProperties *> *)properties API_AVAILABLE(macos(12.0));
@end

@interface OSSystemExtensionRequest : NSObject
+ (instancetype)activationRequestForExtension:(NSString *)identifier queue:(dispatch_queue_t)queue;
+ (instancetype)deactivationRequestForExtension:(NSString *)identifier queue:(dispatch_queue_t)queue;
+ (instancetype)propertiesRequestForExtension:(NSString *)identifier
                                        queue:(dispatch_queue_t)queue API_AVAILABLE(macos(12.0));
@property (nullable, weak) NSObject<OSSystemExtensionRequestDelegate> *delegate;
@end

@interface OSSystemExtensionManager : NSObject
@property (class, readonly) OSSystemExtensionManager *sharedManager;
- (void)submitRequest:(OSSystemExtensionRequest *)request;
@end

NS_ASSUME_NONNULL_END
