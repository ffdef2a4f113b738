/* descriptor_read_test.c -- provider files: what each mistake is answered with, what extends and variables make of a file, what the operator's
 * keys do to it. Wrong files are written as they would stand in a folder; the answer is line:column and sentence. */
#include "provider/descriptor_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "provider/descriptor_print.h"
#include "provider/descriptor_reading.h"

static struct arena *arena;
static struct complaints *told;
static struct descriptor_library *library;

static int open_library(void **state)
{
    (void)state;
    arena = arena_open(256 << 20);
    told = complaint_list(arena);
    library = descriptor_library_open(told);
    return 0;
}

static int close_library(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static void fresh(void)
{
    close_library(NULL);
    open_library(NULL);
}

static struct doc *yaml(const char *text)
{
    struct doc *root;
    if (doc_yaml(arena, "entry.yaml", slice_of(text), NULL, NULL, &root) != NULL) fail_msg("bad test YAML: %s", text);
    return root;
}

/* A whole file of which `more` takes the place of what the tests do not care about. */
static void file(const char *id, const char *text)
{
    descriptor_library_add(library, arena_print(arena, "p.d/%s.yaml", id).at, slice_of(text));
}

static const struct descriptor *read_alone(const char *id)
{
    struct descriptor_ask ask = {.complaints = told, .library = library, .id = slice_of(id)};
    return descriptor_read(&ask, NULL);
}

struct entry {
    const char *overlay, *variables, *require;
    bool tokens_kept;
};

static const struct descriptor *read_for(const char *id, struct entry e)
{
    struct descriptor_ask ask = {.complaints = told,
                                 .library = library,
                                 .id = slice_of(id),
                                 .place = yaml("use: it"),
                                 .overlay = e.overlay != NULL ? yaml(e.overlay) : NULL,
                                 .variables = e.variables != NULL ? yaml(e.variables) : NULL,
                                 .require = e.require != NULL ? yaml(e.require) : NULL,
                                 .tokens_kept = e.tokens_kept,
                                 .provider = LIT("corp")};
    return descriptor_read(&ask, NULL);
}

static const char *shown(void)
{
    struct buf text = buf_open(1 << 20);
    for (size_t i = 0; i < told->count; i++) {
        const struct complaint *c = &told->at[i];
        buf_print(&text, "%d:%d %.*s", c->line, c->column, SLICE_ARG(c->sentence));
        if (c->hint.len != 0) buf_print(&text, " [%.*s]", SLICE_ARG(c->hint));
        buf_byte(&text, '\n');
    }
    const char *copy = arena_text(arena, buf_slice(&text));
    buf_close(&text);
    return copy;
}

static void is(struct slice got, const char *want)
{
    if (!slice_is(got, slice_of(want))) fail_msg("got \"%.*s\", want \"%s\"\n%s", SLICE_ARG(got), want, shown());
}

#define HEAD      "id: it\nname: It\nprotocol: oauth2\n"
#define TAIL      "profile: { requests: [{ as: we, url: \"https://a.example/me\" }], map: { subject: /id } }\n"
#define ADDRESSES "endpoints: { authorization: \"https://a.example/a\", token: \"https://a.example/t\" }\n"

struct wrong {
    const char *text, *answer;
};

static const struct wrong wrongs[] = {
  /* the head */
    {"id: other\n",                                                                                                           "1:5 the id must be the file's name without .yaml: id: it\n"            },
    {"[]",                                                                                                                    "1:1 a provider file is a map of keys and values\n"                     },
    {"id: it\nprotocol: oauth2\n" TAIL,                                                                                       "1:1 a provider file needs a name: what people read on the button\n"    },
    {"id: it\nname: It\n" TAIL,                                                                                               "1:1 a provider file needs protocol: oidc, oauth2 or oauth1\n"          },
    {"id: it\nname: It\nprotocol: oauth3\n" TAIL,                                                                             "3:11 protocol must be one of: oidc oauth2 oauth1 [oauth2]\n"           },
    {HEAD "authorise: {}\n" TAIL,                                                                                             "4:1 unknown key \"authorise\" in a provider file [authorize]\n"        },
    {HEAD "authorize: { scope: [a] }\n" TAIL,                                                                                 "4:14 unknown key \"scope\" in authorize [scopes]\n"                    },
    {HEAD "token: nothing\n" TAIL,                                                                                            "4:8 token must be a section of keys with values\n"                     },
    {HEAD "status: old\n" TAIL,                                                                                               "4:9 status must be one of: current legacy\n"                           },
    {HEAD "extends: nobody\n" TAIL,                                                                                           "4:10 there is no provider file \"nobody\" to extend\n"                 },
    {HEAD "extends: githup\n" TAIL,                                                                                           "4:10 there is no provider file \"githup\" to extend [github]\n"        },
 /* variables */
    {HEAD "variables: { Tenant: {} }\n" TAIL,
     "4:14 a name begins with a letter and has a-z, 0-9, '_' and '-', at most 40 characters\n"                                                                                                        },
    {HEAD "variables: { base: { kind: adress } }\n" TAIL,                                                                     "4:28 kind must be one of: text path host url\n"                        },
    {HEAD "variables: { base: { kind: url, default: \"http://a.example\" } }\n" TAIL,
     "4:42 the variable must be https: secrets and tokens travel there\n"                                                                                                                             },
    {HEAD "variables: { base: { kind: url, default: \"https://a.example/?x\" } }\n" TAIL,
     "4:42 this variable is an address without a query\n"                                                                                                                                             },
    {HEAD "variables: { t: { default: \"a{code}\" } }\n" TAIL,
     "4:28 this variable has letters, digits and . _ ~ - only\n"                                                                                                                                      },
    {HEAD "variables: { p: { kind: path, default: \"/../x\" } }\n" TAIL,
     "4:40 this variable is a path: it begins with '/', does not end with one, and has letters, digits and . _ ~ -\n"                                                                                 },
    {HEAD "variables: { h: { kind: host, default: \"a.example/x\" } }\n" TAIL,
     "4:40 this variable is a host, such as login.example.org\n"                                                                                                                                      },
 /* addresses */
    {HEAD "endpoints: { token: \"http://a.example/t\" }\n" TAIL,
     "4:21 the address must be https: secrets and tokens travel there\n"                                                                                                                              },
    {HEAD "endpoints: { token: \"/t\" }\n" TAIL,
     "4:21 an address begins with https://, a host and a '/', or with an endpoint: no answer may decide where it leads\n"                                                                             },
    {HEAD "endpoints: { revocation: \"https://{me:subject}.example/\" }\n" TAIL,
     "4:26 an address begins with https://, a host and a '/', or with an endpoint: no answer may decide where it leads\n"                                                                             },
    {HEAD "endpoints: { token: [a] }\n" TAIL,                                                                                 "4:14 an endpoint is one address\n4:14 token must be one line of text\n"},
    {HEAD "issuer: \"https://a.example/?x=1\"\n" TAIL,                                                                        "4:9 an issuer has no query\n"                                          },
 /* templates */
    {HEAD "token: { params: { a: \"{devcie_id}\" } }\n" TAIL,
     "4:23 nobody sets {devcie_id}: it is no value of this place, no variable and no endpoint\n"                                                                                                      },
    {HEAD "token: { params: { a: \"{cod}\" } }\n" TAIL,
     "4:23 nobody sets {cod}: it is no value of this place, no variable and no endpoint [code]\n"                                                                                                     },
    {HEAD "token: { params: { a: \"{access_token}\" } }\n" TAIL,
     "4:23 {access_token} is not known yet at this place\n"                                                                                                                                           },
    {HEAD "token: { params: { a: \"{cb:device_id}\" } }\n" TAIL,                                                              "4:23 nobody sets {cb:device_id}\n"                                     },
    {HEAD "callback: { params: { device_id: text } }\ntoken: { params: { a: \"{cb:device}\" } }\n" TAIL,
     "5:23 nobody sets {cb:device} [device_id]\n"                                                                                                                                                     },
    {HEAD "authorize: { params: { a: \"{token:/x}\" } }\n" TAIL,                                                              "4:27 {token:...} is not known yet at this place\n"                     },
    {HEAD "token: { stored: { a: \"{token:x}\" } }\n" TAIL,
     "4:23 {token:...} takes a JSON pointer, which begins with '/'\n"                                                                                                                                 },
    {HEAD "authorize: { params: { a: \"{\" } }\n" TAIL,
     "4:27 a brace without its partner; a brace itself is written twice: {{ or }}\n"                                                                                                                  },
    {HEAD "authorize: { params: { a: \"{me { x } }\" } }\n" TAIL,
     "4:27 braces hold one name; a brace itself is written twice: {{ or }}\n"                                                                                                                         },
    {HEAD "authorize: { params: { a: \"{hmac_sha256_hex:client_id:code}\" } }\n" TAIL,
     "4:27 {hmac_sha256_hex:KEY:MESSAGE} takes two values that are known at this place\n"                                                                                                             },
    {HEAD "authorize: { params: { state: x } }\n" TAIL,
     "4:24 further parameters cannot set \"state\": the gateway does\n"                                                                                                                               },
    {HEAD "token: { headers: { Authorization: x } }\n" TAIL,                                                                  "4:21 Authorization is set by the gateway\n"                            },
    {HEAD "token: { headers: { \"A B\": x } }\n" TAIL,                                                                        "4:21 no name of a header\n"                                            },
 /* authorize, callback, token */
    {HEAD "authorize: { scopes: [\"a b\"] }\n" TAIL,
     "4:14 a scope has no space and no separator in it: write them as a list\n"                                                                                                                       },
    {HEAD "authorize: { state_max_length: 32 }\n" TAIL,
     "4:32 state_max_length must be a whole number from 43 to 1048576\n"                                                                                                                              },
    {HEAD "authorize: { pkce: S512 }\n" TAIL,                                                                                 "4:20 pkce must be one of: S256 none S256_hex\n"                        },
    {HEAD "callback: { params: { code: text } }\n" TAIL,                                                                      "4:29 code and state are read for every provider\n"                     },
    {HEAD "callback: { params: { user: xml } }\n" TAIL,                                                                       "4:29 user must be one of: text json\n"                                 },
    {HEAD "token: { auth: oauth1_hmac_sha1 }\n" TAIL,
     "4:16 oauth1_hmac_sha1 goes with protocol: oauth1, and only with it\n"                                                                                                                           },
    {HEAD "token: { auth: none }\nauthorize: { pkce: none }\n" TAIL,
     "5:20 a client without a secret needs pkce: anybody could redeem a stolen code\n"                                                                                                                },
    {HEAD "token: { response: { map: { expires_in: expires } } }\n" TAIL,
     "4:41 not a JSON pointer: it begins with '/', and has ~0 for '~' and ~1 for '/' in a name\n"                                                                                                     },
    {HEAD "token: { response: { map: { expires_in: /a~2 } } }\n" TAIL,
     "4:41 not a JSON pointer: it begins with '/', and has ~0 for '~' and ~1 for '/' in a name\n"                                                                                                     },
    {HEAD "token: { send_redirect_uri: sometimes }\n" TAIL,                                                                   "4:29 send_redirect_uri must be true or false\n"                        },
    {HEAD "token: { error: { success: { pointer: /ok } } }\n" TAIL,
     "4:19 success has a pointer and one of: equals, in, not_in, present\n"                                                                                                                           },
    {HEAD "token: { error: { success: { equals: 1 } } }\n" TAIL,
     "4:19 success has a pointer and one of: equals, in, not_in, present\n"                                                                                                                           },
    {HEAD "token: { error: { success: { pointer: /ok, equal: 1 } } }\n" TAIL,
     "4:44 unknown key \"equal\" in success [equals]\n"                                                                                                                                               },
    {HEAD "token: { error: { error_when: { pointer: /e, in: [[1]] } } }\n" TAIL,
     "4:46 in takes a plain value or a list of them\n"                                                                                                                                                },
 /* id_token */
    {HEAD "issuer: https://a.example\nid_token: { algorithms: [HS256] }\n" TAIL,
     "5:1 HS256 among the algorithms and hs256_key: client_secret go together\n"                                                                                                                      },
    {HEAD "issuer: https://a.example\nid_token: { algorithms: [none] }\n" TAIL,
     "5:13 \"none\" is no signature we verify\n"                                                                                                                                                      },
    {HEAD "issuer: https://a.example\nid_token: { guards: [{ claim: tid }] }\n" TAIL,
     "5:22 a guard has a claim, and either equals or not\n"                                                                                                                                           },
    {HEAD
     "issuer: https://a.example\nid_token: { guards: [{ claim: t, not: x, when: { variable: v, equals: a } }] }\n" TAIL,
     "5:42 there is no variable \"v\"\n"                                                                                                                                                              },
 /* profile */
    {HEAD,                                                                                                                    "1:1 a provider file needs profile.map with a subject\n"                },
    {HEAD "profile: { map: { email: /e } }\n",
     "4:12 subject must be one pointer: a list or a constant would make one person of two\n"                                                                                                          },
    {HEAD "profile: { map: { subject: [/a, /b] } }\n",
     "4:19 subject must be one pointer: a list or a constant would make one person of two\n"                                                                                                          },
    {HEAD "profile: { map: { subject: { const: x } } }\n",
     "4:19 subject must be one pointer: a list or a constant would make one person of two\n"                                                                                                          },
    {HEAD "profile: { map: { subject: id } }\n",
     "4:28 neither a pointer (\"/name\") nor a pointer into a document (\"token:/name\")\n"                                                                                                           },
    {HEAD "profile: { map: { subject: \"emials:/x\" }, requests: [{ as: emails, url: \"https://a.example/\" }] }\n",
     "4:28 there is no document \"emials\": a document is token, id_token, claims, callback, or the `as` of a request "
     "[emails]\n"                                                                                                                                                                                     },
    {HEAD "profile: { map: { subject: /s, mail: /m } }\n",                                                                    "4:32 unknown key \"mail\" in profile.map [email]\n"                    },
    {HEAD "profile: { source: me, map: { subject: /s } }\n",
     "4:20 source is the name of a document: id_token, claims, token, callback or the `as` of a request\n"                                                                                            },
    {HEAD "profile: { map: { subject: /s, name: { upper: /n } } }\n",                                                         "4:40 unknown key \"upper\" in a map value\n"                           },
    {HEAD "profile: { map: { subject: /s, name: [] } }\n",                                                                    "4:32 must be a list of 1 to 16 values\n"                               },
    {HEAD "profile: { map: { subject: /s, name: [[[[[[/n]]]]]] } }\n",
     "4:43 values are put into each other at most 4 deep\n"                                                                                                                                           },
    {HEAD "profile: { map: { subject: /s, name: true } }\n",
     "4:38 neither a pointer, a list of them, nor one of: const, present, bool, all_true, join, template, strip_query, each\n"                                                                        },
    {HEAD "profile: { map: { subject: /s, groups: { each: /g } } }\n",
     "4:32 each needs a value: what is taken of every item\n"                                                                                                                                         },
    {HEAD "profile: { map: { subject: /s, name: { template: \"{me:login}\" } } }\n",                                          "4:50 nobody sets {me:login}\n"                                         },
    {HEAD "profile: { map: { subject: /s, name: { template: \"{mee:/x}\" } } }\n",
     "4:50 {mee:...} is nothing a template knows at this place\n"                                                                                                                                     },
    {HEAD "profile: { requests: [{ url: \"https://a.example/\" }], map: { subject: /s } }\n",
     "4:23 a request needs a name: as: profile\n"                                                                                                                                                     },
    {HEAD
     "profile: { requests: [{ as: a, url: \"https://a.example/\" }, { as: a, url: \"https://a.example/\" }], map: { "
     "subject: /s } }\n",                                                                                                "4:67 there are two documents \"a\"\n"                                  },
    {HEAD "profile: { requests: [{ as: me, url: \"https://a.example/\" }], map: { subject: /s } }\n",
     "4:29 \"me\" means something else in templates: give it another name\n"                                                                                                                          },
    {HEAD "profile: { map: { subject: \"callback:/id\", email: [/e, { template: \"{callback:/e}\" }] } }\n",
     "4:28 subject cannot come from the callback: the person's own browser brought it\n"
     "4:44 email cannot come from the callback: the person's own browser brought it\n"                                                                                                                },
    {HEAD "profile: { requests: [{ as: a }], map: { subject: /s } }\n",                                                       "4:23 a request needs a url\n"                                          },
    {HEAD
     "profile: { requests: [{ as: a, url: \"https://a.example/\", body: { x: \"1\" }, method: GET }], map: { subject: /s } "
     "}\n",                                                                                                              "4:59 a GET request has no body: use query\n"                           },
    {HEAD "profile: { requests: [{ as: a, url: \"https://a.example/\", required: maybe }], map: { subject: /s } }\n",
     "4:69 required must be true, false or if_known\n"                                                                                                                                                },
    {HEAD "profile: { requests: [{ as: a, url: \"https://a.example/\", auth: oauth1 }], map: { subject: /s } }\n",
     "4:65 only oauth1 has a signature for requests\n"                                                                                                                                                },
    {HEAD "profile: { requests: [{ as: a, url: \"https://a.example/\", pick: { from: /v } }], map: { subject: /s } }\n",
     "4:59 pick needs where: { POINTER: VALUE }\n"                                                                                                                                                    },
 /* the rest */
    {HEAD "require: { orgs: { compare: any } }\n" TAIL,                                                                       "4:12 a check needs values: what is looked at\n"                        },
    {HEAD "refresh: { kind: exchange }\n" TAIL,                                                                               "4:1 kind: exchange needs a request\n"                                  },
    {HEAD "lifecycle: { deauthorize: { param: x } }\n" TAIL,                                                                  "4:14 deauthorize needs type: signed_request\n"                         },
    {HEAD "lifecycle: { deauthorise: {} }\n" TAIL,                                                                            "4:14 unknown key \"deauthorise\" in lifecycle [deauthorize]\n"         },
    {HEAD "api: { rate_limit: { statuses: [42] } }\n" TAIL,                                                                   "4:22 statuses are numbers from 200 to 599\n"                           },
    {HEAD "api: { rate_limit: { codes: [4] } }\n" TAIL,                                                                       "4:8 codes need code: where they stand\n"                               },
    {HEAD "brand: { color: blue }\n" TAIL,                                                                                    "4:17 color is written as \"#RRGGBB\"\n"                                },
};

static void every_mistake_is_told_with_its_place(void **state)
{
    (void)state;
    int differ = 0;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        fresh();
        file("it", wrongs[i].text);
        const struct descriptor *d = read_alone("it");
        if (d == NULL && strcmp(shown(), wrongs[i].answer) == 0) continue;
        differ++;
        print_error("%s--- want\n%s--- told%s\n%s\n", wrongs[i].text, wrongs[i].answer, d != NULL ? ", and taken" : "",
                    shown());
    }
    assert_int_equal(differ, 0);
}

