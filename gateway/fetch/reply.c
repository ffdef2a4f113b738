/* reply.c -- reads Content-Type, Content-Encoding, Retry-After and Cache-Control, and keeps what was asked for; all other headers mean nothing
 * here. */
#include "fetch/reply.h"

#include "fetch/http_date.h"

enum {
    MAX_AGE_MOST = 366 * 86400
};

struct reply reply_open(size_t max_bytes)
{
    return (struct reply){.retry_after_s = -1, .max_age_s = -1, .body = buf_open(max_bytes)};
}

void reply_close(struct reply *r)
{
    if (r->body.at != NULL) explicit_bzero(r->body.at, r->body.len);
    buf_close(&r->body);
}

void reply_keep(struct reply *r, size_t place, struct slice name)
{
    must(place < FETCH_KEPT && name.len < REPLY_NAME_MAX);
    if (name.len != 0) memcpy(r->kept[place].name, name.at, name.len);
    r->kept[place].name[name.len] = '\0';
}

static void start_anew(struct reply *r, struct slice line)
{
    struct slice rest = line, word;
    uint64_t status = 0;
    (void)slice_cut(&rest, ' ', &word);
    r->status = slice_number(slice_upto(rest, 3), &status) ? (int)status : 0;
    r->content_type[0] = '\0';
    r->type_odd = r->encoded = false;
    r->retry_after_s = r->max_age_s = -1;
    for (size_t i = 0; i < FETCH_KEPT; i++)
        r->kept[i].found = false;
}

static void take_kept(struct reply *r, struct slice name, struct slice value)
{
    for (size_t i = 0; i < FETCH_KEPT; i++) {
        struct reply_kept *k = &r->kept[i];
        if (k->found || k->name[0] == '\0' || !slice_is_nocase(name, slice_of(k->name))) continue;
        if (value.len == 0 || value.len > FETCH_KEPT_MAX) continue;
        memcpy(k->value, value.at, value.len);
        k->value[value.len] = '\0';
        k->found = true;
    }
}

static void take_type(struct reply *r, struct slice value)
{
    if (r->content_type[0] != '\0' || value.len >= REPLY_TYPE_MAX) {
        r->type_odd = true;
        return;
    }
    if (value.len != 0) memcpy(r->content_type, value.at, value.len);
    r->content_type[value.len] = '\0';
}

static void take_retry_after(struct reply *r, struct slice value, int64_t now_s)
{
    uint64_t seconds;
    int64_t at_s;
    if (slice_number(value, &seconds)) {
        r->retry_after_s = seconds > FETCH_RETRY_AFTER_MAX_S ? FETCH_RETRY_AFTER_MAX_S : (int64_t)seconds;
        return;
    }
    if (!http_date_read(value, &at_s)) return;
    int64_t wait_s = at_s - now_s;
    if (wait_s < 0) wait_s = 0;
    r->retry_after_s = wait_s > FETCH_RETRY_AFTER_MAX_S ? FETCH_RETRY_AFTER_MAX_S : wait_s;
}

static void take_max_age(struct reply *r, struct slice directive)
{
    struct slice rest = directive, name;
    (void)slice_cut(&rest, '=', &name);
    name = slice_trim(name);
    int64_t age = -1;
    uint64_t number;
    if (slice_is_nocase(name, LIT("no-store")) || slice_is_nocase(name, LIT("no-cache"))) {
        age = 0;
    } else if (slice_is_nocase(name, LIT("max-age"))) {
        struct slice value = slice_trim(rest);
        if (value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"')
            value = slice_upto(slice_from(value, 1), value.len - 2);
        if (slice_number(value, &number)) age = number > MAX_AGE_MOST ? MAX_AGE_MOST : (int64_t)number;
    }
    if (age >= 0 && (r->max_age_s < 0 || age < r->max_age_s)) r->max_age_s = age;
}

static struct slice without_line_end(struct slice line)
{
    while (line.len != 0 && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r'))
        line.len--;
    return line;
}

bool reply_header(struct reply *r, struct slice line, int64_t now_s)
{
    r->head_bytes += line.len;
    if (r->head_bytes > FETCH_HEAD_MAX) {
        r->head_full = true;
        return false;
    }
    if (r->body.len != 0) return true;
    line = without_line_end(line);
    if (slice_starts(line, LIT("HTTP/"))) {
        start_anew(r, line);
        return true;
    }
    struct slice value = line, name, directive;
    if (!slice_cut(&value, ':', &name) || value.at == NULL) return true;
    value = slice_trim(value);
    take_kept(r, name, value);
    if (slice_is_nocase(name, LIT("content-type"))) take_type(r, value);
    if (slice_is_nocase(name, LIT("content-encoding")))
        r->encoded = r->encoded || !slice_is_nocase(value, LIT("identity"));
    if (slice_is_nocase(name, LIT("retry-after"))) take_retry_after(r, value, now_s);
    if (slice_is_nocase(name, LIT("cache-control")))
        while (slice_cut(&value, ',', &directive))
            take_max_age(r, directive);
    return true;
}

bool reply_body(struct reply *r, struct slice bytes)
{
    buf_add(&r->body, bytes);
    return !r->body.full;
}

static bool is_suffix_json(struct slice type, struct slice wanted)
{
    return slice_is(wanted, LIT("application/json")) && type.len > 5 &&
           slice_is_nocase(slice_upto(type, 12), LIT("application/")) &&
           slice_is_nocase(slice_from(type, type.len - 5), LIT("+json"));
}

bool reply_type_is(struct slice content_type, struct slice type)
{
    struct slice rest = content_type, essence;
    if (!slice_cut(&rest, ';', &essence)) return false;
    essence = slice_trim(essence);
    return slice_is_nocase(essence, type) || is_suffix_json(essence, type);
}

static bool type_fits(const struct reply *r, struct slice accept_type)
{
    if (accept_type.len == 0) return true;
    return !r->type_odd && reply_type_is(slice_of(r->content_type), accept_type);
}

enum problem reply_judge(const struct reply *r, struct slice accept_type, bool accept_errors, const char **ret_why)
{
    int status = r->status;
    const char *why = NULL;
    enum problem problem = PROBLEM_PROVIDER_BROKEN;
    if (status == 429 || status == 408 || (status >= 500 && status <= 599)) {
        why = "it cannot answer just now";
        problem = PROBLEM_PROVIDER_AWAY;
    } else if (status >= 300 && status <= 399) {
        why = "redirects are not followed";
    } else if (status != 200 && !(accept_errors && status >= 400 && status <= 499)) {
        why = "only 200 is acceptable";
    } else if (r->encoded) {
        why = "the answer is compressed, which was not asked for";
    } else if (!type_fits(r, accept_type)) {
        why = "the answer's media type is not the one asked for";
    }
    if (why == NULL) return PROBLEM_NONE;
    *ret_why = why;
    return problem;
}

enum problem reply_judge_any(const struct reply *r, const char **ret_why)
{
    bool is_answer = (r->status >= 200 && r->status <= 299) || (r->status >= 400 && r->status <= 599);
    if (!is_answer || r->encoded) return reply_judge(r, LIT(""), false, ret_why);
    return PROBLEM_NONE;
}
