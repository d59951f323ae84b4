// A Unix socket at which nobody accepts and no connection may wait, so that each further call stays in flight.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const script = `import socket,sys
s=socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(0); w=[]
try:
  while True:
    c=socket.socket(socket.AF_UNIX); c.setblocking(False); c.connect(sys.argv[1]); w.append(c)
except BlockingIOError: print('full', flush=True)
sys.stdin.read()`;

/** Resolves to what ends it. */
export async function fullQueue(socketPath) {
  const child = spawn('python3', ['-c', script, socketPath], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  });
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
}
