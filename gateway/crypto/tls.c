/* tls.c -- what server and client contexts have in common: their life, their limits, when their certificates end. */
#include "crypto/tls.h"

#include <pthread.h>
#include <stdlib.h>

#include "crypto/crypto_kit.h"
#include "crypto/tls_parts.h"

static int state_index = -1;
static pthread_once_t state_once = PTHREAD_ONCE_INIT;

static void state_free(void *parent, void *self, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
    (void)parent, (void)data, (void)index, (void)argl, (void)argp;
    struct tls_state *s = self;
    if (s == NULL) return;
    for (size_t i = 0; i < s->count; i++) {
        tls_certificate_close(&s->certificates[i]);
    }
    free(s->certificates);
    free(s);
}

static void take_index(void)
{
    state_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, state_free);
    must(state_index >= 0);
}

struct tls_state *tls_state_attach(SSL_CTX *context, size_t certificates)
{
    must(pthread_once(&state_once, take_index) == 0);
    struct tls_state *s = must_alloc(sizeof *s);
    s->certificates = must_alloc(sizeof *s->certificates * (certificates + 1));
    s->count = certificates;
    s->not_after_s = INT64_MAX;
    must(SSL_CTX_set_ex_data(context, state_index, s) == 1);
    return s;
}

struct tls_state *tls_state_of(const SSL_CTX *context)
{
    return SSL_CTX_get_ex_data(context, state_index);
}

void tls_harden(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_security_level(context, 2); /* RSA from 2048 bits, no SHA-1 signatures */
    /* without a session cache in the process nothing is shared under a lock; servers resume by tickets */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

tls_context *tls_keep(tls_context *c)
{
    must(SSL_CTX_up_ref(c) == 1);
    return c;
}

void tls_drop(tls_context *c)
{
    SSL_CTX_free(c);
}

int64_t tls_not_after_s(const tls_context *c)
{
    return tls_state_of(c)->not_after_s;
}

bool tls_names(const tls_context *c, struct slice host)
{
    const struct tls_state *s = tls_state_of(c);
    for (size_t i = 0; i < s->count; i++) {
        if (tls_certificate_is_for(&s->certificates[i], host)) return true;
    }
    return false;
}
