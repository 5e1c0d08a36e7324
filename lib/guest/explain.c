/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * explain.c - the sentences of a prediction
 *
 * A rule says what limits the guest, with the numbers, and never more than
 * the table knows: a weak source is named as such in the sentence itself.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest/explain.h"

static void
say(char *rule, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Add to the sentence; cut where it is full. */
static void
say(char *rule, const char *fmt, ...)
{
    size_t length = strlen(rule);
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(rule + length, VTOPO_RULE_SIZE - length, fmt, args);
    va_end(args);
}

static void
say_confidence(char *rule, enum vtopo_confidence confidence)
{
    if (confidence != VTOPO_CONFIRMED)
        say(rule, " (%s)", vt_confidence_name(confidence));
}

/* "2 sockets", "1 to 4 sockets", "at least 1 socket" */
static void
say_limit(char *rule, const struct vtopo_limit *limit, const char *one,
          const char *many)
{
    if (limit->most == VTOPO_NO_LIMIT)
        say(rule, "at least %u %s", limit->least,
            limit->least == 1 ? one : many);
    else if (limit->least != limit->most)
        say(rule, "%u to %u %s", limit->least, limit->most, many);
    else
        say(rule, "%u %s", limit->least, limit->least == 1 ? one : many);
}

static void
explain_licence(char *rule, const struct vtopo_limits *limits)
{
    bool logical = limits->counting == VTOPO_COUNT_LOGICAL;

    say(rule, "%s is licensed for ", limits->name);
    say_limit(rule, &limits->sockets, logical ? "logical processor" : "socket",
              logical ? "logical processors" : "sockets");
    say_confidence(rule, limits->sockets.confidence);
}

/* The fact that decides is not the one the fate stands for. */
static void
cite(struct vtopo_prediction *prediction, const struct vt_source *source)
{
    prediction->confidence = source->confidence;
    prediction->source = source->text;
}

static void
explain_packages(char *rule, struct vtopo_prediction *prediction,
                 const struct vtopo_limits *limits,
                 const struct vt_generation *generation)
{
    explain_licence(rule, limits);
    if (prediction->true_packages)
        return;
    say(rule, ", and reads other packages from CPUID than the machine has");
    say_confidence(rule, generation->counting_source.confidence);
    if (generation->counting_source.confidence > prediction->confidence)
        cite(prediction, &generation->counting_source);
}

/* Whether a processor is out of reach for want of an x2APIC. */
static bool
has_wide_id(const struct vtopo_prediction *prediction,
            const struct vt_generation *generation)
{
    unsigned last = prediction->shape.cpus - 1;

    return prediction->x86 && !generation->x2apic
        && prediction->vcpus[last].apic_id >= 255
        && prediction->vcpus[last].fate == VTOPO_OVER_LIMIT;
}

static void
explain_over_limit(char *rule, struct vtopo_prediction *prediction,
                   const struct vtopo_limits *limits,
                   const struct vt_generation *generation)
{
    if (limits->counting == VTOPO_COUNT_LOGICAL
        && limits->sockets.most <= limits->logical.least) {
        explain_licence(rule, limits);
        say(rule, ", whatever the sockets");
        return;
    }
    if (generation->first_threads_only
        && !has_wide_id(prediction, generation)
        && prediction->task_manager.least < limits->logical.least) {
        say(rule, "%s uses one thread a core unless told otherwise",
            generation->name);
        say_confidence(rule, generation->threads_source.confidence);
        cite(prediction, &generation->threads_source);
        return;
    }
    if (has_wide_id(prediction, generation)) {
        say(rule, "%s has no x2APIC, so no APIC ids above 254",
            generation->name);
        say_confidence(rule, generation->x2apic_source.confidence);
        cite(prediction, &generation->x2apic_source);
        return;
    }
    say(rule, "%s uses at most ", limits->name);
    say_limit(rule, &limits->logical, "logical processor",
              "logical processors");
    say_confidence(rule, limits->logical.confidence);
}

static void
explain_boot(char *rule, const struct vtopo_limits *limits,
             const struct vt_generation *generation)
{
    if (limits->onecpu)
        say(rule, "the boot options say onecpu");
    else
        say(rule, "the boot options say numproc=%u", limits->numproc);
    if (!limits->onecpu)
        say_confidence(rule, generation->numproc_source.confidence);
}

static void
explain_unknown(char *rule, struct vtopo_prediction *prediction,
                const struct vtopo_limits *limits,
                const struct vt_generation *generation)
{
    if (limits->numproc != 0 && generation->numproc == VT_NUMPROC_UNCERTAIN) {
        say(rule, "it is not certain whether numproc=%u counts processors or "
            "sockets in %s", limits->numproc, generation->name);
        return;
    }
    if (limits->sockets.least != limits->sockets.most) {
        explain_licence(rule, limits);
        return;
    }
    if (prediction->shape.cpus <= limits->logical.least
        || !prediction->tellable) {
        explain_licence(rule, limits);
        say(rule, ", and may take so large a socket for several");
        say_confidence(rule, generation->socket_cores_source.confidence);
        cite(prediction, &generation->socket_cores_source);
        return;
    }
    say(rule, "%s uses ", limits->name);
    say_limit(rule, &limits->logical, "logical processor",
              "logical processors");
    say_confidence(rule, limits->logical.confidence);
}

static void
explain_fate(enum vtopo_fate fate, struct vtopo_prediction *prediction,
             const struct vtopo_limits *limits,
             const struct vt_generation *generation)
{
    char *rule = prediction->rule[fate];

    switch (fate) {
    case VTOPO_UNLICENSED_SOCKET:
        explain_packages(rule, prediction, limits, generation);
        break;
    case VTOPO_OVER_LIMIT:
        explain_over_limit(rule, prediction, limits, generation);
        break;
    case VTOPO_BOOT_LIMIT:
        explain_boot(rule, limits, generation);
        break;
    case VTOPO_UP_HAL:
        say(rule, "the HAL%s%s is for one processor",
            limits->hal[0] != '\0' ? " " : "", limits->hal);
        break;
    case VTOPO_NOT_PRESENT:
        say(rule, "can be added while the VM runs");
        break;
    case VTOPO_FATE_UNKNOWN:
        explain_unknown(rule, prediction, limits, generation);
        break;
    case VTOPO_USED:
        /* A weak source is named also where nothing is wasted. */
        if (prediction->decided == VTOPO_USED
            && prediction->source != NULL
            && (prediction->confidence != VTOPO_CONFIRMED
                || !prediction->true_packages))
            explain_packages(rule, prediction, limits, generation);
        break;
    }
}

/* Whether all being used rests on a licence for more than one socket. */
static bool
needs_licence(const struct vtopo_prediction *prediction,
              const struct vtopo_limits *limits)
{
    return limits->counting != VTOPO_COUNT_NOTHING
        && ((prediction->sockets_used.most != VTOPO_ABSENT
             && prediction->sockets_used.most > 1)
            || (prediction->sockets_used.most == VTOPO_ABSENT
                && prediction->shape.cpus > 1));
}

/* The limit that stands behind a fate. */
static void
note_source(struct vtopo_prediction *prediction, enum vtopo_fate fate,
            const struct vtopo_limits *limits,
            const struct vt_generation *generation)
{
    const struct vtopo_limit *limit = &limits->sockets;

    if ((fate == VTOPO_OVER_LIMIT && limits->counting != VTOPO_COUNT_LOGICAL)
        || (fate == VTOPO_FATE_UNKNOWN
            && limits->sockets.least == limits->sockets.most))
        limit = &limits->logical;
    prediction->confidence = limit->confidence;
    prediction->source = limit->source;
    if (fate == VTOPO_BOOT_LIMIT
        || (fate == VTOPO_FATE_UNKNOWN && limits->numproc != 0)) {
        prediction->confidence = generation->numproc_source.confidence;
        prediction->source = generation->numproc_source.text;
    } else if (fate == VTOPO_UP_HAL
               || (fate == VTOPO_USED && !needs_licence(prediction, limits))) {
        prediction->confidence = VTOPO_CONFIRMED;
        prediction->source = NULL;
    }
}

void
vt_explain(struct vtopo_prediction *prediction,
           const struct vtopo_limits *limits,
           const struct vt_generation *generation)
{
    bool seen[VTOPO_FATES] = { false };

    prediction->decided = VTOPO_USED;
    for (unsigned i = 0; i < VTOPO_FATES; i++)
        prediction->rule[i][0] = '\0';
    for (unsigned i = 0; i < prediction->shape.maxcpus; i++) {
        enum vtopo_fate fate = prediction->vcpus[i].fate;

        seen[fate] = true;
        if (prediction->decided == VTOPO_USED && fate != VTOPO_NOT_PRESENT)
            prediction->decided = fate;
    }
    note_source(prediction, prediction->decided, limits, generation);
    for (unsigned i = 0; i < VTOPO_FATES; i++) {
        if (seen[i])
            explain_fate((enum vtopo_fate)i, prediction, limits, generation);
    }
}
