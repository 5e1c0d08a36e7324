/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * output.h - text for people
 */

#ifndef VT_OUTPUT_H
#define VT_OUTPUT_H

#include "base/buf.h"
#include "vtopo.h"

/* Help and reports are at most this wide. */
#define OUTPUT_COLUMNS 80u

/* Add @text so that it cannot drive a terminal: control characters, marks
 * that turn the direction of writing, and bytes that are no UTF-8 become
 * escapes such as \n, \x1b and \u202e.
 */
void output_add_escaped(struct vt_buf *out, const char *text);

/* Add @text broken at blanks into lines of OUTPUT_COLUMNS.  The cursor is in
 * column @column; further lines are indented by @indent.  Ends the line.
 */
void output_add_wrapped(struct vt_buf *out, size_t column, size_t indent,
                        const char *text);

/* Add @count blanks. */
void output_add_blanks(struct vt_buf *out, size_t count);

/* Add {"error":{"code":..,"message":..,"hint":..}}; no hint, no member. */
void output_add_json_error(struct vt_buf *out, const struct vtopo_error *err);

#endif /* VT_OUTPUT_H */
