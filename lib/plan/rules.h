/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rules.h - what drops a shape, and what ranks the rest
 */

#ifndef VT_RULES_H
#define VT_RULES_H

#include "guest/tables.h"

struct vt_preference_row {
    const char *name;           /* as JSON has it */
    const char *says;           /* why it is better, for a sentence */
    const char *source;
};

extern const struct vt_preference_row vt_preferences[VTOPO_PREFERENCES];

/* What every rule may look at. */
struct vt_plan_input {
    const struct vtopo_plan_request *request;
    const struct vtopo_dialect *dialect;
    const struct vtopo_cpu *cpu;
    const struct vtopo_limits *limits;      /* may be NULL */
    const struct vt_app *app;               /* may be NULL */
    unsigned max_vcpus;
};

/* Judge @candidate, whose shape is set: fill in all other members.
 * @scratch is reused from one candidate to the next.
 */
int vt_candidate_judge(struct vtopo_candidate *candidate,
                       const struct vt_plan_input *input,
                       struct vtopo_prediction *scratch,
                       struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_RULES_H */
