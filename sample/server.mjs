// A small HTTP server to try Flowtap on, for this machine only.   node server.mjs [port]
import http from 'node:http';
import { Readable } from 'node:stream';

const port = Number(process.argv[2] ?? process.env.SAMPLE_PORT ?? 8737);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const endpoints = {
  '/ok': (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"status":"ok"}\n');
  },
  '/slow': async (request, response) => {
    for (let second = 1; second <= 5 && !response.destroyed; second++) {
      response.write(`${second} of 5\n`);
      await wait(1000);
    }
    response.end();
  },
  '/large': (request, response) => {
    const block = Buffer.alloc(64 * 1024, 'flowtap\n');
    response.setHeader('content-length', 160 * block.length);
    Readable.from(Array.from({ length: 160 }, () => block)).pipe(response);
  },
  '/echo': (request, response) => request.pipe(response),
  '/reset': (request, response) => {
    response.write('half of an ans');
    setTimeout(() => response.socket?.resetAndDestroy(), 50);
  },
  '/error': (request, response) => {
    response.statusCode = 500;
    response.end('Something broke on purpose.\n');
  },
};

const server = http.createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://sample');
  const endpoint = endpoints[pathname];
  if (endpoint) return void endpoint(request, response);
  response.statusCode = pathname === '/' ? 200 : 404;
  response.end(`There is: ${Object.keys(endpoints).join(' ')}\n`);
});
server.on('error', (e) => {
  console.error(e.code === 'EADDRINUSE' ? `port ${port} is taken; try: node server.mjs ${port + 1}` : e.message);
  process.exit(1);
});
server.listen(port, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
