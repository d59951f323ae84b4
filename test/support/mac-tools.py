#!/usr/bin/env -S python3 -IS
"""Stand-ins of Apple's tools, as far as sysext/Makefile uses them: called by a tool's name, through a link. What they are
asked is written to the file MAC_TOOLS_LOG, one JSON object a line."""
import json
import os
import plistlib
import re
import sys

tool, args = os.path.basename(sys.argv[0]), sys.argv[1:]


def load(file):
    if file == '-':
        return plistlib.loads(sys.stdin.buffer.read())
    with open(file, 'rb') as stream:
        return plistlib.load(stream)


def walk(value, key):
    for part in re.split(r'(?<!\\)\.', key):
        value = value[int(part)] if isinstance(value, list) else value[part.replace('\\.', '.')]
    return value


def replace(key, text, file):
    root = load(file)
    parts = [part.replace('\\.', '.') for part in re.split(r'(?<!\\)\.', key)]
    within = root
    for part in parts[:-1]:
        within = within[part]
    within[parts[-1]] = text
    with open(file, 'wb') as stream:
        plistlib.dump(root, stream)


if tool == 'plutil':
    if args[0] == '-extract':
        print(walk(load(args[-1]), args[1]))
    elif args[0] == '-replace':
        replace(args[1], args[3], args[4])
    else:
        for file in args[1:]:
            print(f'{file}: {len(load(file))} keys')
elif tool == 'security':
    print(open(args[-1]).read())
elif tool == 'xcrun' and args[0] == '--find':
    print(args[1])
else:
    call = {'tool': tool, 'args': args}
    if tool == 'codesign' and '--sign' in args:
        call['entitlements'] = load(args[args.index('--entitlements') + 1])
        call['profile'] = os.path.exists(args[-1] + '/Contents/embedded.provisionprofile')
    with open(os.environ['MAC_TOOLS_LOG'], 'a') as log:
        log.write(json.dumps(call) + '\n')
    if tool == 'codesign' and '--xml' in args:
        plistlib.dump({}, sys.stdout.buffer)
    elif tool == 'codesign' and '--display' in args:
        print('Authority=' + os.environ.get('MAC_TOOLS_AUTHORITY', ''), file=sys.stderr)
    elif args[:1] == ['stapler']:
        open(args[-1] + '/Contents/CodeResources', 'w').close()
