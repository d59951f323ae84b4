import assert from 'node:assert/strict';
import { endpointNamesOf } from '../../../src/project/endpointNames.ts';
import { filesOf } from '../../../src/project/files.ts';
import { Workspace } from '../../../src/project/workspace.ts';

const project = (name: string): string => `name: Example
settings: { DEVELOPMENT_TEAM: A1B2C3D4E5 }
targets:
  Tunnel:
    type: system-extension
    platform: macOS
    sources: [Tunnel]
    info:
      path: Tunnel/Info.plist
      properties:
        NetworkExtension:
          NEMachServiceName: ${name}
`;
const namesIn = (files: Record<string, string>): unknown => endpointNamesOf(new Workspace(filesOf(files)).model);

describe('the endpoints of a project', () => {
  it('have the names of NEMachServiceName, once for all configurations', () =>
    assert.deepEqual(namesIn({ 'project.yml': project('A1B2C3D4E5.com.example.flows') }), [
      { name: 'A1B2C3D4E5.com.example.flows', target: 'Tunnel' },
    ]));

  it('have none where a variable of the name is not known', () =>
    assert.deepEqual(namesIn({ 'project.yml': project('$(NOBODY_KNOWS)com.example.flows') }), []));

  it('are none where there is no project', () => assert.deepEqual(namesIn({ 'README.md': 'text' }), []));
});
