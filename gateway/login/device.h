/* device.h -- a User-Agent in the words people use for their own things: "Firefox", "Windows". For showing, never for deciding. */
#ifndef LOGIN_DEVICE_H
#define LOGIN_DEVICE_H
#include "base/slice.h"

struct device {
    struct slice browser, system; /* empty: not known. Static */
};
struct device device_of(struct slice user_agent);

#endif
