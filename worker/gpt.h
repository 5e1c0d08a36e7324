/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * gpt.h - the GUID partition table, for partition.c alone
 */

#ifndef VW_GPT_H
#define VW_GPT_H

#include "partition.h"

/* Look for a sound table on @disk: the primary copy with either sector size
 * if @primary, else the backup copy at the end.  @list is filled in only
 * where *ret_found becomes true.
 */
int vw_gpt_read(const struct vw_bytes *disk, bool primary,
                struct vw_partitions *list, bool *ret_found,
                struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Add a partition to @list; one too many marks it instead. */
void vw_partitions_add(struct vw_partitions *list, uint64_t disk_size,
                       const struct vw_partition *partition)
    __attribute__((nonnull));

#endif /* VW_GPT_H */
