/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rules.c - what drops a shape, and what ranks the rest
 *
 * A hard rule drops a candidate and says why with the numbers; a preference
 * gives it a cost.  To add a preference: a value in vtopo.h, a row here, and
 * a line in weigh().
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "plan/rules.h"

const struct vt_preference_row vt_preferences[VTOPO_PREFERENCES] = {
    [VTOPO_PREFER_TRUE_PACKAGES] = {
        .name = "true-packages",
        .says = "the guest reads the sockets as they are",
        .source = "facts of the guest's generation; see vtopo guests",
    },
    [VTOPO_PREFER_TELLABLE] = {
        .name = "tellable-cores",
        .says = "no socket has more cores than the guest can tell",
        .source = "CPUID leaf 4 has 6 bits for cores (inferred)",
    },
    [VTOPO_PREFER_APP] = {
        .name = "application",
        .says = "the application uses more of it",
        .source = "limits of the application; see vtopo guests --apps",
    },
    [VTOPO_PREFER_NO_THREADS] = {
        .name = "no-threads",
        .says = "threads share a core only where they are pinned to one",
        .source = "QEMU docs/system/i386/hyperv.rst (core sharing)",
    },
    [VTOPO_PREFER_FEW_SOCKETS] = {
        .name = "few-sockets",
        .says = "sockets are what systems and applications license",
        .source = "GC license/processors.htm; WSD locks-limits.md",
    },
};

const char *
vtopo_preference_name(enum vtopo_preference rule)
{
    return (size_t)rule < VT_COUNT(vt_preferences)
        ? vt_preferences[rule].name : "unknown";
}

const char *
vtopo_drop_name(enum vtopo_drop drop)
{
    static const char *const names[] = {
        [VTOPO_KEPT] = "kept",
        [VTOPO_DROP_ASKED] = "asked",
        [VTOPO_DROP_THREADS] = "threads",
        [VTOPO_DROP_MACHINE] = "machine",
        [VTOPO_DROP_WASTE] = "waste",
        [VTOPO_DROP_UNCERTAIN] = "uncertain",
    };

    return (size_t)drop < VT_COUNT(names) ? names[drop] : "unknown";
}

/* ------------------------------------------------------------- hard rules */

static bool
breaks_wish(struct vtopo_candidate *candidate, const char *level,
            unsigned count, unsigned exactly, unsigned most)
{
    if (exactly != 0 && count != exactly)
        (void)snprintf(candidate->why, sizeof(candidate->why),
                       "%u %s asked for, not %u", exactly, level, count);
    else if (most != 0 && count > most)
        (void)snprintf(candidate->why, sizeof(candidate->why),
                       "at most %u %s asked for, not %u", most, level, count);
    else
        return false;
    candidate->drop = VTOPO_DROP_ASKED;
    return true;
}

static bool
is_unasked(struct vtopo_candidate *candidate,
           const struct vtopo_plan_request *request)
{
    const unsigned *level = candidate->shape.level;

    return breaks_wish(candidate, "sockets", level[VTOPO_SOCKETS],
                       request->sockets, request->max_sockets)
        || breaks_wish(candidate, "cores", level[VTOPO_CORES],
                       request->cores, request->max_cores)
        || breaks_wish(candidate, "threads", level[VTOPO_THREADS],
                       request->threads, request->max_threads);
}

/* More than two threads a core are a wish nobody has unsaid on x86. */
static bool
is_overthreaded(struct vtopo_candidate *candidate,
                const struct vt_plan_input *input)
{
    unsigned threads = candidate->shape.level[VTOPO_THREADS];

    if (threads <= 2 || input->dialect->arch != VTOPO_X86_64
        || input->request->threads != 0 || input->request->max_threads != 0)
        return false;
    (void)snprintf(candidate->why, sizeof(candidate->why),
                   "x86 cores have at most 2 threads, not %u, unless asked "
                   "for", threads);
    candidate->drop = VTOPO_DROP_THREADS;
    return true;
}

/* The shape as the -smp option that spells it out. */
static struct vtopo_smp
spell_out(const struct vtopo_shape *shape)
{
    struct vtopo_smp smp = {
        .has_cpus = true, .cpus = shape->cpus,
        .has_maxcpus = true, .maxcpus = shape->maxcpus,
        .has_level = VTOPO_LEVEL_BIT(VTOPO_SOCKETS)
            | VTOPO_LEVEL_BIT(VTOPO_CORES) | VTOPO_LEVEL_BIT(VTOPO_THREADS),
    };

    memcpy(smp.level, shape->level, sizeof(smp.level));
    return smp;
}

static void
drop_for(struct vtopo_candidate *candidate, enum vtopo_drop drop,
         const char *why)
{
    candidate->drop = drop;
    (void)snprintf(candidate->why, sizeof(candidate->why), "%s", why);
}

