/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * partition.h - how a disk is divided
 *
 * MBR with its chain of logical drives, GPT from its primary or backup copy,
 * or no table at all.  Sectors of 512 and of 4096 bytes are told apart by
 * where the table (GPT) or the first file system (MBR) is found, because an
 * image does not say.
 */

#ifndef VW_PARTITION_H
#define VW_PARTITION_H

#include <stdbool.h>

#include "bytes.h"
#include "content.h"

/* Limits.  A table with more partitions is read up to the limit and marked.
 * GPT allows any number of entries; Windows makes 128.
 */
#define VW_PARTITIONS_MAX        128u
#define VW_MBR_LOGICAL_MAX       64u
#define VW_GPT_ENTRIES_MAX       1024u
#define VW_GPT_ENTRY_SIZE_MAX    1024u

enum vw_table {
    VW_TABLE_NONE,
    VW_TABLE_MBR,
    VW_TABLE_GPT,
};

struct vw_partition {
    unsigned number;            /* from 1; logical drives from 5 */
    bool logical;               /* inside an extended partition */
    bool active;                /* MBR: boot flag; GPT: legacy BIOS bootable */
    bool cut_short;             /* the disk ends inside it, or before it */
    unsigned char type;         /* MBR */
    unsigned char type_guid[16];    /* GPT; as on disk */
    unsigned char guid[16];     /* GPT; as on disk */
    uint64_t offset;            /* in bytes */
    uint64_t size;              /* in bytes, as the table has it */
};

struct vw_partitions {
    enum vw_table table;
    enum vw_content content;    /* of the whole disk, where there is no table */
    unsigned sector_size;
    uint32_t disk_signature;    /* MBR; also of the protective one of a GPT */
    unsigned char disk_guid[16];    /* GPT; as on disk */
    bool from_backup;           /* GPT: the primary copy is damaged */
    bool damaged;               /* some of the table cannot be believed */
    bool more;                  /* there are more than VW_PARTITIONS_MAX */
    unsigned count;
    struct vw_partition entry[VW_PARTITIONS_MAX];
};

/* Read how @disk is divided.  Whatever the bytes say is an answer; fails
 * only where reading does.
 */
int vw_partitions_read(const struct vw_bytes *disk,
                       struct vw_partitions *ret_partitions,
                       struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* A stretch of other bytes. */
struct vw_slice {
    struct vw_bytes whole;
    uint64_t offset;
    uint64_t size;
};

/* The part of @disk that @partition covers and that exists. */
struct vw_slice vw_partition_slice(const struct vw_bytes *disk,
                                   const struct vw_partition *partition)
    __attribute__((nonnull));

/* The bytes of @slice, which must outlive what is returned. */
struct vw_bytes vw_slice_bytes(struct vw_slice *slice)
    __attribute__((nonnull));

#define VW_GUID_TEXT_SIZE 37u

/* Write a GUID as it is on disk as text, in lower case. */
void vw_guid_format(const unsigned char guid[16],
                    char ret_text[VW_GUID_TEXT_SIZE])
    __attribute__((nonnull));

#endif /* VW_PARTITION_H */
