/* transfer.c -- the one file that knows libcurl.
 *
 * What is pinned down here, because libcurl's defaults are made for browsers and shells: protocols, redirects, TLS floor and verification,
 * no netrc, no environment proxies, no decompression, a cap in the write callback (the option alone trusts Content-Length), no signals,
 * QUICK_EXIT (else a slow name server blocks the thread past every deadline).
 *
 * Addresses are judged twice: before a socket is opened, and before a request is written on a connection that may have been opened for a
 * question with other rights. What is sent once never uses a kept connection, as libcurl would send it again should that one turn out dead.
 */
#include "fetch/transfer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "fetch/curl_library.h"
#include "fetch/guard.h"

#include "base/now.h"

enum {
    SPARE_HANDLES = 16
};

struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];
    char refused_address[INET6_ADDRSTRLEN]; /* empty: none was refused */
    int sent;                               /* how often a request was about to be written */
};

struct transfers {
    _Atomic(CURLM *) multi; /* NULL until it has started */
    CURL *spare[SPARE_HANDLES];
    int spares;
    struct transfer_conf conf;
};

/* ---- opening and closing ---- */

struct transfers *transfers_open(const struct transfer_conf *conf)
{
    struct transfers *t = must_alloc(sizeof *t);
    t->conf = *conf;
    return t;
}

void transfers_start(struct transfers *t)
{
    curl_library_load();
    must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    CURLM *multi = curl_multi_init();
    must(multi != NULL);
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)FETCH_HOST_RUNNING);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)FETCH_RUNNING);
    t->multi = multi;
}

void transfers_close(struct transfers *t)
{
    while (t->spares > 0)
        curl_easy_cleanup(t->spare[--t->spares]);
    if (t->multi != NULL) {
        curl_multi_cleanup(t->multi);
        curl_global_cleanup();
    }
    free(t);
}

void transfers_wake(struct transfers *t)
{
    CURLM *multi = t->multi;
    if (multi != NULL) curl_multi_wakeup(multi);
}

void transfers_wait(struct transfers *t, int at_most_ms)
{
    curl_multi_poll(t->multi, NULL, 0, at_most_ms, NULL);
}

/* ---- what libcurl asks while a transfer runs ---- */

static bool is_allowed(const struct question *q, const struct address *x)
{
    if (q->through_proxy) return true; /* it is the proxy's, which the operator chose */
    enum guard_place place = guard_place(x);
    return place == GUARD_PUBLIC || (place == GUARD_PRIVATE && q->allow_private);
}

static bool address_of(const struct sockaddr *s, struct address *ret_address)
{
    struct address x = {.is_ip = true};
    if (s->sa_family == AF_INET) {
        x.is_ip4 = true;
        x.bytes[10] = x.bytes[11] = 0xff;
        memcpy(x.bytes + 12, &((const struct sockaddr_in *)(const void *)s)->sin_addr, 4);
    } else if (s->sa_family == AF_INET6) {
        memcpy(x.bytes, &((const struct sockaddr_in6 *)(const void *)s)->sin6_addr, 16);
    } else {
        return false;
    }
    *ret_address = x;
    return true;
}

