/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * bulk.h - answer a stream of JSON lines, one line for each
 *
 * Lines are answered in their order.  A line that cannot be answered gets an
 * error object in its place, so that the counts of both sides stay in step.
 * Memory does not grow with the input.
 */

#ifndef VT_BULK_H
#define VT_BULK_H

#include "base/buf.h"
#include "vtopo.h"

/* The longest line that is read. */
#define BULK_LINE_MAX (1024u * 1024u)

/* Append the answer to one line to @out, without a newline.  line[length]
 * may be written.  On failure what was appended is dropped and the error
 * object takes its place.
 */
typedef int (*bulk_answer_fn)(void *context, char *line, size_t length,
                              struct vt_buf *out, struct vtopo_error *err);

/* Read lines from the file @path ("-": standard input) and write an answer
 * to each to standard output.  Answers are held back only while more input
 * is at hand, so a peer at the other end of a pipe may wait for each.
 *
 * Fails with VTOPO_SYSTEM when the input cannot be read or the output cannot
 * be written, not because of what a line holds.
 */
int bulk_run(const char *path, bulk_answer_fn answer, void *context,
             struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_BULK_H */
