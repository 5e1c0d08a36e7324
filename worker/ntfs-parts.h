/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ntfs-parts.h - what the files of the NTFS reader share, for them alone
 *
 * The only file that includes the headers of libntfs-3g; its types and its
 * way to report failures end with the files that begin with "ntfs".
 */

#ifndef VW_NTFS_PARTS_H
#define VW_NTFS_PARTS_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <ntfs-3g/attrib.h>
#include <ntfs-3g/device.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/index.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/layout.h>
#include <ntfs-3g/logfile.h>
#include <ntfs-3g/logging.h>
#include <ntfs-3g/types.h>
#include <ntfs-3g/unistr.h>
#include <ntfs-3g/volume.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "ntfs-mirror.h"
#include "ntfs.h"

struct vw_ntfs {
    struct vw_bytes bytes;
    struct vw_sink sink;        /* .write is NULL where it is only read */
    struct vw_mirror mirror;    /* covered on the second try to mount */
    s64 position;               /* of seek and read */
    unsigned requests;          /* for the call of ours that goes on */
    struct vtopo_error trouble; /* why a read or a write failed first */
    ntfs_volume *volume;
};

/* The device whose bytes are those of @ntfs; NULL without memory. */
struct ntfs_device *vw_ntfs_device(struct vw_ntfs *ntfs)
    __attribute__((nonnull));

/* Every call of ours begins with this: a new count, and no old trouble. */
void vw_ntfs_begin(struct vw_ntfs *ntfs)
    __attribute__((nonnull));

/* What went wrong below, or else what the library thinks of the volume, by
 * errno.
 */
int vw_ntfs_fail(struct vw_ntfs *ntfs, const char *doing,
                 struct vtopo_error *err)
    __attribute__((nonnull));

/* The inode at @path, or NULL where there is none. */
int vw_ntfs_find_inode(struct vw_ntfs *ntfs, const char *path,
                       ntfs_inode **ret_inode, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* What enum vw_file_flag says of @inode and its @data, which may be NULL. */
unsigned vw_ntfs_flags(ntfs_inode *inode, ntfs_attr *data)
    __attribute__((nonnull(1)));

static inline bool
vw_ntfs_is_directory(const ntfs_inode *inode)
{
    return (inode->mrec->flags & MFT_RECORD_IS_DIRECTORY) != 0;
}

static inline void
vw_ntfs_close_inodep(ntfs_inode **inode)
{
    if (*inode != NULL)
        (void)ntfs_inode_close(*inode);
}

static inline void
vw_ntfs_close_attributep(ntfs_attr **attribute)
{
    if (*attribute != NULL)
        ntfs_attr_close(*attribute);
}

#endif /* VW_NTFS_PARTS_H */
