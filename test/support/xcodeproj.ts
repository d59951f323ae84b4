// Writes the text of an Xcode project file for tests: targets, configurations, sources, copy phases.
import { encodeString } from '../../src/plist/openstepString.ts';

export interface TestTarget {
  readonly name: string;
  /** The part after com.apple.product-type. */
  readonly type: string;
  /** Paths from the project's folder. */
  readonly sources?: readonly string[];
  /** Names of targets that a Copy Files phase brings to Contents/Library/SystemExtensions. */
  readonly embeds?: readonly string[];
  readonly plugIns?: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  /** By configuration, over `settings`. */
  readonly configurations?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By configuration: an .xcconfig. */
  readonly xcconfig?: Readonly<Record<string, string>>;
  /** Folders that Xcode keeps in step with the disk. */
  readonly folders?: readonly string[];
  readonly exceptions?: readonly string[];
  readonly script?: string;
}

export interface TestProject {
  readonly targets: readonly TestTarget[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly configurations?: readonly string[];
  readonly xcconfig?: Readonly<Record<string, string>>;
}

export function xcodeproj(project: TestProject): string {
  const configurations = project.configurations ?? ['Debug', 'Release'];
  const objects: string[] = [];
  const refs: string[] = [];
  const q = encodeString;
  const list = (items: readonly string[]): string => `(${items.map((i) => `\n\t\t\t\t${i},`).join('')}\n\t\t\t)`;
  const put = (id: string, fields: Readonly<Record<string, string>>): string => {
    const body = Object.entries(fields).map(([k, v]) => `\t\t\t${k} = ${v};\n`);
    objects.push(`\t\t${id} = {\n${body.join('')}\t\t};\n`);
    return id;
  };
  const files = new Map<string, string>();
  const fileRef = (path: string): string => {
    let id = files.get(path);
    if (!id) {
      id = `F${files.size.toString().padStart(4, '0')}`;
      files.set(path, id);
      refs.push(put(id, { isa: 'PBXFileReference', path: q(path), sourceTree: q('<group>') }));
    }
    return id;
  };
  const settingsText = (settings: Readonly<Record<string, string>>): string =>
    `{${Object.entries(settings)
      .map(([k, v]) => `\n\t\t\t\t${q(k)} = ${q(v)};`)
      .join('')}\n\t\t\t}`;
  const configList = (
    owner: string,
    settings: (name: string) => Readonly<Record<string, string>>,
    xcconfig?: Readonly<Record<string, string>>,
  ): string =>
    put(`L${owner}`, {
      isa: 'XCConfigurationList',
      buildConfigurations: list(
        configurations.map((name) => {
          const base = xcconfig?.[name];
          return put(`C${owner}${name.replace(/\W/g, '')}`, {
            isa: 'XCBuildConfiguration',
            ...(base === undefined ? {} : { baseConfigurationReference: fileRef(base) }),
            buildSettings: settingsText(settings(name)),
            name: q(name),
          });
        }),
      ),
    });
  const index = (name: string): string => String(project.targets.findIndex((t) => t.name === name));
  for (const name of project.targets.map((t) => t.name))
    refs.push(put(`P${index(name)}`, { isa: 'PBXFileReference', path: q(name), sourceTree: 'BUILT_PRODUCTS_DIR' }));
  for (const target of project.targets) {
    const n = index(target.name);
    const phases: string[] = [];
    const sources = (target.sources ?? []).map((path, i) =>
      put(`B${n}x${i}`, { isa: 'PBXBuildFile', fileRef: fileRef(path) }),
    );
    phases.push(put(`S${n}`, { isa: 'PBXSourcesBuildPhase', files: list(sources) }));
    const copy = (kind: string, targets: readonly string[], path: string, spec: string): void => {
      if (targets.length === 0) return;
      const items = targets.map((t, i) => put(`E${kind}${n}x${i}`, { isa: 'PBXBuildFile', fileRef: `P${index(t)}` }));
      phases.push(
        put(`${kind}${n}`, {
          isa: 'PBXCopyFilesBuildPhase',
          dstPath: q(path),
          dstSubfolderSpec: spec,
          files: list(items),
        }),
      );
    };
    copy('X', target.embeds ?? [], '$(SYSTEM_EXTENSIONS_FOLDER_PATH)', '16');
    copy('Y', target.plugIns ?? [], '', '13');
    if (target.script !== undefined)
      phases.push(put(`R${n}`, { isa: 'PBXShellScriptBuildPhase', shellScript: q(target.script) }));
    const groups = (target.folders ?? []).map((path, i) => {
      const exceptions = target.exceptions ?? [];
      const set =
        exceptions.length === 0
          ? []
          : [
              put(`M${n}x${i}`, {
                isa: 'PBXFileSystemSynchronizedBuildFileExceptionSet',
                membershipExceptions: list(exceptions.map(q)),
                target: `T${n}`,
              }),
            ];
      const id = put(`G${n}x${i}`, {
        isa: 'PBXFileSystemSynchronizedRootGroup',
        exceptions: list(set),
        path: q(path),
        sourceTree: q('<group>'),
      });
      refs.push(id);
      return id;
    });
    put(`T${n}`, {
      isa: 'PBXNativeTarget',
      buildConfigurationList: configList(
        n,
        (name) => ({ ...target.settings, ...target.configurations?.[name] }),
        target.xcconfig,
      ),
      buildPhases: list(phases),
      dependencies: '()',
      ...(groups.length > 0 ? { fileSystemSynchronizedGroups: list(groups) } : {}),
      name: q(target.name),
      productReference: `P${n}`,
      productType: q(`com.apple.product-type.${target.type}`),
    });
  }
  const projectConfigs = configList('R', () => project.settings ?? {}, project.xcconfig);
  put('MAIN', { isa: 'PBXGroup', children: list(refs), sourceTree: q('<group>') });
  put('ROOT', {
    isa: 'PBXProject',
    buildConfigurationList: projectConfigs,
    mainGroup: 'MAIN',
    targets: list(project.targets.map((t) => `T${index(t.name)}`)),
  });
  return `// !$*UTF8*$!\n{\n\tarchiveVersion = 1;\n\tobjectVersion = 56;\n\tobjects = {\n${objects.join('')}\t};\n\trootObject = ROOT;\n}\n`;
}
