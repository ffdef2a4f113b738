/* demo_people.c -- who can be chosen on the demo provider's page. */
#include "demo/demo_state.h"

const struct demo_person demo_people[] = {
    {.id = LIT_INIT("ada"),
     .subject = LIT_INIT("demo-0001"),
     .name = LIT_INIT("Ada Lovelace"),
     .email = LIT_INIT("ada@demo.example"),
     .email_verified = true,
     .groups = {LIT_INIT("ops"), LIT_INIT("staff")},
     .group_count = 2},
    {.id = LIT_INIT("grace"),
     .subject = LIT_INIT("demo-0002"),
     .name = LIT_INIT("Grace Hopper"),
     .email = LIT_INIT("grace@demo.example"),
     .email_verified = true,
     .groups = {LIT_INIT("staff")},
     .group_count = 1},
    {.id = LIT_INIT("linus"),
     .subject = LIT_INIT("demo-0003"),
     .name = LIT_INIT("Linus Pauling"),
     .email = LIT_INIT("linus@demo.example"),
     .groups = {LIT_INIT("staff")},
     .group_count = 1},
    {.id = LIT_INIT("eve"),
     .subject = LIT_INIT("demo-0004"),
     .name = LIT_INIT("Eve Stranger"),
     .email = LIT_INIT("eve@elsewhere.example"),
     .email_verified = true                        },
};
const size_t demo_people_count = sizeof demo_people / sizeof demo_people[0];

const struct demo_person *demo_person_find(struct slice id)
{
    for (size_t i = 0; i < demo_people_count; i++) {
        if (slice_is(demo_people[i].id, id)) return &demo_people[i];
    }
    return NULL;
}
