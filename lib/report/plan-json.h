/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * plan-json.h - a request for a plan, and its answer, as JSON
 */

#ifndef VT_PLAN_JSON_H
#define VT_PLAN_JSON_H

#include "report/install.h"
#include "report/setting.h"

struct vt_plan_request {
    struct vt_setting setting;
    struct vtopo_plan_request plan;
    bool all;                   /* show every shape */
};

/* A plan and what it rests on, ready to be shown. */
struct vt_plan_answer {
    const struct vt_plan_request *request;
    struct vt_resolved resolved;
    struct vtopo_plan plan;     /* owned; has a candidate at least */
    bool repaired;              /* the plan is for the guest once repaired */
    const struct vt_install *install;   /* NULL where nothing is installed */
};

#define VT_PLAN_ANSWER_INIT { .plan = VTOPO_PLAN_INIT }

void vt_plan_answer_clear(struct vt_plan_answer *answer);

/* Plan what @request asks, which must outlive the answer.  Where the guest
 * has a uniprocessor HAL or a boot limit, which no shape cures, the order of
 * the shapes is that for the guest without it; none is kept then.
 */
int vt_plan_answer_make(const struct vt_plan_request *request,
                        struct vt_plan_answer *ret_answer,
                        struct vtopo_error *err)
    __attribute__((warn_unused_result));

void vt_plan_answer_write(struct vt_json *json,
                          const struct vt_plan_answer *answer);

/* From one line of JSON to another, without a newline.  @line is changed. */
int vt_plan_answer_line(char *line, size_t length, struct vt_buf *out,
                        struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_PLAN_JSON_H */
