#include "page/provider_buttons.h"

#include "page/letter.h"
#include "page/view.h"

struct placing {
    struct view *view;
    const struct pages *pages;
    size_t primary, placed;
    bool english;
};

static void fill(struct view *item, const struct placing *to, const struct provider_button *b)
{
    view_text(item, "name", b->name);
    view_text(item, "href", b->href);
    view_text(item, "mark", pages_mark_url(to->pages, b->icon));
    view_text(item, "letter", letter_of(b->name));
    view_text(item, "brand", pages_brand(to->pages, b->id));
    if (to->english) view_text(item, "label", b->label);
    view_flag(item, "last", b->last);
    view_flag(item, "unavailable", b->away && !b->told);
}

static void place(struct placing *to, const struct provider_button *b)
{
    bool full_width = to->placed++ < to->primary;
    fill(full_width ? view_item(to->view, "primary") : view_item(view_section(to->view, "others"), "list"), to, b);
    if (b->away && !b->told) view_text(view_item(view_section(to->view, "away"), "list"), "name", b->name);
}

/* The order of the page: what was used last, what else answers, what does not. */
static int turn_of(const struct provider_button *b)
{
    return b->away ? 2 : b->last ? 0 : 1;
}

void provider_buttons(struct view *v, const struct pages *p, const struct provider_button *buttons, size_t count,
                      size_t primary, struct slice language)
{
    if (primary == 0) primary = 1;
    if (count == primary + 1) primary = count;
    struct placing to = {
        .view = v, .pages = p, .primary = primary, .english = slice_is(slice_upto(language, 2), LIT("en"))};
    for (int turn = 0; turn <= 2; turn++) {
        for (size_t i = 0; i < count; i++) {
            if (turn_of(&buttons[i]) == turn) place(&to, &buttons[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!buttons[i].away && view_find(v, LIT("away")) != NULL) view_flag(view_section(v, "away"), "some", true);
    }
}
