/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * proof.h - watch a VM until it can be said which vCPUs its guest uses
 *
 * Both "run" and "verify" do it.  While it lasts, what is seen is shown on
 * standard error: redrawn on a terminal, else a line when something changes.
 */

#ifndef VT_PROOF_H
#define VT_PROOF_H

#include "options.h"
#include "report/verdict.h"
#include "vm/launch.h"

struct proof_args {
    unsigned wait_s;            /* at most, for the guest to start up */
    unsigned settle_s;          /* nothing may change so long; 0: by the accel */
    const char *record;         /* file that the evidence goes to, or NULL */
};

#define PROOF_ARGS_INIT { .wait_s = 180 }

#define PROOF_OPTIONS(type)                                                  \
    { .letter = 'w', .name = "wait", .arg = "S", .kind = OPTION_COUNT,       \
      .field = offsetof(type, proof.wait_s), .min = 1, .max = 86400,         \
      .help = "seconds to wait for the guest to start up (default 180)" },   \
    { .name = "settle", .arg = "S", .kind = OPTION_COUNT,                    \
      .field = offsetof(type, proof.settle_s), .min = 1, .max = 3600,        \
      .help = "seconds that nothing may change (default 3, 5 under TCG)" },  \
    { .name = "record", .arg = "FILE", .kind = OPTION_TEXT,                  \
      .field = offsetof(type, proof.record),                                 \
      .help = "keep the evidence in FILE, for --recorded" }

/* From now on SIGINT, SIGTERM and SIGHUP end no process of ours: a first one
 * is a wish, which proof_run() sees, and a second one an order.
 */
void proof_catch_signals(void);
int proof_signals(void);

/* Watch @vm and say what was seen, held against @planned (NULL: nothing is
 * known of a plan or of the guest).  @machine is the QEMU behind it where it
 * is ours, else NULL.  With @watch this goes on until the guest ends or a
 * signal comes.  *ret_status is 0 when all vCPUs are used, 2 when some
 * are not, 1 when it cannot be told.
 */
int proof_run(const struct proof_args *args,
              const struct vt_predict_answer *planned, struct vt_vm *vm,
              struct vt_machine *machine, bool watch, bool json,
              struct vt_buf *out, int *ret_status, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Judge @record, as proof_run() does once it is complete. */
int proof_judge(const struct vt_record *record,
                const struct vt_predict_answer *planned, bool json,
                struct vt_buf *out, int *ret_status, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Wait so many milliseconds, or until a signal or a word of QEMU comes. */
void proof_sleep(struct vt_qmp *qmp, unsigned milliseconds);

#endif /* VT_PROOF_H */
