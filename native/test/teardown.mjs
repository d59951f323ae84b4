// The addon under AddressSanitizer: Workers that end 50 times with calls in flight, in each of the states a call can be
// in, and calls of which nobody awaits the result. node runs it with libasan loaded first and FLOWTAP_BRIDGE set.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { fullQueue } from './full-queue.mjs';

const rounds = 50;
const file = process.env.FLOWTAP_BRIDGE;
const bridge = createRequire(import.meta.url)(file);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-test-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const openDescriptors = () => fs.readdirSync('/proc/self/fd').length;

let passed = 0;
let failed = 0;
async function test(name, run) {
  try {
    await run();
    passed++;
  } catch (error) {
    failed++;
    console.log(`FAILED: ${name}: ${error.stack}`);
  }
}
function assertEqual(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: ${actual}, not ${expected}`);
}

/** `after` is what the Worker does once its calls are made. */
async function endingWorker(name, after, terminate) {
  const worker = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads');
     const net = require('node:net');
     const bridge = require(workerData.file);
     for (let i = 0; i < 20; i++) bridge.connect(workerData.name, '', '').then((fd) => new net.Socket({ fd }).destroy(), () => {});
     parentPort.postMessage('called');
     ${after}`,
    { eval: true, workerData: { file, name } },
  );
  const gone = once(worker, 'exit');
  if (terminate) {
    await once(worker, 'message');
    await worker.terminate();
  }
  await gone;
}

const answering = path.join(folder, 'answering.sock');
const server = net.createServer((socket) => socket.on('error', () => {}).end('x')).listen(answering);
await once(server, 'listening');

const hanging = path.join(folder, 'hanging.sock');
const endHanging = await fullQueue(hanging);

await test('ended from outside, calls waiting for the service', async () => {
  await endingWorker(hanging, '', true);
  const before = openDescriptors();
  for (let i = 0; i < rounds; i++) await endingWorker(hanging, '', true);
  assertEqual(openDescriptors(), before, 'open descriptors');
});
await test('process.exit() inside, calls waiting for the service', async () => {
  const before = openDescriptors();
  for (let i = 0; i < rounds; i++) await endingWorker(hanging, 'process.exit(0);', false);
  assertEqual(openDescriptors(), before, 'open descriptors');
});
await test('ended from outside while answers arrive', async () => {
  for (let i = 0; i < rounds; i++) await endingWorker(answering, '', true);
});
await test('process.exit() inside while answers arrive', async () => {
  for (let i = 0; i < rounds; i++)
    await endingWorker(answering, `for (let i = 0; i < ${i}; i++) Math.random(); process.exit(0);`, false);
});
await test('errors are delivered while the Worker ends', async () => {
  for (let i = 0; i < rounds; i++) await endingWorker(path.join(folder, 'none.sock'), 'process.exit(0);', false);
});
await test('a Worker left alone waits for its calls', async () => {
  const before = openDescriptors();
  for (let i = 0; i < rounds / 5; i++) await endingWorker(answering, '', false);
  // The service's ends, in this process, close a little later.
  for (let i = 0; i < 1000 && openDescriptors() > before; i++) await new Promise(setImmediate);
  assertEqual(openDescriptors(), before, 'open descriptors');
});
await test('the main thread still connects', async () => {
  fs.closeSync(await bridge.connect(answering, '', ''));
});
await endHanging();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
// Calls that are in flight when the process itself exits.
for (let i = 0; i < 20; i++) bridge.connect(answering, '', '').catch(() => {});
process.exit();
