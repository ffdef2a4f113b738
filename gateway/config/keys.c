/* keys.c -- the top of the configuration and the sections about people: sessions, cookies, tokens, access, backends, the page. */
#include "config/keys.h"

#include "config/keys_tables.h"

static const struct key session[] = {
    {.name = "store",
     .type = KEY_TEXT,
     .required = true,
     .example = "redis://127.0.0.1:6379/0",
     .meaning =
         "redis://host:port/db, rediss:// for TLS, redis+unix:///path?db=0; or memory://, which forgets everybody at restart and "
         "serves one process only"},
    {.name = "store_username", .type = KEY_TEXT, .meaning = "ACL user; the default user when not given"},
    {.name = "store_password",
     .rank = KEY_COMMON,
     .type = KEY_SECRET,
     .example = "redis_password",
     .meaning = "never in the address"},
    {.name = "store_ca_file", .type = KEY_FILE, .meaning = "trust these roots, not the system's"},
    {.name = "store_client_certificate", .type = KEY_FILE, .meaning = "PEM; shown to the store"},
    {.name = "store_client_key", .type = KEY_FILE, .meaning = "PEM; its private key"},
    {.name = "store_timeout",
     .type = KEY_DURATION,
     .fallback = "500ms",
     .least = 10,
     .most = 30000,
     .meaning = "of one command; then the store counts as away (503, nobody is signed out)"},
    {.name = "store_key_prefix",
     .type = KEY_TEXT,
     .fallback = "vestibule:",
     .example = "\"vestibule:\"",
     .meaning = "before every key in the store"},
    {.name = "lifetime",
     .rank = KEY_COMMON,
     .type = KEY_DURATION,
     .fallback = "7d",
     .least = 60000,
     .most = (int64_t)400 * 86400 * 1000,
     .meaning = "after it everybody signs in again"},
    {.name = "idle",
     .rank = KEY_COMMON,
     .type = KEY_DURATION,
     .fallback = "12h",
     .least = 60000,
     .most = (int64_t)400 * 86400 * 1000,
     .meaning = "a session that nobody used for so long is over"},
    {.name = "max_per_user",
     .type = KEY_INTEGER,
     .fallback = "20",
     .least = 1,
     .most = 1000,
     .meaning = "sessions that one person may have at a time; a further sign-in ends the oldest"},
    {.name = "revocation_cache",
     .type = KEY_DURATION,
     .fallback = "5s",
     .most = 60000,
     .meaning = "how long an ended session may pass when the store's push does not arrive"},
    {.name = "keys",
     .type = KEY_LIST,
     .of = KEY_FILE,
     .example = "[session-key-2, session-key-1]",
     .meaning =
         "files with 32 random bytes each (vestibule secret makes one). The first seals and signs, all of them open and "
         "verify. Not given: one is made at first start in the state folder; replicas need the same"},
};

static const struct key cookie[] = {
    {.name = "name",
     .type = KEY_TEXT,
     .fallback = "vestibule",
     .meaning = "__Host- is put before it, or __Secure- with a domain"},
    {.name = "domain",
     .type = KEY_TEXT,
     .example = "example.com",
     .meaning = "share the session with every host below it. Not given: this host only, which is safer"},
    {.name = "same_site",
     .type = KEY_WORD,
     .words = "lax strict none",
     .fallback = "lax",
     .meaning = "none: also sent inside foreign pages"},
};

static const struct key token[] = {
    {.name = "keys",
     .type = KEY_PATH,
     .example = "/var/lib/vestibule/keys",
     .meaning = "folder of signing keys, made at first start; keys below state when not given"},
    {.name = "issuer", .type = KEY_TEXT, .meaning = "claim iss; public_url when not given"},
    {.name = "audience", .type = KEY_TEXT, .meaning = "claim aud; the origin of the backend when not given"},
    {.name = "lifetime",
     .type = KEY_DURATION,
     .fallback = "5m",
     .least = 10000,
     .most = 300000,
     .meaning = "at most 5m"},
};

