// What a fresh machine needs, in order. Each step: { name, title, needs, fresh(), run(progress) }; one line adds one.
import { bundles, hostTests, native, proto } from './build.mjs';
import { dependencies, node } from './dependencies.mjs';
import { browser, compiler, tshark } from './tools.mjs';
import { vsix } from './vsix.mjs';
import { workbench } from './workbench.mjs';

export const steps = [
  dependencies,
  node,
  compiler,
  proto,
  native,
  bundles,
  hostTests,
  workbench,
  browser,
  tshark,
  vsix,
];
