// What a fresh machine needs, in order. Each step: { name, title, needs, fresh(), run(progress) }; one line adds one.
import { bundles, hostTests, native, nativeAsan, proto } from './build.mjs';
import { blocksCompiler, linuxCross, macosHeaders, macosPrograms, macosTools, nativeOther, qemu } from './cross.mjs';
import { dependencies, node } from './dependencies.mjs';
import { browser, compiler, fuzzer, peers, tshark, valgrind } from './tools.mjs';
import { vsix, vsixMacos, vsixOther } from './vsix.mjs';
import { workbench } from './workbench.mjs';

export const steps = [
  dependencies,
  node,
  compiler,
  proto,
  native,
  nativeAsan,
  bundles,
  hostTests,
  workbench,
  browser,
  tshark,
  peers,
  fuzzer,
  valgrind,
  blocksCompiler,
  macosTools,
  macosHeaders,
  macosPrograms,
  linuxCross,
  nativeOther,
  qemu,
  vsix,
  vsixOther,
  vsixMacos,
];
