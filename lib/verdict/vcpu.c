/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * vcpu.c - what becomes of one vCPU
 *
 * Registers say whose a vCPU is; the other signals can only cast doubt on
 * that.  Doubt makes a vCPU unknown, never used or wasted.
 */

#include <stdio.h>
#include <string.h>

#include "verdict/vcpu.h"

#define SAY(field, ...) \
    (void)snprintf((field), sizeof(field), __VA_ARGS__)

/* A loop that waits stays within so many bytes. */
#define LOOP_BYTES 256u

/* More than this part of a host CPU is no halted processor. */
#define BUSY_SHARE 0.5
#define SPIN_SHARE 0.9

/* What the samples since the system took over show of one vCPU. */
struct course {
    unsigned looks;             /* with registers that say something */
    unsigned passed_over;       /* in SMM */
    bool was_system;
    bool nested;                /* a sign on this very vCPU */
    bool in_place;              /* all of them within one loop */
    enum vt_class class;        /* as last seen */
    const struct vt_look *last;
    /* From the end back, looks alike: deaf, and not moving. */
    unsigned still;
    unsigned still_ms;
};

/* ----------------------------------------------------------------- course */

static bool
is_near(uint64_t a, uint64_t b)
{
    return (a > b ? a - b : b - a) < LOOP_BYTES;
}

/* Whether nothing happened between two looks at a deaf vCPU.  In a loop that
 * waits by MWAIT or PAUSE some registers may be at work.
 */
static bool
is_still(const struct vt_registers *a, const struct vt_registers *b)
{
    if (!vt_is_deaf(a) || !vt_is_deaf(b) || a->halted != b->halted
        || a->cr3 != b->cr3 || a->tr != b->tr)
        return false;
    if (a->halted != 0)
        return a->ip == b->ip
            && memcmp(a->general, b->general, sizeof(a->general)) == 0;
    /* All but RAX, RCX and RDX. */
    return is_near(a->ip, b->ip) && a->general[1] == b->general[1]
        && memcmp(&a->general[4], &b->general[4],
                  sizeof(a->general) - 4 * sizeof(a->general[0])) == 0;
}

static void
follow(const struct vt_judging *judging, unsigned id, struct course *ret_course)
{
    const struct vt_timeline *timeline = judging->timeline;
    const struct vt_sample *samples = timeline->record->samples;
    struct course course = { .class = VT_CLASS_NOT_SEEN, .in_place = true };
    bool moving = false;
    uint64_t end = 0;

    for (unsigned i = timeline->record->count; i > timeline->first; i--) {
        const struct vt_look *look;
        enum vt_class class = vt_timeline_class(timeline, i - 1, id, &look);

        if (class == VT_CLASS_PASSED_OVER) {
            course.passed_over += look != NULL;
            continue;
        }
        if (class == VT_CLASS_NOT_SEEN && course.looks > 0)
            break;
        if (course.looks++ == 0) {
            course.class = class;
            course.last = look;
            end = samples[i - 1].at_us;
        }
        course.was_system |= class == VT_CLASS_SYSTEM;
        course.nested |= vt_nested_sign_find(&look->registers) != NULL;
        course.in_place &= is_near(look->registers.ip,
                                   course.last->registers.ip);
        moving |= !is_still(&look->registers, &course.last->registers);
        if (moving)
            continue;
        course.still++;
        course.still_ms = (unsigned)((end - samples[i - 1].at_us) / 1000);
    }
    *ret_course = course;
}

/* ------------------------------------------------------------------- vCPU */

static void
doubt(struct vt_vcpu *vcpu, const char *why)
{
    vcpu->state = VT_STATE_UNKNOWN;
    vcpu->disagree = true;
    SAY(vcpu->reason, "signals disagree: %s", why);
}

static void
leave_unknown(struct vt_vcpu *vcpu, enum vt_owner owner, const char *why)
{
    vcpu->state = VT_STATE_UNKNOWN;
    vcpu->owner = owner;
    SAY(vcpu->reason, "%s", why);
}

/* The system owns it: is it in use, or was it put away? */
static void
judge_owned(const struct vt_judging *judging, const struct course *course,
            struct vt_vcpu *vcpu)
{
    const struct vt_registers *registers = &course->last->registers;
    bool long_still = course->still > 1
        && course->still_ms >= judging->timeline->record->settle_ms;
    bool has_lapic = course->last->has_lapic;
    bool lapic_on = (course->last->spiv & VT_SPIV_ENABLED) != 0;

