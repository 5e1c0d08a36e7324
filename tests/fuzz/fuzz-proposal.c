/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-proposal.c - whatever a worker that was taken over proposes is bounded
 * and in order, or refused
 */

#include "fuzz.h"
#include "image/proposal.h"

static void
check_writes(const struct vt_undo *writes)
{
    uint64_t end = 0, bytes = 0;

    for (size_t i = 0; i < writes->count; i++) {
        const struct vt_undo_block *block = &writes->blocks[i];

        if (block->offset < end || block->size == 0 || block->new == NULL
            || block->offset > INT64_MAX)
            abort();
        end = block->offset + block->size;
        bytes += block->size;
    }
    if (bytes > VT_PROPOSAL_BYTES_MAX)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    struct vt_proposal *proposal = calloc(1, sizeof(*proposal));

    if (proposal == NULL)
        abort();
    vt_buf_add(&answer, (const char *)data, size);
    if (vt_proposal_read(&answer, proposal, &err) < 0) {
        fuzz_check_failure(&err);
    } else {
        check_writes(&proposal->writes);
        for (unsigned i = 0; i < proposal->changes_count; i++) {
            if (proposal->changes[i].where == NULL
                || proposal->changes[i].what == NULL)
                abort();
        }
    }
    vt_proposal_clear(proposal);
    free(proposal);
    return 0;
}
