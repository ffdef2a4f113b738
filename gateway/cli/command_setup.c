/* command_setup.c -- `setup`: the first configuration, from five answers.
 *
 *     public address ─ application ─ provider (─ its issuer) ─ client id ─ client secret
 *
 * Writes a short vestibule.yaml and, for its owner alone, the file of the secret; neither is ever written over. What came of it is judged as `check`
 * does: when something is missing that was not asked for, both files go again and the complaints say what. Standard output gets what is to be
 * registered at the provider, as `providers urls` tells it.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/terminal.h"
#include "provider/descriptor_read.h"
#include "text/json.h"
#include "text/url.h"

enum {
    TEXT_MAX = 64 * 1024,
    BUDGET = 1 << 20,
    TRIES = 3, /* of a person at a terminal; a script gets one */
    PRIVATE = 0600,
    PUBLIC = 0644
};
static const char *const usual_file = "/etc/vestibule/vestibule.yaml";
static const char *const secret_name = "client_secret";

struct setup {
    const struct command_line *line;
    struct arena *a;
    struct config *config; /* only for its provider files */
    struct descriptor_library *library;
    const char *file, *secret_file;
    struct slice public_url, backend, use, issuer, client_id;
    struct secret client_secret;
    struct url public;
};

/* ---- asking ---- */

/* NULL: fine; else what is wrong with it. */
typedef const char *judge_fn(struct setup *s, struct slice answer);

static const char *judge_address(struct setup *s, struct slice answer)
{
    struct url u;
    const struct err *e = url_read(s->a, answer, &u);
    return e != NULL ? err_story(s->a, e).at : NULL;
}

static const char *judge_provider(struct setup *s, struct slice answer)
{
    if (descriptor_library_has(s->library, answer)) return NULL;
    struct slice near = descriptor_library_nearest(s->library, answer);
    return arena_print(s->a, "there is no provider of that name%s%.*s; `vestibule providers list` names all",
                       near.len != 0 ? ", did you mean " : "", SLICE_ARG(near))
        .at;
}

static const char *judge_text(struct setup *s, struct slice answer)
{
    (void)s;
    for (size_t i = 0; i < answer.len; i++) {
        if ((unsigned char)answer.at[i] < 0x20 || answer.at[i] == 0x7f) return "it holds control characters";
    }
    return NULL;
}

static bool ask(struct setup *s, const char *what, const char *usual, judge_fn *judge, struct slice *ret_answer)
{
    int tries = isatty(STDIN_FILENO) == 1 ? TRIES : 1;
    for (int i = 0; i < tries; i++) {
        struct secret typed = {NULL, 0};
        fprintf(stderr, "%s%s%s%s: ", what, usual != NULL ? " [" : "", usual != NULL ? usual : "",
                usual != NULL ? "]" : "");
        bool answered = terminal_line(s->a, &typed);
        if (isatty(STDIN_FILENO) != 1) fputc('\n', stderr);
        struct slice answer = answered ? slice_trim(secret_reveal(typed)) : slice_of(usual);
        const char *wrong = answer.len == 0 ? "an answer is needed" : judge(s, answer);
        if (wrong == NULL) {
            *ret_answer = arena_copy(s->a, answer);
            return true;
        }
        command_say("%s", wrong);
    }
    return false;
}

/* "a, b, c": every platform there is a file for. */
static struct slice known(struct setup *s)
{
    size_t count;
    const struct descriptor_listed *all = descriptor_library_list(s->library, &count);
    struct slice *parts = arena_array(s->a, struct slice, 2 * count + 1);
    for (size_t i = 0; i < count; i++) {
        parts[2 * i] = i != 0 ? LIT(", ") : LIT("");
        parts[2 * i + 1] = all[i].id;
    }
    return arena_join(s->a, parts, 2 * count);
}

static bool ask_all(struct setup *s)
{
    bool fine =
        ask(s, "Public address of the gateway, as browsers type it", "http://localhost:8080", judge_address,
            &s->public_url) &&
        ask(s, "Address of the application behind it", "http://127.0.0.1:3000", judge_address, &s->backend) &&
        ask(s, arena_print(s->a, "Provider: one of %.*s; oidc is any OpenID Connect issuer", SLICE_ARG(known(s))).at,
            NULL, judge_provider, &s->use);
    if (fine && slice_is(s->use, LIT("oidc")))
        fine = ask(s, "Its issuer, such as https://id.example.com/realms/staff", NULL, judge_address, &s->issuer);
    fine = fine && ask(s, "Client id it gave you", NULL, judge_text, &s->client_id);
    if (!fine) return false;
    if (!terminal_unseen(s->a, "Client secret it gave you", &s->client_secret)) {
        command_say("no client secret came");
        return false;
    }
    return true;
}

/* ---- writing ---- */

static void line(struct buf *to, const char *before, struct slice plain)
{
    buf_print(to, "%s%.*s\n", before, SLICE_ARG(plain));
}

/* Text as the person typed it, whatever it may be. */
static void quoted(struct buf *to, const char *before, struct slice text)
{
    buf_print(to, "%s\"", before);
    for (size_t at; (at = slice_find(text, LIT("${"))) != SLICE_NONE; text = slice_from(text, at + 2)) {
        json_escape(to, slice_upto(text, at));
        buf_add(to, LIT("$${")); /* not a variable's */
    }
    json_escape(to, text);
    buf_add(to, LIT("\"\n"));
}

