#include "page/provider_buttons.h"

#include "page/letter.h"

static void fill(struct view *item, const struct pages *p, const struct provider_button *b)
{
    view_text(item, "name", b->name);
    view_text(item, "href", b->href);
    view_text(item, "mark", pages_mark_url(p, b->icon));
    view_text(item, "letter", letter_of(b->name));
    view_flag(item, "last", b->last);
}

static void place(struct view *v, const struct pages *p, const struct provider_button *b, bool full_width)
{
    struct view *into = full_width ? view_item(v, "primary") : view_item(view_section(v, "others"), "list");
    fill(into, p, b);
}

void provider_buttons(struct view *v, const struct pages *p, const struct provider_button *buttons, size_t count,
                      size_t primary)
{
    if (primary == 0) primary = 1;
    if (count == primary + 1) primary = count;
    size_t placed = 0;
    for (int last = 1; last >= 0; last--) {
        for (size_t i = 0; i < count; i++) {
            if (buttons[i].last != (last == 1)) continue;
            place(v, p, &buttons[i], placed < primary);
            placed++;
        }
    }
}
