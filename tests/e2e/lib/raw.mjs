// Clients that send what no polite library would: bytes on a socket, frames on a TLS connection; and a backend that keeps every byte.
import net from 'node:net';
import tls from 'node:tls';
import { readFileSync } from 'node:fs';

// ---- HTTP/1 ----

// The answers in a byte stream, as RFC 9112 frames them; `rest` is what is left over, `whole` false while the last one is incomplete.
export function answers(bytes, methods = []) {
  const list = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
    if (end < 0) return { list, rest: bytes.subarray(at), whole: at === bytes.length };
    const [first, ...lines] = bytes.toString('latin1', at, end).split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
    if (!status) return { list, rest: bytes.subarray(at), whole: false };
    const headers = lines.map(l => [l.slice(0, l.indexOf(':')).toLowerCase(), l.slice(l.indexOf(':') + 1).trim()]);
    const value = name => headers.find(h => h[0] === name)?.[1];
    const one = { status, headers, value, body: Buffer.alloc(0) };
    at = end + 4;
    if (status === 100 || status === 103) { list.push(one); continue; }
    const bare = methods[list.filter(a => a.status >= 200).length] === 'HEAD' || status === 204 || status === 304 || status === 101;
    list.push(one);
    if (bare) continue;
    if (/chunked/i.test(value('transfer-encoding') ?? '')) {
      const parts = [];
      for (;;) {
        const eol = bytes.indexOf('\r\n', at, 'latin1');
        if (eol < 0) return { list, rest: bytes.subarray(at), whole: false };
        const size = parseInt(bytes.toString('latin1', at, eol), 16);
        if (bytes.length < eol + 2 + size + 2) return { list, rest: bytes.subarray(at), whole: false };
        parts.push(bytes.subarray(eol + 2, eol + 2 + size));
        at = eol + 2 + size + 2;
        if (size === 0) break;
      }
      one.body = Buffer.concat(parts);
    } else if (value('content-length') !== undefined) {
      const size = Number(value('content-length'));
      one.body = bytes.subarray(at, at + size);
      at += one.body.length;
      if (one.body.length < size) return { list, rest: Buffer.alloc(0), whole: false };
    } else {
      one.body = bytes.subarray(at);
      at = bytes.length;
      one.untilClose = true;
    }
  }
}

export class Wire {
  constructor({ port, host = '127.0.0.1', secure, path }) {
    this.bytes = Buffer.alloc(0);
    this.parts = [];
    this.ended = false;
    this.socket = secure ? tls.connect({ port, host, rejectUnauthorized: false, ...secure }) : net.connect(path ? { path } : { port, host });
    this.open = new Promise((ok, bad) => { this.socket.once(secure ? 'secureConnect' : 'connect', ok); this.socket.once('error', bad); });
    this.open.catch(() => {});
    this.waiting = new Set();
    this.socket.on('data', d => { this.bytes = Buffer.concat([this.bytes, d]); this.parts.push({ at: Date.now(), bytes: d }); this.wake(); });
    this.socket.on('end', () => { this.ended = true; this.wake(); });
    this.socket.on('error', e => { this.error = e; this.ended = true; this.wake(); });
    this.socket.on('close', () => { this.ended = this.closed = true; this.wake(); });
  }
  wake() { for (const w of [...this.waiting]) w(); }
  write(data) { if (!this.closed) this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data); return this; }
  // Until `done(this)` gives something, the end, or the time is over (then undefined).
  until(done, ms = 8000) {
    return new Promise(ok => {
      const look = () => {
        const got = done(this);
        if (got || this.ended) finish(got || undefined);
      };
      const finish = got => { clearTimeout(late); this.waiting.delete(look); ok(got); };
      const late = setTimeout(() => finish(undefined), ms);
      this.waiting.add(look);
      look();
    });
  }
  end(ms = 8000) { return this.until(() => false, ms).then(() => this.ended); }
  answers(methods) { return answers(this.bytes, methods); }
  close() { this.socket.destroy(); }
}

const final = a => a.status >= 200 || a.status === 101;

