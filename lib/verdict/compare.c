/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * compare.c - what was planned, predicted and observed, held against each
 * other
 *
 * One function a finding; the list at the end is the order in which they are
 * said.
 */

#include <stdio.h>

#include "base/cleanup.h"
#include "verdict/verdict.h"

#define SAY(field, ...) \
    (void)snprintf((field), sizeof(field), __VA_ARGS__)

struct compared {
    const struct vt_verdict *verdict;
    const struct vtopo_shape *shape;
    const struct vtopo_prediction *prediction;  /* of a guest, or NULL */
    const struct vtopo_limits *limits;
};

static const char *
was(unsigned count)
{
    return count == 1 ? "was" : "were";
}

/* --------------------------------------------------------------- the count */

static void
check_count(const struct compared *compared, struct vt_findings *findings)
{
    const struct vt_verdict *verdict = compared->verdict;
    struct vt_finding *finding;

    if (compared->shape == NULL || verdict->count == 0
        || verdict->count == compared->shape->cpus)
        return;
    finding = vt_findings_add(findings, VT_WARNING, "count-differs");
    SAY(finding->text, "%u vCPU%s planned, and the VM has %u",
        compared->shape->cpus, compared->shape->cpus == 1 ? " was" : "s were",
        verdict->count);
}

/* -------------------------------------------------------------- the wasted */

static bool
is_never_started(const struct vt_vcpu *vcpu)
{
    return vcpu->state == VT_STATE_NEVER_STARTED;
}

static bool
is_parked(const struct vt_vcpu *vcpu)
{
    return vcpu->state == VT_STATE_PARKED;
}

/* The rule that predicts the waste, where it predicts one. */
static const char *
find_rule(const struct compared *compared)
{
    const struct vtopo_prediction *prediction = compared->prediction;

    if (prediction == NULL || prediction->wasted.most == 0
        || prediction->decided == VTOPO_USED)
        return "";
    return prediction->rule[prediction->decided];
}

/* What takes away the rule that wastes vCPUs; sockets are for the shape. */
static const char *
find_cure(const struct compared *compared)
{
    switch (compared->prediction->decided) {
    case VTOPO_UP_HAL:
        return "'vtopo repair' puts in the multiprocessor HAL and kernel";
    case VTOPO_BOOT_LIMIT:
        return "'vtopo repair' takes the limit out of the boot options";
    case VTOPO_USED:
    case VTOPO_UNLICENSED_SOCKET:
    case VTOPO_OVER_LIMIT:
    case VTOPO_NOT_PRESENT:
    case VTOPO_FATE_UNKNOWN:
        break;
    }
    return "";
}

/* "2 of 4 vCPUs were never started: Windows 7 Professional is licensed ..." */
static void
add_waste(const struct compared *compared, const char *code,
          bool (*wanted)(const struct vt_vcpu *vcpu), const char *what,
          struct vt_findings *findings)
{
    const struct vt_verdict *verdict = compared->verdict;
    const char *rule = find_rule(compared);
    struct vt_finding *finding;
    char ids[64];
    unsigned count = vt_verdict_ids(verdict, wanted, ids, sizeof(ids));

    if (count == 0)
        return;
    finding = vt_findings_add(findings, VT_PROBLEM, code);
    SAY(finding->text, "%u of %u vCPUs %s %s", count, verdict->count,
        was(count), what);
    if (rule[0] != '\0') {
        SAY(finding->cure, "%s", find_cure(compared));
        SAY(finding->text, "%u of %u vCPUs %s %s: %s", count, verdict->count,
            was(count), what, rule);
        if (compared->shape != NULL && compared->prediction->decided
            == VTOPO_UNLICENSED_SOCKET)
            SAY(finding->text, "%u of %u vCPUs %s %s: %s and this VM has %u",
                count, verdict->count, was(count), what, rule,
                compared->shape->level[VTOPO_SOCKETS]);
    }
    SAY(finding->evidence, "vCPU %s, watched for %u.%u s", ids,
        verdict->watched_ms / 1000, verdict->watched_ms % 1000 / 100);
}

static void
check_wasted(const struct compared *compared, struct vt_findings *findings)
{
    if (compared->verdict->outcome != VT_WASTED)
        return;
    add_waste(compared, "never-started", is_never_started,
              "never started by the system", findings);
    add_waste(compared, "parked", is_parked, "started, then put away",
              findings);
}

/* ---------------------------------------------------------- the prediction */

static void
check_prediction(const struct compared *compared,
                 struct vt_findings *findings)
{
    const struct vtopo_prediction *prediction = compared->prediction;
    const struct vt_verdict *verdict = compared->verdict;
    struct vt_finding *finding;
    struct vtopo_range used;

    if (prediction == NULL || verdict->unknown > 0
        || verdict->outcome == VT_OUTCOME_UNKNOWN)
        return;
    used = prediction->task_manager;
    if (verdict->count != prediction->shape.cpus
        || (verdict->used >= used.least && verdict->used <= used.most))
        return;
    finding = vt_findings_add(findings, VT_WARNING, "prediction-differs");
    if (used.least == used.most)
        SAY(finding->text, "the system was predicted to use %u vCPU%s, and "
            "uses %u", used.least, used.least == 1 ? "" : "s", verdict->used);
    else if (used.most == VTOPO_ABSENT)
        SAY(finding->text, "the system was predicted to use at least %u "
            "vCPUs, and uses %u", used.least, verdict->used);
    else
        SAY(finding->text, "the system was predicted to use %u to %u vCPUs, "
            "and uses %u", used.least, used.most, verdict->used);
    SAY(finding->evidence, "%s", verdict->reason);
}

