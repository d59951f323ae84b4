// The same as visit.sh from a program with one process and many connections, twenty of them at once.
import http from 'node:http';

const url = process.env.SAMPLE_URL ?? 'http://127.0.0.1:8737';

function visit(path) {
  return new Promise((resolve) => {
    const request = http.get(`${url}${path}`, { agent: false }, (response) => {
      let bytes = 0;
      response.on('data', (part) => (bytes += part.length));
      response.on('error', (e) => resolve(`${path}: ${e.code} after ${bytes} bytes`));
      response.on('end', () => resolve(`${path}: ${response.statusCode}, ${bytes} bytes`));
    });
    request.on('error', (e) => resolve(`${path}: ${e.code}`));
  });
}

const paths = ['/slow', '/large', '/error', '/reset', ...Array.from({ length: 16 }, (_, i) => `/ok?n=${i}`)];
await Promise.all(paths.map(async (path) => console.log(await visit(path))));