static curl_socket_t on_socket(void *self, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct question *q = self;
    struct address x;
    if (purpose != CURLSOCKTYPE_IPCXN || !address_of(&to->addr, &x)) return CURL_SOCKET_BAD;
    if (!is_allowed(q, &x)) {
        const unsigned char *at = to->family == AF_INET ? x.bytes + 12 : x.bytes;
        (void)inet_ntop(to->family, at, q->transfer->refused_address, sizeof q->transfer->refused_address);
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static int on_request(void *self, char *peer, char *local, int peer_port, int local_port)
{
    struct question *q = self;
    struct address x;
    (void)local, (void)peer_port, (void)local_port;
    if (q->once && q->transfer->sent != 0) return CURL_PREREQFUNC_ABORT;
    if (!address_read(slice_of(peer), &x) || !is_allowed(q, &x)) {
        (void)snprintf(q->transfer->refused_address, sizeof q->transfer->refused_address, "%s", peer);
        return CURL_PREREQFUNC_ABORT;
    }
    q->transfer->sent++;
    return CURL_PREREQFUNC_OK;
}

static size_t on_header(char *at, size_t one, size_t len, void *self)
{
    struct question *q = self;
    (void)one;
    return reply_header(&q->reply, (struct slice){at, len}, now_s()) ? len : 0;
}

static size_t on_body(char *at, size_t one, size_t len, void *self)
{
    struct question *q = self;
    (void)one;
    return reply_body(&q->reply, (struct slice){at, len}) ? len : 0;
}

/* ---- beginning ---- */

static void set_fences(CURL *e, const struct question *q)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, q->allow_http ? "http,https" : "https");
#else
    curl_easy_setopt(e, CURLOPT_PROTOCOLS,
                     q->allow_http ? (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS) : (long)CURLPROTO_HTTPS);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
#endif
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(e, CURLOPT_HTTPAUTH, CURLAUTH_NONE);
    curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, (void *)(uintptr_t)q);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, (void *)(uintptr_t)q);
}

static void set_tls(CURL *e, const struct question *q, const struct transfer_conf *conf)
{
    curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    const char *ca_file = q->ca_file != NULL ? q->ca_file : conf->ca_file;
    if (ca_file == NULL) return;
    curl_easy_setopt(e, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(e, CURLOPT_CAPATH, NULL); /* that file alone */
}

static void set_proxy(CURL *e, const struct question *q, const struct transfer_conf *conf)
{
    curl_easy_setopt(e, CURLOPT_NOPROXY, ""); /* nor what the environment says */
    curl_easy_setopt(e, CURLOPT_PROXY, q->through_proxy ? conf->proxy : "");
    if (!q->through_proxy) return;
    curl_easy_setopt(e, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(e, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    curl_easy_setopt(e, CURLOPT_PROXYAUTH, CURLAUTH_BASIC);
    if (conf->ca_file != NULL) curl_easy_setopt(e, CURLOPT_PROXY_CAINFO, conf->ca_file);
}

static void set_request(CURL *e, struct question *q)
{
    struct transfer *r = q->transfer;
    for (size_t i = 0; q->headers[i] != NULL; i++)
        r->headers = curl_slist_append(r->headers, q->headers[i]);
    r->headers = curl_slist_append(r->headers, "Expect:");
    curl_easy_setopt(e, CURLOPT_URL, q->url);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, r->headers);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "vestibule/" VESTIBULE_VERSION);
    if (q->once) curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
    if (strcmp(q->method, "GET") == 0) return;
    if (strcmp(q->method, "DELETE") != 0 || q->body.len != 0) {
        curl_easy_setopt(e, CURLOPT_POST, 1L);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, q->body.len != 0 ? q->body.at : "");
    }
    if (strcmp(q->method, "POST") != 0) curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, q->method);
}

static void set_answer(CURL *e, struct question *q, long left_ms)
{
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, left_ms);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)q->connect_ms);
    curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)q->reply.body.max);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, q);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, q);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, q->transfer->error);
    curl_easy_setopt(e, CURLOPT_PRIVATE, q);
}

void transfer_begin(struct transfers *t, struct question *q)
{
    struct transfer *r = must_alloc(sizeof *r);
    r->easy = t->spares > 0 ? t->spare[--t->spares] : curl_easy_init();
    must(r->easy != NULL);
    q->transfer = r;
    int64_t left_ms = q->deadline_ms - now_ms();
    set_fences(r->easy, q);
    set_tls(r->easy, q, &t->conf);
    set_proxy(r->easy, q, &t->conf);
    set_request(r->easy, q);
    set_answer(r->easy, q, left_ms > 1 ? (long)left_ms : 1);
    must(curl_multi_add_handle(t->multi, r->easy) == CURLM_OK);
}

/* ---- ending ---- */

static void wipe_headers(struct curl_slist *list)
{
    for (struct curl_slist *h = list; h != NULL; h = h->next)
        explicit_bzero(h->data, strlen(h->data));
    curl_slist_free_all(list);
}

