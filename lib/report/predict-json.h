/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * predict-json.h - a request for a prediction, and its answer, as JSON
 */

#ifndef VT_PREDICT_JSON_H
#define VT_PREDICT_JSON_H

#include "report/setting.h"

struct vt_predict_request {
    struct vt_setting setting;
    const char *smp_text;       /* the -smp option, or NULL */
    bool has_smp_object;
    struct vt_json_reader smp_object;   /* stands at the object */
    bool show_cpuid;
};

/* Memory that serves one prediction after the other. */
struct vt_predict_context {
    struct vtopo_prediction prediction;
};

#define VT_PREDICT_CONTEXT_INIT { .prediction = VTOPO_PREDICTION_INIT }

void vt_predict_context_clear(struct vt_predict_context *context);

/* A prediction and what it rests on, ready to be shown. */
struct vt_predict_answer {
    const struct vt_predict_request *request;
    struct vt_resolved resolved;
    const struct vtopo_prediction *prediction;  /* of the context */
    unsigned notes;             /* vtopo_smp_note bits */
};

/* Predict what @request asks; the answer stands until the context is used
 * again.
 */
int vt_predict_answer_make(struct vt_predict_context *context,
                           const struct vt_predict_request *request,
                           struct vt_predict_answer *ret_answer,
                           struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Read a whole request line. */
int vt_predict_request_read(struct vt_json_reader *reader,
                            struct vt_predict_request *ret_request,
                            struct vtopo_error *err)
    __attribute__((warn_unused_result));

void vt_predict_answer_write(struct vt_json *json,
                             const struct vt_predict_answer *answer);

/* From one line of JSON to another, without a newline.  @line is changed. */
int vt_predict_answer_line(struct vt_predict_context *context,
                           char *line, size_t length, struct vt_buf *out,
                           struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Write {"cpus":4,...}: the shape of a prediction or a plan. */
void vt_shape_write(struct vt_json *json, const struct vtopo_shape *shape);

#endif /* VT_PREDICT_JSON_H */
