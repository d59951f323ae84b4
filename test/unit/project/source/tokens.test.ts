import assert from 'node:assert/strict';
import fc from 'fast-check';
import { scanSource } from '../../../../src/project/source/scan.ts';
import { tokenise } from '../../../../src/project/source/tokens.ts';
import type { Language } from '../../../../src/project/source/tokens.ts';

const texts = (text: string, language: Language = 'swift'): readonly string[] =>
  tokenise(text, language).tokens.map((t) => (t.kind === 'string' ? `"${t.dynamic ? '…' : t.text}"` : t.text));

describe('the source tokeniser', () => {
  for (const [name, language, text, expected] of [
    ['nested Swift comments', 'swift', 'a /* b /* c */ d */ e', ['a', 'e']],
    ['C comments, which do not nest', 'objc', 'a /* b /* c */ d', ['a', 'd']],
    ['line comments', 'swift', 'a // b "c\nd', ['a', 'd']],
    ['Swift strings', 'swift', 'x("a\\"b\\n")', ['x', '(', '"a"b\n"', ')']],
    ['interpolation', 'swift', '"a\\(f("x)"))b" c', ['"…"', 'c']],
    ['raw strings', 'swift', '#"a"\\(b)"# c', ['"a"\\(b)"', 'c']],
    ['raw strings with interpolation', 'swift', '#"a\\#(b)"# c', ['"…"', 'c']],
    ['multi-line strings', 'swift', '"""\na "b" // c\n""" d', ['"\na "b" // c\n"', 'd']],
    ['an unclosed string ends with its line', 'swift', '"a\nb', ['"a"', 'b']],
    ['Objective-C strings', 'objc', '[a b:@"c" d:"e"]', ['[', 'a', 'b', ':', '"c"', 'd', ':', '"e"', ']']],
    ['characters', 'objc', "a = '\"'; b", ['a', '=', '"', ';', 'b']],
    ['C++ raw strings', 'objc', 'R"x(a)"b)x" c', ['"a)"b"', 'c']],
    [
      'what #if 0 disables',
      'objc',
      '#if 0 // old\nNSXPCListener\n#if A\nb\n#endif\n#else\nc\n#endif\nd',
      ['c', '#endif', '\n', 'd'],
    ],
    ['line continuation', 'objc', '#define A \\\n "b"\nc', ['#define', 'A', '"b"', '\n', 'c']],
  ] as const)
    it(`reads ${name}`, () => assert.deepEqual(texts(text, language), expected));

  it('takes any text, and every token lies in it', () => {
    const unit = fc.constantFrom(
      '"',
      "'",
      '\\',
      '(',
      ')',
      '#',
      '/',
      '*',
      '\n',
      'a',
      '@',
      'R"(',
      '"""',
      '#if 0\n',
      '#endif',
      '\\(',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 80 }), fc.constantFrom<Language>('swift', 'objc'), (text, language) => {
        let at = 0;
        for (const { start, end } of tokenise(text, language).tokens) {
          assert.ok(start >= at && end >= start && end <= text.length);
          at = end;
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the source scanner', () => {
  const swift = (text: string) => scanSource('a.swift', text);
  const objc = (text: string) => scanSource('a.m', text);

  it('sees no code in comments, strings and disabled lines', () => {
    for (const text of [
      '// NSXPCListener(machServiceName: "a")',
      '/* NSXPCListener(machServiceName: "a") */',
      'let d = "NSXPCListener(machServiceName: \\"a\\")"',
      '"""\nNSXPCListener(machServiceName: "a")\n"""',
    ])
      assert.deepEqual(swift(text).objects, []);
    assert.deepEqual(objc('#if 0\nx = [[NSXPCListener alloc] initWithMachServiceName:@"a"];\n#endif\n').objects, []);
  });
  it('tells named endpoints from anonymous ones and services', () => {
    assert.deepEqual(
      swift(
        'let a = NSXPCListener.anonymous()\nlet b = NSXPCListener.service()\nlet c = NSXPCConnection(serviceName: "x.y.z")\nlet d = NSXPCConnection(listenerEndpoint: e)',
      ).objects,
      [],
    );
  });
  for (const [name, facts] of [
    ['Swift', swift('let l: NSXPCListener = .init(machServiceName: "a.b.c")')],
    ['Swift init', swift('l = NSXPCListener.init(machServiceName: "a.b.c")')],
    ['XPCListener', swift('let l = try XPCListener(service: "a.b.c") { _ in }')],
    ['Objective-C', objc('_l = [[NSXPCListener alloc] initWithMachServiceName: @"a.b" @".c"];')],
    ['C', objc('l = xpc_connection_create_mach_service("a.b.c", queue, XPC_CONNECTION_MACH_SERVICE_LISTENER);')],
    ['C, new', objc('l = xpc_listener_create("a.b.c", NULL, 0, h, NULL);')],
  ] as const)
    it(`finds a listener in ${name}`, () => {
      const [object] = facts.objects;
      assert.equal(object?.role, 'listener');
      assert.equal(object?.name.literal, 'a.b.c');
      assert.equal(object?.use.owner, 'l');
    });
  for (const [name, facts, privileged] of [
    ['Swift', swift('let c = NSXPCConnection(machServiceName: "a.b.c", options: [.privileged])'), true],
    ['Swift without options', swift('let c = NSXPCConnection(machServiceName: "a.b.c")'), false],
    ['XPCSession', swift('let c = try XPCSession(machService: "a.b.c")'), false],
    [
      'Objective-C',
      objc(
        'NSXPCConnection *c = [[NSXPCConnection alloc] initWithMachServiceName:@"a.b.c" options:NSXPCConnectionPrivileged];',
      ),
      true,
    ],
    [
      'C',
      objc(
        'xpc_connection_t c = xpc_connection_create_mach_service("a.b.c", NULL, XPC_CONNECTION_MACH_SERVICE_PRIVILEGED);',
      ),
      true,
    ],
  ] as const)
    it(`finds a look-up in ${name}`, () => {
      const [object] = facts.objects;
      assert.equal(object?.role, 'client');
      assert.equal(object?.name.literal, 'a.b.c');
      assert.equal(object?.privileged !== undefined, privileged);
      assert.equal(object?.use.owner, 'c');
    });
  it('does not guess what a flag variable holds', () =>
    assert.deepEqual(objc('c = xpc_connection_create_mach_service("a.b.c", NULL, flags);').objects, []));
  it('follows an object through copies and sees it leave', () => {
    const kept = swift('let c = NSXPCConnection(machServiceName: n)\nself.connection = c\nconnection?.resume()')
      .objects[0]?.use;
    assert.ok(kept?.calls.has('resume') && !kept.escapes);
    for (const leaving of ['return c', 'prepare(c)', 'x.add(connection: c)', 'list = [c]'])
      assert.ok(swift(`let c = NSXPCConnection(machServiceName: n)\n${leaving}\n`).objects[0]?.use.escapes, leaving);
    assert.ok(
      objc('c = [[NSXPCConnection alloc] initWithMachServiceName:n options:0];\n[self prepare:c];').objects[0]?.use
        .escapes,
    );
  });
  it('reads constants', () => {
    const names = (f: ReturnType<typeof swift>): readonly string[] => f.constants.map((c) => `${c.name}=${c.value}`);
    assert.deepEqual(
      names(
        swift('let a = "x.y.z"\nstatic let b: String = "x.y.b"\nstatic var c: String { "x.y.c" }\nlet d = "x.y." + e'),
      ),
      ['a=x.y.z', 'b=x.y.b', 'c=x.y.c'],
    );
    assert.deepEqual(
      names(
        objc(
          '#define A @"x.y.z"\n#define P (@"x.y.p")\nstatic NSString * const B = @"x.y.b";\nconst char *C = "x.y" ".c";\n#define F(x) @"no.no.no"',
        ),
      ),
      ['A=x.y.z', 'P=x.y.p', 'B=x.y.b', 'C=x.y.c'],
    );
  });
  it('is not deceived by a parameter that has the name of a constant', () => {
    const [object] = swift(
      'func f(machServiceName: String) { let l = NSXPCListener(machServiceName: machServiceName) }',
    ).objects;
    assert.equal(object?.name.identifier, undefined);
  });
  it('takes any source', () => {
    const unit = fc.constantFrom(
      'NSXPCListener',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      'machServiceName:',
      ' alloc]',
      ' initWithMachServiceName:',
      'shouldAcceptNewConnection',
      ':',
      'c',
      '=',
      '.',
      ' ',
      '\n',
      'return',
      'true',
      '"x.y"',
      'readData',
      'await',
    );
    fc.assert(
      fc.property(
        fc.string({ unit, maxLength: 60 }),
        fc.constantFrom('a.swift', 'a.m'),
        (text, path) => void scanSource(path, text),
      ),
      { numRuns: 2000 },
    );
  });
  it('stays linear in hostile input', () => {
    for (const text of [
      '{'.repeat(200_000),
      '"\\('.repeat(60_000),
      '/*'.repeat(100_000),
      `${'NSXPCListener('.repeat(20_000)}`,
      'let a = "'.repeat(20_000),
    ]) {
      const facts = swift(`// XPC\n${text}`);
      assert.ok(facts.objects.length <= 20_000);
    }
  });
});
