/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * timeline.c - the samples of a record as a course of events
 *
 * A guest that is starting up shows the same states as one that will never
 * start the rest of its vCPUs.  So only what came after the system took over
 * CPU 0 for the last time counts, and only what stayed the same for a while.
 */

#include <stdlib.h>

#include "verdict/timeline.h"

/* One that is never seen at rest counts as started up after so long. */
#define LONGEST_MS 30000u

bool
vt_timeline_has(const struct vt_sample *sample, unsigned id)
{
    return id < sample->count && (sample->has_list
                                  ? sample->looks[id].listed
                                  : sample->looks[id].has_registers);
}

enum vt_class
vt_timeline_class(const struct vt_timeline *timeline, unsigned index,
                  unsigned id, const struct vt_look **ret_look)
{
    static const struct vt_look nothing;
    const struct vt_sample *sample = &timeline->record->samples[index];
    enum vt_class class;

    *ret_look = NULL;
    if (!sample->has_registers
        || (sample->status[0] != '\0'
            && vt_status_reason(sample->status) != NULL))
        return VT_CLASS_PASSED_OVER;
    *ret_look = id < sample->count ? &sample->looks[id] : &nothing;
    class = vt_rule_find(*ret_look)->class;
    return class == VT_CLASS_LOW && timeline->low_system ? VT_CLASS_SYSTEM
                                                         : class;
}

/* The last sample that says which vCPUs there are. */
static const struct vt_sample *
find_now(const struct vt_record *record)
{
    for (unsigned i = record->count; i > 0; i--) {
        const struct vt_sample *sample = &record->samples[i - 1];

        if (sample->has_list || sample->has_registers)
            return sample;
    }
    return NULL;
}

/* User mode over tables low in memory: a system that stays down there. */
static bool
is_low_system(const struct vt_record *record)
{
    for (unsigned i = 0; i < record->count; i++) {
        const struct vt_sample *sample = &record->samples[i];

        for (unsigned id = 0; id < sample->count; id++) {
            const struct vt_look *look = &sample->looks[id];
            struct vt_look kernel = *look;

            kernel.registers.cpl = 0;
            if (vt_rule_find(look)->class == VT_CLASS_SYSTEM
                && vt_rule_find(&kernel)->class == VT_CLASS_LOW)
                return true;
        }
    }
    return false;
}

/* Find since when the system has run the reference without a break. */
static void
find_first(struct vt_timeline *timeline)
{
    const struct vt_look *look;

    timeline->stage = VT_CLASS_NOT_SEEN;
    timeline->first = 0;
    for (unsigned i = 0; i < timeline->record->count; i++) {
        enum vt_class class = vt_timeline_class(timeline, i,
                                                timeline->reference, &look);

        if (class == VT_CLASS_PASSED_OVER) {
            if (timeline->stage == VT_CLASS_NOT_SEEN && look != NULL)
                timeline->stage = VT_CLASS_PASSED_OVER;
            continue;
        }
        timeline->stage = class;
        timeline->paged = (look->registers.cr0 & VT_CR0_PG) != 0;
        if (class != VT_CLASS_SYSTEM)
            timeline->first = i + 1;
    }
}

/* A number for what a look shows, the same as long as the state is; 0 where
 * it says nothing.
 */
static unsigned
mark_of(const struct vt_timeline *timeline, unsigned index, unsigned id)
{
    const struct vt_sample *sample = &timeline->record->samples[index];
    const struct vt_look *look;
    enum vt_class class = vt_timeline_class(timeline, index, id, &look);
    bool put_down;

    if (class == VT_CLASS_PASSED_OVER)
        return 0;
    put_down = class == VT_CLASS_SYSTEM && look->registers.halted != 0
        && vt_is_deaf(&look->registers);
    return 1u + (unsigned)class * 4 + (put_down ? 2 : 0)
        + (vt_timeline_has(sample, id) ? 1 : 0);
}

static void
find_steady(struct vt_timeline *timeline)
{
    const struct vt_record *record = timeline->record;
    unsigned char marks[VTOPO_CPUS_MAX] = { 0 };
    unsigned since = record->count;

    for (unsigned i = record->count; i > timeline->first; i--) {
        for (unsigned id = 0; id < timeline->now->count; id++) {
            unsigned mark = mark_of(timeline, i - 1, id);

            if (mark != 0 && marks[id] != 0 && marks[id] != mark)
                goto changed;
            if (mark != 0)
                marks[id] = (unsigned char)mark;
        }
        since = i - 1;
    }
 changed:
    timeline->steady = since;
    timeline->steady_ms = since == record->count ? 0
        : (unsigned)((record->samples[record->count - 1].at_us
                      - record->samples[since].at_us) / 1000);
}

static void
find_signs(struct vt_timeline *timeline)
{
    const struct vt_look *look;

    for (unsigned i = timeline->steady; i < timeline->record->count; i++) {
        for (unsigned id = 0; id < timeline->now->count; id++) {
            if (vt_timeline_class(timeline, i, id, &look) != VT_CLASS_SYSTEM)
                continue;
            timeline->user |= look->registers.cpl == 3;
            if (id != timeline->reference)
                continue;
            timeline->calm |= look->registers.cpl == 3
                || vt_is_idle(&look->registers);
            timeline->high |= vt_is_high_code(&look->registers);
        }
    }
}

static int
compare_threads(const void *a, const void *b)
{
    unsigned left = *(const unsigned *)a;
    unsigned right = *(const unsigned *)b;

    return (left > right) - (left < right);
}

/* Whether every vCPU has a thread of its own, so that times tell. */
static bool
has_own_threads(const struct vt_sample *sample)
{
    unsigned threads[VTOPO_CPUS_MAX];
    unsigned count = 0;

    for (unsigned id = 0; id < sample->count; id++) {
        if (sample->looks[id].listed && sample->looks[id].thread != 0)
            threads[count++] = sample->looks[id].thread;
    }
    qsort(threads, count, sizeof(threads[0]), compare_threads);
    for (unsigned i = 1; i < count; i++) {
        if (threads[i] == threads[i - 1])
            return false;
    }
    return true;
}

void
vt_timeline_make(const struct vt_record *record,
                 struct vt_timeline *ret_timeline)
{
    struct vt_timeline timeline = {
        .record = record,
        .now = find_now(record),
        .stage = VT_CLASS_NOT_SEEN,
    };

    if (timeline.now != NULL) {
        while (timeline.reference + 1 < timeline.now->count
               && !vt_timeline_has(timeline.now, timeline.reference))
            timeline.reference++;
        timeline.own_threads = has_own_threads(timeline.now);
        timeline.low_system = is_low_system(record);
        find_first(&timeline);
        find_steady(&timeline);
        find_signs(&timeline);
    }
    *ret_timeline = timeline;
}

bool
vt_timeline_settled(const struct vt_timeline *timeline)
{
    return timeline->stage == VT_CLASS_SYSTEM
        && timeline->steady_ms >= timeline->record->settle_ms
        && (timeline->calm
            || (timeline->high && timeline->steady_ms >= LONGEST_MS));
}
