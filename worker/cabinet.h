/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cabinet.h - take one file out of a cabinet, or out of setup media
 *
 * Windows keeps the files that it may need later in cabinets (driver.cab and
 * sp1.cab beside it), and its setup media hold each file compressed on its
 * own (HALMACPI.DL_): as a cabinet of one file, or before Windows 2000 as
 * "SZDD".  The answer is bytes in memory; nothing is opened by name.
 */

#ifndef VW_CABINET_H
#define VW_CABINET_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

/* Limits.  A folder is compressed as a whole: a file is reached by unpacking
 * what stands before it, at some 100 MB a second.  The list takes libmspack
 * 350 bytes of memory a file at most, and unpacking 3 MiB.
 */
#define VW_CABINET_FILES_MAX   20000u
#define VW_CABINET_FOLDERS_MAX 4096u
#define VW_CABINET_UNPACK_MAX  (256u << 20)     /* for one question */

/* Take the file @name out of the cabinet @bytes: any case of its letters, in
 * any folder inside.  *@ret_found is false where there is none, and the other
 * outputs are then as they were.  @ret_data is the caller's to free.
 *
 * Fails with VTOPO_BAD_INPUT for a cabinet that is damaged or cut short, or
 * states more than @max bytes for the file; with VTOPO_IMPOSSIBLE for a file
 * of which a part is in another cabinet of a set.
 */
int vw_cabinet_extract(const struct vw_bytes *bytes, const char *name,
                       size_t max, unsigned char **ret_data,
                       size_t *ret_size, bool *ret_found,
                       struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* How many bytes are unpacked to have the file @name out of the cabinet @bytes,
 * which only its list is asked for; 0 where there is no such file.
 */
int vw_cabinet_cost(const struct vw_bytes *bytes, const char *name,
                    uint64_t *ret_cost, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* What a file of setup media holds, of at most @max bytes: a cabinet of one
 * file, SZDD, or the bytes themselves where it is neither.  KWAJ, which only
 * MS-DOS had, is refused with VTOPO_IMPOSSIBLE.  @ret_data is the caller's to
 * free.
 */
int vw_expand(const struct vw_bytes *bytes, size_t max,
              unsigned char **ret_data, size_t *ret_size,
              struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VW_CABINET_H */
