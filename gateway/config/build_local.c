/* build_local.c -- local_users: the file of those who have a password of ours. */
#include "config/config_int.h"
#include "crypto/private_file.h"

void build_local(struct build *b)
{
    const struct setting *at = setting_at(b->root, "local_users");
    const char *file = setting_path(at, "file");
    if (at->node == NULL || file == NULL) return;
    struct secret text;
    const struct err *why = private_file_read(b->a, file, LOCAL_FILE_BYTES, &text);
    if (why != NULL) {
        build_complain(b, setting_place(at, "file"), "", why);
        return;
    }
    struct local_users *users = arena_new(b->a, struct local_users);
    why = local_users_read(b->a, secret_reveal(text), users);
    if (why != NULL) {
        build_complain(b, setting_place(at, "file"), arena_text(b->a, setting_text(at, "file")), why);
        return;
    }
    users->groups = setting_texts(b->a, at, "groups", &users->group_count);
    for (size_t i = 0; i < b->s->provider_count; i++) {
        if (slice_is(b->s->providers[i]->id, local_provider))
            BUILD_ERROR(b, at, "file",
                        "a provider has the id \"local\", which is theirs: local/ada would be two people");
    }
    b->s->local_users = users;
}
