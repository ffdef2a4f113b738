// One platform at work: what its data file says, and what it has given out so far.
import { random } from './strict.mjs';

export class Platform {
  // client: { id, secret, name, redirect_uris, ... }; settings: what stands for {name} in its addresses
  constructor(data, { client = {}, settings = {}, person } = {}) {
    this.data = data;
    this.id = data.id;
    this.settings = { ...data.settings, ...settings };
    this.client = { name: 'The Example', redirect_uris: [], ...structuredClone(data.client), ...client };
    if (data.client.signing) this.client.signing = { ...data.client.signing, ...client.signing };
    this.person = person ?? structuredClone(data.person);
    this.codes = new Map(); // code -> grant
    this.spent = new Map();
    this.tokens = new Map(); // access token -> { grant, madeAt, expires, kind, secret }
    this.refreshTokens = new Map(); // -> { grant, madeAt, usedAt }
    this.tickets = new Map(); // the form that a person has before them -> grant
    this.handshakes = new Map(); // OAuth 1.0a
    this.nonces = new Set();
    this.revoked = [];
    this.secrets = new Set([this.client.secret].filter(Boolean)); // what must never be told on
    this.faults = new Map(); // endpoint -> { reply, left }
    this.alterations = new Map(); // endpoint -> function
    this.lie = undefined; // changes { header, claims } of an identity token
    this.algorithm = undefined; // of identity tokens, against its own documents
  }

  // Its addresses with the settings of now. A moved endpoint is one line: platform.moved.token = 'https://...'.
  moved = {};
  get endpoints() {
    return Object.entries(this.data.endpoints).map(([name, at]) => ({ ...at, name, address: this.fill(this.moved[name] ?? at.url) }));
  }
  endpoint(name) { return this.data.endpoints[name]; }
  fill(template) {
    return template.replace(/\{(\w+)\}/g, (_, n) => {
      if (!(n in this.settings)) throw new Error(`${this.id}: nothing for {${n}} in ${template}`);
      return this.settings[n];
    });
  }
  get hosts() { return [...new Set(this.endpoints.map(e => new URL(e.address).hostname))]; }

  give(grant, now, lives, kind = 'short') {
    const text = (this.data.accessToken ?? (r => r))(random(), grant);
    this.secrets.add(text);
    this.tokens.set(text, { grant, madeAt: now, expires: lives === undefined ? undefined : now + lives, kind });
    return text;
  }
  giveRefresh(grant, now) {
    const text = (this.data.refreshToken ?? (r => r))(random(), grant);
    this.secrets.add(text);
    this.refreshTokens.set(text, { grant, madeAt: now });
    return text;
  }
  // Everything that came of one consent is worth nothing from now on.
  endGrant(grant) { grant.ended = true; }

  altered(name, said) {
    const change = this.alterations.get(name);
    return change ? change(said, this) ?? said : said;
  }

  // ---- what a story can have it do

  alter(name, change) { this.known(name); this.alterations.set(name, change); }
  // reply(response, honest text, honest answer), as in tests/e2e/lib/hostile.mjs `replies`
  fail(name, reply, times = Infinity) { this.known(name); this.faults.set(name, { reply, left: times }); }
  limit(name, times = Infinity) {
    const { limits } = this.data;
    this.fail(name, r => {
      const now = Math.floor(Date.now() / 1000);
      r.writeHead(limits.status, { 'content-type': 'application/json', ...limits.headers(now) });
      r.end(JSON.stringify(limits.body(now)));
    }, times);
  }
  heal() { this.faults.clear(); this.alterations.clear(); this.lie = this.algorithm = undefined; }
  known(name) { if (!(name in this.data.endpoints)) throw new Error(`${this.id} has no endpoint "${name}" (${Object.keys(this.data.endpoints).join(', ')})`); }
}
