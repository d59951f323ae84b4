// Every id that stands in both the manifest and the code. A test compares them with package.json both ways.

export const commands = {
  startProxy: 'flowtap.startProxy',
  stopProxy: 'flowtap.stopProxy',
  runCommand: 'flowtap.runCommand',
  newCapturedTerminal: 'flowtap.newCapturedTerminal',
  clear: 'flowtap.clear',
  showLog: 'flowtap.showLog',
  showStatus: 'flowtap.showStatus',
  showCaptureProblem: 'flowtap.showCaptureProblem',
  installApp: 'flowtap.installApp',
  removeApp: 'flowtap.removeApp',
  allowAccess: 'flowtap.allowAccess',
  openSystemSettings: 'flowtap.openSystemSettings',
  checkProxy: 'flowtap.checkProxy',
  showEndpoints: 'flowtap.showEndpoints',
  addEndpoint: 'flowtap.addEndpoint',
  groupBy: 'flowtap.groupBy',
  groupByProcess: 'flowtap.groupByProcess',
  groupByHost: 'flowtap.groupByHost',
  groupByState: 'flowtap.groupByState',
  filter: 'flowtap.filter',
  clearFilter: 'flowtap.clearFilter',
  filterToProcess: 'flowtap.filterToProcess',
  filterToHost: 'flowtap.filterToHost',
  copyAddress: 'flowtap.copyAddress',
  copyHost: 'flowtap.copyHost',
  copyAsJson: 'flowtap.copyAsJson',
  copyAsText: 'flowtap.copyAsText',
  openPanel: 'flowtap.openPanel',
  revealInPanel: 'flowtap.revealInPanel',
  moveFlowsToPanel: 'flowtap.moveFlowsToPanel',
  moveFlowsToEditor: 'flowtap.moveFlowsToEditor',
  saveFlows: 'flowtap.saveFlows',
  explainSelection: 'flowtap.explainSelection',
  explainClipboard: 'flowtap.explainClipboard',
  explainTerminalSelection: 'flowtap.explainTerminalSelection',
} as const;
export type CommandId = (typeof commands)[keyof typeof commands];

/** Run by code actions only; not in the palette. */
export const internalCommands = { allowKey: 'flowtap.lint.allowKey' } as const;

export const viewContainers = { flowtap: 'flowtap', flows: 'flowtapFlows' } as const;
export const views = {
  connections: 'flowtap.connections',
  signing: 'flowtap.signing',
  flows: 'flowtap.flows',
} as const;
export const submenus = { groupBy: 'flowtap.groupByMenu' } as const;
export const terminalProfiles = { captured: 'flowtap.capturedTerminal' } as const;
export const customEditors = { capture: 'flowtap.capture' } as const;
export const taskTypes = { captured: 'flowtap' } as const;

/** Keys that `when` and `enablement` clauses read. */
export const contextKeys = {
  /** EditorState.kind */
  state: 'flowtap.state',
  /** The code of what forbids captures on this machine, or ''. */
  captureProblem: 'flowtap.captureProblem',
  /** The proxy is the app's system extension. */
  macos: 'flowtap.macos',
  grouping: 'flowtap.grouping',
  filtered: 'flowtap.filtered',
  /** The store holds flows. */
  hasFlows: 'flowtap.hasFlows',
  hasSelection: 'flowtap.hasSelection',
  /** The panel of flows lives at the bottom, not in the editor area. */
  flowsInPanel: 'flowtap.flowsInPanel',
  /** A folder holds entitlements or an Apple project. */
  hasProject: 'flowtap.hasProject',
} as const;

export const settings = {
  lintEnable: 'flowtap.lint.enable',
  lintRules: 'flowtap.lint.rules',
  lintAllowedKeys: 'flowtap.lint.allowedKeys',
  autoConnect: 'flowtap.proxy.autoConnect',
  endpoints: 'flowtap.endpoints',
  maxFlows: 'flowtap.store.maxFlows',
  bodyBudget: 'flowtap.store.bodyBudgetMegabytes',
  bodyLimit: 'flowtap.store.bodyKilobytesPerFlow',
  groupBy: 'flowtap.sidebar.groupBy',
  keepClosed: 'flowtap.sidebar.keepClosedSeconds',
  openCapturedTerminalOnStartup: 'flowtap.openCapturedTerminalOnStartup',
} as const;

/** The states that the views tell apart. */
export const stateKinds = [
  'unsupported',
  // The stages of the system extension on macOS.
  'needsApp',
  'needsActivation',
  'awaitsApproval',
  'switchedOff',
  'needsRestart',
  'unreachable',
  'needsGrant',
  'addonMissing',
  'addonForeign',
  'addonBroken',
  'stopped',
  'starting',
  'connecting',
  'running',
  'lost',
  'refused',
  'startFailed',
] as const;
export type StateKind = (typeof stateKinds)[number];

const state = (...kinds: StateKind[]): string => `${contextKeys.state} =~ /^(?:${kinds.join('|')})$/`;
const trusted = 'isWorkspaceTrusted';
/** Before the extension is active nothing is known; using the command activates it. */
const unlessKnown = (clause: string): string => `(!${contextKeys.state} || ${clause})`;
const canCapture = `${trusted} && ${unlessKnown(state('stopped', 'starting', 'connecting', 'running', 'lost', 'startFailed'))}`;

/** When a command may be used: the `enablement` of its entry in the manifest. */
export const enablement: Readonly<Partial<Record<CommandId, string>>> = {
  [commands.startProxy]: `${trusted} && ${unlessKnown(state('stopped', 'lost', 'refused', 'startFailed', 'needsActivation', 'awaitsApproval', 'switchedOff', 'unreachable'))}`,
  [commands.installApp]: contextKeys.macos,
  [commands.removeApp]: `${contextKeys.macos} && !(${state('needsApp')})`,
  [commands.allowAccess]: contextKeys.macos,
  [commands.openSystemSettings]: contextKeys.macos,
  [commands.checkProxy]: contextKeys.macos,
  [commands.stopProxy]: state('connecting', 'running', 'refused'),
  [commands.runCommand]: canCapture,
  [commands.newCapturedTerminal]: canCapture,
  [commands.clear]: contextKeys.hasFlows,
  [commands.saveFlows]: contextKeys.hasFlows,
  [commands.groupByProcess]: `${contextKeys.grouping} != process`,
  [commands.groupByHost]: `${contextKeys.grouping} != host`,
  [commands.groupByState]: `${contextKeys.grouping} != state`,
  [commands.clearFilter]: contextKeys.filtered,
  [commands.moveFlowsToPanel]: `!${contextKeys.flowsInPanel}`,
  [commands.moveFlowsToEditor]: contextKeys.flowsInPanel,
};
