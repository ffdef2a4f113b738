/* store_kit.h -- what the tests of the store share: running one operation to its end, and a real redis-server to run it against. */
#ifndef STORE_KIT_H
#define STORE_KIT_H
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store.h"

#include "base/now.h"

#define KIT __attribute__((unused)) static

/* ---- one operation */

struct call {
    struct arena *arena;
    struct flow flow;
    enum tag_what {
        CALL_GET,
        CALL_GET_TTL,
        CALL_TAKE,
        CALL_PUT,
        CALL_DELETE,
        CALL_PING,
        CALL_OTHER
    } what;
    enum flow_next (*other)(struct flow *f, struct call *c);
    void *with; /* other's */
    struct store_link *link;
    struct slice key, value;
    int64_t ttl_ms;
    enum store_put_when when;
    bool ended, yes;
    const struct err *why;
};

KIT enum flow_next call_step(struct flow *f)
{
    struct call *c = f->self;
    switch (c->what) {
    case CALL_GET: return store_get(f, c->link, c->key, &c->value);
    case CALL_GET_TTL: return store_get_ttl(f, c->link, c->key, &c->value, &c->ttl_ms);
    case CALL_TAKE: return store_take(f, c->link, c->key, &c->value);
    case CALL_PUT: return store_put(f, c->link, c->key, c->value, c->ttl_ms, c->when, &c->yes);
    case CALL_DELETE: return store_delete(f, c->link, c->key, &c->yes);
    case CALL_PING: return store_ping(f, c->link);
    case CALL_OTHER: return c->other(f, c);
    }
    return FLOW_DONE;
}

KIT void call_end(struct flow *f, const struct err *why)
{
    struct call *c = f->self;
    assert_false(c->ended);
    c->ended = true;
    c->why = why;
}

static const struct flow_step call_steps[] = {
    {"test/call", call_step}
};

KIT void call_start(struct call *c)
{
    c->arena = arena_open(8 * 1024 * 1024);
    c->ended = false;
    flow_start(&c->flow, c->arena, call_steps, 1, call_end, c);
}

KIT void call_close(struct call *c)
{
    flow_drop(&c->flow);
    arena_close(c->arena);
    c->arena = NULL;
}

/* Turns the loop until *done, at most so long. */
KIT bool turn_until(struct loop *l, const bool *done, int ms)
{
    for (int64_t end = now_ms() + ms; !*done && now_ms() < end;) {
        loop_turn(l, 5);
    }
    return *done;
}

KIT void turn_for(struct loop *l, int ms)
{
    const bool never = false;
    turn_until(l, &never, ms);
}

KIT void call_wait(struct loop *l, struct call *c)
{
    assert_true(turn_until(l, &c->ended, 5000));
}

/* The short ways; each fails the test when the store does. */
KIT struct call kit_run(struct loop *l, struct call c)
{
    static struct call at; /* a flow must not move while it waits */
    at = c;
    call_start(&at);
    call_wait(l, &at);
    return at;
}

KIT bool kit_put(struct loop *l, struct store_link *k, const char *key, const char *value, int64_t ttl_ms,
                 enum store_put_when when)
{
    struct call c = kit_run(l, (struct call){.what = CALL_PUT,
                                             .link = k,
                                             .key = slice_of(key),
                                             .value = slice_of(value),
                                             .ttl_ms = ttl_ms,
                                             .when = when});
    assert_null(c.why);
    arena_close(c.arena);
    return c.yes;
}

/* "" for an empty record, NULL for none; free()d by the caller. */
KIT char *kit_read(struct loop *l, struct store_link *k, enum tag_what what, const char *key)
{
    struct call c = kit_run(l, (struct call){.what = what, .link = k, .key = slice_of(key), .value = LIT("untouched")});
    assert_null(c.why);
    char *text = c.value.at != NULL ? strndup(c.value.at, c.value.len) : NULL;
    arena_close(c.arena);
    return text;
}

KIT void kit_expect(struct loop *l, struct store_link *k, const char *key, const char *value)
{
    char *text = kit_read(l, k, CALL_GET, key);
    if (value == NULL)
        assert_null(text);
    else {
        assert_non_null(text);
        assert_string_equal(text, value);
    }
    free(text);
}

KIT bool kit_delete(struct loop *l, struct store_link *k, const char *key)
{
    struct call c = kit_run(l, (struct call){.what = CALL_DELETE, .link = k, .key = slice_of(key)});
    assert_null(c.why);
    arena_close(c.arena);
    return c.yes;
}

/* ---- what was told of changes */

struct told {
    int count, everything;
    char last[160];
    int64_t at_us;
};

KIT void told_of(void *self, struct slice key)
{
    struct told *t = self;
    t->count++;
    t->at_us = now_us();
    if (key.at == NULL)
        t->everything++;
    else
        snprintf(t->last, sizeof t->last, "%.*s", SLICE_ARG(key));
}

/* ---- a real server */

struct redis_server {
    pid_t pid;
    int port, tls_port;
    char folder[64], unix_path[96], ca_file[96];
};

KIT int free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    close(fd);
    return ntohs(at.sin_port);
}