// Sends and gives the final answers that came before the connection ended or `count` were there. Then it hangs up.
export async function exchange(to, data, { count = 1, ms = 8000, methods } = {}) {
  const w = new Wire(to);
  try {
    await w.open;
    w.write(data);
    const finals = () => { const a = w.answers(methods); return a.whole ? a.list.filter(final) : []; };
    await w.until(() => finals().length >= count, ms);
    return { list: w.answers(methods).list.filter(final), all: w.answers(methods), ended: w.ended, bytes: w.bytes };
  } finally { w.close(); }
}

// ---- a backend that keeps every byte ----

// reply(head, connection number) gives the bytes of the answer, or null for none. Requests are read by Content-Length or chunks as a
// backend of one's own would; what cannot be read so is kept under `odd`.
export function startRecorder(t, reply) {
  const seen = [], odd = [], sockets = new Set();
  const plain = () => 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
  const server = net.createServer(s => {
    sockets.add(s);
    s.on('close', () => { sockets.delete(s); if (have.length) odd.push(have.toString('latin1')); });
    s.on('error', () => {});
    let have = Buffer.alloc(0);
    s.on('data', d => {
      have = Buffer.concat([have, d]);
      for (;;) {
        const end = have.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = have.toString('latin1', 0, end);
        const [line, ...fields] = head.split('\r\n');
        const m = /^([A-Z]+) (\S+) HTTP\/1\.1$/.exec(line);
        if (!m || fields.some(f => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:/.test(f))) { odd.push(head); s.destroy(); return; }
        const all = fields.map(f => [f.slice(0, f.indexOf(':')), f.slice(f.indexOf(':') + 1).trim()]);
        const values = n => all.filter(f => f[0].toLowerCase() === n).map(f => f[1]);
        if (values('transfer-encoding').length || values('content-length').length > 1 || values('host').length !== 1) odd.push(head);
        const size = Number(values('content-length')[0] ?? 0);
        if (have.length < end + 4 + size) return;
        const body = have.toString('latin1', end + 4, end + 4 + size);
        have = have.subarray(end + 4 + size);
        const record = { method: m[1], url: m[2], fields: all, values, body, head };
        seen.push(record);
        const out = (reply ?? plain)(record, s);
        if (out !== null && out !== undefined) s.write(typeof out === 'string' ? Buffer.from(out, 'latin1') : out);
      }
    });
  });
  return new Promise(ok => server.listen(0, '127.0.0.1', () => {
    t.after(() => new Promise(done => { for (const s of sockets) s.destroy(); server.close(done); }));
    const { port } = server.address();
    ok({ port, url: `http://127.0.0.1:${port}`, seen, odd, sockets, server });
  }));
}

// ---- HTTP/2 by hand ----

export const FRAME = { DATA: 0, HEADERS: 1, PRIORITY: 2, RST_STREAM: 3, SETTINGS: 4, PUSH_PROMISE: 5, PING: 6, GOAWAY: 7, WINDOW_UPDATE: 8, CONTINUATION: 9 };
export const FLAG = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 0x20 };

