#include "login/lockout_share.h"

#include "login/lockout.h"
#include "text/encode.h"

#include "base/now.h"

static const struct slice purpose = LIT_INIT("lockout");

struct share {
    struct visit *v;
    struct slice name, name_key, address_key; /* address_key empty: an address that is everybody's */
    struct slice by_name, by_address;         /* counts as the store tells them; at NULL: none */
    int64_t name_ttl_ms, address_ttl_ms, sum;
    bool was_there;
    const struct err *why; /* the store's: each process knows what it knows */
    struct flow flow;
};

static struct slice key_of(struct arena *a, const struct keyring *keys, char kind, struct slice text)
{
    unsigned char mac[32];
    keyring_mac(keys, purpose, arena_print(a, "%c%.*s", kind, SLICE_ARG(text)), mac);
    struct slice hash = base64url_encode(a, (struct slice){(const char *)mac, sizeof mac});
    return arena_join(a, (struct slice[]){LIT("w:"), hash}, 2);
}

static enum flow_next begin(struct flow *f, struct visit *v, struct slice name, const struct flow_step *steps,
                            size_t count)
{
    struct arena *a = f->arena;
    struct share *s = arena_new(a, struct share);
    *s = (struct share){.v = v, .name = name, .name_key = key_of(a, v->conf->keys, 'n', name)};
    struct slice subscriber = lockout_address(v->client);
    if (subscriber.len != 0) {
        /* as text: bytes of an address may be 0 */
        s->address_key = key_of(a, v->conf->keys, 'a', base64url_encode(a, subscriber));
    }
    return flow_try(f, &s->flow, steps, count, s, &s->why);
}

/* ---- asking ---- */

static enum flow_next ask_name(struct flow *f)
{
    struct share *s = f->self;
    return store_get_ttl(f, s->v->store, s->name_key, &s->by_name, &s->name_ttl_ms);
}

static enum flow_next ask_address(struct flow *f)
{
    struct share *s = f->self;
    if (s->address_key.len == 0) return FLOW_NEXT;
    return store_get_ttl(f, s->v->store, s->address_key, &s->by_address, &s->address_ttl_ms);
}

/* The count dies an hour after the last failure, so its age tells when that was. */
static struct lockout_count read_count(struct slice value, int64_t ttl_ms)
{
    uint64_t n = 0;
    if (value.at == NULL || !slice_number(value, &n) || n > INT32_MAX) return (struct lockout_count){.failures = 0};
    return (struct lockout_count){(int64_t)n, now_ms() - (LOCKOUT_FORGET_MS - ttl_ms)};
}

static enum flow_next learn(struct flow *f)
{
    struct share *s = f->self;
    lockout_learn(s->v->local->lockout, s->name, s->v->client, read_count(s->by_name, s->name_ttl_ms),
                  read_count(s->by_address, s->address_ttl_ms), now_ms());
    return FLOW_NEXT;
}

static const struct flow_step ask_steps[] = {
    {"lockout_share/ask_name",    ask_name   }, /* waits */
    {"lockout_share/ask_address", ask_address}, /* waits */
    {"lockout_share/learn",       learn      }, /* */
};

enum flow_next lockout_share_ask(struct flow *f, struct visit *v, struct slice name)
{
    return begin(f, v, name, ask_steps, sizeof ask_steps / sizeof ask_steps[0]);
}

/* ---- telling ---- */

static enum flow_next count_name(struct flow *f)
{
    struct share *s = f->self;
    return store_count(f, s->v->store, s->name_key, 1, LOCKOUT_FORGET_MS, &s->sum);
}

static enum flow_next count_address(struct flow *f)
{
    struct share *s = f->self;
    if (s->address_key.len == 0) return FLOW_NEXT;
    return store_count(f, s->v->store, s->address_key, 1, LOCKOUT_FORGET_MS, &s->sum);
}

static const struct flow_step failed_steps[] = {
    {"lockout_share/count_name",    count_name   }, /* waits */
    {"lockout_share/count_address", count_address}, /* waits */
};

enum flow_next lockout_share_failed(struct flow *f, struct visit *v, struct slice name)
{
    lockout_failed(v->local->lockout, name, v->client, now_ms());
    return begin(f, v, name, failed_steps, sizeof failed_steps / sizeof failed_steps[0]);
}

static enum flow_next forget_name(struct flow *f)
{
    struct share *s = f->self;
    return store_delete(f, s->v->store, s->name_key, &s->was_there);
}

static const struct flow_step passed_steps[] = {
    {"lockout_share/forget_name", forget_name}, /* waits */
};

enum flow_next lockout_share_passed(struct flow *f, struct visit *v, struct slice name)
{
    lockout_passed(v->local->lockout, name);
    return begin(f, v, name, passed_steps, 1);
}
