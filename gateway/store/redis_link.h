/* redis_link.h -- a worker's link to Redis from the inside. For store/redis*.c only.
 *
 * redis.c            the process's part, up and down, opening and closing
 * redis_operation.c  one question and what its answer means
 * redis_list.c       the questions about lists
 * redis_news.c       hearing of what others change
 */
#ifndef STORE_REDIS_LINK_H
#define STORE_REDIS_LINK_H
#include <stdatomic.h>

#include "store/backing.h"
#include "store/wire.h"

/* What the log said last of the whole process: N workers lose N connections to the one store that went away. */
enum redis_told {
    REDIS_TOLD_NOTHING,
    REDIS_TOLD_UP,
    REDIS_TOLD_AWAY,
    REDIS_TOLD_REFUSED /* it is there, but does not let us in */
};

struct redis {
    struct store super;
    struct store_conf conf; /* a copy with its own bytes */
    struct arena *arena;
    atomic_int links, links_up;
    atomic_int told; /* enum redis_told */
};

struct redis_link {
    struct store_link super;
    struct redis *redis;
    struct wire data, news;
    int64_t news_id;   /* CLIENT ID of the news wire; 0: not subscribed */
    bool armed;        /* tracking is on */
    bool up;           /* the data wire is ready */
    bool told_refused; /* tracking was refused and this was logged */
    char away[160];    /* why the data wire is not ready, once it was found out */
    bool told_touch;   /* so was a touch */
    int64_t left_ms;   /* when the wire was last dropped for leading to a replica; 0: never */
};

/* Said when a reply cannot belong to its question. */
extern const char redis_link_odd_answer[];

enum {
    REDIS_LINK_NUMBER = 24
};
struct slice redis_link_number(int64_t n, char room[REDIS_LINK_NUMBER]); /* as decimal text */

enum flow_next redis_operation_ask(struct flow *f, struct store_link *link, const struct backing_ask *ask);
void redis_operation_touch(struct store_link *link, struct slice key, int64_t ttl_ms);

void redis_news_open(struct redis_link *k);
/* the data wire is ready: ask it to track, when the news wire is ready too */
void redis_news_arm(struct redis_link *k);
void redis_news_disarm(struct redis_link *k); /* the data wire broke */

#endif
