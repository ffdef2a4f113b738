/* field.h -- one field line of an HTTP/1 head (RFC 9112 section 5), the same for a client's requests and a backend's answers.
 *
 * Pure; for http/'s own files. One pass over the bytes: the name is checked and lower-cased, the value's end is found while it is checked.
 * Whatever has two readings is bad: a bare line feed, a folded line, a blank before the colon, a control byte.
 */
#ifndef HTTP_FIELD_H
#define HTTP_FIELD_H
#include "base/slice.h"

/* By the byte: 0 what no name may hold (RFC 9110 section 5.6.2), else its lower-case form; FIELD_ODD added where screen_name_kept says no. */
extern const unsigned char field_name_bytes[256];
enum {
    FIELD_ODD = 0x80
};

struct field {
    struct slice name, value; /* lower case; without blanks at either end. Both lend from the text. */
    bool odd;                 /* the name holds more than letters, digits and '-': see screen_name_kept */
};

enum field_result {
    FIELD_READ,
    FIELD_END, /* the empty line */
    FIELD_BAD  /* *ret_why says what is wrong, static */
};

/* The line at *at, which then is behind it. The text must end with a line feed at end - 1; the name is lower-cased in it. */
enum field_result field_next(char **at, const char *end, struct field *ret_field, const char **ret_why);

#endif
