/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * empty-fat.h - a volume on which nothing is found
 */

#ifndef EMPTY_FAT_H
#define EMPTY_FAT_H

#include <string.h>

#include "raw-bytes.h"
#include "volume.h"

#define EMPTY_FAT_SIZE (64u * 512u)

struct empty_fat {
    unsigned char data[EMPTY_FAT_SIZE];
    struct vw_memory memory;
    struct vw_bytes bytes;
};

/* Open an empty volume of FAT12; @fat must outlive it.  NULL: it failed. */
static inline struct vw_volume *
empty_fat_open(struct empty_fat *fat)
{
    struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_volume *volume = NULL;
    enum vw_content content;

    memset(fat->data, 0, sizeof(fat->data));
    memcpy(fat->data, "\xeb\x3c\x90MSDOS5.0", 11);
    put16(fat->data + 11, 512);         /* bytes of a sector */
    fat->data[13] = 1;                  /* sectors of a cluster */
    put16(fat->data + 14, 1);           /* sectors before the table */
    fat->data[16] = 1;                  /* tables */
    put16(fat->data + 17, 16);          /* entries of the root */
    put16(fat->data + 19, EMPTY_FAT_SIZE / 512);
    fat->data[21] = 0xf8;
    put16(fat->data + 22, 1);           /* sectors of the table */
    put16(fat->data + 510, 0xaa55);
    fat->memory = (struct vw_memory) { fat->data, EMPTY_FAT_SIZE };
    fat->bytes = vw_bytes_memory(&fat->memory);
    if (vw_volume_open(&fat->bytes, &volume, &content, &err) < 0)
        vtopo_error_clear(&err);
    return volume;
}

#endif /* EMPTY_FAT_H */
