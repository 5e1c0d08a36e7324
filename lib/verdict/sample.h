/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * sample.h - one sample, read from JSON
 */

#ifndef VT_SAMPLE_H
#define VT_SAMPLE_H

#include "base/json-read.h"
#include "verdict/record.h"

/* Release what @sample holds.  Safe to call twice. */
void vt_sample_clear(struct vt_sample *sample);

/* Read the object; @ret_sample holds the time to take where none is given. */
int vt_sample_read(struct vt_json_reader *reader,
                   struct vt_sample *ret_sample, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* The same for a whole @text, which is taken apart; with @keeps_text the
 * sample has a copy of it.
 */
int vt_sample_read_text(char *text, size_t length, bool keeps_text,
                        struct vt_sample *ret_sample,
                        struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VT_SAMPLE_H */