static const struct key headers[] = {
    {.name = "preset",
     .type = KEY_WORD,
     .words = "standard oauth2-proxy authelia pomerium none",
     .fallback = "standard",
     .meaning = "the names under which applications learn who it is"},
    {.name = "strip",
     .type = KEY_LIST,
     .of = KEY_HEADER,
     .example = "[X-Internal-User]",
     .meaning = "further headers that no client may send; those of every preset never pass anyway"},
};

static const struct key backend_timeout[] = {
    {.name = "connect",
     .type = KEY_DURATION,
     .fallback = "2s",
     .least = 10,
     .most = 60000,
     .meaning = "till connected"},
    {.name = "response",
     .type = KEY_DURATION,
     .fallback = "30s",
     .least = 10,
     .most = 3600000,
     .meaning = "till the answer begins"},
    {.name = "idle",
     .type = KEY_DURATION,
     .fallback = "75s",
     .least = 10,
     .most = 86400000,
     .meaning = "between two pieces of it"},
};
static const struct key backend_tls[] = {
    {.name = "ca_file", .type = KEY_FILE, .meaning = "trust these roots, not the system's"},
    {.name = "name",
     .type = KEY_TEXT,
     .meaning = "the name its certificate must carry; the host of url when not given"},
    {.name = "client_certificate", .type = KEY_FILE, .meaning = "PEM; shown to the application"},
    {.name = "client_key", .type = KEY_FILE, .meaning = "PEM; its private key"},
    {.name = "insecure",
     .type = KEY_SWITCH,
     .fallback = "false",
     .meaning = "believe any certificate; for experiments"},
};
static const struct key backend_headers[] = {
    {.name = "preset",
     .type = KEY_WORD,
     .words = "standard oauth2-proxy authelia pomerium none",
     .example = "oauth2-proxy",
     .meaning = "headers.preset when not given"},
};

static const struct key backend[] = {
    {.name = "id",
     .rank = KEY_SHOWN,
     .type = KEY_ID,
     .example = "app",
     .meaning = "in logs and metrics; the position when not given"},
    {.name = "host",
     .type = KEY_TEXT,
     .example = "app.example.com",
     .meaning = "requests for this host; any when not given"},
    {.name = "path",
     .type = KEY_TEXT,
     .fallback = "/**",
     .meaning = "requests for these paths; the first backend that fits is asked"},
    {.name = "url",
     .type = KEY_TEXT,
     .required = true,
     .example = "http://127.0.0.1:3000",
     .meaning = "http://host:port, https://host:port, or http+unix:///path/to/socket"},
    {.name = "strip_prefix",
     .type = KEY_TEXT,
     .example = "/app",
     .meaning = "cut off the head of the path before it is sent"},
    {.name = "host_header",
     .type = KEY_WORD,
     .words = "client backend",
     .fallback = "client",
     .meaning = "whose name the application sees: what the browser asked for, or its own"},
    {.name = "timeout",
     .type = KEY_SECTION,
     .inside = KEY_TABLE(backend_timeout),
     .meaning = "how long we wait for it"},
    {.name = "keep_alive",
     .type = KEY_INTEGER,
     .fallback = "64",
     .most = 65536,
     .meaning = "idle connections kept, per worker"},
    {.name = "max_connections",
     .type = KEY_INTEGER,
     .fallback = "0",
     .most = 65536,
     .meaning = "per worker; 0: no limit"},
    {.name = "websockets", .type = KEY_SWITCH, .fallback = "true", .meaning = "pass websockets on"},
    {.name = "tls", .type = KEY_SECTION, .inside = KEY_TABLE(backend_tls), .meaning = "for https"},
    {.name = "headers",
     .type = KEY_SECTION,
     .inside = KEY_TABLE(backend_headers),
     .meaning = "other names for this one"},
    {.name = "audience",
     .type = KEY_TEXT,
     .meaning = "claim aud of its identity token; token.audience, else its origin"},
    {.name = "access",
     .type = KEY_ITEMS,
     .inside = &keys_access_table,
     .like = "access[]",
     .example = "[{ path: /app/admin/**, allow: { groups: [ops] } }]",
     .has_id = true,
     .meaning =
         "rules of its own: for requests to this backend they decide alone, and those at the top do not. Not given: those at the "
         "top"},
    {.name = "access_token",
     .type = KEY_WORD,
     .words = "none header bearer",
     .fallback = "none",
     .meaning =
         "whether it gets the access token of the person's provider (tokens: session there): in X-Auth-Access-Token "
         "(X-Forwarded-Access-Token with preset oauth2-proxy), or as Authorization: Bearer in place of the client's own. Fresh "
         "while the provider answers; absent when there is none"},
};

