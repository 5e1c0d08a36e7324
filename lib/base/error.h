/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * error.h - how library code reports a failure
 *
 * A failing function builds the error where it knows most, and returns in
 * the same statement:
 *
 *   return vt_fail(err, VTOPO_BAD_INPUT, "cannot read '%s' as a number", s);
 *
 * Its callers pass the error up untouched, or add what only they know with
 * vt_wrap().  Nothing in lib/ prints, and nothing in lib/ exits.
 */

#ifndef VT_ERROR_H
#define VT_ERROR_H

#include "vtopo.h"

/* Fill in @err and return -1.  Cannot itself fail: without memory for the
 * text, the message says so.  @err must be empty.
 */
int vt_fail(struct vtopo_error *err, enum vtopo_code code,
            const char *fmt, ...)
    __attribute__((format(printf, 3, 4), nonnull(1, 3)));

/* The same for a failed system call: keeps errno and adds its text. */
int vt_fail_errno(struct vtopo_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(1, 2)));

/* Report that memory ran out. */
int vt_fail_memory(struct vtopo_error *err)
    __attribute__((nonnull));

/* Say what the user can try next.  Returns -1, so it can end a function. */
int vt_hint(struct vtopo_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(1, 2)));

/* Put "context: " in front of an error that is passing through. */
int vt_wrap(struct vtopo_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(1, 2)));

#endif /* VT_ERROR_H */
