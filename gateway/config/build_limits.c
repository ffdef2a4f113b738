/* build_limits.c -- rate_limit: "30/1m". */
#include "config/config_int.h"

void build_limits(struct build *b)
{
    const struct setting *at = setting_at(b->root, "rate_limit");
    for (int i = 0; i < LIMITS; i++) {
        const char *name = limit_word((enum limit_what)i).at;
        if (limit_read(setting_text(at, name), &b->s->rate_limits.by[i])) continue;
        BUILD_ERROR(b, at, name, "%s is written like 30/1m (s, m or h; at most a million in at most a day), or none",
                    name);
    }
}