static const struct key forward_auth[] = {
    {.name = "cache",
     .type = KEY_DURATION,
     .fallback = "0s",
     .most = 60000,
     .meaning =
         "how long nginx may keep a yes (X-Accel-Expires); so long an ended session may still pass. Its key must hold the "
         "cookie, host, method and address (deploy/nginx)"},
};

static const struct key site[] = {
    {.name = "id",
     .type = KEY_ID,
     .required = true,
     .example = "shop",
     .meaning = "its name in sessions. Never change it later: its sessions carry it"},
    {.name = "public_url",
     .type = KEY_URL,
     .required = true,
     .example = "https://shop.example.net",
     .meaning = "where browsers reach this site; its redirect URIs follow from it"},
    {.name = "cookie_domain",
     .type = KEY_TEXT,
     .example = "example.net",
     .meaning = "share its sessions with every host below it. Not given: this host only"},
    {.name = "cookie_name",
     .type = KEY_TEXT,
     .meaning = "cookie.name when not given; another one where two domains overlap"},
    {.name = "providers",
     .type = KEY_LIST,
     .of = KEY_ID,
     .example = "[corp, guests]",
     .meaning = "who vouches for people there, in this order; all when not given"},
    {.name = "redirects",
     .type = KEY_LIST,
     .of = KEY_TEXT,
     .example = "[https://docs.example.net]",
     .meaning = "as sign_in.redirects; hosts listed here belong to this site"},
    {.name = "name", .type = KEY_TEXT, .meaning = "whose page it is; the host of its public_url when not given"},
    {.name = "logo",
     .type = KEY_FILE,
     .example = "shop.svg",
     .meaning = "SVG or PNG, at most 256 KiB; sign_in.logo when not given"},
    {.name = "accent", .type = KEY_TEXT, .meaning = "colour of the main button; sign_in.accent when not given"},
    {.name = "message", .type = KEY_TEXT, .meaning = "one sentence above the buttons; sign_in.message when not given"},
    {.name = "terms", .type = KEY_URL, .meaning = "sign_in.terms when not given"},
    {.name = "privacy", .type = KEY_URL, .meaning = "sign_in.privacy when not given"},
    {.name = "help", .type = KEY_TEXT, .meaning = "sign_in.help when not given"},
};

static const struct key sign_in[] = {
    {.name = "name",
     .rank = KEY_COMMON,
     .type = KEY_TEXT,
     .example = "Example",
     .meaning = "whose page this is; the host of public_url when not given"},
    {.name = "logo",
     .rank = KEY_COMMON,
     .type = KEY_FILE,
     .example = "logo.svg",
     .meaning = "SVG or PNG, at most 256 KiB"},
    {.name = "accent", .type = KEY_TEXT, .example = "\"#0a6b6b\"", .meaning = "colour of the main button"},
    {.name = "message",
     .type = KEY_TEXT,
     .example = "Staff only.",
     .meaning = "one sentence above the buttons; text, never HTML"},
    {.name = "terms",
     .rank = KEY_COMMON,
     .type = KEY_URL,
     .example = "https://example.com/terms",
     .meaning = "link below the buttons"},
    {.name = "privacy",
     .rank = KEY_COMMON,
     .type = KEY_URL,
     .example = "https://example.com/privacy",
     .meaning = "link below the buttons"},
    {.name = "help",
     .type = KEY_TEXT,
     .example = "mailto:help@example.com",
     .meaning = "whom to ask: https:// or mailto:"},
    {.name = "primary",
     .type = KEY_INTEGER,
     .fallback = "4",
     .least = 1,
     .most = 50,
     .meaning = "full-width buttons; further ones stand in pairs"},
    {.name = "buttons",
     .type = KEY_WORD,
     .words = "neutral official",
     .fallback = "neutral",
     .meaning =
         "official: each button in its owner's colours and, in English, words, for reviews that insist; some of these colours "
         "are hard to read"},
    {.name = "remember_last",
     .type = KEY_SWITCH,
     .fallback = "true",
     .meaning = "mark the provider used last time (a cookie with its id)"},
    {.name = "skip_if_single",
     .type = KEY_SWITCH,
     .fallback = "true",
     .meaning = "with one provider: go straight to it"},
    {.name = "templates",
     .type = KEY_PATH,
     .example = "/etc/vestibule/templates",
     .meaning = "folder whose files replace ours by name"},
    {.name = "redirects",
     .type = KEY_LIST,
     .of = KEY_TEXT,
     .example = "[https://docs.example.com, \"https://*.apps.example.com\"]",
     .meaning =
         "further origins to which people may return, and whose proxies may ask us; a star for the first label means any host "
         "below"},
    {.name = "default_language",
     .type = KEY_TEXT,
     .fallback = "en",
     .meaning = "when the browser asks for none we have"},
};

