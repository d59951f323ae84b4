// Faults for the check of our headers to find: [header, what stands there, what is put in its place, what must be said].
// Each is one that a person makes.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkDeclarations } from './check-declarations.mjs';
import { ourDeclarations, sdkFolder } from './declarations.mjs';

const header = (framework) => `System/Library/Frameworks/${framework}.framework/Headers/${framework}.h`;

export const plantedDeclarations = [
  ['a selector that is misspelt', header('NetworkExtension'), 'closeReadWithError:', 'closeReadingWithError:'],
  [
    'an argument too few',
    header('NetworkExtension'),
    '- (void)closeWriteWithError:(nullable NSError *)error',
    '- (void)closeWriteWithError',
  ],
  [
    'a block where a value belongs',
    header('NetworkExtension'),
    '- (void)writeData:(NSData *)data',
    '- (void)writeData:(void (^)(void))data',
  ],
  [
    'a property of another kind',
    header('NetworkExtension'),
    '@property (readonly) BOOL isBound',
    '@property (readonly) NSString *isBound',
  ],
  ['a wrong value', header('NetworkExtension'), 'NEAppProxyFlowErrorPeerReset = 2', 'NEAppProxyFlowErrorPeerReset = 3'],
  [
    'a name of no enumerator',
    header('SystemExtensions'),
    'OSSystemExtensionReplacementActionReplace',
    'OSSystemExtensionReplacementActionAccept',
  ],
  [
    'another superclass',
    header('NetworkExtension'),
    '@interface NEAppProxyTCPFlow : NEAppProxyFlow',
    '@interface NEAppProxyTCPFlow : NSObject',
  ],
  [
    'a class that is none',
    header('SystemExtensions'),
    '@interface OSSystemExtensionManager : NSObject',
    '@class OSSystemExtensionManager;\n@interface OSSystemExtensionsManager : NSObject',
  ],
  [
    'a class method that is none',
    header('Foundation'),
    '+ (nullable instancetype)stringWithUTF8String:',
    '- (nullable instancetype)stringWithUTF8String:',
  ],
  [
    'a function with an argument too many',
    header('Network'),
    'nw_endpoint_get_port(nw_endpoint_t endpoint)',
    'nw_endpoint_get_port(nw_endpoint_t endpoint, int index)',
  ],
  ['a function that is none', 'usr/include/bsm/libbsm.h', 'audit_token_to_euid', 'audit_token_to_effective_uid'],
  ['a constant that is none', header('NetworkExtension'), 'NEAppProxyErrorDomain', 'NEAppProxyFlowErrorDomain'],
];

/** The faults that were not noticed, each planted alone. */
export function unnoticedFaults() {
  const missed = [];
  for (const [what, file, from, to] of plantedDeclarations) {
    const sdk = mkdtempSync(path.join(os.tmpdir(), 'flowtap-sdk-'));
    try {
      cpSync(sdkFolder, sdk, { recursive: true });
      const text = readFileSync(path.join(sdk, file), 'utf8');
      if (!text.includes(from)) missed.push(`${what}: ${file} no longer has ${from}`);
      writeFileSync(path.join(sdk, file), text.replace(from, to));
      if (checkDeclarations(ourDeclarations(sdk)).problems.length === 0) missed.push(what);
    } finally {
      rmSync(sdk, { recursive: true });
    }
  }
  return missed;
}
