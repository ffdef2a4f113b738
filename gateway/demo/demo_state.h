/* demo_state.h -- what the demo's files share: its state, and questions and answers without a connection, so that they can be tested.
 * Private to demo/.
 */
#ifndef DEMO_DEMO_STATE_H
#define DEMO_DEMO_STATE_H
#include "crypto/jose.h"
#include "demo/demo.h"
#include "page/page.h"
#include "text/form.h"

enum {
    DEMO_GRANTS = 64, /* codes and tokens remembered; the oldest goes */
    DEMO_CODE_LIFE_S = 60,
    DEMO_TOKEN_LIFE_S = 300,
    DEMO_SECRET_CHARACTERS = 43, /* 32 random bytes as base64url */
    DEMO_NONCE_MAX = 512,
    DEMO_HEADERS = 12
};

struct demo_person {
    struct slice id, subject, name, email;
    bool email_verified;
    struct slice groups[2];
    size_t group_count;
};
extern const struct demo_person demo_people[];
extern const size_t demo_people_count;
const struct demo_person *demo_person_find(struct slice id); /* NULL if nobody */

/* One press of a button: a code, and the access token it was redeemed for. */
struct demo_grant {
    char code[DEMO_SECRET_CHARACTERS], token[DEMO_SECRET_CHARACTERS];
    char challenge[DEMO_SECRET_CHARACTERS];
    char nonce[DEMO_NONCE_MAX];
    size_t nonce_len;
    const struct demo_person *person;
    int64_t made_s;
    bool has_code, has_token;
};

struct demo {
    struct arena *arena;
    struct demo_conf conf;
    struct pages *pages;
    struct signing_key *key;
    struct jwks *public_keys;
    struct slice jwks_json, discovery_json;
    struct demo_grant grants[DEMO_GRANTS];
    size_t next_grant;
};

struct demo_ask {
    struct arena *arena;
    struct slice method, path, query, body;
    const struct header *headers; /* lower-case names */
    size_t header_count;
};
struct slice demo_header(const struct demo_ask *ask, struct slice name); /* the first, or empty */

struct demo_answer {
    int status;
    struct header headers[DEMO_HEADERS];
    size_t header_count;
    struct slice body;
};
void demo_add(struct demo_answer *to, struct slice name, struct slice value);
void demo_json(struct demo_answer *to, int status, struct slice body);
void demo_page(const struct demo *d, const struct demo_ask *ask, int status, enum page_kind kind, const struct view *v,
               struct demo_answer *to);
void demo_redirect(struct demo_answer *to, struct slice location);
void demo_asset(const struct demo *d, struct slice path, struct demo_answer *to);
void demo_method(struct demo_answer *to, struct slice allow);

/* The provider: everything, and its parts. */
void demo_provider_answer(struct demo *d, const struct demo_ask *ask, struct demo_answer *to);
void demo_authorize_answer(struct demo *d, const struct demo_ask *ask, struct demo_answer *to);
void demo_token_answer(struct demo *d, const struct demo_ask *ask, struct demo_answer *to);
void demo_userinfo_answer(struct demo *d, const struct demo_ask *ask, struct demo_answer *to);
/* The application. */
void demo_app_answer(struct demo *d, const struct demo_ask *ask, struct demo_answer *to);

/* A new grant in the ring with a fresh code. */
struct demo_grant *demo_grant_new(struct demo *d, struct arena *a);

#endif
