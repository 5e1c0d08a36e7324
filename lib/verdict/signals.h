/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * signals.h - what each signal says of a vCPU, for itself
 */

#ifndef VT_SIGNALS_H
#define VT_SIGNALS_H

#include "verdict/timeline.h"

/* What speaks for or against a vCPU, beside its registers. */
struct vt_evidence {
    bool has_share;             /* its thread was timed for long enough */
    double share;               /* of one host CPU that its thread took */
    unsigned timed_ms;
    bool has_exits;
    bool never_ran;             /* KVM has not run it once */
    bool exits_grow;
};

/* Gather the evidence on vCPU @id, and fill in its signals. */
void vt_signals_make(const struct vt_timeline *timeline, unsigned id,
                     struct vt_vcpu *vcpu, struct vt_evidence *ret_evidence);

#endif /* VT_SIGNALS_H */
