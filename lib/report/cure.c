/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cure.c - a shape for the same vCPUs that the guest uses in full
 */

#include "base/cleanup.h"
#include "report/cure.h"

struct vtopo_limits
vt_cure_repaired(const struct vtopo_limits *limits)
{
    struct vtopo_limits repaired = *limits;

    repaired.numproc = 0;
    repaired.onecpu = false;
    if (repaired.multiprocessor == VTOPO_NO)
        repaired.multiprocessor = VTOPO_YES;
    return repaired;
}

/* Whether the present shape would do for the repaired guest. */
static bool
is_used_in_full(const struct vt_predict_answer *answer,
                const struct vtopo_limits *repaired)
{
    vt_auto(vtopo_prediction_clear) struct vtopo_prediction prediction =
        VTOPO_PREDICTION_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    return vtopo_predict(&answer->prediction->shape, &answer->resolved.dialect,
                         &answer->resolved.cpu, repaired, &prediction,
                         &err) == 0
        && prediction.wasted.most == 0;
}

int
vt_cure_find(const struct vt_predict_answer *answer, bool *ret_found,
             struct vtopo_shape *ret_shape, struct vtopo_error *err)
{
    vt_auto(vtopo_plan_clear) struct vtopo_plan plan = VTOPO_PLAN_INIT;
    const struct vt_resolved *resolved = &answer->resolved;
    const struct vtopo_shape *shape = &answer->prediction->shape;
    struct vtopo_limits repaired = vt_cure_repaired(&resolved->limits);
    struct vtopo_plan_request request = {
        .vcpus = shape->cpus,
        .max_vcpus = shape->maxcpus != shape->cpus ? shape->maxcpus : 0,
    };

    if (is_used_in_full(answer, &repaired)) {
        *ret_found = false;
        return 0;
    }
    if (vtopo_plan_make(&request, &resolved->dialect, &resolved->cpu,
                        &repaired, &plan, err) < 0)
        return -1;
    *ret_found = plan.kept != 0;
    if (plan.kept != 0)
        *ret_shape = plan.candidates[0].shape;
    return 0;
}
