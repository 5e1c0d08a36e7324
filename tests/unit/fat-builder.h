/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fat-builder.h - a small FAT file system in memory
 *
 * One reserved sector, one table, one sector of root directory (FAT32: its
 * first cluster) and FAT_CLUSTERS clusters of one sector.  Tests write the
 * table and the entries themselves, well or badly.
 */

#ifndef FAT_BUILDER_H
#define FAT_BUILDER_H

#include <stdint.h>
#include <string.h>

#include "raw-bytes.h"

#define FAT_SECTOR   512u
#define FAT_CLUSTERS 64u
#define FAT_END      0x0fffffffu

struct fat_image {
    unsigned bits;              /* 12 or 32: 16 needs thousands of clusters */
    unsigned entries;           /* written into each directory */
    unsigned char data[(3 + FAT_CLUSTERS) * FAT_SECTOR];
};

static inline unsigned char *
fat_cluster(struct fat_image *fat, unsigned cluster)
{
    unsigned before = fat->bits == 32 ? 2 : 3;

    return fat->data + (size_t)(before + cluster - 2) * FAT_SECTOR;
}

/* The directory in @cluster; 0 is the root. */
static inline unsigned char *
fat_directory(struct fat_image *fat, unsigned cluster)
{
    if (cluster == 0)
        return fat->bits == 32 ? fat_cluster(fat, 2)
                               : fat->data + 2 * FAT_SECTOR;
    return fat_cluster(fat, cluster);
}

static inline void
fat_link(struct fat_image *fat, unsigned cluster, uint32_t next)
{
    unsigned char *table = fat->data + FAT_SECTOR;
    unsigned char *at = table + cluster * 3 / 2;

    if (fat->bits == 32) {
        put(table + (size_t)cluster * 4, next, 4);
    } else if (cluster % 2 == 0) {
        at[0] = (unsigned char)next;
        at[1] = (unsigned char)((at[1] & 0xf0) | (next >> 8 & 15));
    } else {
        at[0] = (unsigned char)((at[0] & 0x0f) | (next & 15) << 4);
        at[1] = (unsigned char)(next >> 4);
    }
}

static inline void
fat_start(struct fat_image *fat, unsigned bits)
{
    unsigned char *boot = fat->data;

    memset(fat, 0, sizeof(*fat));
    fat->bits = bits;
    memcpy(boot, "\xeb\x3c\x90MADE UP ", 11);
    put(boot + 11, FAT_SECTOR, 2);
    boot[13] = 1;
    put(boot + 14, 1, 2);
    boot[16] = 1;
    put(boot + 17, bits == 32 ? 0 : FAT_SECTOR / 32, 2);
    put(boot + 19, (bits == 32 ? 2 : 3) + FAT_CLUSTERS, 2);
    boot[21] = 0xf8;
    put(boot + (bits == 32 ? 36 : 22), 1, 2);
    if (bits == 32)
        put(boot + 44, 2, 4);
    put(boot + 510, 0xaa55, 2);
    fat_link(fat, 0, FAT_END);
    fat_link(fat, 1, FAT_END);
    fat_link(fat, 2, FAT_END);
}

/* Add a raw entry to the directory in @cluster. */
static inline unsigned char *
fat_entry(struct fat_image *fat, unsigned directory, const char name[12],
          unsigned attributes, unsigned cluster, uint32_t size)
{
    unsigned char *at = fat_directory(fat, directory);

    while (at[0] != 0)
        at += 32;
    memcpy(at, name, 11);
    at[11] = (unsigned char)attributes;
    put(at + 20, cluster >> 16, 2);
    put(at + 26, cluster, 2);
    put(at + 28, size, 4);
    return at;
}

/* Add the entries of a long name; @sum is that of the short one behind. */
static inline void
fat_long(struct fat_image *fat, unsigned directory, const char *name,
         unsigned sum)
{
    unsigned length = (unsigned)strlen(name);
    unsigned count = (length + 12) / 13;

    for (unsigned order = count; order > 0; order--) {
        unsigned char *at = fat_entry(fat, directory, "           ", 0x0f,
                                      0, 0);

        memset(at, 0xff, 32);
        at[0] = (unsigned char)(order | (order == count ? 0x40 : 0));
        at[11] = 0x0f;
        at[12] = 0;
        at[13] = (unsigned char)sum;
        put(at + 26, 0, 2);
        for (unsigned i = 0; i < 13; i++) {
            unsigned from = (order - 1) * 13 + i;
            unsigned to = i < 5 ? 1 + 2 * i : i < 11 ? 4 + 2 * i : 6 + 2 * i;

            if (from <= length)
                put(at + to, (unsigned char)name[from], 2);
        }
    }
}

/* The sum of a short name, as the specification has it. */
static inline unsigned
fat_sum(const char name[12])
{
    unsigned char sum = 0;

    for (unsigned i = 0; i < 11; i++)
        sum = (unsigned char)((sum >> 1 | sum << 7) + (unsigned char)name[i]);
    return sum;
}

#endif /* FAT_BUILDER_H */
