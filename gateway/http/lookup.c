/* Names to addresses. getaddrinfo blocks, so it runs on helper threads: at most four in the process, started when there is something
 * to ask and gone a moment after. Each loop keeps the answers it got for a while; the same question asked twice at the same time
 * is put once. A name server that is slow or away does not take known backends along: after a moment of waiting, and while it gives no
 * answer, addresses it gave in the last ten minutes are used; that a name is gone is believed at once.
 *
 * A question travels: asked on a loop's thread, queued under the lock, answered by a helper, posted back to the loop. The loop may
 * close meanwhile: then it takes itself out of the question (under the lock) and the helper frees what it finds ownerless. */
#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/un.h>

#include "http/loop_int.h"

#include "base/now.h"

enum {
    LOOKUP_THREADS = 4,
    LOOKUP_NAMES = 64,       /* kept per loop; backends and stores are few */
    LOOKUP_NAME_BYTES = 256, /* a DNS name has at most 253 */
    LOOKUP_GOOD_MS = 30000,
    LOOKUP_BAD_MS = 1000,
    LOOKUP_OLD_MS = 600000,   /* longer, and the address may be somebody else's */
    LOOKUP_PATIENCE_MS = 500, /* while there is an old answer to fall back on */
    LOOKUP_STACK = 1 << 20    /* resolver plug-ins use large buffers */
};

struct lookup {
    struct lookup *next;
    struct name *name;
    void (*done)(void *self, const struct lookup_answer *answer);
    void *self;
    struct loop *loop;
    struct loop_later soon;     /* a kept answer comes at the end of the turn */
    struct loop_timer patience; /* or an old one, when no new one came */
    struct lookup_answer kept;
};

struct name {
    struct name *next;
    char host[LOOKUP_NAME_BYTES];
    int port;
    bool asking;
    int64_t until_ms, old_until_ms;
    struct lookup_answer answer;
    struct lookup *waiting;
};

struct lookup_cache {
    struct name *names;
    size_t count;
};

/* What goes to a helper and comes back. */
struct question {
    struct loop_post post; /* first */
    struct question *next;
    struct loop *loop; /* NULL: nobody wants it any more. Under the lock */
    struct name *name;
    char host[LOOKUP_NAME_BYTES];
    int port;
    bool unanswered; /* by the name server, which is not the same as a no */
    struct lookup_answer answer;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct question *queue; /* not yet taken by a helper */
static struct question *asked; /* taken, or answered and on the way home */
static int helpers;

static void set_port(struct sockaddr_storage *at, int port)
{
    if (at->ss_family == AF_INET)
        ((struct sockaddr_in *)(void *)at)->sin_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in6 *)(void *)at)->sin6_port = htons((uint16_t)port);
}

bool lookup_direct(struct slice host, int port, struct slice unix_path, struct lookup_answer *ret_answer)
{
    struct lookup_answer a = {0};
    a.count = 1;
    if (host.len == 0) {
        struct sockaddr_un *un = (struct sockaddr_un *)(void *)&a.address[0].at;
        un->sun_family = AF_UNIX;
        if (unix_path.len >= sizeof un->sun_path)
            a = (struct lookup_answer){.why = "the path of the socket is too long"};
        else
            memcpy(un->sun_path, unix_path.at, unix_path.len);
        a.address[0].len = sizeof *un;
        *ret_answer = a;
        return true;
    }
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
        host = (struct slice){host.at + 1, host.len - 2};
    char text[INET6_ADDRSTRLEN + 1];
    if (host.len >= sizeof text) return false;
    memcpy(text, host.at, host.len);
    text[host.len] = '\0';
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&a.address[0].at;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&a.address[0].at;
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        a.address[0].len = sizeof *in;
    } else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        a.address[0].len = sizeof *in6;
    } else {
        return false;
    }
    set_port(&a.address[0].at, port);
    *ret_answer = a;
    return true;
}

/* ---- on a helper ---- */

