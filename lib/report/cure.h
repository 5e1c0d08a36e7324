/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cure.h - a shape for the same vCPUs that the guest uses in full
 */

#ifndef VT_CURE_H
#define VT_CURE_H

#include "report/predict-json.h"

/* Find the best shape for the guest of @answer as it would be without a
 * uniprocessor HAL and boot limits, which no shape cures.  *ret_found is
 * false where there is none, or the present shape is as good.
 */
int vt_cure_find(const struct vt_predict_answer *answer, bool *ret_found,
                 struct vtopo_shape *ret_shape, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* @limits without what a repair of the guest's disk takes away. */
struct vtopo_limits vt_cure_repaired(const struct vtopo_limits *limits);

#endif /* VT_CURE_H */