static void several_mistakes_are_told_in_one_pass(void **state)
{
    (void)state;
    fresh();
    file("it", HEAD "authorize: { pkce: S5, scope: [a] }\nbrand: { color: red }\ntoken: { method: PUT }\n" TAIL);
    assert_null(read_alone("it"));
    assert_int_equal(told->errors, 4);
}

static void the_same_mistake_is_told_once_however_many_providers_use_the_file(void **state)
{
    (void)state;
    fresh();
    file("it", HEAD ADDRESSES "colour: red\n" TAIL);
    assert_null(read_alone("it"));
    assert_null(read_for("it", (struct entry){0}));
    assert_null(read_for("it", (struct entry){0}));
    assert_int_equal(told->errors, 1);
}

static void a_file_that_extends_has_what_it_does_not_say_itself(void **state)
{
    (void)state;
    fresh();
    file("under", "id: under\nname: Under\nprotocol: oauth2\n" ADDRESSES
                  "authorize: { scopes: [a, b], params: { x: \"1\", y: \"2\" } }\n"
                  "token: { auth: client_secret_post, error: { success: { pointer: /ok, equals: true } } }\n"
                  "profile: { map: { subject: /id, name: [/n, /m], email: /e } }\n");
    file("it", "id: it\nextends: under\nname: It\nauthorize: { scopes: [c], params: { y: null, z: \"3\" } }\n"
               "token: { error: { success: { pointer: /fine, present: true } } }\n"
               "profile: { map: { name: { const: x }, email: null } }\n");
    const struct descriptor *d = read_for("it", (struct entry){0});
    if (d == NULL) fail_msg("%s", shown());
    is(d->name, "It");
    is(d->scope, "c");
    assert_int_equal(d->token.auth, CLIENT_AUTH_POST);
    assert_int_equal(d->authorize_params.count, 2);
    is(d->authorize_params.at[0].name, "x");
    is(d->authorize_params.at[1].name, "z");
    is(d->token.error.success.pointer, "/fine");
    assert_true(d->token.error.success.presence);
    assert_null(d->token.error.success.values);
    assert_int_equal(d->profile.name.kind, MAP_CONST);
    assert_int_equal(d->profile.email.kind, MAP_NONE);
    is(d->profile.subject.text, "/id");
}

