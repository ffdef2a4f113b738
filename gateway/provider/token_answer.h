/* token_answer.h -- the tokens in a token endpoint's good answer: RFC 6749 section 5.1 and what platforms make of it. Pure. */
#ifndef PROVIDER_TOKEN_ANSWER_H
#define PROVIDER_TOKEN_ANSWER_H
#include "provider/token_ask.h"

/* Fills the tokens, times and scopes of *ret_told by the pointers of token.response.map (none given: RFC 6749's names); its other members stay.
 * Numbers may be digits in a string; a time that is no number, or not above zero, was not told, and expires_default_s stands in for it. A token
 * that is not visible ASCII of at most TOKEN_TOLD_TOKEN_MAX bytes, and a token_type that is there and not Bearer, is PROBLEM_PROVIDER_BROKEN. */
const struct err *token_answer_read(struct arena *a, const struct descriptor *d, const struct doc *root,
                                    struct token_told *ret_told);

#endif
