/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * signals.c - what each signal says of a vCPU, for itself
 */

#include <stdio.h>

#include "verdict/signals.h"

/* Times over less than this say nothing: asking costs some, too. */
#define TIMED_MS_LEAST 1000u

#define SAY(field, ...) \
    (void)snprintf((field), sizeof(field), __VA_ARGS__)

/* The last look at vCPU @id that has what @wanted asks for, and the first
 * since the system took over; both NULL where there is none.
 */
static void
find_looks(const struct vt_timeline *timeline, unsigned id,
           bool (*wanted)(const struct vt_look *look),
           const struct vt_look **ret_first, const struct vt_look **ret_last,
           unsigned *ret_ms)
{
    const struct vt_record *record = timeline->record;
    uint64_t begin = 0, end = 0;

    *ret_first = *ret_last = NULL;
    for (unsigned i = timeline->first; i < record->count; i++) {
        const struct vt_sample *sample = &record->samples[i];

        if (id >= sample->count || !wanted(&sample->looks[id]))
            continue;
        if (*ret_first == NULL) {
            *ret_first = &sample->looks[id];
            begin = sample->at_us;
        }
        *ret_last = &sample->looks[id];
        end = sample->at_us;
    }
    *ret_ms = (unsigned)((end - begin) / 1000);
}

static bool
has_time(const struct vt_look *look)
{
    return look->has_time;
}

static bool
has_exits(const struct vt_look *look)
{
    return look->has_exits;
}

static bool
has_lapic(const struct vt_look *look)
{
    return look->has_lapic;
}

static bool
has_registers(const struct vt_look *look)
{
    return look->has_registers;
}

static void
say_registers(const struct vt_timeline *timeline, unsigned id,
              struct vt_vcpu *vcpu)
{
    struct vt_signal *signal = &vcpu->signals[VT_SIGNAL_REGISTERS];
    const struct vt_look *first, *last;
    const struct vt_registers *seen;
    unsigned ms;

    find_looks(timeline, id, has_registers, &first, &last, &ms);
    if (last == NULL && id < timeline->now->count
        && timeline->now->looks[id].has_registers)
        last = &timeline->now->looks[id];
    if (last == NULL)
        return;
    seen = &last->registers;
    SAY(signal->value, "%04x:%llx ring %u, paging %s, %sinterrupts %s",
        seen->cs, (unsigned long long)seen->ip, seen->cpl,
        (seen->cr0 & VT_CR0_PG) != 0 ? "on" : "off",
        seen->halted != 0 ? "halted, " : "",
        (seen->flags & VT_FLAGS_IF) != 0 ? "on" : "off");
    signal->says = vt_rule_find(last)->says;
}

static void
say_lapic(const struct vt_timeline *timeline, unsigned id,
          struct vt_vcpu *vcpu)
{
    struct vt_signal *signal = &vcpu->signals[VT_SIGNAL_LOCAL_APIC];
    const struct vt_look *first, *last;
    unsigned ms;

    find_looks(timeline, id, has_lapic, &first, &last, &ms);
    if (last == NULL)
        return;
    SAY(signal->value, "SPIV 0x%03x", last->spiv);
    signal->says = (last->spiv & VT_SPIV_ENABLED) != 0
        ? "switched on by software" : "switched off by software";
}

static void
say_time(const struct vt_timeline *timeline, unsigned id,
         struct vt_vcpu *vcpu, struct vt_evidence *evidence)
{
    struct vt_signal *signal = &vcpu->signals[VT_SIGNAL_THREAD_TIME];
    const struct vt_look *first, *last;
    unsigned ms;

    find_looks(timeline, id, has_time, &first, &last, &ms);
    if (last == NULL || ms < TIMED_MS_LEAST || last->time_us < first->time_us)
        return;
    evidence->has_share = true;
    evidence->timed_ms = ms;
    evidence->share = (double)(last->time_us - first->time_us) / 1e3 / ms;
    SAY(signal->value, "%llu ms in %u ms", (unsigned long long)
        (last->time_us - first->time_us) / 1000, ms);
    signal->says = evidence->share > 0.5 ? "takes a host CPU"
        : evidence->share > 0.0005 ? "runs at times" : "stands still";
}

static void
say_exits(const struct vt_timeline *timeline, unsigned id,
          struct vt_vcpu *vcpu, struct vt_evidence *evidence)
{
    struct vt_signal *signal = &vcpu->signals[VT_SIGNAL_QUERY_STATS];
    const struct vt_look *first, *last;
    unsigned ms;

    find_looks(timeline, id, has_exits, &first, &last, &ms);
    if (last == NULL)
        return;
    evidence->has_exits = true;
    evidence->never_ran = last->exits == 0 && last->has_halts
        && last->halt_exits == 0;
    evidence->exits_grow = last->exits > first->exits;
    SAY(signal->value, "%llu exits, %llu more in %u ms",
        (unsigned long long)last->exits,
        (unsigned long long)(last->exits > first->exits
                             ? last->exits - first->exits : 0), ms);
    signal->says = evidence->never_ran ? "never ran"
        : evidence->exits_grow ? "runs at times"
        : ms == 0 ? "ran before" : "stands still";
}

void
vt_signals_make(const struct vt_timeline *timeline, unsigned id,
                struct vt_vcpu *vcpu, struct vt_evidence *ret_evidence)
{
    struct vt_evidence evidence = { .has_share = false };

    say_registers(timeline, id, vcpu);
    say_lapic(timeline, id, vcpu);
    if (timeline->own_threads)
        say_time(timeline, id, vcpu, &evidence);
    say_exits(timeline, id, vcpu, &evidence);
    *ret_evidence = evidence;
}