static void extends_in_a_circle_ends_with_the_chain(void **state)
{
    (void)state;
    fresh();
    file("a", "id: a\nextends: b\n");
    file("b", "id: b\nextends: a\n");
    assert_null(read_alone("a"));
    assert_string_equal(shown(), "2:10 extends goes in a circle, or more than 4 deep: a > b > a > b > a > b\n");
}

static void a_file_of_a_built_in_id_stands_in_its_place_and_may_extend_it(void **state)
{
    (void)state;
    fresh();
    file("oidc", "id: oidc\nextends: oidc\nname: Ours\nauthorize: { scopes: [openid] }\n");
    const struct descriptor *d = read_for("oidc", (struct entry){.overlay = "issuer: https://id.example"});
    if (d == NULL) fail_msg("%s", shown());
    is(d->name, "Ours");
    is(d->scope, "openid");
    is(d->origin, "p.d/oidc.yaml");
    assert_int_equal(d->profile.request_count, 1); /* the built-in file's */
}

#define VARIED                                                                                                       \
    HEAD "variables:\n  base: { kind: url, default: \"https://a.example\", note: \"of your server\" }\n"             \
         "  tenant: { required: true, note: \"your directory\" }\n  path: { kind: path }\n"                          \
         "endpoints: { authorization: \"{base}/{tenant}/a\", token: \"{base}{path}/t\", userinfo: \"{base}/me\" }\n" \
         "profile: { requests: [{ as: we, url: \"{userinfo}\" }], map: { subject: /id } }\n"

