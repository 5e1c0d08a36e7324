/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * proposal.h - what the worker proposes to change on a disk
 *
 * The worker has read hostile bytes: its proposal is bounded, must be well
 * formed, and changes nothing by itself.
 */

#ifndef VT_PROPOSAL_H
#define VT_PROPOSAL_H

#include "base/buf.h"
#include "image/undo.h"

/* Limits of a proposal.  The bytes of all writes are what the worker may keep
 * of them (VW_CAPTURE_MAX).
 */
#define VT_PROPOSAL_CHANGES_MAX 256u
#define VT_PROPOSAL_TEXTS_MAX   64u
#define VT_PROPOSAL_BYTES_MAX   (16u << 20)

/* One change; strings point into the answer. */
struct vt_change {
    const char *where;          /* "Boot/BCD on partition 1" */
    const char *what;           /* "numproc of {...}" */
    const char *before;         /* or NULL: it was not there */
    const char *after;          /* or NULL: it is taken away */
    const char *why;            /* or NULL */
};

/* Why something is not changed. */
struct vt_refusal {
    const char *code;
    const char *text;
};

struct vt_proposal {
    char *text;                 /* owned: what all strings point into */
    struct vt_change changes[VT_PROPOSAL_CHANGES_MAX];
    unsigned changes_count;
    struct vt_refusal refusals[VT_PROPOSAL_TEXTS_MAX];
    unsigned refusals_count;
    const char *advice[VT_PROPOSAL_TEXTS_MAX];
    unsigned advice_count;
    struct vt_undo writes;      /* owned; the old bytes are not known yet */
    size_t writes_bytes;        /* of all of them */
};

void vt_proposal_clear(struct vt_proposal *proposal);

/* Take @answer of the worker apart; its text becomes the proposal's.  Blocks
 * must rise, and not touch one another.
 */
int vt_proposal_read(struct vt_buf *answer, struct vt_proposal *ret_proposal,
                     struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VT_PROPOSAL_H */