static const struct key root[] = {
    {.name = "public_url",
     .type = KEY_URL,
     .required = true,
     .example = "https://app.example.com",
     .meaning = "where browsers reach this gateway; redirect URIs and cookies follow from it"},
    {.name = "listen",
     .rank = KEY_COMMON,
     .type = KEY_ITEMS,
     .inside = &keys_server_listener,
     .scalar = "address",
     .fallback = "127.0.0.1:8080",
     .meaning = "where we listen: one address, or a list"},
    {.name = "prefix", .type = KEY_TEXT, .fallback = "/_vestibule", .meaning = "our own pages live below it"},
    {.name = "mode",
     .type = KEY_WORD,
     .words = "both auth proxy",
     .fallback = "both",
     .meaning =
         "auth: there is no backend, another proxy asks us whether a request may pass; proxy: we pass on, and nobody may ask"},
    {.name = "compat",
     .type = KEY_LIST,
     .of = KEY_TEXT,
     .example = "[oauth2-proxy]",
     .meaning =
         "whose addresses and header names are understood besides ours: oauth2-proxy, authelia, vouch. With oauth2-proxy "
         "prefix is /oauth2 when not given, and the first provider's redirect URI stays PREFIX/callback"},
    {.name = "forward_auth",
     .type = KEY_SECTION,
     .inside = KEY_TABLE(forward_auth),
     .meaning = "when another proxy asks us whether a request may pass"},
    {.name = "trusted_proxies",
     .rank = KEY_COMMON,
     .type = KEY_LIST,
     .of = KEY_TEXT,
     .example = "[10.0.0.0/8]",
     .meaning = "networks that may say whom they speak for (X-Forwarded-*, PROXY); nobody when not given"},
    {.name = "client_ip_header",
     .type = KEY_HEADER,
     .fallback = "X-Forwarded-For",
     .meaning = "only from trusted proxies; the rightmost address that is not one of them counts"},
    {.name = "state",
     .type = KEY_PATH,
     .example = "/var/lib/vestibule",
     .meaning = "folder for the keys we make; $STATE_DIRECTORY, else /var/lib/vestibule, when not given"},
    {.name = "backend",
     .type = KEY_TEXT,
     .example = "http://127.0.0.1:3000",
     .meaning = "short for one entry of backends with this url and every path"},
    {.name = "server",
     .type = KEY_SECTION,
     .inside = &keys_server_table,
     .meaning = "limits and timeouts of the front"},
    {.name = "providers",
     .type = KEY_ITEMS,
     .inside = &keys_provider_table,
     .has_id = true,
     .required = true,
     .meaning = "who vouches for people, in the order of the buttons"},
    {.name = "provider_folder",
     .type = KEY_PATH,
     .example = "providers.d",
     .meaning =
         "folder of provider files (ID.yaml) of your own: they are added to the built-in ones, or stand in place of the one with "
         "the same id. Read again at every reload"},
    {.name = "session",
     .rank = KEY_COMMON,
     .type = KEY_SECTION,
     .inside = KEY_TABLE(session),
     .meaning = "how long we believe it, and where that is kept"},
    {.name = "cookie",
     .type = KEY_SECTION,
     .inside = KEY_TABLE(cookie),
     .meaning = "the one that carries the session token"},
    {.name = "token",
     .type = KEY_SECTION,
     .inside = KEY_TABLE(token),
     .meaning = "the signed identity that applications get"},
    {.name = "headers",
     .type = KEY_SECTION,
     .inside = KEY_TABLE(headers),
     .meaning = "how applications learn who it is"},
    {.name = "access",
     .rank = KEY_SHOWN,
     .type = KEY_ITEMS,
     .inside = &keys_access_table,
     .has_id = true,
     .meaning =
         "the first rule that fits decides; nobody passes without one. Not given: /** for everybody who is signed in"},
    {.name = "rate_limit",
     .type = KEY_SECTION,
     .inside = &keys_limits_table,
     .meaning =
         "how often somebody may try to prove who they are; too often is 429 with Retry-After. Counted over all replicas"},
    {.name = "local_users",
     .type = KEY_SECTION,
     .inside = &keys_local_table,
     .meaning =
         "people with a password of this gateway, for the hour when no provider answers: a form below the buttons. Wrong "
         "passwords make a name and an address wait longer each time"},
    {.name = "bearer_issuers",
     .type = KEY_ITEMS,
     .inside = &keys_bearer_table,
     .has_id = true,
     .meaning = "whose access tokens programs may show where a rule says so (access[].bearer)"},
    {.name = "backends",
     .rank = KEY_SHOWN,
     .type = KEY_ITEMS,
     .inside = KEY_TABLE(backend),
     .has_id = true,
     .meaning = "the applications behind the gateway"},
    {.name = "sign_in",
     .rank = KEY_COMMON,
     .type = KEY_SECTION,
     .inside = KEY_TABLE(sign_in),
     .meaning = "the page people see"},
    {.name = "sites",
     .type = KEY_ITEMS,
     .inside = KEY_TABLE(site),
     .has_id = true,
     .meaning =
         "further public addresses beside public_url, each with sessions, pages and a choice of providers of its own; a session "
         "counts at its own site only"},
    {.name = "log", .type = KEY_SECTION, .inside = &keys_server_log, .meaning = "what is written down"},
    {.name = "metrics", .type = KEY_SECTION, .inside = &keys_server_metrics, .meaning = "what is counted"},
};

