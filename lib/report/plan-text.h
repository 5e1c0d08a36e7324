/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * plan-text.h - a plan for people
 */

#ifndef VT_PLAN_TEXT_H
#define VT_PLAN_TEXT_H

#include "report/plan-json.h"

/* Write the winner and the rule that decided; every shape where that was
 * asked for.
 */
void vt_plan_text(struct vt_buf *out, const struct vt_plan_answer *answer);

#endif /* VT_PLAN_TEXT_H */
