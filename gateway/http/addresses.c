/* How many connections each address has, over all workers. Asked once per connection, never per request, so one lock is fine. Open
 * hashing with a key drawn at start: nobody outside can choose addresses that fall together. */
#include "crypto/random.h"
#include "http/server_int.h"

enum {
    ADDRESSES_ROWS = 4096 /* chains stay short up to the connections a process can hold */
};

struct entry {
    struct entry *next;
    unsigned char bytes[16];
    int count;
};

struct addresses {
    pthread_mutex_t lock;
    uint64_t key[2];
    struct entry *rows[ADDRESSES_ROWS];
};

struct addresses *addresses_open(void)
{
    struct addresses *t = must_alloc(sizeof *t);
    must(pthread_mutex_init(&t->lock, NULL) == 0);
    random_secret((unsigned char *)t->key, sizeof t->key);
    return t;
}

void addresses_close(struct addresses *t)
{
    for (size_t i = 0; i < ADDRESSES_ROWS; i++) {
        while (t->rows[i] != NULL) {
            struct entry *e = t->rows[i];
            t->rows[i] = e->next;
            free(e);
        }
    }
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    return x ^ x >> 32;
}

/* IPv6 clients own a /64 at least: they count as one. */
static void shorten(const struct address *who, unsigned char out[16])
{
    memcpy(out, who->bytes, 16);
    if (!who->is_ip4) memset(out + 8, 0, 8);
}

static struct entry **find(struct addresses *t, const unsigned char bytes[16])
{
    uint64_t half[2];
    memcpy(half, bytes, sizeof half);
    size_t row = mix(mix(half[0] ^ t->key[0]) ^ half[1] ^ t->key[1]) % ADDRESSES_ROWS;
    struct entry **at = &t->rows[row];
    while (*at != NULL && memcmp((*at)->bytes, bytes, 16) != 0)
        at = &(*at)->next;
    return at;
}

bool addresses_add(struct addresses *t, const struct address *who, int most)
{
    unsigned char bytes[16];
    shorten(who, bytes);
    pthread_mutex_lock(&t->lock);
    struct entry **at = find(t, bytes);
    if (*at == NULL) {
        *at = must_alloc(sizeof **at);
        memcpy((*at)->bytes, bytes, 16);
    }
    bool fits = (*at)->count < most;
    (*at)->count += fits;
    pthread_mutex_unlock(&t->lock);
    return fits;
}

void addresses_remove(struct addresses *t, const struct address *who)
{
    unsigned char bytes[16];
    shorten(who, bytes);
    pthread_mutex_lock(&t->lock);
    struct entry **at = find(t, bytes), *e = *at;
    if (e != NULL && --e->count == 0) {
        *at = e->next;
        free(e);
    }
    pthread_mutex_unlock(&t->lock);
}