static void write_text(const struct setup *s, struct buf *to)
{
    bool https = s->public.https;
    buf_add(to, LIT("# Every key there is: vestibule config example --full, or man vestibule.yaml\n"));
    line(to, "public_url: ", s->public_url);
    if (https)
        buf_add(to,
                LIT("listen: 127.0.0.1:8080                 # the proxy in front, which speaks TLS, passes on to here\n"
                    "trusted_proxies: [127.0.0.0/8, \"::1\"]   # and is believed when it says for whom\n"));
    else
        buf_print(to, "listen: 127.0.0.1:%d\n", s->public.port);
    line(to, "providers:\n  - use: ", s->use);
    if (s->issuer.len != 0) line(to, "    id: corp\n    issuer: ", s->issuer);
    quoted(to, "    client_id: ", s->client_id);
    buf_print(to,
              "    client_secret_file: %s\n"
              "session:\n  store: redis://127.0.0.1:6379/0\n"
              "access:                                # the first rule that fits decides\n"
              "  - path: /**\n    allow: signed_in\n",
              secret_name);
    line(to, "backends:\n  - url: ", s->backend);
}

/* Never over what is there. */
static int write_file(const char *path, struct slice text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0) {
        command_say("cannot write %s: %s", path, strerror(errno));
        return errno == EACCES || errno == EPERM || errno == EROFS ? EXIT_PERMISSION : EXIT_FAILED;
    }
    size_t done = 0;
    while (done < text.len) {
        ssize_t n = write(fd, text.at + done, text.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        done += (size_t)n;
    }
    bool fine = done == text.len && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 || !fine) {
        command_say("cannot write %s: %s", path, strerror(why));
        (void)unlink(path);
        return EXIT_FAILED;
    }
    return EXIT_FINE;
}

/* Before anybody is asked anything. */
static bool may_write(const struct setup *s)
{
    const char *const files[] = {s->file, s->secret_file};
    for (size_t i = 0; i < 2; i++) {
        if (access(files[i], F_OK) != 0) continue;
        command_say("%s is there already, and is not written over; --config FILE names another place", files[i]);
        return false;
    }
    size_t folder = strlen(s->secret_file) - strlen(secret_name);
    const char *path = folder == 0 ? "." : arena_print(s->a, "%.*s", (int)folder, s->secret_file).at;
    if (access(path, W_OK | X_OK) == 0) return true;
    command_say("cannot write into %s: %s; --config FILE names another place", path, strerror(errno));
    return false;
}

/* What is to be registered, when the configuration is a whole one. */
static int tell_urls(const struct setup *s)
{
    struct command_line of = {
        .command = s->line->command, .hooks = s->line->hooks, .environment = s->line->environment};
    size_t count;
    const struct command_option *all = command_options(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, "config") != 0) continue;
        of.given[0].option = &all[i];
        of.given[0].value = s->file;
        of.given_count = 1;
    }
    int status = command_providers_urls(&of);
    (void)fflush(stdout); /* before the words that speak of it */
    return status;
}

static int write_both(struct setup *s)
{
    AUTO(buf_close) struct buf text = buf_open(TEXT_MAX);
    write_text(s, &text);
    int status = write_file(s->secret_file, secret_reveal(s->client_secret), PRIVATE);
    if (status != EXIT_FINE) return status;
    status = write_file(s->file, buf_slice(&text), PUBLIC);
    if (status == EXIT_FINE) {
        status = tell_urls(s);
        if (status != EXIT_FINE) {
            (void)unlink(s->file);
            command_say("nothing was written: these answers alone make no configuration");
        }
    }
    if (status != EXIT_FINE) (void)unlink(s->secret_file);
    return status;
}

static void tell_next(const struct setup *s)
{
    if (command_has(s->line, "quiet")) return;
    fprintf(stderr,
            "Wrote %s, and %s for its owner alone.\n"
            "The addresses above are what to register at the provider; the redirect URI comes first.\n"
            "Next: vestibule check --online --config %s\n"
            "As a service (LoadCredential=client_secret:%s in `systemctl edit vestibule` lets it read the secret):\n"
            "      systemctl enable --now vestibule\n",
            s->file, s->secret_file, s->file, s->secret_file);
}

static int set_up(struct setup *s)
{
    if (!may_write(s)) return EXIT_PERMISSION;
    s->config = config_read(&(struct config_ask){.text = &(struct config_text){"setup", LIT("{}")}});
    s->library = config_provider_files(s->config);
    bool fine = ask_all(s);
    config_close(s->config);
    if (!fine) return EXIT_USAGE;
    must(url_read(s->a, s->public_url, &s->public) == NULL);
    int status = write_both(s);
    if (status == EXIT_FINE) tell_next(s);
    return status;
}

int command_setup(const struct command_line *line)
{
    AUTO(arena_closep) struct arena *a = arena_open(BUDGET);
    const char *given = command_value(line, "config");
    struct setup s = {.line = line, .a = a, .file = given != NULL ? given : usual_file};
    const char *slash = strrchr(s.file, '/');
    s.secret_file =
        slash == NULL ? secret_name : arena_print(a, "%.*s/%s", (int)(slash - s.file), s.file, secret_name).at;
    return set_up(&s);
}
