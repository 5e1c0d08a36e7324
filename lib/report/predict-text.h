/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * predict-text.h - a prediction as a table for people
 */

#ifndef VT_PREDICT_TEXT_H
#define VT_PREDICT_TEXT_H

#include "report/predict-json.h"

/* Write the table, what the guest shows, the rule, and the cure.  @cure is a
 * shape that wastes nothing, or NULL where there is none.
 */
void vt_predict_text(struct vt_buf *out,
                     const struct vt_predict_answer *answer,
                     const struct vtopo_shape *cure);

#endif /* VT_PREDICT_TEXT_H */
