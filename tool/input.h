/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * input.h - files that the command line names
 */

#ifndef VT_INPUT_H
#define VT_INPUT_H

#include "base/file.h"

/* Add all of the file @name, or of standard input where it is "-", to @text;
 * at most @most bytes.
 */
int input_read(const char *name, size_t most, struct vt_buf *text,
               struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_INPUT_H */
