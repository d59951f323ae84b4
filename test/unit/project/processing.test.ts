// Who turns an entitlements file into a signature, told from the files around it.
import assert from 'node:assert/strict';
import { filesOf } from '../../../src/project/files.ts';
import { Processing } from '../../../src/project/processing.ts';
import { Workspace } from '../../../src/project/workspace.ts';
import { plist } from '../../support/plists.ts';
import { xcodeproj } from '../../support/xcodeproj.ts';

const path = 'mac/App.entitlements';
const claims = plist({ 'com.apple.security.application-groups': ['$(TeamIdentifierPrefix)com.example.app'] });
const of = (files: Readonly<Record<string, string>>): string | undefined =>
  new Processing(new Workspace(filesOf({ [path]: claims, ...files })).model).of(path);

const project = (file: string): Record<string, string> => ({
  'App.xcodeproj/project.pbxproj': xcodeproj({
    targets: [{ name: 'App', type: 'application', settings: { CODE_SIGN_ENTITLEMENTS: file, SDKROOT: 'macosx' } }],
  }),
});

describe('who processes an entitlements file', () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string | undefined])[] = [
    ['nobody that is known', {}, undefined],
    ['the target that names it', project(path), 'xcode'],
    ['a project around it that does not say', project('Other.entitlements'), 'xcode'],
    ['a Makefile that signs with it', { Makefile: 'sign:\n\tcodesign --entitlements mac/App.entitlements App' }, 'raw'],
    ['a packager', { 'package.json': '{"build": {"mac": {"entitlements": "mac/App.entitlements"}}}' }, 'raw'],
    [
      'a script that names another of the same ending',
      { 'sign.sh': 'codesign --entitlements mac/MyApp.entitlements' },
      undefined,
    ],
    [
      'CMake that makes an Xcode project',
      { 'CMakeLists.txt': 'XCODE_ATTRIBUTE_CODE_SIGN_ENTITLEMENTS mac/App.entitlements' },
      'xcode',
    ],
    [
      'CMake elsewhere that makes an Xcode project',
      { 'cmake/a.cmake': 'XCODE_ATTRIBUTE_CODE_SIGN_ENTITLEMENTS "${file}"' },
      'mixed',
    ],
    [
      'the command line of xcodebuild',
      { 'build.sh': 'xcodebuild CODE_SIGN_ENTITLEMENTS=mac/App.entitlements' },
      'xcode',
    ],
    ['Tuist', { 'Project.swift': 'entitlements: .file(path: "mac/App.entitlements")' }, 'xcode'],
    ['Bazel', { 'mac/BUILD': 'entitlements = "App.entitlements"' }, 'xcode'],
    ['a build with a way of its own', { 'mac/BUILD.gn': 'entitlements_path = "App.entitlements"' }, 'mixed'],
    [
      'a script that writes the group first',
      { 'sign.sh': 'cp mac/App.entitlements t\nPlistBuddy -c "Set :com.apple.security.application-groups:0 $G" t' },
      'mixed',
    ],
    [
      'a script that replaces the variable first',
      { 'sign.sh': 'sed "s/x/$TEAM/" mac/App.entitlements > t\ncodesign --entitlements t App' },
      'mixed',
    ],
    [
      'a script, beside a project whose file is not known',
      { ...project('$(SECRET_ENTITLEMENTS)'), 'sign.sh': 'codesign --entitlements mac/App.entitlements App' },
      'mixed',
    ],
    [
      'a script that names the folder, whatever others name the file',
      {
        'sign.sh': 'codesign --entitlements mac/App.entitlements App',
        'other/CMakeLists.txt': 'XCODE_ATTRIBUTE_CODE_SIGN_ENTITLEMENTS App.entitlements',
      },
      'raw',
    ],
  ];
  for (const [name, files, expected] of cases) it(name, () => assert.equal(of(files), expected));
});
