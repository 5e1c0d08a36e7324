/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rules.h - whose a vCPU is, by its registers alone
 */

#ifndef VT_RULES_H
#define VT_RULES_H

#include "guest/tables.h"
#include "verdict/record.h"

/* Whose the code is that a look found on a vCPU. */
enum vt_class {
    VT_CLASS_NOT_SEEN,          /* no registers */
    VT_CLASS_PASSED_OVER,       /* the firmware's SMM handler for a moment */
    VT_CLASS_CANNOT_BE,         /* no x86 processor has such registers */
    VT_CLASS_NOTHING,           /* at the reset vector */
    VT_CLASS_FIRMWARE,
    VT_CLASS_LOW,               /* a task register, yet nothing high up */
    VT_CLASS_SYSTEM,
};

/* A row is a claim; the first that fits a look decides. */
struct vt_rule {
    const char *id;
    enum vt_class class;
    bool (*fits)(const struct vt_registers *registers);
    const char *says;           /* what it means, for people */
    struct vt_source source;
};

extern const struct vt_rule vt_rules[];
extern const size_t vt_rules_count;

/* Signs of a hypervisor inside the guest, whose guests' registers may be
 * what QEMU shows; the first that fits, or NULL.
 */
struct vt_nested_sign {
    const char *id;
    bool (*fits)(const struct vt_registers *registers);
    const char *says;
    struct vt_source source;
};

extern const struct vt_nested_sign vt_nested_signs[];
extern const size_t vt_nested_signs_count;

/* A status of QEMU in which vCPUs show nothing of use, and why. */
struct vt_status_row {
    const char *status;
    const char *reason;
};

/* NULL for "running". */
const char *vt_status_reason(const char *status);

const struct vt_rule *vt_rule_find(const struct vt_look *look);
const struct vt_nested_sign *
vt_nested_sign_find(const struct vt_registers *registers);

/* Whether code runs, or would, in the half that systems keep for themselves. */
bool vt_is_high_code(const struct vt_registers *registers);

/* Halted and waiting for an interrupt, as an idle system does. */
static inline bool
vt_is_idle(const struct vt_registers *registers)
{
    return registers->halted != 0 && (registers->flags & VT_FLAGS_IF) != 0;
}

/* In kernel mode with interrupts off. */
static inline bool
vt_is_deaf(const struct vt_registers *registers)
{
    return registers->cpl == 0 && (registers->flags & VT_FLAGS_IF) == 0;
}

#endif /* VT_RULES_H */