static void resolve(const char *host, int port, struct lookup_answer *ret_answer, bool *ret_unanswered)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list = NULL;
    struct lookup_answer a = {0};
    int rc = getaddrinfo(host, NULL, &hints, &list);
    *ret_unanswered = rc != 0 && rc != EAI_NONAME;
    if (rc != 0) a.why = rc == EAI_NONAME ? "no such host name" : "the name server does not answer";
    for (const struct addrinfo *i = list; rc == 0 && i != NULL && a.count < LOOKUP_ADDRESSES; i = i->ai_next) {
        if (i->ai_family != AF_INET && i->ai_family != AF_INET6) continue;
        memcpy(&a.address[a.count].at, i->ai_addr, i->ai_addrlen);
        a.address[a.count].len = i->ai_addrlen;
        set_port(&a.address[a.count].at, port);
        a.count++;
    }
    if (rc == 0) freeaddrinfo(list);
    if (a.count == 0 && a.why == NULL) a.why = "the host name has no address";
    *ret_answer = a;
}

static void unlist(struct question **list, struct question *q)
{
    while (*list != q)
        list = &(*list)->next;
    *list = q->next;
}

static void *help(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    while (queue != NULL) {
        struct question *q = queue;
        queue = q->next;
        q->next = asked;
        asked = q;
        pthread_mutex_unlock(&lock);
        resolve(q->host, q->port, &q->answer, &q->unanswered);
        pthread_mutex_lock(&lock);
        if (q->loop != NULL) {
            loop_post(q->loop, &q->post);
            continue;
        }
        unlist(&asked, q);
        free(q);
    }
    helpers--;
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* Under the lock. A thread that cannot be had leaves the question to the helpers that run; without any, it is answered. */
static bool start_helper(void)
{
    if (helpers == LOOKUP_THREADS) return true;
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, LOOKUP_STACK);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, &attr, help, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (rc == 0) helpers++;
    return helpers > 0;
}

/* ---- on the loop's thread ---- */

static void tell(struct name *n)
{
    struct lookup *k = n->waiting;
    n->waiting = NULL;
    while (k != NULL) {
        struct lookup *next = k->next;
        struct lookup_answer answer = n->answer; /* done may ask again and change the list */
        void (*done)(void *, const struct lookup_answer *) = k->done;
        void *self = k->self;
        bool wanted = done != NULL;
        loop_timer_stop(k->loop, &k->patience);
        free(k);
        if (wanted) done(self, &answer);
        k = next;
    }
}

static bool has_old(const struct name *n, int64_t now)
{
    return n->answer.count != 0 && now < n->old_until_ms;
}

static void on_kept(struct loop_later *w);

static void on_answer(struct loop_post *p)
{
    struct question *q = (struct question *)(void *)p;
    pthread_mutex_lock(&lock);
    unlist(&asked, q);
    struct loop *l = q->loop;
    pthread_mutex_unlock(&lock);
    struct name *n = q->name;
    int64_t now = loop_now_ms(l);
    n->asking = false;
    if (!q->unanswered || !has_old(n, now)) n->answer = q->answer;
    n->until_ms = now + (q->answer.count != 0 ? LOOKUP_GOOD_MS : LOOKUP_BAD_MS);
    if (q->answer.count != 0) n->old_until_ms = now + LOOKUP_OLD_MS;
    free(q);
    tell(n);
}

static void on_patience(struct loop_timer *t)
{
    struct lookup *k = (struct lookup *)(void *)((char *)t - offsetof(struct lookup, patience));
    struct lookup **at = &k->name->waiting;
    while (*at != k)
        at = &(*at)->next;
    *at = k->next;
    k->kept = k->name->answer;
    on_kept(&k->soon);
}

static void on_kept(struct loop_later *w)
{
    struct lookup *k = (struct lookup *)(void *)((char *)w - offsetof(struct lookup, soon));
    struct lookup_answer answer = k->kept;
    void (*done)(void *, const struct lookup_answer *) = k->done;
    void *self = k->self;
    free(k);
    done(self, &answer);
}

