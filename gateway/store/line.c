#include "store/line.h"

void line_open(struct line *l)
{
    l->reader = resp_open();
    l->out = buf_open(LINE_BYTES);
    l->first = NULL;
    l->last = &l->first;
    l->waiting = 0;
}

void line_close(struct line *l)
{
    must(l->first == NULL);
    resp_close(l->reader);
    buf_close(&l->out);
}

bool line_ask(struct line *l, struct line_question *q, const struct line_command *commands, size_t count)
{
    if (l->waiting >= LINE_QUESTIONS) return false;
    size_t before = l->out.len;
    for (size_t i = 0; i < count; i++) {
        if (resp_command(&l->out, commands[i].words, commands[i].count)) continue;
        l->out.len = before; /* half a question must not leave */
        return false;
    }
    q->next_ = NULL;
    q->replies_ = (int)count;
    *l->last = q;
    l->last = &q->next_;
    l->waiting++;
    return true;
}

static const char *one_reply(void *self, const struct resp_reply *reply)
{
    struct line *l = self;
    if (l->unasked != NULL && l->unasked(l->self, reply)) return NULL;
    struct line_question *q = l->first;
    if (q == NULL) return "a reply nobody asked for";
    int left = --q->replies_;
    if (left == 0) {
        l->first = q->next_;
        if (l->first == NULL) l->last = &l->first;
        l->waiting--;
    }
    return q->answer(q, reply, left);
}

const char *line_feed(struct line *l, struct slice bytes)
{
    return resp_feed(l->reader, bytes, one_reply, l);
}

void line_lose(struct line *l, const char *why)
{
    resp_close(l->reader);
    l->reader = resp_open();
    buf_clear(&l->out);
    struct line_question *q = l->first;
    l->first = NULL;
    l->last = &l->first;
    l->waiting = 0;
    while (q != NULL) {
        struct line_question *next = q->next_;
        q->lost(q, why);
        q = next;
    }
}

int64_t line_deadline_ms(const struct line *l)
{
    return l->first != NULL ? l->first->deadline_ms : INT64_MAX;
}