static void variables_are_filled_in_where_they_stand(void **state)
{
    (void)state;
    fresh();
    file("it", VARIED);
    const struct descriptor *d =
        read_for("it", (struct entry){.variables = "{ tenant: corp, base: \"https://b.example/\", path: /x }"});
    if (d == NULL) fail_msg("%s", shown());
    is(template_text(&d->endpoints[ENDPOINT_AUTHORIZATION]), "https://b.example/corp/a");
    is(template_text(&d->endpoints[ENDPOINT_TOKEN]), "https://b.example/x/t");
    is(template_text(&d->profile.requests[0].url), "https://b.example/me");
}

static void operators_are_told_which_variable_is_missing_wrong_or_unknown(void **state)
{
    (void)state;
    fresh();
    file("it", VARIED);
    assert_null(read_for("it", (struct entry){0}));
    assert_string_equal(shown(), "1:1 provider \"corp\" needs variables: { tenant: ... } (your directory)\n");
    fresh();
    file("it", VARIED);
    assert_null(read_for("it", (struct entry){.variables = "tenant: \"a/b\""}));
    assert_string_equal(shown(), "1:9 this variable has letters, digits and . _ ~ - only\n");
    fresh();
    file("it", VARIED);
    assert_null(read_for("it", (struct entry){.variables = "{ tenant: a, bsae: \"https://c.example\" }"}));
    assert_string_equal(shown(), "1:14 \"it\" has no variable \"bsae\" [base]\n");
    fresh();
    file("it", VARIED);
    assert_null(read_for("it", (struct entry){.variables = "{ tenant: \"{client_secret}\" }"}));
    assert_int_equal(told->errors, 1);
}

