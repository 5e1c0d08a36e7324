/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * run-plan.h - what "vtopo run" starts: the image, the plan, the hardware
 */

#ifndef VT_RUN_PLAN_H
#define VT_RUN_PLAN_H

#include "inspect-image.h"
#include "report/plan-json.h"
#include "setting-options.h"
#include "vm/launch.h"

/* The options of "run" that decide what is started. */
struct run_args {
    struct setting_args setting;
    struct vt_image_options image;
    const char *name;           /* of the image, or NULL: the stand-in */
    unsigned vcpus, max_vcpus;
    const char *smp;            /* a shape that the user insists on, or NULL */
    const char *app;
    const char *program;        /* of QEMU, or NULL */
    bool write;
    bool headless;
    const char *vnc;
    char **extra;
    unsigned extra_count;
};

/* Everything that was decided. */
struct run_plan {
    const struct run_args *args;
    struct setting_args setting_args;   /* those of the user, completed */
    struct inspected inspected;
    const struct vt_system_fact *fact;  /* the default system, or NULL */
    struct setting_text text;
    struct vt_plan_request request;
    struct vt_plan_answer answer;
    struct vt_resolved resolved;
    struct vtopo_shape shape;
    struct vtopo_prediction prediction;
    struct vt_hardware hardware;
    enum vtopo_accel accel;
    char accel_why[160];
    char *probe;                /* owned; NULL where there is an image */
    char probe_settings[160];
};

#define RUN_PLAN_INIT                                                       \
    { .inspected = INSPECTED_INIT, .text = SETTING_TEXT_INIT,               \
      .answer = VT_PLAN_ANSWER_INIT, .prediction = VTOPO_PREDICTION_INIT }

void run_plan_clear(struct run_plan *plan);

/* Inspect, plan and choose.  @plan points into @args, and must stay where it
 * is.
 */
int run_plan_make(const struct run_args *args, struct run_plan *plan,
                  struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* The command line for it; strings are those of @plan. */
struct vt_launch run_plan_launch(const struct run_plan *plan);

/* A few lines on what was decided, and why. */
void run_plan_text(const struct run_plan *plan, struct vt_buf *out);

/* The command, each choice with its reason in a comment above it. */
int run_plan_dry(const struct run_plan *plan, struct vt_buf *out,
                 struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_RUN_PLAN_H */
