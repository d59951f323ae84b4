// Our own declarations of the AppKit classes that the grant window needs, for the cross build without Apple's SDK.
#pragma once
#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

typedef NS_ENUM(NSInteger, NSApplicationActivationPolicy) {
  NSApplicationActivationPolicyRegular = 0,
  NSApplicationActivationPolicyAccessory = 1,
  NSApplicationActivationPolicyProhibited = 2,
};

@interface NSResponder : NSObject
@end

@interface NSApplication : NSResponder
@property (class, readonly, strong) NSApplication *sharedApplication;
- (BOOL)setActivationPolicy:(NSApplicationActivationPolicy)policy;
- (void)activateIgnoringOtherApps:(BOOL)ignore;
@end

typedef NSInteger NSModalResponse;
/// A button's response is its place from the right.
enum { NSAlertFirstButtonReturn = 1000, NSAlertSecondButtonReturn = 1001 };

@interface NSView : NSResponder
@end
@interface NSControl : NSView
@end
@interface NSButton : NSControl
@end

@interface NSAlert : NSObject
@property (copy) NSString *messageText;
@property (copy) NSString *informativeText;
- (NSButton *)addButtonWithTitle:(NSString *)title;
- (NSModalResponse)runModal;
@end

NS_ASSUME_NONNULL_END
