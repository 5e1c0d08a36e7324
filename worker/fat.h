/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fat.h - read FAT12, FAT16 and FAT32, and put a file there
 *
 * Enough to find a boot.ini, a boot store, or the hives of an old Windows,
 * and to change them and to add a file.  Reads only what is asked for.
 */

#ifndef VW_FAT_H
#define VW_FAT_H

#include "file.h"

/* Limits.  The specification allows 65,536 entries in a directory.  A file
 * remembers VW_FAT_MARKS places of its chain, so that going back is cheap.
 */
#define VW_FAT_DIR_ENTRIES_MAX 65536u
#define VW_FAT_CLUSTER_MAX     (256u * 1024u)
#define VW_FAT_MARKS           256u

struct vw_fat;

/* Take @bytes for a FAT file system; their context must outlive @ret_fat.
 * Fails with VTOPO_BAD_INPUT.
 */
int vw_fat_open(const struct vw_bytes *bytes, struct vw_fat **ret_fat,
                struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* NULL is nothing to do. */
void vw_fat_close(struct vw_fat *fat);

static inline void
vw_fat_closep(struct vw_fat **fat)
{
    vw_fat_close(*fat);
}

/* 12, 16 or 32. */
unsigned vw_fat_bits(const struct vw_fat *fat)
    __attribute__((nonnull));

/* Whether it was in use, and not closed, when it was last written. */
int vw_fat_is_dirty(struct vw_fat *fat, bool *ret_dirty,
                    struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Find @path, by long or short names; "" is the root directory.  A path that
 * leads nowhere is not a failure: *@ret_found is then false.
 */
int vw_fat_find(struct vw_fat *fat, const char *path,
                struct vw_file *ret_file, bool *ret_found,
                struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* As vw_volume_put() has it; of protection a FAT knows nothing.  @sink takes
 * the writes, which the bytes of @fat must show from then on.
 */
int vw_fat_put(struct vw_fat *fat, const struct vw_sink *sink,
               const char *path, const char *like, const unsigned char *data,
               size_t size, struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 3, 5, 7), warn_unused_result));

/* Call @visit for the entries of the directory at @path. */
int vw_fat_list(struct vw_fat *fat, const char *path,
                vw_visit *visit, void *context, bool *ret_found,
                struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 3, 5, 6), warn_unused_result));

#endif /* VW_FAT_H */
