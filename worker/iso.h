/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * iso.h - read ISO 9660, as setup media of Windows have it
 *
 * Names are those of the primary volume descriptor, without their versions:
 * "HALMACPI.DL_;1" is "HALMACPI.DL_".  Joliet, Rock Ridge and UDF are not
 * looked at.  Reads only what is asked for.
 */

#ifndef VW_ISO_H
#define VW_ISO_H

#include "file.h"

/* Limits: volume descriptors that are looked through for the primary one, and
 * the bytes of a directory, which are 30,000 names at least.
 */
#define VW_ISO_DESCRIPTORS_MAX 64u
#define VW_ISO_DIR_SIZE_MAX    (8u << 20)

struct vw_iso;

/* Take @bytes for an ISO 9660 file system; their context must outlive
 * @ret_iso.  Fails with VTOPO_BAD_INPUT.
 */
int vw_iso_open(const struct vw_bytes *bytes, struct vw_iso **ret_iso,
                struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* NULL is nothing to do. */
void vw_iso_close(struct vw_iso *iso);

static inline void
vw_iso_closep(struct vw_iso **iso)
{
    vw_iso_close(*iso);
}

/* Find @path; "" is the root directory.  A path that leads nowhere is not a
 * failure: *@ret_found is then false.  Files that lie in several pieces are
 * found, but not readable.
 */
int vw_iso_find(struct vw_iso *iso, const char *path,
                struct vw_file *ret_file, bool *ret_found,
                struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Call @visit for the entries of the directory at @path. */
int vw_iso_list(struct vw_iso *iso, const char *path,
                vw_visit *visit, void *context, bool *ret_found,
                struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 3, 5, 6), warn_unused_result));

#endif /* VW_ISO_H */
