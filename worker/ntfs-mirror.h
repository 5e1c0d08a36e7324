/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ntfs-mirror.h - read over an $MFTMirr that is out of date, for NTFS
 *
 * libntfs-3g refuses a volume whose mirror is not what $MFT says, as that of
 * a system that was not shut down may be.  Windows reads $MFT and mends the
 * mirror later; so do we: reads of the mirror are then answered from $MFT.
 */

#ifndef VW_NTFS_MIRROR_H
#define VW_NTFS_MIRROR_H

#include <stdbool.h>

#include "bytes.h"

struct vw_mirror {
    bool covered;               /* else reads go where they are meant to */
    uint64_t at;                /* of the mirror, */
    uint64_t size;              /* which has four records, */
    uint64_t original_at;       /* and of the same records in $MFT */
};

/* Learn from the boot sector of @volume where the mirror is, and cover it.
 * Numbers that make no sense leave *@mirror as it is.
 */
int vw_mirror_read(const struct vw_bytes *volume, struct vw_mirror *mirror,
                   struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Where the @count bytes that are asked for at @offset are to be read. */
uint64_t vw_mirror_map(const struct vw_mirror *mirror, uint64_t offset,
                       uint64_t count)
    __attribute__((nonnull));

#endif /* VW_NTFS_MIRROR_H */
