// Asks a server for so many answers, 16 at a time; `proxy`: through an HTTP proxy. Prints how many came.
//   node requests.ts SERVER-PORT COUNT [PROXY-PORT]
// Each on a connection of its own, as a flow is a connection.
import http from 'node:http';

const [server, count, proxy] = process.argv.slice(2).map(Number);
let next = 0;
let answered = 0;

function ask(): Promise<void> {
  const path = `/item/${next++}`;
  const headers = { host: `127.0.0.1:${server}`, accept: 'application/json', 'user-agent': 'bench/1.0' };
  const where = proxy === undefined ? { port: server!, path } : { port: proxy, path: `http://127.0.0.1:${server}${path}` }; // prettier-ignore
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', ...where, headers, agent: false }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) answered++;
        resolve();
      });
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
await Promise.all(
  Array.from({ length: 16 }, async () => {
    while (next < count!) await ask();
  }),
);
console.log(answered);
