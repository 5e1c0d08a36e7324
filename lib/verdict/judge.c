/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * judge.c - which vCPUs a guest uses, by what was seen from outside
 *
 * Without a system on the first vCPU there is nothing to judge; with one,
 * each vCPU is judged for itself (vcpu.c), and the verdict is drawn from
 * their states and from whether those will stay so.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "verdict/vcpu.h"

#define SAY(field, ...) \
    (void)snprintf((field), sizeof(field), __VA_ARGS__)

void
vt_verdict_clear(struct vt_verdict *verdict)
{
    free(verdict->vcpus);
    verdict->vcpus = NULL;
    verdict->count = 0;
}

/* ---------------------------------------------------------------- verdict */

static bool
find_nested(const struct vt_timeline *timeline)
{
    const struct vt_look *look;

    for (unsigned i = timeline->first; i < timeline->record->count; i++) {
        for (unsigned id = 0; id < timeline->now->count; id++) {
            if (vt_timeline_class(timeline, i, id, &look)
                >= VT_CLASS_NOTHING
                && vt_nested_sign_find(&look->registers) != NULL)
                return true;
        }
    }
    return false;
}

/* Why there is nothing to judge yet, or NULL. */
static const char *
find_obstacle(const struct vt_timeline *timeline)
{
    const struct vt_record *record = timeline->record;
    const char *status = vt_status_reason(record->status);

    if (status != NULL)
        return status;
    if (timeline->now == NULL)
        return "nothing was asked of the vCPUs";
    for (unsigned i = 0; i < record->count; i++) {
        if (record->samples[i].encrypted)
            return "the guest's registers are encrypted";
    }
    switch (timeline->stage) {
    case VT_CLASS_SYSTEM:
        return NULL;
    case VT_CLASS_NOT_SEEN:
        return "the registers of the first vCPU were not given";
    case VT_CLASS_PASSED_OVER:
        return "the first vCPU was seen in the firmware's SMM handler only";
    case VT_CLASS_CANNOT_BE:
        return "no processor has such registers; they may be encrypted";
    case VT_CLASS_NOTHING:
        return "the first vCPU stands at its reset vector";
    case VT_CLASS_LOW:
        return "a boot loader runs, or a system that keeps to low addresses";
    case VT_CLASS_FIRMWARE:
        break;
    }
    return timeline->paged
        ? "firmware or a boot loader runs, no system yet"
        : "firmware or a boot loader runs (paging is off), no system yet";
}

/* Owners are told even where nothing can be said of the states. */
static void
leave_all_unknown(const struct vt_timeline *timeline,
                  struct vt_verdict *verdict, const char *why)
{
    for (unsigned i = 0; i < verdict->count; i++) {
        struct vt_vcpu *vcpu = &verdict->vcpus[i];
        struct vt_evidence evidence;
        enum vt_class class;

        vt_signals_make(timeline, vcpu->id, vcpu, &evidence);
        class = vt_rule_find(&timeline->now->looks[vcpu->id])->class;
        vcpu->state = VT_STATE_UNKNOWN;
        vcpu->rule = vt_rule_find(&timeline->now->looks[vcpu->id])->id;
        if (class == VT_CLASS_FIRMWARE)
            vcpu->owner = VT_OWNER_FIRMWARE;
        else if (class == VT_CLASS_NOTHING
                 && timeline->stage == VT_CLASS_FIRMWARE)
            vcpu->owner = VT_OWNER_NONE;
        SAY(vcpu->reason, "%s", why);
    }
    SAY(verdict->reason, "%s", why);
}

static int
list_vcpus(const struct vt_timeline *timeline, struct vt_verdict *verdict,
           struct vtopo_error *err)
{
    const struct vt_sample *now = timeline->now;

    if (now == NULL || now->count == 0)
        return 0;
    verdict->vcpus = calloc(now->count, sizeof(*verdict->vcpus));
    if (verdict->vcpus == NULL)
        return vt_fail_memory(err);
    for (unsigned id = 0; id < now->count; id++) {
        if (vt_timeline_has(now, id))
            verdict->vcpus[verdict->count++].id = id;
    }
    return 0;
}

static void
count_states(struct vt_verdict *verdict)
{
    for (unsigned i = 0; i < verdict->count; i++) {
        switch (verdict->vcpus[i].state) {
        case VT_STATE_USED:
            verdict->used++;
            break;
        case VT_STATE_PARKED:
            verdict->parked++;
            break;
        case VT_STATE_NEVER_STARTED:
            verdict->never_started++;
            break;
        case VT_STATE_UNKNOWN:
            verdict->unknown++;
            break;
        }
    }
}

