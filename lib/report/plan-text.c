/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * plan-text.c - a plan for people (see plan-text.h)
 */

#include <stdio.h>

#include "config/config.h"
#include "guest/tables.h"
#include "report/plan-text.h"
#include "report/words.h"

static void
add_limit(struct vt_buf *out, const struct vtopo_limit *limit)
{
    if (limit->least == VTOPO_NO_LIMIT)
        vt_buf_add_string(out, "no limit of");
    else if (limit->least == limit->most)
        vt_buf_printf(out, "%u", limit->least);
    else if (limit->most == VTOPO_NO_LIMIT)
        vt_buf_printf(out, "at least %u", limit->least);
    else
        vt_buf_printf(out, "%u to %u", limit->least, limit->most);
}

static void
add_guest(struct vt_buf *out, const struct vtopo_limits *limits)
{
    if (limits->counting == VTOPO_COUNT_NOTHING) {
        vt_buf_printf(out, "Guest:  %s, licensed by no processor count\n",
                      limits->name);
        return;
    }
    vt_buf_printf(out, "Guest:  %s, ", limits->name);
    add_limit(out, &limits->sockets);
    vt_buf_printf(out, " %s", limits->counting == VTOPO_COUNT_LOGICAL
                  ? "processors" : limits->sockets.most == 1 ? "socket"
                  : "sockets");
    if (limits->sockets.confidence != VTOPO_CONFIRMED)
        vt_buf_printf(out, " (%s)",
                      vt_confidence_name(limits->sockets.confidence));
    vt_buf_add_char(out, '\n');
}

static void
add_hot_add(struct vt_buf *out, const struct vt_plan_answer *answer)
{
    const struct vtopo_candidate *best = &answer->plan.candidates[0];
    unsigned later = best->shape.maxcpus - best->shape.cpus;

    if (later == 0 || answer->request->plan.max_vcpus == 0)
        return;
    if (best->used == best->shape.maxcpus)
        vt_buf_printf(out, "        all %u that can be added later are "
                      "usable too\n", later);
    else
        vt_buf_printf(out, "        of %u vCPUs in all, %u could not be "
                      "used\n", best->shape.maxcpus,
                      best->shape.maxcpus - best->used);
}

static void
add_app(struct vt_buf *out, const struct vt_plan_answer *answer)
{
    const struct vtopo_candidate *best = &answer->plan.candidates[0];
    const struct vt_app *app = answer->request->plan.app != NULL
        ? vt_app_lookup(answer->request->plan.app) : NULL;

    if (app == NULL)
        return;
    vt_buf_printf(out, "App:    %s uses %u of %u", app->name, best->app_used,
                  best->shape.maxcpus);
    if (app->source.confidence != VTOPO_CONFIRMED)
        vt_buf_printf(out, " (%s)",
                      vt_confidence_name(app->source.confidence));
    vt_buf_add_char(out, '\n');
}

static void
add_candidate(struct vt_buf *out, const struct vtopo_candidate *candidate,
              size_t rank, bool kept)
{
    const unsigned *level = candidate->shape.level;
    char label[64];

    (void)snprintf(label, sizeof(label), "  %4zu  %7u  %5u  %7u  ", rank,
                   level[VTOPO_SOCKETS], level[VTOPO_CORES],
                   level[VTOPO_THREADS]);
    if (kept) {
        vt_buf_printf(out, "%skept\n", label);
        return;
    }
    vt_words_wrap(out, label, candidate->why[0] != '\0' ? candidate->why
                  : "used in full once the guest is repaired");
}

static void
add_all(struct vt_buf *out, const struct vtopo_plan *plan)
{
    vt_buf_add_string(out, "\n  rank  sockets  cores  threads\n");
    for (size_t i = 0; i < plan->count; i++)
        add_candidate(out, &plan->candidates[i], i + 1, i < plan->kept);
}

static void
add_source(struct vt_buf *out, const struct vtopo_plan *plan)
{
    if (plan->source != NULL)
        vt_words_wrap(out, "Source: ", plan->source);
}

void
vt_plan_text(struct vt_buf *out, const struct vt_plan_answer *answer)
{
    const struct vtopo_plan *plan = &answer->plan;
    const struct vtopo_candidate *best = &plan->candidates[0];

    if (answer->resolved.has_guest)
        add_guest(out, &answer->resolved.limits);
    if (!best->judged) {
        vt_words_wrap(out, "No shape will do: ", plan->reason);
        if (answer->request->all)
            add_all(out, plan);
        return;
    }
    vt_buf_add_string(out, plan->kept != 0 ? "Plan:   "
                      : answer->repaired ? "After repair: " : "Best:   ");
    vt_words_shape(out, &best->shape);
    vt_buf_printf(out, " (%s)\n        -smp ",
                  answer->resolved.dialect.machine[0] != '\0'
                  ? answer->resolved.dialect.machine : "spelt-out machine");
    vt_config_smp(out, &best->shape);
    vt_buf_add_char(out, '\n');
    add_hot_add(out, answer);
    add_app(out, answer);
    vt_words_wrap(out, "Reason: ", plan->reason);
    add_source(out, plan);
    if (answer->request->all)
        add_all(out, plan);
    else if (plan->kept != 0 && plan->kept < plan->count)
        vt_buf_printf(out, "        %zu of %zu shapes would be used in full; "
                      "--all says why the others not\n",
                      plan->kept, plan->count);
    if (plan->kept == 0 && best->drop == VTOPO_DROP_UNCERTAIN)
        vt_buf_printf(out, "\nIt is not certain that any shape of %u vCPUs is "
                      "used in full: of this one,\n%u to %u are.\n",
                      best->shape.maxcpus, best->used, best->used_most);
    else if (plan->kept == 0 && answer->repaired)
        vt_buf_printf(out, "\nNo shape of %u vCPUs is used in full before "
                      "the guest is repaired.\n", best->shape.cpus);
    else if (plan->kept == 0)
        vt_buf_printf(out, "\nNo shape of %u vCPUs is used in full; this "
                      "one uses %u.\n", best->shape.maxcpus, best->used);
}