static void the_operators_keys_are_laid_on_top(void **state)
{
    (void)state;
    fresh();
    file("it", HEAD ADDRESSES "authorize: { scopes: [a], params: { x: \"1\" } }\n" TAIL);
    const struct descriptor *d = read_for(
        "it", (struct entry){.overlay = "{ endpoints: { token: \"https://b.example/t\" }, authorize: { scopes: [b], "
                                        "params: { y: \"{{2}}\" } }, profile: { map: { email: /mail } } }"});
    if (d == NULL) fail_msg("%s", shown());
    is(template_text(&d->endpoints[ENDPOINT_TOKEN]), "https://b.example/t");
    is(template_text(&d->endpoints[ENDPOINT_AUTHORIZATION]), "https://a.example/a");
    is(d->scope, "b");
    is(template_text(&d->authorize_params.at[1].value), "{2}");
    is(d->profile.email.text, "/mail");
}

static void the_offline_scope_is_asked_for_only_when_tokens_are_kept(void **state)
{
    (void)state;
    fresh();
    file("it", HEAD ADDRESSES "authorize: { scopes: [a], scope_separator: \",\", offline_scope: off, "
                              "offline_params: { access_type: offline } }\n" TAIL);
    /* off is a word YAML readers disagree on: it must be quoted */
    assert_null(read_for("it", (struct entry){0}));
    fresh();
    file("it", HEAD ADDRESSES "authorize: { scopes: [a], scope_separator: \",\", offline_scope: offline, "
                              "offline_params: { access_type: offline } }\n" TAIL);
    const struct descriptor *without = read_for("it", (struct entry){0});
    const struct descriptor *with = read_for("it", (struct entry){.tokens_kept = true});
    if (without == NULL || with == NULL) fail_msg("%s", shown());
    is(without->scope, "a");
    assert_int_equal(without->authorize_params.count, 0);
    is(with->scope, "a,offline");
    is(with->authorize_params.at[0].name, "access_type");
}

