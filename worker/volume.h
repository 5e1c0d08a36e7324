/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * volume.h - one way to look for files, whatever the file system
 */

#ifndef VW_VOLUME_H
#define VW_VOLUME_H

#include "content.h"
#include "file.h"

struct vw_volume;

/* Open the file system on @partition, whose context must outlive it.
 *
 * Fails with VTOPO_IMPOSSIBLE, naming it, for a content that has no reader
 * (@ret_content says which in any case), and with VTOPO_BAD_INPUT for one
 * that is damaged.
 */
int vw_volume_open(const struct vw_bytes *partition,
                   struct vw_volume **ret_volume,
                   enum vw_content *ret_content, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Every file must be closed before.  NULL is nothing to do. */
void vw_volume_close(struct vw_volume *volume);

static inline void
vw_volume_closep(struct vw_volume **volume)
{
    vw_volume_close(*volume);
}

/* "ntfs", "fat12", "fat16", "fat32" or "iso9660". */
const char *vw_volume_name(const struct vw_volume *volume)
    __attribute__((nonnull));

/* How the volume was left behind. */
int vw_volume_state(struct vw_volume *volume,
                    struct vw_volume_state *ret_state,
                    struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Find @path, such as "Windows/System32/config/SYSTEM", whatever the case of
 * its letters and slashes; "" is the root directory.  A path that leads
 * nowhere is not a failure: *@ret_found is then false, and @ret_file as it
 * was.
 */
int vw_volume_find(struct vw_volume *volume, const char *path,
                   struct vw_file *ret_file, bool *ret_found,
                   struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Call @visit for the entries of the directory at @path, in their order on
 * disk; *@ret_found is false where there is no such directory.
 */
int vw_volume_list(struct vw_volume *volume, const char *path,
                   vw_visit *visit, void *context, bool *ret_found,
                   struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 3, 5, 6), warn_unused_result));

/* Make the file at @path hold exactly the @size bytes of @data: longer or
 * shorter than before, or new.  A new one appears in its folder, which must be
 * there, with the protection and the DOS attributes of the file @like in the
 * same folder (NULL: none), and with the present time; it needs a name of
 * DOS.  One that is there keeps all but its time of modification, and that,
 * too, when its size stays the same: then nothing but its data is written, and
 * the same call makes the same writes.
 *
 * The volume is open elsewhere only to be read: @sink takes the writes, and
 * @partition shows them from then on.  Fails with VTOPO_IMPOSSIBLE where the
 * volume has no room, or the file is of a kind that is not written.  What
 * @sink took before a failure is good for nothing.
 */
int vw_volume_put(const struct vw_bytes *partition,
                  const struct vw_sink *sink, const char *path,
                  const char *like, const unsigned char *data, size_t size,
                  struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 3, 5, 7), warn_unused_result));

#endif /* VW_VOLUME_H */
