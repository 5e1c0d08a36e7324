/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * explain.h - the sentences of a prediction
 */

#ifndef VT_EXPLAIN_H
#define VT_EXPLAIN_H

#include "guest/tables.h"

/* Write the rule of every fate that occurs in @prediction, and name the one
 * that decided, its source, and how sure that is.
 */
void vt_explain(struct vtopo_prediction *prediction,
                const struct vtopo_limits *limits,
                const struct vt_generation *generation);

#endif /* VT_EXPLAIN_H */
