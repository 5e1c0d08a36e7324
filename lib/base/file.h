/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * file.h - whole files, in and out
 */

#ifndef VT_FILE_H
#define VT_FILE_H

#include "base/buf.h"

/* Add all that can be read from @fd, called @name in messages, to @text.
 * Fails with VTOPO_BAD_INPUT where that is more than @most bytes.
 */
int vt_read_all(int fd, const char *name, size_t most, struct vt_buf *text,
                struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The same of the file @name. */
int vt_read_file(const char *name, size_t most, struct vt_buf *text,
                 struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Write all of @data to @fd, called @name in messages, in as many calls as it
 * takes.  A reader that has gone away is errnum EPIPE.
 */
int vt_write_all(int fd, const char *name, const void *data, size_t size,
                 struct vtopo_error *err)
    __attribute__((nonnull(2, 5), warn_unused_result));

/* Make the file @name of @data.  It gets its name when it is whole, and never
 * takes that of another; on failure there is nothing.
 */
int vt_write_new(const char *name, const void *data, size_t size,
                 struct vtopo_error *err)
    __attribute__((nonnull(1, 4), warn_unused_result));

/* See safe on the medium what names the folder of the file @name has: a new
 * name is safe only once its folder is.
 */
int vt_sync_folder(const char *name, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* See the file @name itself safe, with its size and times. */
int vt_sync_file(const char *name, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VT_FILE_H */
