/* snapshot_test.c -- from a small configuration to the values requests will look at. */
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"

static const char base[] =
    "public_url: https://App.Example.com\n"
    "providers:\n"
    "  - { use: oidc, id: corp, issuer: 'https://id.example.com', client_id: v, client_secret: s3cret-s3cret }\n"
    "session: { store: 'redis://127.0.0.1/3' }\n"
    "backend: http://127.0.0.1:3000\n";

struct made {
    struct config *config;
    struct snapshot *s;
};

static struct made make(const char *more, const char *const *environment, enum config_purpose purpose,
                        const struct snapshot *old)
{
    static char text[8192];
    snprintf(text, sizeof text, "%s%s", base, more);
    struct config_text document = {"test", slice_of(text)};
    struct config_ask ask = {.environment = environment, .text = &document};
    struct made m = {config_read(&ask), NULL};
    m.s = config_build(m.config, &(struct config_use){.purpose = purpose, .old = old});
    return m;
}

static void drop(struct made m)
{
    config_close(m.config);
    snapshot_drop(m.s);
}

static bool is(struct slice s, const char *text)
{
    bool same = slice_is(s, slice_of(text));
    if (!same) print_error("\"%.*s\" is not \"%s\"\n", SLICE_ARG(s), text);
    return same;
}

static void a_small_configuration_has_safe_defaults(void **state)
{
    (void)state;
    struct made m = make("", NULL, CONFIG_DEMO, NULL);
    assert_non_null(m.s);
    assert_true(is(m.s->public_origin, "https://app.example.com"));
    assert_true(is(m.s->public_host, "app.example.com"));
    assert_true(is(m.s->prefix, "/_vestibule"));
    assert_true(is(m.s->session.cookie_name, "__Host-vestibule"));
    assert_true(m.s->session.cookie.secure && m.s->session.cookie.http_only);
    assert_int_equal(m.s->session.cookie.same_site, COOKIE_LAX);
    assert_int_equal(m.s->session.lifetime_s, 7 * 86400);
    assert_int_equal(m.s->session.idle_s, 12 * 3600);
    assert_int_equal(m.s->trusted_count, 0);
    assert_int_equal(m.s->limits.body_bytes, 10 << 20);
    assert_int_equal(m.s->rule_count, 1);
    assert_int_equal(m.s->rules[0].allow, ALLOW_SIGNED_IN);
    assert_true(is(m.s->rules[0].path, "/**"));
    assert_int_equal(m.s->store.kind, STORE_REDIS);
    assert_int_equal(m.s->store.database, 3);
    assert_int_equal(m.s->store.target.port, 6379);
    assert_int_equal(m.s->listener_count, 2);
    assert_true(m.s->has_metrics_listener);
    assert_true(m.s->listeners[1].first_worker_only);
    assert_int_equal(m.s->generation, 1);
    assert_false(m.s->https_redirect);
    drop(m);
}

static void a_provider_has_safe_defaults(void **state)
{
    (void)state;
    struct made m = make("", NULL, CONFIG_DEMO, NULL);
    assert_non_null(m.s);
    const struct provider *p = m.s->providers[0];
    const struct descriptor *d = p->descriptor;
    assert_true(is(d->scope, "openid profile email"));
    assert_true(d->pkce == PKCE_S256 && d->nonce == NONCE_DEMANDED && d->id_token.required);
    assert_true(p->require_verified_email && d->profile.request_count == 1 && d->profile.requests[0].joins_claims);
    assert_false(p->allow_private || p->allow_http);
    assert_int_equal(p->algorithms, JOSE_ASYMMETRIC);
    assert_int_equal(p->client_auth, CLIENT_AUTH_BASIC);
    assert_int_equal(p->tokens, TOKENS_DISCARD);
    assert_true(is(d->profile.subject.text, "/sub"));
    assert_true(secret_same(p->client_secret, LIT("s3cret-s3cret")));
    drop(m);
}

