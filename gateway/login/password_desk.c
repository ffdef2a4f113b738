#include "login/password_desk.h"

#include <pthread.h>
#include <stdlib.h>

struct job {
    struct loop_post post; /* first: the way back */
    struct job *next;
    struct loop *loop;
    struct flow *flow; /* the loop's thread alone; NULL: called off */
    bool *ret_fits;
    char hash[PASSWORD_HASH_BYTES + 1];
    struct secret password;
    bool fits;
};

struct password_desk {
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct job *first, **last;
    size_t waiting;
    bool begun, closing;
    pthread_t thread;
};

static void job_free(struct job *j)
{
    secret_close(&j->password);
    free(j);
}

/* On the asker's loop. */
static void arrived(struct loop_post *post)
{
    struct job *j = (struct job *)(void *)post;
    struct flow *f = j->flow;
    if (f != NULL) *j->ret_fits = j->fits;
    job_free(j);
    if (f != NULL) flow_wake(f, NULL);
}

static void *desk(void *self)
{
    struct password_desk *d = self;
    pthread_mutex_lock(&d->lock);
    for (;;) {
        while (d->first == NULL && !d->closing) {
            pthread_cond_wait(&d->news, &d->lock);
        }
        if (d->closing) break;
        struct job *j = d->first;
        d->first = j->next;
        if (d->first == NULL) d->last = &d->first;
        d->waiting--;
        pthread_mutex_unlock(&d->lock);
        j->fits = password_fits(j->hash, j->password);
        pthread_mutex_lock(&d->lock);
        if (!d->closing) { /* else the loops are gone */
            loop_post(j->loop, &j->post);
            continue;
        }
        job_free(j);
        break;
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

struct password_desk *password_desk_open(void)
{
    struct password_desk *d = must_alloc(sizeof *d);
    d->last = &d->first;
    must(pthread_mutex_init(&d->lock, NULL) == 0 && pthread_cond_init(&d->news, NULL) == 0);
    return d;
}

void password_desk_close(struct password_desk *d)
{
    pthread_mutex_lock(&d->lock);
    d->closing = true;
    pthread_cond_signal(&d->news);
    pthread_mutex_unlock(&d->lock);
    if (d->begun) must(pthread_join(d->thread, NULL) == 0);
    while (d->first != NULL) {
        struct job *j = d->first;
        d->first = j->next;
        job_free(j);
    }
    pthread_cond_destroy(&d->news);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

static void call_off(void *job)
{
    ((struct job *)job)->flow = NULL;
}

/* With the lock held. */
static bool take(struct password_desk *d, struct job *j)
{
    if (d->waiting == DESK_WAITING || d->closing) return false;
    if (!d->begun) d->begun = pthread_create(&d->thread, NULL, desk, d) == 0;
    if (!d->begun) return false;
    *d->last = j;
    d->last = &j->next;
    d->waiting++;
    pthread_cond_signal(&d->news);
    return true;
}

enum flow_next password_desk_check(struct flow *f, struct password_desk *d, struct loop *l, const char *hash,
                                   struct secret password, bool *ret_fits)
{
    struct job *j = must_alloc(sizeof *j);
    j->post.run = arrived;
    j->loop = l;
    j->flow = f;
    j->ret_fits = ret_fits;
    memcpy(j->hash, hash, sizeof j->hash);
    j->password = secret_copy(secret_reveal(password));
    pthread_mutex_lock(&d->lock);
    bool taken = take(d, j);
    pthread_mutex_unlock(&d->lock);
    if (taken) return flow_wait(f, j, call_off);
    job_free(j);
    return flow_fail(f, err_new(f->arena, PROBLEM_RATE_LIMITED, "too many passwords wait to be compared"));
}
