// Holds open connections that each had one answer: node idle.mjs PORT COUNT tls|plain. Says "held N", ends when its input ends.
import net from 'node:net';
import tls from 'node:tls';

const [port, count, kind] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const held = [];
setTimeout(() => {
  console.error(`${held.length} of ${count} connections could be opened in two minutes; does the limit for descriptors (ulimit -n) allow twice as many?`);
  process.exit(1);
}, 120_000).unref();

function one() {
  return new Promise((ok, bad) => {
    const ask = () => s.write(`GET /public/ HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    const s = kind === 'tls'
      ? tls.connect({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }, ask)
      : net.connect(port, '127.0.0.1', ask);
    s.once('data', () => { held.push(s); ok(); });
    s.once('error', bad);
  });
}

for (let i = 0; i < count; i += 50) await Promise.all(Array.from({ length: Math.min(50, count - i) }, one));
console.log(`held ${held.length}`);
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
