/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf-edit.h - take keys out of a registry hive, cell by cell
 *
 * The hive is a file in memory and keeps its size.  Before anything is
 * changed all of it is looked over: its bins are full of cells, and its keys
 * and values are a tree in which no two share a cell.  So what is taken away
 * is nobody else's, and no edit can fail halfway.
 *
 *   vw_edit_open(image, size, &edit, err);
 *   vw_edit_delete_key(edit, parent.cell, child.cell, err);
 *   vw_edit_finish(edit, 0);
 *   vw_edit_close(edit);
 *
 * Cells do not move: what the reader of regf.h said of the file before an
 * edit goes on to hold for all keys but those that were deleted.
 */

#ifndef VW_REGF_EDIT_H
#define VW_REGF_EDIT_H

#include <stddef.h>

#include "regf.h"

/* Limits: of a hive that is edited, and of keys inside keys, as Windows. */
#define VW_EDIT_SIZE_MAX  (64u << 20)
#define VW_EDIT_DEPTH_MAX 512u

struct vw_edit;

/* Look over the hive @image of @size bytes, which is then edited in place.
 *
 * Fails with VTOPO_BAD_INPUT where it is damaged, and with VTOPO_IMPOSSIBLE
 * where it is dirty: what Windows has not yet written to it would be lost.
 */
int vw_edit_open(unsigned char *image, size_t size, struct vw_edit **ret_edit,
                 struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

void vw_edit_close(struct vw_edit *edit);

static inline void
vw_edit_closep(struct vw_edit **edit)
{
    vw_edit_close(*edit);
}

/* Delete the key at @child, which has no children, from its parent. */
int vw_edit_delete_key(struct vw_edit *edit, uint32_t parent, uint32_t child,
                       struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Overwrite the data of the value @name (ASCII) of the key at @key with
 * @size bytes, which must not be more than it has.
 */
int vw_edit_shorten(struct vw_edit *edit, uint32_t key, const char *name,
                    const unsigned char *data, size_t size,
                    struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Make it one whole change: the hive is clean, and its number is one that
 * neither it nor any log had yet.  @logs_last is the highest of the logs, 0
 * where there is none; see vw_log_last_sequence().
 */
void vw_edit_finish(struct vw_edit *edit, uint32_t logs_last)
    __attribute__((nonnull));

#endif /* VW_REGF_EDIT_H */