/* ------------------------------------------------------------ host CPUs */

static bool
is_used_and_spins(const struct vt_vcpu *vcpu)
{
    return vcpu->state == VT_STATE_USED && vcpu->spins;
}

static bool
is_wasted_and_spins(const struct vt_vcpu *vcpu)
{
    return (is_never_started(vcpu) || is_parked(vcpu)) && vcpu->spins;
}

/* Shorter than this, a busy guest looks like an idle one that spins. */
#define IDLE_WATCHED_MS 2000u

static void
check_idle(const struct compared *compared, struct vt_findings *findings)
{
    const struct vtopo_limits *limits = compared->limits;
    const struct vt_hal *hal = limits != NULL && limits->hal[0] != '\0'
        ? vt_hal_lookup(limits->hal) : NULL;
    struct vt_finding *finding;
    char ids[64];
    unsigned count;

    if (hal == NULL || compared->verdict->watched_ms < IDLE_WATCHED_MS
        || (hal->idle != VT_IDLE_SPINS && hal->idle != VT_IDLE_SPINS_FIRST))
        return;
    count = vt_verdict_ids(compared->verdict, is_used_and_spins, ids,
                           sizeof(ids));
    if (count == 0)
        return;
    finding = vt_findings_add(findings, VT_WARNING, "idle-spins");
    SAY(finding->text, "vCPU %s took a host CPU all the time; HAL %s does not "
        "halt when idle, so it may have done nothing", ids, hal->id);
    SAY(finding->cure, "put in a HAL that halts, where the machine has ACPI");
    SAY(finding->evidence, "%s", hal->idle_source.text);
}

static void
check_spinning_waste(const struct compared *compared,
                     struct vt_findings *findings)
{
    struct vt_finding *finding;
    char ids[64];
    unsigned count = vt_verdict_ids(compared->verdict, is_wasted_and_spins,
                                    ids, sizeof(ids));

    if (count == 0)
        return;
    finding = vt_findings_add(findings, VT_WARNING, "waste-spins");
    SAY(finding->text, "vCPU %s took a host CPU all the time, and the system "
        "does not use %s", ids, count == 1 ? "it" : "them");
    SAY(finding->cure, "take the monitor feature from the CPU model "
        "(-cpu ...,-monitor): it waits by MWAIT, which QEMU does not halt on");
}

/* ------------------------------------------------------------------ doubts */

static bool
is_in_doubt(const struct vt_vcpu *vcpu)
{
    return vcpu->disagree;
}

static void
check_doubts(const struct compared *compared, struct vt_findings *findings)
{
    const struct vt_verdict *verdict = compared->verdict;
    struct vt_finding *finding;
    char ids[64];

    if (vt_verdict_ids(verdict, is_in_doubt, ids, sizeof(ids)) == 0)
        return;
    finding = vt_findings_add(findings, VT_WARNING, "signals-disagree");
    for (unsigned i = 0; i < verdict->count; i++) {
        if (verdict->vcpus[i].disagree) {
            SAY(finding->text, "vCPU %s: %s", ids, verdict->vcpus[i].reason);
            return;
        }
    }
}

static void
check_agent(const struct compared *compared, struct vt_findings *findings)
{
    const struct vt_verdict *verdict = compared->verdict;
    struct vt_finding *finding;

    if (!verdict->has_agent || verdict->unknown > 0
        || verdict->agent_online == verdict->used)
        return;
    finding = vt_findings_add(findings, VT_WARNING, "agent-differs");
    SAY(finding->text, "the guest's agent says that %u processor%s online, "
        "and %u %s seen in use", verdict->agent_online,
        verdict->agent_online == 1 ? " is" : "s are", verdict->used,
        verdict->used == 1 ? "is" : "are");
}

static void
check_nested(const struct compared *compared, struct vt_findings *findings)
{
    struct vt_finding *finding;

    if (!compared->verdict->nested)
        return;
    finding = vt_findings_add(findings, VT_INFO, "hypervisor-in-guest");
    SAY(finding->text, "a hypervisor runs inside the guest; which vCPUs its "
        "systems use cannot be seen from outside");
}

void
vt_verdict_compare(const struct vt_verdict *verdict,
                   const struct vtopo_shape *shape,
                   const struct vtopo_prediction *prediction,
                   const struct vtopo_limits *limits,
                   struct vt_findings *findings)
{
    static void (*const checks[])(const struct compared *compared,
                                  struct vt_findings *findings) = {
        check_wasted, check_prediction, check_count, check_doubts,
        check_agent, check_nested, check_idle, check_spinning_waste,
    };
    struct compared compared = {
        .verdict = verdict, .shape = shape, .limits = limits,
        .prediction = prediction != NULL && prediction->has_guest
                      ? prediction : NULL,
    };

    for (size_t i = 0; i < VT_COUNT(checks); i++)
        checks[i](&compared, findings);
}
