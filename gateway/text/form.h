/* form.h -- reading a query string or an urlencoded body (WHATWG URL, section 5.1, strictly).
 *
 * Limits: 64 fields, 16 KiB decoded. Empty pieces ("&&") are passed over; an invalid %XX is an error; names and values are
 * bytes, not yet known to be UTF-8. A field that appears twice is an error for the protocol parameters of OAuth
 * (RFC 6749 section 3.1), so form_single says "twice" apart from "absent".
 */
#ifndef TEXT_FORM_H
#define TEXT_FORM_H
#include "base/err.h"

struct form_field {
    struct slice name, value;
};

struct form {
    struct form_field *fields;
    size_t count;
};

const struct err *form_read(struct arena *a, struct slice text, struct form *ret_form);

enum form_found {
    FORM_ABSENT,
    FORM_ONCE,
    FORM_TWICE
};
enum form_found form_single(const struct form *f, struct slice name, struct slice *ret_value);

#endif
