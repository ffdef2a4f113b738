/* regex.h -- regular expressions for rules that ask for one with "~": compiled to a table, one look-up a byte.
 *
 * Why our own: a rule is matched on every request, by whatever bytes a stranger sends. Backtracking matchers (POSIX regexec, PCRE2) take
 * exponential time for some pattern and path, and a limit on their steps would turn a hard path into "does not match", which for a rule that
 * forbids means "passes". Here the pattern becomes a deterministic automaton when the configuration is read; a pattern that would need too
 * many states is a configuration error, and matching takes one step a byte, whatever the pattern and whoever sends the path.
 *
 * Known: literals, ".", classes "[a-z_]" "[^/]", \d \D \w \W \s \S, "\" before a sign, groups "( )" and "(?: )", "|", and * + ? {m} {m,} {m,n}
 * of at most REGEX_REPEAT_MAX. The expression always means the whole path: "^" in front and "$" at the end may be written and change nothing.
 * Refused, with the reason: look-around, back-references, lazy or possessive repeats, "^" or "$" elsewhere, an expression that no path fits.
 * Bytes, not characters: "." takes one byte, "[ä]" is refused. Letter case counts.
 */
#ifndef ROUTE_REGEX_H
#define ROUTE_REGEX_H
#include "base/err.h"

enum {
    REGEX_TEXT_MAX = 512,
    REGEX_REPEAT_MAX = 64,
    REGEX_NODES_MAX = 1024, /* of the automaton with choices, after repeats are written out */
    REGEX_STATES_MAX = 1024 /* of the deterministic one: its table stays below a few hundred kilobytes */
};

struct regex;
const struct err *regex_compile(struct arena *a, struct slice text, struct regex **ret_regex);

/* Byte by byte: begin, then next for each; a state that is dead never comes alive again. */
typedef uint16_t regex_state;
regex_state regex_begin(const struct regex *r);
regex_state regex_next(const struct regex *r, regex_state at, unsigned char byte);
bool regex_dead(regex_state at);
bool regex_ends(const struct regex *r, regex_state at); /* what came so far is a whole match */

/* What every path that fits begins with; may be shorter than it could. Lives in a. */
struct slice regex_head(struct arena *a, const struct regex *r);

#endif