static void
say_wasted(struct vt_verdict *verdict)
{
    char parked[40] = "", never[40] = "";
    char unknown[40] = "";

    if (verdict->never_started > 0)
        SAY(never, "; %u never started", verdict->never_started);
    if (verdict->parked > 0)
        SAY(parked, "; %u parked", verdict->parked);
    if (verdict->unknown > 0)
        SAY(unknown, "; %u not known", verdict->unknown);
    /* Where some are not known, "uses" would say that it uses no more. */
    SAY(verdict->reason, verdict->unknown > 0
        ? "%u of %u vCPUs are seen in use%s%s%s"
        : "the system uses %u of %u vCPUs%s%s%s",
        verdict->used, verdict->count, never, parked, unknown);
}

static void
say_unknown(struct vt_verdict *verdict)
{
    unsigned disagree = 0;

    for (unsigned i = 0; i < verdict->count; i++)
        disagree += verdict->vcpus[i].disagree;
    if (verdict->nested)
        SAY(verdict->reason, "a hypervisor runs inside the guest, and what it "
            "does with its vCPUs cannot be seen");
    else if (disagree > 0)
        SAY(verdict->reason, "signals disagree on %u of %u vCPUs", disagree,
            verdict->count);
    else
        SAY(verdict->reason, "%u of %u vCPUs could not be judged",
            verdict->unknown, verdict->count);
}

static void
conclude(const struct vt_timeline *timeline, struct vt_verdict *verdict)
{
    bool wasted = verdict->never_started + verdict->parked > 0;
    bool firm = verdict->settled
        || (timeline->user && timeline->steady == timeline->first);

    verdict->outcome = VT_OUTCOME_UNKNOWN;
    if (wasted && firm) {
        verdict->outcome = VT_WASTED;
        say_wasted(verdict);
    } else if (wasted) {
        SAY(verdict->reason, "the system may still be starting: so far it has "
            "taken %u of %u vCPUs", verdict->used, verdict->count);
    } else if (verdict->unknown > 0) {
        say_unknown(verdict);
    } else if (timeline->calm
               || timeline->steady_ms >= timeline->record->settle_ms) {
        verdict->outcome = VT_ALL_USED;
        if (verdict->count == 1)
            SAY(verdict->reason, "the system uses the one vCPU there is");
        else
            SAY(verdict->reason, "the system uses all %u vCPUs",
                verdict->count);
    } else {
        SAY(verdict->reason, "the system may still be starting: it was not "
            "looked at for long enough");
    }
}

static void
take_agent(const struct vt_record *record, struct vt_verdict *verdict)
{
    for (unsigned i = 0; i < record->count; i++) {
        if (!record->samples[i].has_agent)
            continue;
        verdict->has_agent = true;
        verdict->agent_online = record->samples[i].agent_online;
    }
}

int
vt_judge(const struct vt_record *record, struct vt_verdict *ret_verdict,
         struct vtopo_error *err)
{
    struct vt_verdict verdict = VT_VERDICT_INIT;
    struct vt_timeline timeline;
    struct vt_judging judging = { .timeline = &timeline };
    const char *obstacle;

    vt_timeline_make(record, &timeline);
    if (list_vcpus(&timeline, &verdict, err) < 0)
        return -1;
    obstacle = find_obstacle(&timeline);
    take_agent(record, &verdict);
    if (obstacle != NULL) {
        leave_all_unknown(&timeline, &verdict, obstacle);
        count_states(&verdict);
        *ret_verdict = verdict;
        return 0;
    }
    judging.nested = verdict.nested = find_nested(&timeline);
    verdict.settled = vt_timeline_settled(&timeline);
    verdict.watched_ms = (unsigned)
        ((record->samples[record->count - 1].at_us
          - record->samples[timeline.first].at_us) / 1000);
    for (unsigned i = 0; i < verdict.count; i++)
        vt_judge_vcpu(&judging, &verdict.vcpus[i]);
    count_states(&verdict);
    conclude(&timeline, &verdict);
    *ret_verdict = verdict;
    return 0;
}

bool
vt_verdict_settled(const struct vt_record *record)
{
    struct vt_timeline timeline;

    vt_timeline_make(record, &timeline);
    return find_obstacle(&timeline) == NULL
        && vt_timeline_settled(&timeline);
}
