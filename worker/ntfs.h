/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ntfs.h - read NTFS
 *
 * By libntfs-3g, over bytes that we hand it: it opens nothing itself, and
 * nothing is ever written, not even to empty the journal.  The library was
 * made for volumes that mean well, so what it may do for one call of ours is
 * counted.
 */

#ifndef VW_NTFS_H
#define VW_NTFS_H

#include "file.h"

/* Limits: reads that the library may make for one call of ours, and the size
 * of the bitmap of a directory, which it walks bit by bit.
 */
#define VW_NTFS_READS_MAX      50000u
#define VW_NTFS_DIR_BITMAP_MAX 65536

struct vw_ntfs;

/* Take @bytes for an NTFS volume; their context must outlive @ret_ntfs.
 * Fails with VTOPO_BAD_INPUT.
 */
int vw_ntfs_open(const struct vw_bytes *bytes, struct vw_ntfs **ret_ntfs,
                 struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Every file must be closed before.  NULL is nothing to do. */
void vw_ntfs_close(struct vw_ntfs *ntfs);

static inline void
vw_ntfs_closep(struct vw_ntfs **ntfs)
{
    vw_ntfs_close(*ntfs);
}

/* How the volume was left behind; costs some reads. */
int vw_ntfs_state(struct vw_ntfs *ntfs, struct vw_volume_state *ret_state,
                  struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Find @path whatever the case of its letters; "" is the root directory.  A
 * path that leads nowhere is not a failure: *@ret_found is then false.
 */
int vw_ntfs_find(struct vw_ntfs *ntfs, const char *path,
                 struct vw_file *ret_file, bool *ret_found,
                 struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Call @visit for the entries of the directory at @path, without those of
 * the file system itself.
 */
int vw_ntfs_list(struct vw_ntfs *ntfs, const char *path,
                 vw_visit *visit, void *context, bool *ret_found,
                 struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 3, 5, 6), warn_unused_result));

#endif /* VW_NTFS_H */
