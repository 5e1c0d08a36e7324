/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * vcpu.h - what becomes of one vCPU, under a system that runs
 */

#ifndef VT_VCPU_H
#define VT_VCPU_H

#include "verdict/signals.h"

struct vt_judging {
    const struct vt_timeline *timeline;
    bool nested;
};

/* Judge the vCPU whose id @vcpu holds, and fill in the rest. */
void vt_judge_vcpu(const struct vt_judging *judging, struct vt_vcpu *vcpu);

#endif /* VT_VCPU_H */
