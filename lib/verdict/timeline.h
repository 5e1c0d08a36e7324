/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * timeline.h - the samples of a record as a course of events
 */

#ifndef VT_TIMELINE_H
#define VT_TIMELINE_H

#include "verdict/rules.h"
#include "verdict/verdict.h"

struct vt_timeline {
    const struct vt_record *record;
    const struct vt_sample *now;        /* the last that shows vCPUs, or NULL */
    unsigned reference;         /* the vCPU that starts the others */
    enum vt_class stage;        /* of the reference, as last seen */
    bool paged;                 /* the reference, as last seen */
    bool own_threads;           /* a thread for each vCPU, so times tell */
    bool low_system;            /* the system keeps to low addresses */
    unsigned first;             /* sample since which the system runs it */
    unsigned steady;            /* sample since which no state changed */
    unsigned steady_ms;         /* time from there to the last sample */
    bool calm;                  /* the reference was idle, or in user mode */
    bool user;                  /* some vCPU was in user mode */
    bool high;                  /* the reference ran code of the high half */
};

void vt_timeline_make(const struct vt_record *record,
                      struct vt_timeline *ret_timeline);

/* Whether the VM has vCPU @id at the time of @sample. */
bool vt_timeline_has(const struct vt_sample *sample, unsigned id);

/* What sample @index shows of vCPU @id; VT_CLASS_PASSED_OVER where that sample
 * shows no registers at all, or was taken while the VM did not run.
 * *ret_look may be NULL then, and only then.
 */
enum vt_class vt_timeline_class(const struct vt_timeline *timeline,
                                unsigned index, unsigned id,
                                const struct vt_look **ret_look);

/* Whether a system runs, and what was seen will stay so. */
bool vt_timeline_settled(const struct vt_timeline *timeline);

#endif /* VT_TIMELINE_H */
