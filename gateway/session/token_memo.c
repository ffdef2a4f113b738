#include "session/token_memo.h"

#include <stdlib.h>
#include <string.h>

#include "base/now.h"

void token_memo_drop(struct session_held *h)
{
    struct token_memo *m = h->token_memo;
    if (m == NULL) return;
    explicit_bzero(m->access, m->len);
    free(m);
    h->token_memo = NULL;
}

void token_memo_put(struct session_held *h, const struct token_record *r, int64_t due_s)
{
    struct slice access = r->tokens.access_token;
    struct token_memo *m = must_alloc(sizeof *m + access.len);
    m->due_s = due_s;
    m->expires_s = r->tokens.expires_s;
    m->retry_ms = r->retry_ms;
    m->len = access.len;
    if (access.len != 0) memcpy(m->access, access.at, access.len);
    token_memo_drop(h);
    h->token_memo = m;
}

bool token_memo_is_good(const struct token_memo *m)
{
    return m->len != 0 && (m->expires_s == 0 || now_s() < m->expires_s);
}

bool token_memo_is_due(const struct token_memo *m)
{
    return now_s() >= m->due_s && now_wall_ms() >= m->retry_ms;
}
