/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ntfs.h - read NTFS, and put a file there
 *
 * By libntfs-3g, over bytes that we hand it: it opens nothing itself.  What
 * it writes goes to a sink, where there is one, and never to the disk; to
 * mount writes nothing, not even to empty the journal.  The library was made
 * for volumes that mean well, so what it may do for one call of ours is
 * counted.
 */

#ifndef VW_NTFS_H
#define VW_NTFS_H

#include "file.h"

/* Limits: reads and writes that the library may make for one call of ours,
 * and the size of the bitmap of a directory, which it walks bit by bit.
 */
#define VW_NTFS_REQUESTS_MAX   50000u
#define VW_NTFS_DIR_BITMAP_MAX 65536

struct vw_ntfs;

/* Take @bytes for an NTFS volume; their context must outlive @ret_ntfs.
 * Fails with VTOPO_BAD_INPUT.
 */
int vw_ntfs_open(const struct vw_bytes *bytes, struct vw_ntfs **ret_ntfs,
                 struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The same, to write to: @sink takes what is written, and @bytes show it from
 * then on.  Only for a volume whose vw_ntfs_state() allows it.
 */
int vw_ntfs_open_to_write(const struct vw_bytes *bytes,
                          const struct vw_sink *sink,
                          struct vw_ntfs **ret_ntfs, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* As vw_volume_put() has it.  Fails with VTOPO_IMPOSSIBLE for a file that is
 * compressed, sparse, encrypted or elsewhere.
 */
int vw_ntfs_put(struct vw_ntfs *ntfs, const char *path, const char *like,
                const unsigned char *data, size_t size,
                struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 4, 6), warn_unused_result));

/* Close a volume that was written to; *@ntfs is NULL in any case. */
int vw_ntfs_finish(struct vw_ntfs **ntfs, struct vtopo_error *err)
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