static void checks_are_switched_on_by_name_and_bring_their_scopes(void **state)
{
    static const char text[] = HEAD ADDRESSES
        "authorize: { scopes: [a] }\n"
        "require: { orgs: { scopes: [orgs], request: { url: \"https://a.example/orgs\" }, values: { each: \"orgs:\", value: "
        "/login }, ignore_case: true }, tenants: { values: /tid, compare: equals } }\n" TAIL;
    (void)state;
    fresh();
    file("it", text);
    const struct descriptor *d = read_for("it", (struct entry){.require = "orgs: [one, two]"});
    if (d == NULL) fail_msg("%s", shown());
    assert_int_equal(d->require_count, 1);
    is(d->require[0].name, "orgs");
    assert_int_equal(d->require[0].wanted.count, 2);
    is(d->require[0].wanted.at[1], "two");
    is(d->scope, "a orgs");
    assert_int_equal(d->require[0].request.document,
                     reading_document(&(struct reading){.d = (struct descriptor *)(uintptr_t)d}, LIT("orgs")));
    fresh();
    file("it", text);
    assert_null(read_for("it", (struct entry){.require = "{ org: one }"}));
    assert_string_equal(shown(), "1:3 \"it\" has no check \"org\"; it has: orgs, tenants\n");
    fresh();
    file("it", text);
    assert_null(read_for("it", (struct entry){.require = "{ orgs: [] }"}));
    assert_string_equal(shown(), "1:3 require.orgs is empty: nobody could sign in\n");
}