static bool
is_refused(struct vtopo_candidate *candidate,
           const struct vtopo_dialect *dialect)
{
    vt_autoerror struct vtopo_error refusal = VTOPO_ERROR_INIT;
    struct vtopo_smp smp = spell_out(&candidate->shape);
    struct vtopo_shape shape;
    unsigned notes;

    if (vtopo_smp_complete(&smp, dialect, &shape, &notes, &refusal) == 0)
        return false;
    drop_for(candidate, VTOPO_DROP_MACHINE, refusal.message);
    return true;
}

/* ------------------------------------------------------------ preferences */

/* How many processors @app uses of @shape: in a VM its limit of cores counts
 * logical processors.
 */
static unsigned
app_uses(const struct vt_app *app, const struct vtopo_shape *shape)
{
    unsigned sockets = shape->level[VTOPO_SOCKETS];
    unsigned package = shape->maxcpus / sockets;
    unsigned uses;

    if (app == NULL)
        return shape->maxcpus;
    uses = sockets > app->sockets ? app->sockets * package : shape->maxcpus;
    return uses > app->cores ? app->cores : uses;
}

static void
weigh(struct vtopo_candidate *candidate, const struct vt_plan_input *input,
      const struct vtopo_prediction *prediction)
{
    const struct vtopo_shape *shape = &candidate->shape;
    unsigned *cost = candidate->cost;
    bool guest = prediction->has_guest;

    candidate->app_used = app_uses(input->app, shape);
    cost[VTOPO_PREFER_TRUE_PACKAGES] = guest && !prediction->true_packages;
    cost[VTOPO_PREFER_TELLABLE] = guest && !prediction->tellable;
    cost[VTOPO_PREFER_APP] = shape->maxcpus - candidate->app_used;
    cost[VTOPO_PREFER_NO_THREADS] = shape->level[VTOPO_THREADS] - 1;
    cost[VTOPO_PREFER_FEW_SOCKETS] = shape->level[VTOPO_SOCKETS] - 1;
}

/* ------------------------------------------------------------ one candidate */

static unsigned
used_of(const struct vtopo_prediction *prediction)
{
    return prediction->has_guest ? prediction->task_manager.least
                                 : prediction->shape.cpus;
}

static void
drop_waste(struct vtopo_candidate *candidate,
           const struct vtopo_prediction *prediction)
{
    bool certain = prediction->wasted.least > 0;
    enum vtopo_fate fate = prediction->decided;

    if (!prediction->has_guest || prediction->wasted.most == 0)
        return;
    candidate->fate = fate;
    candidate->source = prediction->source;
    candidate->confidence = prediction->confidence;
    drop_for(candidate, certain ? VTOPO_DROP_WASTE : VTOPO_DROP_UNCERTAIN,
             prediction->rule[fate]);
}

/* Only a VM that QEMU would not start is a reason to drop; the rest is a
 * failure.
 */
static int
predict_or_drop(struct vtopo_candidate *candidate,
                const struct vtopo_shape *shape,
                const struct vt_plan_input *input,
                struct vtopo_prediction *scratch, struct vtopo_error *err)
{
    vt_autoerror struct vtopo_error refusal = VTOPO_ERROR_INIT;

    if (vtopo_predict(shape, input->dialect, input->cpu, input->limits,
                      scratch, &refusal) == 0)
        return 0;
    if (refusal.code != VTOPO_SMP_X2APIC
        && refusal.code != VTOPO_SMP_MACHINE_RULE) {
        *err = refusal;
        refusal = (struct vtopo_error)VTOPO_ERROR_INIT;
        return -1;
    }
    drop_for(candidate, VTOPO_DROP_MACHINE, refusal.message);
    return 0;
}

int
vt_candidate_judge(struct vtopo_candidate *candidate,
                   const struct vt_plan_input *input,
                   struct vtopo_prediction *scratch, struct vtopo_error *err)
{
    struct vtopo_shape full = candidate->shape;

    candidate->drop = VTOPO_KEPT;
    if (is_unasked(candidate, input->request)
        || is_overthreaded(candidate, input)
        || is_refused(candidate, input->dialect))
        return 0;
    full.cpus = full.maxcpus;
    if (predict_or_drop(candidate, &full, input, scratch, err) < 0)
        return -1;
    if (candidate->drop != VTOPO_KEPT)
        return 0;
    candidate->judged = true;
    candidate->used = used_of(scratch);
    candidate->used_most = scratch->has_guest ? scratch->task_manager.most
                                              : candidate->used;
    candidate->used_at_start = candidate->used;
    weigh(candidate, input, scratch);
    drop_waste(candidate, scratch);
    if (candidate->shape.cpus == full.cpus)
        return 0;
    if (predict_or_drop(candidate, &candidate->shape, input, scratch, err) < 0)
        return -1;
    candidate->used_at_start = used_of(scratch);
    return 0;
}
