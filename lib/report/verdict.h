/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * verdict.h - which vCPUs a guest uses, for programs and for people
 */

#ifndef VT_REPORT_VERDICT_H
#define VT_REPORT_VERDICT_H

#include "report/predict-json.h"
#include "verdict/verdict.h"

/* A verdict and what it is held against, ready to be shown. */
struct vt_verdict_answer {
    const struct vt_verdict *verdict;
    const struct vt_predict_answer *planned;    /* or NULL */
    struct vt_findings findings;
};

/* Compare @verdict with @planned (NULL: nothing is known of a plan or the
 * guest), and find the cures.  Both must outlive the answer.
 */
int vt_verdict_answer_make(const struct vt_verdict *verdict,
                           const struct vt_predict_answer *planned,
                           struct vt_verdict_answer *ret_answer,
                           struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* One object, without a newline; see vtopo-verify(1). */
void vt_verdict_write(struct vt_json *json,
                      const struct vt_verdict_answer *answer);

/* A page that is read in ten seconds. */
void vt_verdict_text(struct vt_buf *out,
                     const struct vt_verdict_answer *answer);

#endif /* VT_REPORT_VERDICT_H */