    vcpu->state = VT_STATE_USED;
    vcpu->owner = VT_OWNER_GUEST;
    if (!vt_is_deaf(registers))
        return;
    if (registers->halted != 0 && long_still) {
        vcpu->state = VT_STATE_PARKED;
        SAY(vcpu->reason, "halted with interrupts off");
    } else if (registers->halted != 0) {
        leave_unknown(vcpu, VT_OWNER_GUEST, "halted with interrupts off, but "
                      "not looked at for long enough");
    } else if (has_lapic && lapic_on) {
        return;
    } else if (long_still && has_lapic) {
        vcpu->state = VT_STATE_PARKED;
        SAY(vcpu->reason, "waits in a loop with interrupts and its local APIC "
            "off");
    } else if (has_lapic || course->still == course->looks) {
        leave_unknown(vcpu, VT_OWNER_GUEST, "in the kernel with interrupts "
                      "off: at work, or put away");
    }
}

static void
judge_class(const struct vt_judging *judging, const struct course *course,
            struct vt_vcpu *vcpu)
{
    bool never = course->class == VT_CLASS_NOTHING
        || course->class == VT_CLASS_FIRMWARE;

    if (course->looks == 0 && course->passed_over > 0)
        leave_unknown(vcpu, VT_OWNER_UNKNOWN,
                      "seen in the firmware's SMM handler only");
    else if (course->looks == 0 || course->class == VT_CLASS_NOT_SEEN)
        leave_unknown(vcpu, VT_OWNER_UNKNOWN, "registers were not given");
    else if (course->class == VT_CLASS_CANNOT_BE)
        leave_unknown(vcpu, VT_OWNER_UNKNOWN, "no processor has such "
                      "registers; they may be encrypted");
    else if (course->nested || (judging->nested && !never))
        leave_unknown(vcpu, VT_OWNER_HYPERVISOR,
                      "a hypervisor runs inside the guest");
    else if (course->class == VT_CLASS_LOW)
        leave_unknown(vcpu, VT_OWNER_UNKNOWN, "neither plainly firmware nor "
                      "plainly the system");
    else if (never && course->was_system)
        leave_unknown(vcpu, VT_OWNER_UNKNOWN,
                      "the system ran on it earlier, and does no more");
    else if (never)
        vcpu->state = VT_STATE_NEVER_STARTED;
    else
        judge_owned(judging, course, vcpu);
    if (course->class == VT_CLASS_NOTHING && !course->nested)
        vcpu->owner = VT_OWNER_NONE;
    else if (course->class == VT_CLASS_FIRMWARE && !course->nested)
        vcpu->owner = VT_OWNER_FIRMWARE;
}

/* Let the other signals cast doubt on what the registers say. */
static void
cross_check(const struct course *course, const struct vt_evidence *evidence,
            struct vt_vcpu *vcpu)
{
    bool busy = evidence->has_share && evidence->share > BUSY_SHARE;
    bool waits = course->looks > 1 && course->in_place;

    vcpu->spins = evidence->has_share && evidence->share > SPIN_SHARE;
    if (vcpu->state == VT_STATE_NEVER_STARTED) {
        /* Firmware may wait in a loop as well as halted. */
        if (busy && (vcpu->owner == VT_OWNER_NONE || !waits))
            doubt(vcpu, "registers of a processor that was never started, "
                  "and its thread is busy");
        else if (vcpu->owner == VT_OWNER_NONE && evidence->exits_grow)
            doubt(vcpu, "at the reset vector, and KVM counts exits");
    } else if (vcpu->state == VT_STATE_PARKED) {
        if (busy && course->last->registers.halted != 0)
            doubt(vcpu, "halted for good, and its thread is busy");
    } else if (vcpu->state == VT_STATE_USED && evidence->has_exits
               && evidence->never_ran) {
        doubt(vcpu, "registers of the system, and KVM has never run it");
    }
}

void
vt_judge_vcpu(const struct vt_judging *judging, struct vt_vcpu *vcpu)
{
    struct vt_evidence evidence;
    struct course course;

    vt_signals_make(judging->timeline, vcpu->id, vcpu, &evidence);
    follow(judging, vcpu->id, &course);
    if (course.last != NULL)
        vcpu->rule = vt_rule_find(course.last)->id;
    judge_class(judging, &course, vcpu);
    cross_check(&course, &evidence, vcpu);
}
