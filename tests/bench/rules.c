/* rules.c -- what it costs to find the rule of a request, with two rules and with two hundred: prints nanoseconds, judges nothing.
 *
 *   cmake --build build --target bench_rules && taskset -c 1 build/bench_rules
 *
 * The paths ask for the last of the rules, the worst place; "same head" has two hundred rules that differ in the third segment only. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "route/route.h"

enum {
    ASKS = 200000,
    ROUNDS = 15
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double measure(const struct routes *r, const char *path)
{
    const struct route_ask ask = {LIT("app.example.com"), slice_of(path), LIT("GET"), NULL, 0};
    const struct person who = {.provider = LIT("corp"), .subject = LIT("4711")};
    double rounds[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        int64_t began = now_ns();
        for (size_t k = 0; k < ASKS; k++) {
            must(route_judge(routes_rule(r, &ask), &who, 1) == VERDICT_ALLOW);
        }
        rounds[i] = (double)(now_ns() - began) / ASKS;
    }
    qsort(rounds, ROUNDS, sizeof rounds[0], by_size);
    return rounds[ROUNDS / 2];
}

static struct routes *make(struct arena *a, size_t count, const char *head, const char *tail)
{
    struct rule *rules = arena_array(a, struct rule, count);
    static const struct route_backend backend = {.path = LIT_INIT("/**")};
    struct routes *r = NULL;
    for (size_t i = 0; i < count; i++) {
        rules[i] =
            (struct rule){.id = LIT("x"), .path = arena_print(a, "%s%zu%s", head, i, tail), .allow = ALLOW_SIGNED_IN};
    }
    must(routes_compile(a, rules, count, &backend, 1, &r) == NULL);
    return r;
}

int main(void)
{
    AUTO(arena_closep) struct arena *a = arena_open(64 << 20);
    static const struct {
        const char *name, *head, *tail, *two, *many;
    } tables[] = {
        {"apart by the first segment", "/app",          "/**",         "/app1/a/page",    "/app199/a/page"   },
        {"same head",                  "/api/v1/part",  "/**",         "/api/v1/part1/x", "/api/v1/part199/x"},
        {"stars in front",             "/*/*/*/*/part", "/**",         "/a/b/c/d/part1",  "/a/b/c/d/part199" },
        {"expressions with a head",    "~/part",        "/v[0-9]+/.*", "/part1/v1/x",     "/part199/v1/x"    },
        {"expressions without one",    "~/(a|b)/part",  "/.*",         "/a/part1/x",      "/a/part199/x"     },
    };
    printf("%-28s %10s %10s %10s\n", "ns a request", "2 rules", "200 rules", "more");
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        double two = measure(make(a, 2, tables[i].head, tables[i].tail), tables[i].two);
        double many = measure(make(a, 200, tables[i].head, tables[i].tail), tables[i].many);
        printf("%-28s %10.0f %10.0f %10.0f\n", tables[i].name, two, many, many - two);
    }
    return 0;
}