static void ask(struct loop *l, struct name *n)
{
    struct question *q = must_alloc(sizeof *q);
    q->post.run = on_answer;
    q->loop = l;
    q->name = n;
    q->port = n->port;
    memcpy(q->host, n->host, sizeof q->host);
    n->asking = true;
    pthread_mutex_lock(&lock);
    struct question **last = &queue;
    while (*last != NULL)
        last = &(*last)->next;
    *last = q;
    if (!start_helper()) {
        unlist(&queue, q);
        q->next = asked;
        asked = q;
        q->answer.why = "no thread could be started to look the name up";
        q->unanswered = true;
        loop_post(l, &q->post);
    }
    pthread_mutex_unlock(&lock);
}

/* An old name that nobody waits for makes room; with none, the table grows by one (waiting ones are bounded by their askers). */
static struct name *find(struct loop *l, struct slice host, int port)
{
    struct lookup_cache **slot = loop_names(l), *c = *slot;
    if (c == NULL) c = *slot = must_alloc(sizeof *c);
    struct name *oldest = NULL;
    for (struct name *n = c->names; n != NULL; n = n->next) {
        if (n->port == port && slice_is(slice_of(n->host), host)) return n;
        if (!n->asking && n->waiting == NULL && n->until_ms <= loop_now_ms(l)) oldest = n;
    }
    struct name *n = c->count >= LOOKUP_NAMES ? oldest : NULL;
    if (n == NULL) {
        n = must_alloc(sizeof *n);
        n->next = c->names;
        c->names = n;
        c->count++;
    }
    memset(n->host, 0, sizeof n->host);
    memcpy(n->host, host.at, host.len);
    n->port = port;
    n->until_ms = n->old_until_ms = INT64_MIN;
    return n;
}

static const char lookup_too_long[] = "the host name is too long";

struct lookup *lookup_start(struct loop *l, struct slice host, int port,
                            void (*done)(void *self, const struct lookup_answer *answer), void *self)
{
    bool fits = host.len < LOOKUP_NAME_BYTES && memchr(host.at, '\0', host.len) == NULL;
    struct name *n = find(l, fits ? host : LIT(""), port);
    if (!fits) {
        n->answer = (struct lookup_answer){.why = lookup_too_long};
        n->until_ms = INT64_MAX;
    }
    struct lookup *k = must_alloc(sizeof *k);
    k->name = n;
    k->done = done;
    k->self = self;
    k->loop = l;
    if (n->until_ms > loop_now_ms(l)) {
        k->kept = n->answer;
        k->soon.run = on_kept;
        loop_later(l, &k->soon);
        return k;
    }
    k->next = n->waiting;
    n->waiting = k;
    if (has_old(n, loop_now_ms(l))) loop_timer_set(l, &k->patience, LOOKUP_PATIENCE_MS, on_patience);
    if (!n->asking) ask(l, n);
    return k;
}

void lookup_cancel(struct lookup *k)
{
    if (k->soon.queued_) {
        loop_later_cancel(k->loop, &k->soon);
        free(k);
        return;
    }
    loop_timer_stop(k->loop, &k->patience);
    struct lookup **at = &k->name->waiting;
    while (*at != NULL && *at != k)
        at = &(*at)->next;
    if (*at == NULL) { /* its turn in tell() comes: leave it there, mute */
        k->done = NULL;
        return;
    }
    *at = k->next;
    free(k);
}

void lookup_close(struct loop *l)
{
    pthread_mutex_lock(&lock);
    for (struct question **at = &queue; *at != NULL;) {
        struct question *q = *at;
        if (q->loop != l) {
            at = &q->next;
            continue;
        }
        *at = q->next;
        free(q);
    }
    for (struct question *q = asked; q != NULL; q = q->next)
        if (q->loop == l) q->loop = NULL;
    pthread_mutex_unlock(&lock);
    struct lookup_cache *c = *loop_names(l);
    while (c != NULL && c->names != NULL) {
        struct name *n = c->names;
        c->names = n->next;
        for (struct lookup *k = n->waiting; k != NULL;) {
            struct lookup *next = k->next;
            loop_timer_stop(l, &k->patience);
            free(k);
            k = next;
        }
        free(n);
    }
    free(c);
}
