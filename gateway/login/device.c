#include "login/device.h"

/* The first row whose mark stands in the text decides: those that call themselves by several names come before the names they borrow. */
struct row {
    struct slice mark, name;
};
#define ROW(mark, name)                \
    {                                  \
        LIT_INIT(mark), LIT_INIT(name) \
    }

static const struct row browsers[] = {
    ROW("Edg/", "Edge"),        ROW("EdgA/", "Edge"),         ROW("EdgiOS/", "Edge"),
    ROW("OPR/", "Opera"),       ROW("OPT/", "Opera"),         ROW("SamsungBrowser/", "Samsung Internet"),
    ROW("Vivaldi/", "Vivaldi"), ROW("FxiOS/", "Firefox"),     ROW("Firefox/", "Firefox"),
    ROW("CriOS/", "Chrome"),    ROW("Chromium/", "Chromium"), ROW("HeadlessChrome/", "Chrome"),
    ROW("Chrome/", "Chrome"),   ROW("Version/", "Safari"),    ROW("curl/", "curl"),
    ROW("Wget/", "Wget"),
};

static const struct row systems[] = {
    ROW("iPhone", "iPhone"),   ROW("iPad", "iPad"),       ROW("Android", "Android"), ROW("CrOS", "ChromeOS"),
    ROW("Windows", "Windows"), ROW("Macintosh", "macOS"), ROW("Linux", "Linux"),     ROW("FreeBSD", "FreeBSD"),
};

static struct slice look_up(const struct row *rows, size_t count, struct slice text)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_find(text, rows[i].mark) != SLICE_NONE) return rows[i].name;
    }
    return (struct slice){NULL, 0};
}

struct device device_of(struct slice user_agent)
{
    return (struct device){look_up(browsers, sizeof browsers / sizeof browsers[0], user_agent),
                           look_up(systems, sizeof systems / sizeof systems[0], user_agent)};
}
