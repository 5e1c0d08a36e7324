/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * proof-show.h - what is seen of a VM, while it is watched
 */

#ifndef VT_PROOF_SHOW_H
#define VT_PROOF_SHOW_H

#include "verdict/verdict.h"

struct proof_show {
    bool terminal;              /* standard error is one */
    unsigned lines;             /* drawn there, to be drawn over */
    unsigned used, parked, never_started, unknown;      /* last said */
    bool any;                   /* something was said */
};

void proof_show_start(struct proof_show *show);

/* Show @verdict at @seconds; @record has the times of the threads. */
void proof_show_update(struct proof_show *show,
                       const struct vt_verdict *verdict,
                       const struct vt_record *record, double seconds);

/* Take away what was drawn. */
void proof_show_end(struct proof_show *show);

#endif /* VT_PROOF_SHOW_H */
