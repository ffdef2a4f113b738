/* build_sign_in.c -- the pages and where people may go from them. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "config/config_int.h"
#include "text/address.h"
#include "text/url.h"

enum {
    LOGO_MAX = 256 * 1024
}; /* it is sent to every visitor who signs in */

static struct slice file_bytes(struct build *b, const struct setting *at, const char *path)
{
    char *bytes = arena_bytes(b->a, LOGO_MAX + 1);
    size_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && len <= LOGO_MAX) {
        n = read(fd, bytes + len, LOGO_MAX + 1 - len);
        if (n > 0) len += (size_t)n;
    }
    int why = errno;
    if (fd >= 0) close(fd);
    if (n < 0)
        BUILD_ERROR(b, at, "logo", "cannot read %s: %s", path, strerror(why));
    else if (len > LOGO_MAX)
        BUILD_ERROR(b, at, "logo", "%s is larger than 256 KiB", path);
    else if (len == 0)
        BUILD_ERROR(b, at, "logo", "%s is empty", path);
    if (n < 0 || len > LOGO_MAX) len = 0;
    return (struct slice){bytes, len};
}

static void logo(struct build *b, const struct setting *at, struct pages_conf *conf)
{
    const char *path = setting_path(at, "logo");
    if (path == NULL || setting_at(at, "logo")->bad) return;
    conf->logo = file_bytes(b, at, path);
    if (conf->logo.len == 0) return;
    if (slice_starts(conf->logo, LIT("\x89PNG\r\n\x1a\n")))
        conf->logo_type = LIT("image/png");
    else if (slice_find(slice_upto(conf->logo, 4096), LIT("<svg")) != SLICE_NONE)
        conf->logo_type = LIT("image/svg+xml");
    else
        BUILD_ERROR(b, at, "logo", "%s is neither SVG nor PNG", path);
}

static void accent(struct build *b, const struct setting *at, struct pages_conf *conf)
{
    struct slice c = setting_text(at, "accent");
    bool fine = c.len == 7 && c.at[0] == '#';
    for (size_t i = 1; i < c.len; i++) {
        char d = c.at[i];
        fine = fine && ((d >= '0' && d <= '9') || (d >= 'a' && d <= 'f') || (d >= 'A' && d <= 'F'));
    }
    if (c.len != 0 && !fine) {
        BUILD_ERROR(b, at, "accent", "accent cannot be \"%.*s\": write a colour such as \"#0a6b6b\", in quotes",
                    SLICE_ARG(c));
        return;
    }
    if (c.len != 0) conf->accent = c;
}

static struct slice help(struct build *b, const struct setting *at)
{
    struct slice text = setting_text(at, "help");
    struct url u;
    bool mail = slice_starts(text, LIT("mailto:")) && slice_index(text, '@') != SLICE_NONE;
    if (text.len == 0 || mail || url_read(b->a, text, &u) == NULL) return text;
    BUILD_ERROR(b, at, "help", "help cannot be \"%.*s\": write https:// or mailto:", SLICE_ARG(text));
    return (struct slice){NULL, 0};
}

/* One origin, or with a star for the first label. The rest of the name must have two labels of its own: a star above a country is everybody. */
static bool origin(struct build *b, const struct setting *one, struct slice *ret_origin)
{
    struct slice text = one->text;
    size_t star = slice_find(text, LIT("://*."));
    struct url u;
    if (star != SLICE_NONE) {
        const struct slice parts[] = {slice_upto(text, star + 3), slice_from(text, star + 5)};
        text = arena_join(b->a, parts, 2);
    }
    const char *fault = NULL;
    const struct err *why = url_read(b->a, text, &u);
    if (why != NULL) {
        build_complain(b, one->node, "not an origin such as https://docs.example.com or https://*.example.com", why);
        return false;
    }
    if (!slice_is(u.path, LIT("/")) || u.query.at != NULL)
        fault = "redirects lists origins: leave out what stands behind the host";
    else if (!u.https && !address_host_is_loopback(u.host))
        fault = "people may return to https origins only";
    else if (star != SLICE_NONE && !address_host_is_loopback(u.host) && build_is_suffix(b, u.host))
        fault = "what is below belongs to many: people would be sent to strangers' sites";
    if (fault != NULL) {
        complaint_at(b->c, COMPLAINT_ERROR, one->node, COMPLAINT_VALUE, LIT(""), "%s", fault);
        return false;
    }
    *ret_origin = url_origin(b->a, &u);
    if (star == SLICE_NONE) return true;
    size_t host = slice_find(*ret_origin, LIT("://")) + 3;
    const struct slice parts[] = {slice_upto(*ret_origin, host), LIT("*."), slice_from(*ret_origin, host)};
    *ret_origin = arena_join(b->a, parts, 3);
    return true;
}

void build_redirects(struct build *b, const struct setting *list, struct slice public_origin,
                     struct return_rules *ret_rules)
{
    struct slice *origins = arena_array(b->a, struct slice, list->count + 1);
    size_t count = 0;
    for (const struct setting *one = list->first; one != NULL; one = one->next) {
        if (!one->bad && origin(b, one, &origins[count])) count++;
    }
    *ret_rules = (struct return_rules){public_origin, origins, count, b->s->prefix};
}

/* What owners prescribe, of those providers that say so; a person never chose these colours, so they are asked for by a key. */
static void brands(struct build *b, struct pages_conf *conf)
{
    const struct snapshot *s = b->s;
    struct page_brand *list = arena_array(b->a, struct page_brand, s->provider_count + 1);
    for (size_t i = 0; i < s->provider_count; i++) {
        const struct provider *p = s->providers[i];
        if (p->descriptor == NULL || p->descriptor->brand.color.len == 0) continue;
        const struct descriptor_brand *brand = &p->descriptor->brand;
        struct slice text = brand->text_color.len != 0 ? brand->text_color : LIT("#1f1f1f");
        list[conf->brand_count++] = (struct page_brand){.id = p->id, .fill = brand->color, .text = text};
    }
    conf->brands = list;
}

static void text_over(const struct setting *section, const char *key, struct slice *to)
{
    struct slice text = setting_text(section, key);
    if (text.len != 0) *to = text;
}

void build_page_look(struct build *b, const struct setting *section, struct pages_conf *conf)
{
    struct slice address = help(b, section);
    text_over(section, "name", &conf->name);
    text_over(section, "message", &conf->message);
    text_over(section, "terms", &conf->terms_url);
    text_over(section, "privacy", &conf->privacy_url);
    if (address.len != 0) conf->help_url = address;
    logo(b, section, conf);
    accent(b, section, conf);
}

void build_sign_in(struct build *b)
{
    const struct setting *at = setting_at(b->root, "sign_in");
    struct snapshot *s = b->s;
    s->primary = (int)setting_number(at, "primary");
    s->remember_last = setting_on(at, "remember_last");
    s->skip_if_single = setting_on(at, "skip_if_single");
    struct pages_conf conf = {.folder = setting_path(at, "templates"),
                              .prefix = s->prefix,
                              .name = s->public_host,
                              .default_language = setting_text(at, "default_language")};
    build_page_look(b, at, &conf);
    s->site_name = conf.name;
    if (setting_number(at, "buttons") == 1) brands(b, &conf);
    build_redirects(b, setting_at(at, "redirects"), s->public_origin, &s->return_rules);
    const struct err *why = pages_open(b->a, &conf, &s->pages);
    if (why != NULL) build_complain(b, setting_place(at, "templates"), "sign_in", why);
    b->pages = conf;
}