static void claim_paths_become_pointers(void **state)
{
    (void)state;
    const char *const environment[] = {"VESTIBULE_PROVIDERS_CORP_CLAIMS_GROUPS=realm_access.roles",
                                       "VESTIBULE_PROVIDERS_CORP_CLAIMS_NAME=/a/b~1c",
                                       "VESTIBULE_PROVIDERS_CORP_CLAIMS_EMAIL=https://example.com/email", NULL};
    struct made m = make("", environment, CONFIG_DEMO, NULL);
    assert_non_null(m.s);
    assert_true(is(m.s->providers[0]->descriptor->profile.groups.text, "/realm_access/roles"));
    assert_true(is(m.s->providers[0]->descriptor->profile.name.text, "/a/b~1c"));
    assert_true(is(m.s->providers[0]->descriptor->profile.email.text, "/https:~1~1example.com~1email"));
    drop(m);
}

static void the_environment_wins_over_files_and_changes_one_key(void **state)
{
    (void)state;
    const char *const environment[] = {"VESTIBULE_SESSION_IDLE=1h",
                                       "VESTIBULE_PROVIDERS_CORP_NAME=Staff",
                                       "VESTIBULE_PROVIDERS_MY_SECOND_ISSUER=https://two.example.com",
                                       "VESTIBULE_PROVIDERS_MY_SECOND_CLIENT_ID=x",
                                       "VESTIBULE_PROVIDERS_MY_SECOND_CLIENT_AUTH=none",
                                       NULL};
    struct made m = make("", environment, CONFIG_DEMO, NULL);
    assert_non_null(m.s);
    assert_int_equal(m.s->session.idle_s, 3600);
    assert_int_equal(m.s->provider_count, 2);
    assert_true(is(m.s->providers[0]->name, "Staff"));
    assert_true(is(m.s->providers[0]->client_id, "v"));
    assert_true(is(m.s->providers[1]->id, "my-second"));
    drop(m);
}

static void a_later_file_changes_list_entries_by_id(void **state)
{
    (void)state;
    char folder[] = "/tmp/vestibule-merge-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/later.yaml", folder);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs("access:\n  - { id: rest, allow: { groups: [staff] } }\n"
                      "trusted_proxies: [192.0.2.0/24]\n",
                      f) >= 0);
    fclose(f);
    static char text[4096];
    snprintf(text, sizeof text,
             "%strusted_proxies: [10.0.0.0/8, 10.1.0.0/16]\naccess:\n"
             "  - { id: health, path: /healthz, allow: everyone }\n"
             "  - { id: rest, path: /app/**, allow: signed_in, otherwise: hide }\n",
             base);
    struct config_text document = {"test", slice_of(text)};
    const char *const folders[] = {folder};
    struct config_ask ask = {.text = &document, .paths = folders, .path_count = 1};
    struct made m = {config_read(&ask), NULL};
    m.s = config_build(m.config, &(struct config_use){.purpose = CONFIG_DEMO});
    assert_non_null(m.s);
    assert_int_equal(m.s->rule_count, 2);
    assert_int_equal(m.s->rules[0].allow, ALLOW_EVERYONE);
    assert_true(is(m.s->rules[1].path, "/app/**"));
    assert_int_equal(m.s->rules[1].allow, ALLOW_SOME);
    assert_int_equal(m.s->rules[1].otherwise, OTHERWISE_HIDE);
    assert_int_equal(m.s->trusted_count, 1);
    drop(m);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_variable_from_the_environment_stays_one_value(void **state)
{
    (void)state;
    const char *const environment[] = {"NAME=x\", accent: \"#ffffff", NULL};
    struct made m = make("sign_in: { name: '${NAME}' }\n", environment, CONFIG_DEMO, NULL);
    assert_non_null(m.s);
    assert_true(is(m.s->site_name, "x\", accent: \"#ffffff"));
    drop(m);
}

static void providers_stand_in_the_order_asked_for(void **state)
{
    (void)state;
    const char *const environment[] = {"VESTIBULE_PROVIDERS_CORP_ORDER=5",
                                       "VESTIBULE_PROVIDERS_B_ISSUER=https://b.example.com",
                                       "VESTIBULE_PROVIDERS_B_CLIENT_ID=x",
                                       "VESTIBULE_PROVIDERS_B_CLIENT_SECRET=yyyyyyyy",
                                       "VESTIBULE_PROVIDERS_C_ISSUER=https://c.example.com",
                                       "VESTIBULE_PROVIDERS_C_CLIENT_ID=x",
                                       "VESTIBULE_PROVIDERS_C_CLIENT_SECRET=yyyyyyyy",
                                       NULL};
    struct made m = make("", environment, CONFIG_DEMO, NULL);
    assert_non_null(m.s);
    assert_int_equal(m.s->provider_count, 3);
    assert_true(is(m.s->providers[0]->id, "b") && is(m.s->providers[1]->id, "c") && is(m.s->providers[2]->id, "corp"));
    drop(m);
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
}

