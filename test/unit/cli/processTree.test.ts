import assert from 'node:assert/strict';
import { ProcessTree } from '../../../src/cli/processTree.ts';
import type { FlowProcess } from '../../../src/flow/model.ts';

const line = (pid: number, ...ancestors: number[]): FlowProcess => ({
  pid,
  name: '',
  path: '',
  arguments: [],
  uid: 501,
  ancestors: ancestors.map((each) => ({ pid: each, name: '' })),
});

describe('process tree', () => {
  it('is one process and what it started', () => {
    const tree = new ProcessTree(10);
    assert.ok(tree.has(line(10, 5, 1)));
    assert.ok(tree.has(line(30, 20, 10, 5, 1)));
    assert.ok(!tree.has(line(5, 1)));
    assert.ok(!tree.has(line(11, 5, 1)));
  });
  it('keeps what a process left behind that has ended', () => {
    const tree = new ProcessTree(10);
    assert.ok(!tree.has(line(40, 20, 1)));
    assert.ok(tree.has(line(30, 20, 10, 1)));
    assert.ok(tree.has(line(40, 20, 1)));
  });
  it('has nothing without a root, and no process that nobody knows', () => {
    const tree = new ProcessTree();
    assert.ok(!tree.has(line(0)));
    tree.add(10);
    assert.ok(tree.has(line(0, 10)));
    assert.ok(!tree.has(line(0)));
  });
});
