/* breaker.c -- counts, doubles, and forgets with the first answer. */
#include "provider/breaker.h"

#include "base/must.h"

void breaker_init(struct breaker *b)
{
    *b = (struct breaker){.failures = 0};
    must(pthread_mutex_init(&b->lock, NULL) == 0);
}

void breaker_free(struct breaker *b)
{
    pthread_mutex_destroy(&b->lock);
}

/* Under the lock. */
static enum breaker_mode mode_of(const struct breaker *b, int64_t now_ms)
{
    if (b->until_ms == 0) return BREAKER_CLOSED;
    return now_ms < b->until_ms ? BREAKER_OPEN : BREAKER_HALF_OPEN;
}

enum breaker_mode breaker_look(struct breaker *b, int64_t now_ms, int64_t *ret_wait_ms)
{
    pthread_mutex_lock(&b->lock);
    enum breaker_mode mode = mode_of(b, now_ms);
    *ret_wait_ms = mode == BREAKER_OPEN ? b->until_ms - now_ms : 0;
    pthread_mutex_unlock(&b->lock);
    return mode;
}

/* Under the lock. */
static int64_t open_for(const struct breaker *b, int64_t wait_s, uint32_t chance)
{
    int64_t ms = b->openings < 5 ? (int64_t)BREAKER_LEAST_MS << b->openings : BREAKER_MOST_MS;
    if (ms > BREAKER_MOST_MS) ms = BREAKER_MOST_MS;
    ms += (int64_t)(chance % 1024) * ms / 2048;
    int64_t told_ms = (wait_s > BREAKER_TOLD_MOST_S ? BREAKER_TOLD_MOST_S : wait_s) * 1000;
    return told_ms > ms ? told_ms : ms;
}

bool breaker_note(struct breaker *b, enum meaning_kind kind, int64_t wait_s, int64_t now_ms, uint32_t chance)
{
    bool opens = false;
    pthread_mutex_lock(&b->lock);
    if (kind != MEANING_RETRYABLE && kind != MEANING_RATE_LIMITED) {
        b->failures = b->openings = 0;
        b->until_ms = 0;
    } else {
        enum breaker_mode mode = mode_of(b, now_ms);
        b->failures++;
        opens = mode == BREAKER_HALF_OPEN ||
                (mode == BREAKER_CLOSED && (kind == MEANING_RATE_LIMITED || b->failures >= BREAKER_FAILURES));
        /* one that is open is not opened again by those who were under way, but may be told to stay so */
        int64_t until_ms = now_ms + open_for(b, wait_s, chance);
        if (opens || (mode == BREAKER_OPEN && wait_s > 0 && until_ms > b->until_ms)) b->until_ms = until_ms;
        if (opens) b->openings++;
    }
    pthread_mutex_unlock(&b->lock);
    return opens;
}