#define PLATFORM(id, version)                                                                         \
    "id: " id "\nname: Some\nprotocol: oidc\nissuer: https://" id ".example\nendpoints: { userinfo: " \
    "\"https://" id ".example/" version "\" }\nauthorize: { scopes: [openid] }\nprofile: { map: { subject: /sub } }\n"

/* What was learned of a provider (metadata, keys) outlives a reload, unless its file changed what it was learned from. */
static void a_changed_provider_file_is_learned_anew_and_no_other(void **state)
{
    (void)state;
    char folder[] = "/tmp/vestibule-files-XXXXXX", more[512], path[64];
    assert_non_null(mkdtemp(folder));
    put(folder, "one.yaml", PLATFORM("one", "v1"));
    put(folder, "two.yaml", PLATFORM("two", "v1"));
    snprintf(more, sizeof more, "provider_folder: %s\naccess: [{ id: a, path: /**, allow: signed_in }]\n", folder);
    static char whole[4096];
    snprintf(whole, sizeof whole,
             "%.*s  - { use: one, client_id: a, client_secret: s3cret-s3cret }\n"
             "  - { use: two, client_id: a, client_secret: s3cret-s3cret }\n%s%s",
             (int)(strstr(base, "session:") - base), base, strstr(base, "session:"), more);
    struct config_text document = {"test", slice_of(whole)};
    struct config_ask ask = {.text = &document};
    struct config *first = config_read(&ask);
    struct snapshot *s = config_build(first, &(struct config_use){.purpose = CONFIG_DEMO});
    if (s == NULL) print_error("%.*s\n", SLICE_ARG(config_complaints(first)->at[0].sentence));
    assert_non_null(s);
    put(folder, "two.yaml", PLATFORM("two", "v2"));
    struct config *second = config_read(&ask);
    struct snapshot *t = config_build(second, &(struct config_use){.purpose = CONFIG_DEMO, .old = s});
    assert_non_null(t);
    assert_int_equal(t->provider_count, 3);
    assert_ptr_equal(t->providers[0]->state, s->providers[0]->state);
    assert_ptr_equal(t->providers[1]->state, s->providers[1]->state);
    assert_ptr_not_equal(t->providers[2]->state, s->providers[2]->state);
    assert_true(
        is(template_text(&t->providers[2]->descriptor->endpoints[ENDPOINT_USERINFO]), "https://two.example/v2"));
    assert_true(
        is(template_text(&s->providers[2]->descriptor->endpoints[ENDPOINT_USERINFO]), "https://two.example/v1"));
    config_close(first);
    config_close(second);
    snapshot_drop(s);
    snapshot_drop(t);
    snprintf(path, sizeof path, "%s/one.yaml", folder);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/two.yaml", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_cookie_domain_changes_the_prefix(void **state)
{
    (void)state;
    struct made m = make("cookie: { domain: example.com, name: gate }\n", NULL, CONFIG_DEMO, NULL);
    assert_non_null(m.s);
    assert_true(is(m.s->session.cookie_name, "__Secure-gate"));
    assert_true(is(m.s->session.cookie.domain, "example.com"));
    drop(m);
}

static void rules_and_people_are_lower_case_where_that_is_equal(void **state)
{
    (void)state;
    struct made m = make(
        "access:\n  - { host: APP.example.com, allow: { emails: [Ada@Example.com], groups: [Ops] }, otherwise: hide }\n",
        NULL, CONFIG_DEMO, NULL);
    assert_non_null(m.s);
    assert_true(is(m.s->rules[0].host, "app.example.com"));
    assert_true(is(m.s->rules[0].people.emails.at[0], "ada@example.com"));
    assert_true(is(m.s->rules[0].people.groups.at[0], "Ops"));
    assert_int_equal(m.s->rules[0].allow, ALLOW_SOME);
    assert_int_equal(m.s->rules[0].otherwise, OTHERWISE_HIDE);
    drop(m);
}

static void a_backend_without_audience_keeps_the_default_empty(void **state)
{
    (void)state;
    struct made m = make("token: { audience: apps }\n", NULL, CONFIG_DEMO, NULL);
    assert_non_null(m.s);
    assert_int_equal(m.s->backend_count, 1);
    assert_true(is(m.s->backends[0].audience, "apps"));
    assert_true(is(m.s->backends[0].backend.authority, "127.0.0.1:3000"));
    assert_true(m.s->backends[0].keep_host);
    assert_int_equal(m.s->backends[0].backend.port, 3000);
    assert_int_equal(m.s->backends[0].backend.connect_ms, 2000);
    drop(m);
}

static void a_wrong_configuration_gives_nothing_and_frees_everything(void **state)
{
    (void)state;
    struct made m = make("listen: nowhere\nbackends: [{ url: 'https://127.0.0.1:1' }]\n", NULL, CONFIG_RUN, NULL);
    assert_null(m.s);
    assert_int_equal(config_complaints(m.config)->errors, 2);
    drop(m);
}

static void keys_are_made_once_and_private(void **state)
{
    (void)state;
    char folder[] = "/tmp/vestibule-state-XXXXXX", key[128], command[256], variable[128];
    struct stat st;
    assert_non_null(mkdtemp(folder));
    snprintf(variable, sizeof variable, "STATE_DIRECTORY=%s/inner", folder);
    snprintf(key, sizeof key, "%s/inner/session.key", folder);
    const char *const environment[] = {variable, NULL};
    struct made check = make("", environment, CONFIG_CHECK, NULL);
    assert_non_null(check.s);
    assert_int_not_equal(stat(key, &st), 0); /* a check makes nothing */
    drop(check);
    struct made first = make("", environment, CONFIG_RUN, NULL);
    assert_non_null(first.s);
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct made second = make("", environment, CONFIG_RUN, first.s);
    assert_non_null(second.s);
    assert_int_equal(second.s->generation, 2);
    assert_true(slice_is(keyring_id(first.s->keys, 0), keyring_id(second.s->keys, 0)));
    assert_true(slice_is(signing_keys_jwks(first.s->signing_keys), signing_keys_jwks(second.s->signing_keys)));
    drop(first);
    drop(second);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void without_a_state_folder_a_shared_store_is_refused(void **state)
{
    (void)state;
    const char *const environment[] = {"STATE_DIRECTORY=/proc/nowhere", NULL};
    struct made redis = make("", environment, CONFIG_RUN, NULL);
    assert_null(redis.s);
    drop(redis);
    const char *const memory[] = {"STATE_DIRECTORY=/proc/nowhere", "VESTIBULE_SESSION_STORE=memory://", NULL};
    struct made m = make("", memory, CONFIG_RUN, NULL);
    assert_non_null(m.s);
    assert_int_equal(config_complaints(m.config)->warnings, 2);
    drop(m);
}

static void what_a_reload_cannot_change_is_named(void **state)
{
    (void)state;
    struct arena *a = arena_open(1 << 16);
    struct made first = make("", NULL, CONFIG_DEMO, NULL);
    const char *const other[] = {"VESTIBULE_LISTEN=127.0.0.1:9999", "VESTIBULE_SERVER_WORKERS=77",
                                 "VESTIBULE_SESSION_STORE=redis://elsewhere", "VESTIBULE_METRICS_LISTEN=none", NULL};
    struct made second = make("", other, CONFIG_DEMO, first.s);
    struct made third = make("sign_in: { name: Other }\n", NULL, CONFIG_DEMO, first.s);
    assert_true(
        is(config_needs_restart(a, first.s, second.s), "listen, metrics.listen, server.workers, session.store"));
    assert_true(is(config_needs_restart(a, first.s, third.s), ""));
    const char *const word[] = {"VESTIBULE_SESSION_STORE_PASSWORD=another", "VESTIBULE_SESSION_STORE_USERNAME=gate",
                                "VESTIBULE_SESSION_STORE_KEY_PREFIX=x:", "VESTIBULE_SESSION_STORE_TIMEOUT=2s", NULL};
    struct made fourth = make("", word, CONFIG_DEMO, first.s), fifth = make("", word, CONFIG_DEMO, fourth.s);
    assert_true(is(config_needs_restart(a, first.s, fourth.s),
                   "session.store_username, session.store_password, session.store_key_prefix, session.store_timeout"));
    assert_true(is(config_needs_restart(a, fourth.s, fifth.s), ""));
    drop(fifth);
    drop(fourth);
    drop(first);
    drop(second);
    drop(third);
    arena_close(a);
}

/* A cluster's secret that was made with echo has one, in a variable as in a file. */
static void a_line_end_behind_a_secret_is_no_part_of_it(void **state)
{
    (void)state;
    const char *const environment[] = {"VESTIBULE_PROVIDERS_CORP_CLIENT_SECRET=with-a-line-end\n",
                                       "VESTIBULE_SESSION_STORE_PASSWORD=two words\r\n", NULL};
    struct made m = make("", environment, CONFIG_DEMO, NULL);
    assert_non_null(m.s);
    assert_true(secret_same(m.s->providers[0]->client_secret, LIT("with-a-line-end")));
    assert_true(secret_same(m.s->store.password, LIT("two words")));
    drop(m);
    const char *const nothing[] = {"VESTIBULE_PROVIDERS_CORP_CLIENT_SECRET=\n", NULL};
    m = make("", nothing, CONFIG_DEMO, NULL);
    assert_null(m.s);
    drop(m);
}

static void secrets_are_not_printed(void **state)
{
    (void)state;
    const char *const environment[] = {"VESTIBULE_SESSION_STORE_PASSWORD=hunter2", NULL};
    struct made m = make("", environment, CONFIG_DEMO, NULL);
    struct buf out = buf_open(1 << 20);
    config_print(m.config, &out);
    assert_true(slice_find(buf_slice(&out), LIT("hunter2")) == SLICE_NONE);
    assert_true(slice_find(buf_slice(&out), LIT("s3cret")) == SLICE_NONE);
    assert_true(slice_find(buf_slice(&out), LIT("store_password: •••")) != SLICE_NONE);
    assert_true(slice_find(buf_slice(&out), LIT("# VESTIBULE_SESSION_STORE_PASSWORD")) != SLICE_NONE);
    assert_true(slice_find(buf_slice(&out), LIT("# test:1\n")) != SLICE_NONE);
    assert_true(slice_find(buf_slice(&out), LIT("# default\n")) != SLICE_NONE);
    buf_close(&out);
    drop(m);
}

static void a_snapshot_lives_until_the_last_reference(void **state)
{
    (void)state;
    struct made m = make("", NULL, CONFIG_DEMO, NULL);
    struct snapshot *again = snapshot_keep(m.s);
    drop(m);
    assert_true(is(again->public_host, "app.example.com"));
    snapshot_drop(again);
    snapshot_drop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_configuration_has_safe_defaults),
        cmocka_unit_test(a_provider_has_safe_defaults),
        cmocka_unit_test(claim_paths_become_pointers),
        cmocka_unit_test(the_environment_wins_over_files_and_changes_one_key),
        cmocka_unit_test(a_later_file_changes_list_entries_by_id),
        cmocka_unit_test(a_variable_from_the_environment_stays_one_value),
        cmocka_unit_test(providers_stand_in_the_order_asked_for),
        cmocka_unit_test(a_changed_provider_file_is_learned_anew_and_no_other),
        cmocka_unit_test(a_cookie_domain_changes_the_prefix),
        cmocka_unit_test(rules_and_people_are_lower_case_where_that_is_equal),
        cmocka_unit_test(a_backend_without_audience_keeps_the_default_empty),
        cmocka_unit_test(a_wrong_configuration_gives_nothing_and_frees_everything),
        cmocka_unit_test(keys_are_made_once_and_private),
        cmocka_unit_test(without_a_state_folder_a_shared_store_is_refused),
        cmocka_unit_test(what_a_reload_cannot_change_is_named),
        cmocka_unit_test(a_line_end_behind_a_secret_is_no_part_of_it),
        cmocka_unit_test(secrets_are_not_printed),
        cmocka_unit_test(a_snapshot_lives_until_the_last_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
