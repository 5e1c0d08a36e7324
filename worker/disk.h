/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * disk.h - the disk that a question is about
 */

#ifndef VW_DISK_H
#define VW_DISK_H

#include <stdbool.h>

#include "base/nbd.h"
#include "bytes.h"
#include "message.h"

struct vw_disk_source {
    bool is_given;
    bool is_nbd;
    int fd;                     /* the message's */
    char export[VT_NBD_NAME_MAX + 1];
};

/* Read {"kind":"raw","fd":0} or {"kind":"nbd","fd":0,"export":""}, or a null,
 * which is no disk.  See facts.h for what they mean.
 */
int vw_disk_read(const struct vw_message *message,
                 struct vt_json_reader *reader,
                 struct vw_disk_source *ret_source, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* What is done with an open disk. */
typedef int vw_use_disk(const struct vw_bytes *disk, void *context,
                        struct vtopo_error *err);

/* Open @source, call @use with it, and leave it. */
int vw_disk_use(const struct vw_disk_source *source, vw_use_disk *use,
                void *context, struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 4), warn_unused_result));

/* Copy the text that @reader stands before, cut to @size; a null is "". */
int vw_read_text(struct vt_json_reader *reader, const char *key, char *text,
                 size_t size, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VW_DISK_H */