static void the_proof_of_the_secret_goes_with_every_call_that_has_the_token(void **state)
{
    (void)state;
    fresh();
    file(
        "it", HEAD ADDRESSES
        "api: { appsecret_proof: proof }\n"
        "profile: { requests: [{ as: a, url: \"https://a.example/a\" }, { as: b, auth: none, url: \"https://a.example/b\" }, "
        "{ as: c, auth: none, url: \"https://a.example/c\", query: { access_token: \"{access_token}\" } }], "
        "map: { subject: /id } }\n");
    const struct descriptor *d = read_for("it", (struct entry){0});
    if (d == NULL) fail_msg("%s", shown());
    const struct declared_request *q = d->profile.requests;
    assert_int_equal(q[0].query.count, 1);
    is(q[0].query.at[0].name, "proof");
    assert_true(template_uses(&q[0].query.at[0].value, TEMPLATE_CLIENT_SECRET));
    assert_int_equal(q[1].query.count, 0);
    assert_int_equal(q[2].query.count, 2);
}

static void guards_hold_for_the_variable_they_name(void **state)
{
    static const char text[] =
        "id: it\nname: It\nprotocol: oidc\nissuer: https://a.example\nauthorize: { scopes: [openid] }\n"
        "variables: { tenant: { default: common } }\n"
        "id_token: { guards: [{ claim: tid, not: x, when: { variable: tenant, equals: [work, school] } }, { claim: v, equals: "
        "[\"1\", \"2\"] }] }\nprofile: { map: { subject: /sub } }\n";
    (void)state;
    fresh();
    file("it", text);
    const struct descriptor *common = read_for("it", (struct entry){0});
    const struct descriptor *work = read_for("it", (struct entry){.variables = "tenant: work"});
    if (common == NULL || work == NULL) fail_msg("%s", shown());
    assert_int_equal(common->id_token.guard_count, 1);
    is(common->id_token.guards[0].claim, "v");
    assert_int_equal(work->id_token.guard_count, 2);
    assert_true(work->id_token.guards[0].negated);
}