void transfer_stop(struct transfers *t, struct question *q)
{
    struct transfer *r = TAKE(q->transfer);
    curl_multi_remove_handle(t->multi, r->easy);
    curl_easy_reset(r->easy); /* forgets the question; the multi handle keeps the connections */
    if (t->spares < SPARE_HANDLES)
        t->spare[t->spares++] = r->easy;
    else
        curl_easy_cleanup(r->easy);
    wipe_headers(r->headers);
    free(r);
}

/* libcurl's own words, which name hosts and certificates and nothing secret; or what the code means in general. */
static const char *words(const struct question *q, CURLcode code)
{
    return q->transfer->error[0] != '\0' ? q->transfer->error : curl_easy_strerror(code);
}

static bool judge_ours(struct question *q, CURLcode code)
{
    const char *address = q->transfer->refused_address;
    if (code == CURLE_OK) return false;
    if (address[0] != '\0' && q->reply.status == 0)
        question_refuse(q, PROBLEM_PROVIDER_MISCONFIGURED,
                        "%s: %s is not an address of the public network; allow_private lets the provider have one",
                        q->place, address);
    else if (q->reply.body.full || code == CURLE_FILESIZE_EXCEEDED)
        question_refuse(q, PROBLEM_PROVIDER_BROKEN, "%s: the answer is larger than %zu bytes", q->place,
                        q->reply.body.max);
    else if (q->reply.head_full)
        question_refuse(q, PROBLEM_PROVIDER_BROKEN, "%s: the answer's headers are larger than %d bytes", q->place,
                        (int)FETCH_HEAD_MAX);
    else
        return false;
    return true;
}

static void judge_network(struct question *q, CURLcode code)
{
    const char *w = words(q, code);
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        question_refuse(q, PROBLEM_PROVIDER_AWAY,
                        "%s: its certificate is not trusted: %s; ca_file names a private authority", q->place, w);
        return;
    case CURLE_SSL_CONNECT_ERROR:
        question_refuse(q, PROBLEM_PROVIDER_AWAY, "%s: TLS 1.2 or later could not be agreed on: %s", q->place, w);
        return;
    case CURLE_SSL_CACERT_BADFILE:
        question_refuse(q, PROBLEM_PROVIDER_MISCONFIGURED, "%s: ca_file cannot be read: %s", q->place, w);
        return;
    case CURLE_UNSUPPORTED_PROTOCOL: /* the URL was checked: this is what answered */
    case CURLE_WEIRD_SERVER_REPLY:
        question_refuse(q, PROBLEM_PROVIDER_BROKEN, "%s: the answer is not HTTP: %s", q->place, w);
        return;
    case CURLE_OPERATION_TIMEDOUT:
        question_refuse(q, PROBLEM_PROVIDER_AWAY, "%s: no answer in time: %s", q->place, w);
        return;
    default: question_refuse(q, PROBLEM_PROVIDER_AWAY, "%s: %s", q->place, w); return;
    }
}

static void judge(struct question *q, CURLcode code)
{
    const char *why = NULL;
    if (judge_ours(q, code)) return;
    if (code != CURLE_OK) {
        judge_network(q, code);
        return;
    }
    enum problem problem = q->accept_statuses
                               ? reply_judge_any(&q->reply, &why)
                               : reply_judge(&q->reply, slice_of(q->accept_type), q->accept_errors, &why);
    if (problem != PROBLEM_NONE) question_refuse(q, problem, "%s answered %d: %s", q->place, q->reply.status, why);
}

void transfers_move(struct transfers *t, void (*done)(void *self, struct question *q), void *self)
{
    int running, left;
    CURLMsg *m;
    curl_multi_perform(t->multi, &running);
    while ((m = curl_multi_info_read(t->multi, &left)) != NULL) {
        struct question *q = NULL;
        if (m->msg != CURLMSG_DONE) continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &q);
        judge(q, m->data.result);
        transfer_stop(t, q);
        done(self, q);
    }
}
