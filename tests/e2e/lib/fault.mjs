// A TCP proxy that misbehaves on demand, between the gateway and whatever it talks to: slow, silent, cut, refusing.
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export async function startFault(t, { port: behind, host = '127.0.0.1' }) {
  const pairs = new Set();
  let delayMs = 0, stalled = false, refusing = false;
  const pump = (from, to) => {
    let last = Promise.resolve(); // pieces keep their order whatever the delay does
    from.on('data', d => {
      from.pause();
      last = last.then(async () => {
        if (delayMs) await sleep(delayMs);
        while (stalled && !from.destroyed) await sleep(5);
        if (!to.destroyed && !to.write(d)) await new Promise(ok => { to.once('drain', ok); to.once('close', ok); });
        from.resume();
      });
    });
    from.on('end', () => { last = last.then(() => to.end()); });
    from.on('close', () => { last = last.then(() => to.destroy()); });
    from.on('error', () => to.destroy());
  };
  const server = net.createServer({ allowHalfOpen: true }, a => {
    if (refusing) { a.resetAndDestroy?.() ?? a.destroy(); return; }
    const b = net.connect({ port: behind, host, allowHalfOpen: true });
    const pair = [a, b];
    pairs.add(pair);
    a.once('close', () => pairs.delete(pair));
    for (const s of pair) s.setNoDelay(true);
    pump(a, b);
    pump(b, a);
  });
  await new Promise(ok => server.listen(0, '127.0.0.1', ok));
  const { port } = server.address();
  const fault = {
    port,
    get connections() { return pairs.size; },
    delay(ms) { delayMs = ms; },
    stall(yes = true) { stalled = yes; },
    cut() { for (const [a, b] of pairs) { a.resetAndDestroy?.() ?? a.destroy(); b.destroy(); } },
    refuse(yes = true) { refusing = yes; if (yes) fault.cut(); },
  };
  t.after(() => new Promise(done => { stalled = false; refusing = true; fault.cut(); server.close(done); }));
  return fault;
}