KIT bool answers_on(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons((uint16_t)port)};
    bool ok = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return ok;
}

KIT void run_command(const char *command)
{
    if (system(command) != 0) fail_msg("%s", command);
}

KIT void redis_certificates(struct redis_server *s)
{
    char command[1024];
    snprintf(s->ca_file, sizeof s->ca_file, "%s/cert.pem", s->folder);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s/key.pem -out %s "
             "-days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null",
             s->folder, s->ca_file);
    run_command(command);
}

KIT void redis_configure(const struct redis_server *s, const char *path)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(
        f,
        "bind 127.0.0.1\nport %d\nsave \"\"\nappendonly no\ndir %s\nunixsocket %s\n"
        "user vestibule on >open-sesame ~vestibule:* &__redis__:invalidate -@all +ping +get +getdel +set +del +incrby "
        "+pexpire +pttl +exists +multi +exec +zadd +zrem +zrange +scan +select +client|id +client|tracking +subscribe\n",
        s->port, s->folder, s->unix_path);
    if (s->tls_port != 0) {
        fprintf(f, "tls-port %d\ntls-cert-file %s\ntls-key-file %s/key.pem\ntls-ca-cert-file %s\ntls-auth-clients no\n",
                s->tls_port, s->ca_file, s->folder, s->ca_file);
    }
    fclose(f);
}

/* Starts (again) on the ports chosen by redis_new. */
KIT void redis_start(struct redis_server *s)
{
    char path[96];
    snprintf(path, sizeof path, "%s/redis.conf", s->folder);
    redis_configure(s, path);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        execlp("redis-server", "redis-server", path, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500; i++) {
        if (answers_on(s->port) && (s->tls_port == 0 || answers_on(s->tls_port))) return;
        usleep(10000);
    }
    fail_msg("redis-server does not start");
}

KIT struct redis_server *redis_new(bool tls)
{
    struct redis_server *s = calloc(1, sizeof *s);
    snprintf(s->folder, sizeof s->folder, "/tmp/vestibule-redis-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->unix_path, sizeof s->unix_path, "%s/redis.sock", s->folder);
    s->port = free_port();
    if (tls) {
        s->tls_port = free_port();
        redis_certificates(s);
    }
    redis_start(s);
    return s;
}

KIT void redis_kill(struct redis_server *s)
{
    if (s->pid <= 0) return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

KIT void redis_free(struct redis_server *s)
{
    char command[128];
    if (s == NULL) return;
    redis_kill(s);
    snprintf(command, sizeof command, "rm -rf %s", s->folder);
    run_command(command);
    free(s);
}

/* What redis-cli prints for a command; free()d by the caller. */
KIT char *redis_cli(const struct redis_server *s, const char *format, ...) PRINTF(2, 3);
KIT char *redis_cli(const struct redis_server *s, const char *format, ...)
{
    char words[512], command[640];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    snprintf(command, sizeof command, "redis-cli -p %d %s", s->port, words);
    FILE *p = popen(command, "r");
    assert_non_null(p);
    char *text = calloc(1, 64 * 1024);
    size_t len = fread(text, 1, 64 * 1024 - 1, p);
    pclose(p);
    while (len > 0 && text[len - 1] == '\n') {
        text[--len] = '\0';
    }
    return text;
}

KIT struct store_conf redis_conf(int port)
{
    return (struct store_conf){
        .kind = STORE_REDIS,
        .target = {.host = LIT("127.0.0.1"), .port = port, .connect_ms = 1000},
        .key_prefix = LIT("vestibule:"),
        .timeout_ms = 500,
        .told = LIT("redis://127.0.0.1/0")
    };
}

KIT struct store *open_store(const struct store_conf *conf)
{
    struct arena *a = arena_open(64 * 1024);
    struct store *s = NULL;
    assert_null(store_open(a, conf, &s));
    arena_close(a);
    return s;
}

/* Until *count has reached so many, at most a while. */
KIT bool turn_until_count(struct loop *l, const int *count, int many)
{
    for (int64_t end = now_ms() + 3000; *count < many && now_ms() < end;) {
        loop_turn(l, 2);
    }
    return *count >= many;
}

/* Until the link answers. */
KIT bool link_up(struct loop *l, struct store_link *k, int ms)
{
    for (int64_t end = now_ms() + ms; now_ms() < end;) {
        struct call c = kit_run(l, (struct call){.what = CALL_PING, .link = k});
        bool ok = c.why == NULL;
        call_close(&c);
        if (ok) return true;
        loop_turn(l, 5);
    }
    return false;
}

/* A new link that answers and, to Redis, hears of changes. Whoever wants to hear says store_on_change after this. */
KIT struct store_link *link_ready(struct loop *l, struct store *s, enum store_kind kind)
{
    struct told told = {.count = 0};
    struct store_link *k = store_link(s, l);
    store_on_change(k, told_of, &told);
    assert_true(link_up(l, k, 3000));
    if (kind == STORE_REDIS) assert_true(turn_until_count(l, &told.everything, 1));
    store_on_change(k, NULL, NULL);
    return k;
}

#endif