export function frame(type, flags, stream, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function integer(n, bits, first) {
  const most = (1 << bits) - 1;
  if (n < most) return Buffer.from([first | n]);
  const out = [first | most];
  for (n -= most; n >= 128; n = Math.floor(n / 128)) out.push((n % 128) | 0x80);
  out.push(n);
  return Buffer.from(out);
}

const bytesOf = s => Buffer.isBuffer(s) ? s : Buffer.from(s, 'latin1');
const text = s => Buffer.concat([integer(bytesOf(s).length, 7, 0), bytesOf(s)]);

// Literal fields, never indexed: any bytes as names and values. `index: true` puts them into the dynamic table.
export function fields(list, { index = false } = {}) {
  return Buffer.concat(list.map(([n, v]) => Buffer.concat([Buffer.from([index ? 0x40 : 0x10]), text(n), text(v)])));
}
export const indexed = n => integer(n, 7, 0x80);

export const ask = (path = '/', { method = 'GET', authority = 'localhost', scheme = 'https' } = {}, more = []) =>
  [[':method', method], [':scheme', scheme], [':authority', authority], [':path', path], ...more];

// One HTTP/2 connection. Answers' heads are not unpacked beyond what libh2o's encoder makes of a status.
export class Frames {
  constructor({ port, host = '127.0.0.1', servername = 'localhost', settings = [], silent = false }) {
    this.wire = new Wire({ port, host, secure: { servername, ALPNProtocols: ['h2'] } });
    this.streams = new Map();
    this.frames = [];
    this.at = 0;
    this.silent = silent;
    this.wire.socket.on('data', () => { this.read(); this.wire.wake(); });
    this.open = this.wire.open.then(() => {
      this.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
      const payload = Buffer.concat(settings.map(([id, v]) => { const b = Buffer.alloc(6); b.writeUInt16BE(id); b.writeUInt32BE(v, 2); return b; }));
      this.write(frame(FRAME.SETTINGS, 0, 0, payload));
      return this;
    });
  }
  write(b) { this.wire.write(b); return this; }
  get ended() { return this.wire.ended; }
  stream(id) {
    if (!this.streams.has(id)) this.streams.set(id, { data: [], over: false });
    return this.streams.get(id);
  }
  read() {
    const b = this.wire.bytes;
    while (b.length >= this.at + 9) {
      const size = b.readUIntBE(this.at, 3), type = b[this.at + 3], flags = b[this.at + 4], id = b.readUInt32BE(this.at + 5) & 0x7fffffff;
      if (b.length < this.at + 9 + size) return;
      const payload = b.subarray(this.at + 9, this.at + 9 + size);
      this.at += 9 + size;
      this.frames.push({ type, flags, id, payload });
      const s = this.stream(id);
      if (type === FRAME.HEADERS && s.status === undefined) s.status = status(payload);
      if (type === FRAME.DATA) s.data.push(payload);
      if (type === FRAME.RST_STREAM) { s.reset = payload.readUInt32BE(0); s.over = true; }
      if ((type === FRAME.HEADERS || type === FRAME.DATA) && flags & FLAG.END_STREAM) s.over = true;
      if (type === FRAME.GOAWAY) this.goaway = payload.readUInt32BE(4);
      if (type === FRAME.SETTINGS && !(flags & FLAG.ACK) && !this.silent) this.write(frame(FRAME.SETTINGS, FLAG.ACK, 0));
    }
  }
  headers(id, list, { end = true, flags = 0 } = {}) {
    return this.write(frame(FRAME.HEADERS, FLAG.END_HEADERS | (end ? FLAG.END_STREAM : 0) | flags, id, Buffer.isBuffer(list) ? list : fields(list)));
  }
  data(id, payload, end = true) { return this.write(frame(FRAME.DATA, end ? FLAG.END_STREAM : 0, id, bytesOf(payload))); }
  trailers(id, list) { return this.headers(id, list); }
  // status (0: reset or the connection went)
  async outcome(id, ms = 8000) {
    await this.wire.until(() => this.stream(id).over || this.goaway, ms);
    const s = this.stream(id);
    return { status: s.reset !== undefined ? 0 : s.status ?? 0, reset: s.reset, goaway: this.goaway, ended: this.ended, over: s.over, body: Buffer.concat(s.data).toString('latin1') };
  }
  close() { this.wire.close(); }
}

// The first field of an answer's block is its status: indexed, or a literal with an indexed name.
function status(block) {
  const known = { 8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500 };
  let at = 0;
  while ((block[at] & 0xe0) === 0x20) at++;
  if (block[at] & 0x80) return known[block[at] & 0x7f];
  const size = block[at + 1] & 0x7f, value = block.subarray(at + 2, at + 2 + size);
  return block[at + 1] & 0x80 ? Number(digits(value)) : Number(value.toString('latin1'));
}

// Huffman codes of digits: 0-2 have five bits (00000-00010), 3-9 six (011001-011111).
function digits(bytes) {
  let bits = '', out = '';
  for (const b of bytes) bits += b.toString(2).padStart(8, '0');
  while (bits.length >= 5) {
    const five = parseInt(bits.slice(0, 5), 2);
    if (five <= 2) { out += five; bits = bits.slice(5); continue; }
    const six = parseInt(bits.slice(0, 6), 2);
    if (bits.length < 6 || six < 0x19 || six > 0x1f) break;
    out += six - 0x19 + 3;
    bits = bits.slice(6);
  }
  return out;
}

// ---- what a process takes ----

export function cost(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /, '').split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return { cpu: (Number(stat[11]) + Number(stat[12])) / 100, rss: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024, peak: Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024 };
}
