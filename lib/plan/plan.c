/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * plan.c - every shape for a number of vCPUs, ranked for a guest
 *
 * Shapes are found by divisors, so the work grows with their number and not
 * with the number of vCPUs.  A plan spells out sockets, cores and threads;
 * the levels in between stay 1, because no limit counts them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/num.h"
#include "plan/rules.h"

void
vtopo_plan_clear(struct vtopo_plan *plan)
{
    free(plan->candidates);
    plan->candidates = NULL;
    plan->count = 0;
    plan->kept = 0;
}

static int
check_request(const struct vtopo_plan_request *request,
              struct vtopo_error *err)
{
    if (request->vcpus < 1 || request->vcpus > VTOPO_CPUS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the number of vCPUs must be between 1 and %u, not %u",
                       VTOPO_CPUS_MAX, request->vcpus);
    if (request->max_vcpus != 0
        && (request->max_vcpus < request->vcpus
            || request->max_vcpus > VTOPO_CPUS_MAX))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the most vCPUs must be between %u and %u, not %u",
                       request->vcpus, VTOPO_CPUS_MAX, request->max_vcpus);
    return 0;
}

/* --------------------------------------------------------------- candidates */

struct list {
    struct vtopo_candidate *candidates;
    size_t count, capacity;
};

static int
add_candidate(struct list *list, const struct vt_plan_input *input,
              unsigned sockets, unsigned cores, unsigned threads,
              struct vtopo_error *err)
{
    struct vtopo_candidate *candidate;

    if (list->count == list->capacity) {
        size_t capacity = list->capacity != 0 ? list->capacity * 2 : 16;
        void *more = reallocarray(list->candidates, capacity,
                                  sizeof(*candidate));

        if (more == NULL)
            return vt_fail_memory(err);
        list->candidates = more;
        list->capacity = capacity;
    }
    candidate = &list->candidates[list->count++];
    *candidate = (struct vtopo_candidate) {
        .shape = {
            .cpus = input->request->vcpus, .maxcpus = input->max_vcpus,
            .level = { 1, 1, sockets, 1, 1, 1, cores, threads },
        },
    };
    return 0;
}

static int
find_candidates(struct list *list, const struct vt_plan_input *input,
                struct vtopo_error *err)
{
    unsigned count = input->max_vcpus;

    for (unsigned sockets = 1; sockets <= count; sockets++) {
        unsigned package = count / sockets;

        if (count % sockets != 0)
            continue;
        for (unsigned threads = 1; threads <= package; threads++) {
            if (package % threads == 0
                && add_candidate(list, input, sockets, package / threads,
                                 threads, err) < 0)
                return -1;
        }
    }
    return 0;
}

/* ------------------------------------------------------------------ ranking */

static int
compare_unsigned(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

/* Among kept candidates the preferences decide; among dropped ones how much
 * of them is used.  Wishes of the user stay out: they are never offered.
 */
static int
compare(const void *left, const void *right)
{
    const struct vtopo_candidate *a = left;
    const struct vtopo_candidate *b = right;
    int order = compare_unsigned(a->drop == VTOPO_KEPT ? 0 : 1,
                                 b->drop == VTOPO_KEPT ? 0 : 1);

    if (order == 0)
        order = compare_unsigned(a->judged ? 0 : 1, b->judged ? 0 : 1);
    /* The one that came further says more. */
    if (order == 0 && !a->judged)
        order = compare_unsigned(b->drop, a->drop);
    if (order == 0)
        order = compare_unsigned(b->used_at_start, a->used_at_start);
    if (order == 0)
        order = compare_unsigned(b->used, a->used);
    for (unsigned i = 0; order == 0 && i < VTOPO_PREFERENCES; i++)
        order = compare_unsigned(a->cost[i], b->cost[i]);
    if (order == 0)
        order = compare_unsigned(a->shape.level[VTOPO_SOCKETS],
                                 b->shape.level[VTOPO_SOCKETS]);
    return order;
}

static void
say_shape(const struct vtopo_shape *shape, char *text, size_t size)
{
    (void)snprintf(text, size, "%u x %u x %u",
                   shape->level[VTOPO_SOCKETS], shape->level[VTOPO_CORES],
                   shape->level[VTOPO_THREADS]);
}

/* What sets the first apart from the second. */
static void
find_reason(struct vtopo_plan *plan)
{
    const struct vtopo_candidate *first = plan->candidates;
    const struct vtopo_candidate *second = plan->candidates + 1;
    char other[48];

    if (first == NULL)
        return;
    if (plan->kept == 0) {
        plan->rule = vtopo_drop_name(first->drop);
        (void)snprintf(plan->reason, sizeof(plan->reason), "%.*s",
                       (int)sizeof(plan->reason) - 1, first->why);
        return;
    }
    if (plan->kept == 1) {
        plan->rule = "only-one";
        (void)snprintf(plan->reason, sizeof(plan->reason), "%s",
                       plan->count == 1 ? "there is no other shape"
                       : "every other shape is ruled out");
        return;
    }
    say_shape(&second->shape, other, sizeof(other));
    for (unsigned i = 0; i < VTOPO_PREFERENCES; i++) {
        if (first->cost[i] == second->cost[i])
            continue;
        plan->rule = vt_preferences[i].name;
        (void)snprintf(plan->reason, sizeof(plan->reason),
                       "%s: %s (next best: %s)", vt_preferences[i].name,
                       vt_preferences[i].says, other);
        return;
    }
}

static int
make(const struct vt_plan_input *input, struct list *list,
     struct vtopo_prediction *scratch, struct vtopo_error *err)
{
    if (find_candidates(list, input, err) < 0)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        if (vt_candidate_judge(&list->candidates[i], input, scratch, err) < 0)
            return -1;
    }
    if (list->count > 0)
        qsort(list->candidates, list->count, sizeof(list->candidates[0]),
              compare);
    return 0;
}

