/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * floppy.c - a floppy with one file, as bytes
 *
 * FAT12 after Microsoft's published specification (fatgen103), in the geometry
 * that every BIOS and every Windows knows for 1.44 MB.
 */

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"

#define SECTOR        512u
#define SECTORS       (VT_FLOPPY_SIZE / SECTOR)
#define TABLES        2u
#define TABLE_SECTORS 9u
#define ROOT_ENTRIES  224u
#define ENTRY_SIZE    32u
#define ROOT_AT       (1 + TABLES * TABLE_SECTORS)
#define DATA_AT       (ROOT_AT + ROOT_ENTRIES * ENTRY_SIZE / SECTOR)
#define FIRST_CLUSTER 2u
#define CHAIN_END     0xfffu
#define MEDIA         0xf0u
#define ATTR_VOLUME   0x08u
#define ATTR_ARCHIVE  0x20u
#define DATE          0x0021u   /* 1 January 1980, the first that there is */
#define LABEL         "VTOPO      "

static void
put(unsigned char *at, unsigned value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

static void
make_boot_sector(unsigned char *boot)
{
    /* "int 0x18" tells the BIOS to try the next device. */
    static const unsigned char code[] = { 0xcd, 0x18, 0xeb, 0xfe };

    memcpy(boot, "\xeb\x3c\x90VTOPO   ", 11);
    put(boot + 11, SECTOR, 2);
    boot[13] = 1;                       /* sectors a cluster */
    put(boot + 14, 1, 2);               /* sectors before the tables */
    boot[16] = TABLES;
    put(boot + 17, ROOT_ENTRIES, 2);
    put(boot + 19, SECTORS, 2);
    boot[21] = MEDIA;
    put(boot + 22, TABLE_SECTORS, 2);
    put(boot + 24, 18, 2);              /* sectors a track */
    put(boot + 26, 2, 2);               /* heads */
    boot[38] = 0x29;                    /* the next three are there */
    put(boot + 39, 0x706f7476, 4);      /* serial number */
    memcpy(boot + 43, LABEL "FAT12   ", 19);
    memcpy(boot + 62, code, sizeof(code));
    put(boot + 510, 0xaa55, 2);
}

static void
link_cluster(unsigned char *table, unsigned cluster, unsigned next)
{
    unsigned char *at = table + cluster * 3 / 2;

    if (cluster % 2 == 0) {
        at[0] = (unsigned char)next;
        at[1] = (unsigned char)((at[1] & 0xf0) | next >> 8);
    } else {
        at[0] = (unsigned char)((at[0] & 0x0f) | (next & 15) << 4);
        at[1] = (unsigned char)(next >> 4);
    }
}

static void
make_table(unsigned char *table, unsigned clusters)
{
    link_cluster(table, 0, 0xf00 | MEDIA);
    link_cluster(table, 1, CHAIN_END);
    for (unsigned i = 0; i < clusters; i++)
        link_cluster(table, FIRST_CLUSTER + i, i + 1 == clusters
                     ? CHAIN_END : FIRST_CLUSTER + i + 1);
}

static void
make_entry(unsigned char *entry, const char *name, unsigned attributes,
           unsigned cluster, unsigned size)
{
    memcpy(entry, name, 11);
    entry[11] = (unsigned char)attributes;
    put(entry + 16, DATE, 2);           /* made; a time of 0 is midnight */
    put(entry + 18, DATE, 2);           /* read */
    put(entry + 24, DATE, 2);           /* written */
    put(entry + 26, cluster, 2);
    put(entry + 28, size, 4);
}

int
vt_config_floppy(struct vt_buf *out, const char name[12], const void *data,
                 size_t size, struct vtopo_error *err)
{
    const size_t most = (SECTORS - DATA_AT) * SECTOR;
    unsigned char *floppy;
    unsigned clusters;

    if (size > most)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a floppy takes a file of %zu bytes, not %zu", most,
                       size);
    if (!vt_buf_reserve(out, VT_FLOPPY_SIZE))
        return vt_fail_memory(err);
    floppy = (unsigned char *)out->data + out->length;
    clusters = (unsigned)((size + SECTOR - 1) / SECTOR);
    memset(floppy, 0, VT_FLOPPY_SIZE);
    make_boot_sector(floppy);
    for (unsigned i = 0; i < TABLES; i++)
        make_table(floppy + (1 + i * TABLE_SECTORS) * SECTOR, clusters);
    make_entry(floppy + ROOT_AT * SECTOR, LABEL, ATTR_VOLUME, 0, 0);
    make_entry(floppy + ROOT_AT * SECTOR + ENTRY_SIZE, name, ATTR_ARCHIVE,
               clusters != 0 ? FIRST_CLUSTER : 0, (unsigned)size);
    if (size != 0)
        memcpy(floppy + DATA_AT * SECTOR, data, size);
    out->length += VT_FLOPPY_SIZE;
    return 0;
}