static const struct key_table root_table = KEY_ROWS(root);

const struct key_table *keys_root(void)
{
    return &root_table;
}

const struct key *keys_find(const struct key_table *in, const char *name, size_t len)
{
    for (size_t i = 0; i < in->count; i++) {
        if (strlen(in->at[i].name) == len && memcmp(in->at[i].name, name, len) == 0) return &in->at[i];
    }
    return NULL;
}

const char *keys_type_words(enum key_type type)
{
    switch (type) {
    case KEY_URL: return "an address such as https://example.com";
    case KEY_SWITCH: return "true or false";
    case KEY_INTEGER: return "a whole number";
    case KEY_DURATION: return "a duration such as 7d, 12h, 30s or 500ms";
    case KEY_SIZE: return "a size such as 32k or 10MiB";
    case KEY_HEADER: return "a header name of letters, digits and '-'";
    case KEY_ID: return "1 to 40 characters of a-z, 0-9 and '-'";
    case KEY_FILE: return "a file";
    case KEY_PATH: return "a path";
    case KEY_SECRET: return "a secret";
    case KEY_LIST: return "a list";
    case KEY_MAP: return "names with values";
    case KEY_SECTION: return "a section with keys of its own";
    case KEY_EITHER: return "a word, or a section with keys of its own";
    case KEY_ITEMS: return "a list of sections";
    case KEY_TEXT:
    case KEY_WORD: break;
    }
    return "text";
}
