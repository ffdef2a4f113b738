/* accent.c -- contrast as WCAG 2.2 counts it, with a cubic for the gamma curve (error below 0.01, which the margin covers). */
#include "page/accent.h"

struct colour {
    double channel[3]; /* 0..1, red green blue */
};

static const double wanted_contrast = 4.7; /* 4.5 and a margin for the cubic */
/* The soft shade is the hardest ground the accent stands on: white with a tint, and its counterpart on dark pages. */
enum {
    SOFT_LIGHT = 90,
    SOFT_DARK = 78
}; /* per cent of white, of black */

static double linear(double c)
{
    return c * (c * (c * 0.305306011 + 0.682171111) + 0.012522878);
}

static double luminance(struct colour c)
{
    return 0.2126 * linear(c.channel[0]) + 0.7152 * linear(c.channel[1]) + 0.0722 * linear(c.channel[2]);
}

static double contrast(double a, double b)
{
    return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}

static struct colour mixed(struct colour c, double towards, double part)
{
    for (int i = 0; i < 3; i++)
        c.channel[i] += (towards - c.channel[i]) * part;
    return c;
}

static struct colour soft(struct colour c, bool dark)
{
    return dark ? mixed(c, 0.0, SOFT_DARK / 100.0) : mixed(c, 1.0, SOFT_LIGHT / 100.0);
}

static struct colour readable(struct colour c, bool dark)
{
    double ground = dark ? 0.0 : 1.0;
    for (int i = 0; i < 64 && contrast(luminance(c), luminance(soft(c, dark))) < wanted_contrast; i++)
        c = mixed(c, 1.0 - ground, 0.08);
    return c;
}

static unsigned shade(double c)
{
    return c <= 0 ? 0 : c >= 1 ? 255 : (unsigned)(c * 255 + 0.5);
}

static struct slice written(struct arena *a, struct colour c)
{
    return arena_print(a, "#%02x%02x%02x", shade(c.channel[0]), shade(c.channel[1]), shade(c.channel[2]));
}

static bool digit(char c, unsigned *ret_digit)
{
    if (c >= '0' && c <= '9')
        *ret_digit = (unsigned)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *ret_digit = (unsigned)(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
        *ret_digit = (unsigned)(c - 'A' + 10);
    else
        return false;
    return true;
}

static bool read(struct slice text, struct colour *ret_colour)
{
    if (text.len != 7 || text.at[0] != '#') return false;
    for (size_t i = 0; i < 3; i++) {
        unsigned high = 0, low = 0;
        if (!digit(text.at[1 + 2 * i], &high) || !digit(text.at[2 + 2 * i], &low)) return false;
        ret_colour->channel[i] = (double)(high * 16 + low) / 255.0;
    }
    return true;
}

bool accent_is_colour(struct slice text)
{
    struct colour c;
    return read(text, &c);
}

const struct err *accent_sheet(struct arena *a, struct slice colour, struct slice *ret_css)
{
    struct colour c = {{0}};
    if (!read(colour, &c))
        return err_new(a, PROBLEM_CONFIG, "the accent colour must be written as # and six hex digits, like #0a6b6b");
    struct colour light = readable(c, false), dark = readable(c, true);
    *ret_css =
        arena_print(a,
                    ":root{--accent:%.*s;--accent-soft:%.*s;--on-accent:#fff}\n"
                    "@media (prefers-color-scheme:dark){:root{--accent:%.*s;--accent-soft:%.*s;--on-accent:#0b0e0e}}\n",
                    SLICE_ARG(written(a, light)), SLICE_ARG(written(a, soft(light, false))),
                    SLICE_ARG(written(a, dark)), SLICE_ARG(written(a, soft(dark, true))));
    return NULL;
}
