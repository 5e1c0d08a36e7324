/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fat-parts.h - what the reader and the writer of FAT share, for them alone
 */

#ifndef VW_FAT_PARTS_H
#define VW_FAT_PARTS_H

#include "fat.h"

#define VW_FAT_ENTRY_SIZE     32u
#define VW_FAT_SHORT_SIZE     11u
#define VW_FAT_LONG_UNITS     13u   /* of a name, in each of its entries */
#define VW_FAT_LONG_ENTRIES   20u
#define VW_FAT_ATTR_VOLUME    0x08u
#define VW_FAT_ATTR_DIRECTORY 0x10u
#define VW_FAT_ATTR_ARCHIVE   0x20u
#define VW_FAT_ATTR_LONG      0x0fu
#define VW_FAT_LOWER_NAME     0x08u /* byte 12 of an entry, by NT: the name */
#define VW_FAT_LOWER_SUFFIX   0x10u /* is in lower case, and the extension */

struct vw_fat {
    struct vw_bytes bytes;
    unsigned bits;
    unsigned cluster_size;
    uint32_t clusters;          /* the last one has the number clusters + 1 */
    uint32_t root;              /* FAT32: its first cluster */
    uint64_t root_at;           /* else: its place, */
    uint32_t root_entries;      /* and its size */
    uint64_t table_at;          /* of the table in use */
    uint64_t tables_at;         /* of the first one, */
    uint64_t table_size;        /* and the bytes of each */
    unsigned tables;
    bool one_table;             /* the others are not kept the same */
    uint64_t data_at;           /* of cluster 2 */
    uint64_t info_at;           /* FAT32: of a count of free clusters; or 0 */
    bool marked_dirty;          /* in the boot sector */
};

/* What an entry of a directory says of a file. */
struct vw_fat_found {
    uint64_t entry_at;          /* where it stands in the volume */
    unsigned attributes;
    uint32_t cluster;
    uint32_t size;
};

/* A directory being walked, and the long name that is being put together. */
struct vw_fat_walk {
    struct vw_fat *fat;
    uint64_t at;                /* of the next entry */
    uint32_t left;              /* entries before at must be found anew */
    uint32_t cluster;           /* 0: the root directory of FAT12 and FAT16 */
    uint32_t seen;
    unsigned expected;          /* the next entry of the long name; 0: none */
    bool whole;                 /* the long name is complete */
    unsigned units;
    unsigned char sum;          /* of the short name it belongs to */
    unsigned char name[VW_FAT_LONG_ENTRIES * VW_FAT_LONG_UNITS * 2];
};

static inline bool
vw_fat_is_directory(const struct vw_fat_found *found)
{
    return (found->attributes & VW_FAT_ATTR_DIRECTORY) != 0;
}

static inline bool
vw_fat_is_cluster(const struct vw_fat *fat, uint32_t cluster)
{
    return cluster >= 2 && cluster - 2 < fat->clusters;
}

static inline uint64_t
vw_fat_cluster_at(const struct vw_fat *fat, uint32_t cluster)
{
    return fat->data_at + (uint64_t)(cluster - 2) * fat->cluster_size;
}

/* What the table says of @cluster, by the two or four bytes at @raw where its
 * entry begins.
 */
uint32_t vw_fat_value(const struct vw_fat *fat, uint32_t cluster,
                      const unsigned char *raw)
    __attribute__((nonnull));

/* The cluster behind @cluster, or 0 at the end of the chain. */
int vw_fat_next_cluster(const struct vw_fat *fat, uint32_t cluster,
                        uint32_t *ret_next, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Stand before the first entry of @directory. */
int vw_fat_start_walk(struct vw_fat *fat,
                      const struct vw_fat_found *directory,
                      struct vw_fat_walk *walk, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Read the next entry as it is; *@ret_more is false at the end, where @raw
 * begins with a zero or, after the last cluster, is as it was.
 */
int vw_fat_next_raw(struct vw_fat_walk *walk,
                    unsigned char raw[VW_FAT_ENTRY_SIZE], bool *ret_more,
                    struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The entry that @path leads to; that of the root has no place. */
int vw_fat_find_path(struct vw_fat *fat, const char *path,
                     struct vw_fat_found *ret_found_file, bool *ret_found,
                     struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VW_FAT_PARTS_H */
