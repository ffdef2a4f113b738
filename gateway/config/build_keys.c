/* build_keys.c -- the gateway's own keys: symmetric masters for sessions, signing keys for assertions; made at first start.
 *
 * Runs only for a configuration without errors. With memory:// the sessions die with the process, so where no state folder can be written
 * keys may die with it too; with a shared store that would sign everybody out at each start, and is an error.
 */
#include <unistd.h>

#include "config/config_int.h"
#include "config/environment.h"
#include "config/state.h"
#include "crypto/private_file.h"
#include "crypto/random.h"

#include "base/now.h"

enum {
    MASTER_FILE_MAX = 1024
};

static void complain_keys(struct build *b, const char *key, const struct err *why)
{
    build_complain(b, setting_place(b->root, key), key, why);
}

static size_t masters_from_files(struct build *b, const struct setting *list, struct secret *masters)
{
    size_t count = 0;
    for (const struct setting *one = list->first; one != NULL; one = one->next) {
        struct secret text;
        if (count == KEYRING_MASTERS) {
            complaint_at(b->c, COMPLAINT_ERROR, one->node, COMPLAINT_VALUE, LIT(""), "at most %d session keys",
                         KEYRING_MASTERS);
            return count;
        }
        const struct err *why = private_file_read(b->a, one->text.at, MASTER_FILE_MAX, &text);
        if (why != NULL) { /* names the file itself */
            build_complain(b, one->node, "", why);
            continue;
        }
        why = keyring_read_master(b->a, secret_reveal(text), &masters[count]);
        if (why != NULL) build_complain(b, one->node, one->text.at, why);
        if (why == NULL) count++;
    }
    return count;
}

static struct secret random_master(struct build *b)
{
    unsigned char bytes[KEYRING_MASTER_BYTES];
    random_secret(bytes, sizeof bytes);
    struct secret master = secret_in(b->a, (struct slice){(char *)bytes, sizeof bytes});
    explicit_bzero(bytes, sizeof bytes);
    return master;
}

static bool keys_may_be_lost(const struct build *b)
{
    return b->s->store.kind == STORE_MEMORY;
}

/* The one in the state folder, made if it is not there. */
static size_t master_from_state(struct build *b, const char *folder, struct secret *masters)
{
    const char *path = arena_print(b->a, "%s/session.key", folder).at;
    struct secret text;
    bool there = access(path, F_OK) == 0;
    const struct err *why = NULL;
    if (b->use->purpose == CONFIG_DEMO || (!there && b->use->purpose == CONFIG_CHECK)) {
        b->s->keys_are_new = true;
        masters[0] = random_master(b);
        return 1;
    }
    if (!there) why = state_make_secret(b->a, folder, "session.key");
    if (why == NULL) why = private_file_read(b->a, path, MASTER_FILE_MAX, &text);
    if (why == NULL) why = keyring_read_master(b->a, secret_reveal(text), &masters[0]);
    if (why == NULL) return 1;
    if (there || !keys_may_be_lost(b)) {
        complain_keys(b, "session.keys", why);
        return 0;
    }
    BUILD_WARNING(b, b->root, "state", "%.*s; keys live in memory", SLICE_ARG(err_story(b->a, why)));
    masters[0] = random_master(b);
    return 1;
}

static void sessions(struct build *b, const char *folder)
{
    const struct setting *list = setting_at(b->root, "session.keys");
    struct secret masters[KEYRING_MASTERS];
    if (list->node != NULL && list->count == 0) {
        BUILD_ERROR(b, b->root, "session.keys", "session.keys is empty: leave it out to have one made");
        return;
    }
    size_t count = list->count > 0 ? masters_from_files(b, list, masters) : master_from_state(b, folder, masters);
    if (count == 0 || b->c->errors > 0) return;
    b->s->keys = keyring_open(masters, count);
    b->s->session_jwt = session_jwt_open(b->s->keys, b->s->public_origin);
}

static void assertions(struct build *b, const char *folder)
{
    struct snapshot *s = b->s;
    const char *given = setting_path(b->root, "token.keys");
    const char *keys = given != NULL ? given : arena_print(b->a, "%s/keys", folder).at;
    struct slice issuer = setting_text(b->root, "token.issuer");
    bool run = b->use->purpose == CONFIG_RUN, there = access(keys, F_OK) == 0;
    s->token_audience = setting_text(b->root, "token.audience");
    s->token_issuer = issuer.len != 0 ? issuer : s->public_url;
    s->token_lifetime_s = (int)(setting_number(b->root, "token.lifetime") / 1000);
    const struct err *why = NULL;
    if (run && given == NULL) why = state_make_folder(b->a, folder);
    if (why == NULL && (run || (there && b->use->purpose == CONFIG_CHECK))) {
        why = signing_keys_read(b->a, keys, run, now_s(), &s->signing_keys);
    }
    if (why != NULL && (there || given != NULL || !keys_may_be_lost(b))) {
        complain_keys(b, "token.keys", why);
        return;
    }
    if (s->signing_keys == NULL) s->signing_keys = signing_keys_in_memory(now_s());
}

static struct provider_state *old_state(const struct snapshot *old, struct slice id)
{
    for (size_t i = 0; old != NULL && i < old->provider_count; i++) {
        if (slice_is(old->providers[i]->id, id)) return old->providers[i]->state;
    }
    return NULL;
}

static struct provider_state *old_issuer_state(const struct snapshot *old, struct slice id)
{
    for (size_t i = 0; old != NULL && i < old->bearer_issuer_count; i++) {
        if (slice_is(old->bearer_issuers[i].provider->id, id)) return old->bearer_issuers[i].provider->state;
    }
    return NULL;
}

void build_keys(struct build *b)
{
    const char *folder = setting_path(b->root, "state");
    if (folder == NULL) folder = state_folder(b->a, environment_get(b->environment, LIT("STATE_DIRECTORY")));
    sessions(b, folder);
    assertions(b, folder);
    if (b->c->errors > 0) return;
    for (size_t i = 0; i < b->s->provider_count; i++) {
        struct provider *p = b->s->providers[i];
        p->state = provider_state_open(p, old_state(b->use->old, p->id));
    }
    for (size_t i = 0; i < b->s->bearer_issuer_count; i++) {
        struct provider *p = b->s->bearer_issuers[i].provider;
        p->state = provider_state_open(p, old_issuer_state(b->use->old, p->id));
    }
}
