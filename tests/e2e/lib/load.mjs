// A bounded load: a few clients that ask one after another without rest, and a book of every answer.
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './parts.mjs';

// each: what to ask next, as http.request options; pause: between two requests of one client, so that the machine has room for the rest.
// A connection that the server closes while it is idle may swallow a request that is just being sent on it; every browser and proxy
// sends such a request again on a new connection, once, and so do these clients (`again` counts it). Nothing else is forgiven.
export function startLoad(t, { url, headers = {}, clients = 8, keepAlive = true, pause = 2, each, tls = {} }) {
  const to = new URL(url);
  const lib = to.protocol === 'https:' ? https : http;
  const agent = new lib.Agent({ keepAlive, maxSockets: clients, ...tls });
  const book = { sent: 0, statuses: {}, errors: [], again: 0, slowest: 0, answers: [] };
  let stopped = false;
  const end = Date.now() + 120000; // bounded, even when a story dies without stopping it
  const once = extra => new Promise((ok, bad) => {
    const q = lib.request(to, { headers, agent, timeout: 30000, ...extra }, r => {
      const parts = [];
      r.on('data', d => parts.push(d));
      r.once('error', bad);
      r.once('aborted', () => bad(Object.assign(new Error('cut in the middle of an answer'), { begun: true })));
      r.once('end', () => ok({ status: r.statusCode, headers: r.headers, body: Buffer.concat(parts).toString() }));
    });
    q.once('timeout', () => q.destroy(new Error('no answer in 30 s')));
    q.once('error', e => { e.reused = q.reusedSocket; bad(e); });
    q.end(extra?.body);
  });
  async function client(number) {
    while (!stopped && Date.now() < end) {
      const at = Date.now();
      const extra = each?.(number) ?? {};
      book.sent++;
      try {
        let r;
        try { r = await once(extra); } catch (e) {
          if (!e.reused || e.begun || !['ECONNRESET', 'EPIPE'].includes(e.code)) throw e;
          book.again++;
          r = await once({ ...extra, agent: false });
        }
        book.statuses[r.status] = (book.statuses[r.status] ?? 0) + 1;
        book.answers.push({ at, took: Date.now() - at, status: r.status, retryAfter: r.headers['retry-after'], setCookie: r.headers['set-cookie'], location: r.headers.location });
        if (book.answers.length > 200000) book.answers.splice(0, 100000);
        book.slowest = Math.max(book.slowest, Date.now() - at);
      } catch (e) {
        book.errors.push({ at, error: `${e.code ?? ''} ${e.message}` });
      }
      if (pause) await sleep(pause);
    }
  }
  const all = Array.from({ length: clients }, (_, i) => client(i));
  let over;
  book.stop = () => over ??= (async () => { stopped = true; await Promise.all(all); agent.destroy(); return book; })();
  t.after(book.stop);
  // Until so many more were asked: how long that takes is the machine's business.
  book.more = (n, seconds = 60) => { const enough = book.sent + n; return eventually(() => book.sent >= enough, seconds, 5); };
  // What was asked in a span of time, by status.
  book.between = (from, to) => book.answers.filter(a => a.at >= from && a.at + a.took <= to)
    .reduce((n, a) => { n[a.status] = (n[a.status] ?? 0) + 1; return n; }, {});
  return book;
}