static void a_provider_without_addresses_or_issuer_is_no_provider(void **state)
{
    (void)state;
    fresh();
    file("it", HEAD TAIL);
    assert_null(read_for("it", (struct entry){0}));
    assert_string_equal(shown(), "1:1 provider \"corp\" has no address for authorization\n");
    fresh();
    assert_null(read_for("oidc", (struct entry){0}));
    assert_string_equal(shown(),
                        "1:1 provider \"corp\" has no issuer: write it letter for letter as the provider spells it\n");
    fresh();
    assert_null(read_for("odic", (struct entry){0}));
    assert_int_equal(told->errors, 1);
}

static void what_is_printed_can_be_read_again_and_is_the_same(void **state)
{
    (void)state;
    fresh();
    size_t count;
    struct descriptor_listed *list = descriptor_library_list(library, &count);
    struct slice *texts = arena_array(arena, struct slice, count);
    struct arena *first = arena;
    for (size_t i = 0; i < count; i++) {
        struct buf out = buf_open(1 << 20);
        descriptor_print(&out, descriptor_library_find(library, list[i].id, NULL));
        texts[i] = arena_copy(first, buf_slice(&out));
        buf_close(&out);
    }
    arena = NULL;
    open_library(NULL);
    for (size_t i = 0; i < count; i++)
        descriptor_library_add(library, arena_print(arena, "p.d/%.*s.yaml", SLICE_ARG(list[i].id)).at, texts[i]);
    for (size_t i = 0; i < count; i++)
        if (read_alone(arena_text(arena, list[i].id)) == NULL) fail_msg("%s\n%.*s", shown(), SLICE_ARG(texts[i]));
    arena_close(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_is_told_with_its_place),
        cmocka_unit_test(several_mistakes_are_told_in_one_pass),
        cmocka_unit_test(the_same_mistake_is_told_once_however_many_providers_use_the_file),
        cmocka_unit_test(a_file_that_extends_has_what_it_does_not_say_itself),
        cmocka_unit_test(extends_in_a_circle_ends_with_the_chain),
        cmocka_unit_test(a_file_of_a_built_in_id_stands_in_its_place_and_may_extend_it),
        cmocka_unit_test(variables_are_filled_in_where_they_stand),
        cmocka_unit_test(operators_are_told_which_variable_is_missing_wrong_or_unknown),
        cmocka_unit_test(the_operators_keys_are_laid_on_top),
        cmocka_unit_test(the_offline_scope_is_asked_for_only_when_tokens_are_kept),
        cmocka_unit_test(checks_are_switched_on_by_name_and_bring_their_scopes),
        cmocka_unit_test(the_proof_of_the_secret_goes_with_every_call_that_has_the_token),
        cmocka_unit_test(guards_hold_for_the_variable_they_name),
        cmocka_unit_test(a_provider_without_addresses_or_issuer_is_no_provider),
        cmocka_unit_test(what_is_printed_can_be_read_again_and_is_the_same),
    };
    return cmocka_run_group_tests(tests, open_library, close_library);
}