/* Publish the list as a plan. */
static struct vtopo_plan
plan_of(struct list *list, const struct vtopo_limits *limits)
{
    struct vtopo_plan plan = {
        .candidates = list->candidates, .count = list->count,
    };

    *list = (struct list) { .candidates = NULL };
    while (plan.kept < plan.count
           && plan.candidates[plan.kept].drop == VTOPO_KEPT)
        plan.kept++;
    find_reason(&plan);
    if (plan.kept != 0 && limits != NULL) {
        plan.source = limits->sockets.source;
        plan.confidence = limits->sockets.confidence;
    } else if (plan.count != 0) {
        plan.source = plan.candidates[0].source;
        plan.confidence = plan.candidates[0].confidence;
    }
    return plan;
}

/* Whether a shape with places that stay empty may do better: the guest takes
 * the sockets of the best one for others, or cannot tell all of its cores, or
 * no shape will do.
 */
static bool
may_pad(const struct vtopo_plan *plan, const struct vt_plan_input *input)
{
    const struct vtopo_candidate *best = plan->candidates;

    if (input->limits == NULL || input->request->max_vcpus != 0
        || plan->count == 0)
        return false;
    if (plan->kept == 0)
        return best->drop == VTOPO_DROP_UNCERTAIN
            || best->fate == VTOPO_UNLICENSED_SOCKET;
    return best->cost[VTOPO_PREFER_TRUE_PACKAGES] != 0
        || best->cost[VTOPO_PREFER_TELLABLE] != 0;
}

/* Plan with room for @max_vcpus; *ret_good is whether that serves. */
static int
plan_padded(struct vt_plan_input *input, unsigned max_vcpus,
            struct vtopo_plan *ret_plan, bool *ret_good,
            struct vtopo_prediction *scratch, struct vtopo_error *err)
{
    struct list list = { .candidates = NULL };
    const struct vtopo_candidate *best;

    input->max_vcpus = max_vcpus;
    if (make(input, &list, scratch, err) < 0) {
        free(list.candidates);
        return -1;
    }
    *ret_plan = plan_of(&list, input->limits);
    best = ret_plan->candidates;
    *ret_good = ret_plan->kept != 0
        && best->cost[VTOPO_PREFER_TRUE_PACKAGES] == 0
        && best->cost[VTOPO_PREFER_TELLABLE] == 0
        && best->shape.level[VTOPO_THREADS] == 1;
    return 0;
}

static void
say_padded(struct vtopo_plan *plan, const struct vt_plan_input *input)
{
    unsigned empty = input->max_vcpus - input->request->vcpus;

    plan->rule = vt_preferences[VTOPO_PREFER_TRUE_PACKAGES].name;
    (void)snprintf(plan->reason, sizeof(plan->reason),
                   "%s: with %u place%s left empty %s; without, it would not",
                   plan->rule, empty, empty == 1 ? "" : "s",
                   vt_preferences[VTOPO_PREFER_TRUE_PACKAGES].says);
}

/* More tries than this are not worth the time; the power of two is the last
 * resort, for every kernel reads that as it is.
 */
#define PADDING_TRIES 32u

static int
try_padding(struct vtopo_plan *plan, struct vt_plan_input *input,
            struct vtopo_prediction *scratch, struct vtopo_error *err)
{
    unsigned vcpus = input->request->vcpus;
    unsigned last = vt_round_up_pow2(vcpus);

    for (unsigned i = 1; vcpus + i <= last; i++) {
        unsigned next = i <= PADDING_TRIES ? vcpus + i : last;
        struct vtopo_plan padded;
        bool good = false;

        if (plan_padded(input, next, &padded, &good, scratch, err) < 0)
            return -1;
        if (good) {
            say_padded(&padded, input);
            vtopo_plan_clear(plan);
            *plan = padded;
            return 0;
        }
        vtopo_plan_clear(&padded);
        if (next == last)
            break;
    }
    return 0;
}

int
vtopo_plan_make(const struct vtopo_plan_request *request,
                const struct vtopo_dialect *dialect,
                const struct vtopo_cpu *cpu, const struct vtopo_limits *limits,
                struct vtopo_plan *ret_plan, struct vtopo_error *err)
{
    vt_auto(vtopo_prediction_clear) struct vtopo_prediction scratch =
        VTOPO_PREDICTION_INIT;
    struct vt_plan_input input = {
        .request = request, .dialect = dialect, .cpu = cpu, .limits = limits,
        .max_vcpus = request->max_vcpus != 0 ? request->max_vcpus
                                             : request->vcpus,
    };
    vt_auto(vtopo_plan_clear) struct vtopo_plan plan = VTOPO_PLAN_INIT;
    struct list list = { .candidates = NULL };

    if (check_request(request, err) < 0)
        return -1;
    if (request->app != NULL) {
        input.app = vt_app_lookup(request->app);
        if (input.app == NULL) {
            (void)vt_fail(err, VTOPO_UNKNOWN_GUEST,
                          "unknown application '%s'", request->app);
            return vt_hint(err, "run 'vtopo guests --apps' for those known");
        }
    }
    if (make(&input, &list, &scratch, err) < 0) {
        free(list.candidates);
        return -1;
    }
    plan = plan_of(&list, limits);
    if (may_pad(&plan, &input)
        && try_padding(&plan, &input, &scratch, err) < 0)
        return -1;
    *ret_plan = plan;
    plan = (struct vtopo_plan)VTOPO_PLAN_INIT;
    return 0;
}
