/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * iso-builder.h - a small ISO 9660 image in memory
 *
 * A primary descriptor in sector 16, its end in 17, then ISO_SECTORS sectors
 * for directories and files as tests place them.  A directory is the sectors
 * that its record says; records are added where the last one ended.
 */

#ifndef ISO_BUILDER_H
#define ISO_BUILDER_H

#include <stdint.h>
#include <string.h>

#include "raw-bytes.h"

#define ISO_SECTOR  2048u
#define ISO_ROOT    18u         /* where the root directory is */
#define ISO_SECTORS 40u         /* in all */
#define ISO_PRIMARY (16u * ISO_SECTOR)

#define ISO_HIDDEN    0x01u
#define ISO_DIRECTORY 0x02u
#define ISO_CONTINUES 0x80u

struct iso_image {
    unsigned char data[ISO_SECTORS * ISO_SECTOR];
};

static inline unsigned char *
iso_sector(struct iso_image *iso, unsigned sector)
{
    return iso->data + (size_t)sector * ISO_SECTOR;
}

/* Write a record whose name has @length bytes; how long the record is. */
static inline unsigned
iso_record(unsigned char *at, const char *name, unsigned length,
           unsigned flags, unsigned sector, uint32_t size)
{
    unsigned whole = (33 + length + 1) & ~1u;

    memset(at, 0, whole);
    at[0] = (unsigned char)whole;
    put32(at + 2, sector);
    put32(at + 10, size);
    at[25] = (unsigned char)flags;
    at[28] = 1;
    at[32] = (unsigned char)length;
    memcpy(at + 33, name, length);
    return whole;
}

/* Add a record to the sector @directory, behind those that are there. */
static inline unsigned char *
iso_add(struct iso_image *iso, unsigned directory, const char *name,
        unsigned flags, unsigned sector, uint32_t size)
{
    unsigned char *at = iso_sector(iso, directory);

    while (at[0] != 0)
        at += at[0];
    (void)iso_record(at, name, (unsigned)strlen(name), flags, sector, size);
    return at;
}

/* An empty directory of one sector, inside of @parent. */
static inline void
iso_directory(struct iso_image *iso, unsigned sector, unsigned parent)
{
    unsigned char *at = iso_sector(iso, sector);

    memset(at, 0, ISO_SECTOR);
    at += iso_record(at, "\0", 1, ISO_DIRECTORY, sector, ISO_SECTOR);
    (void)iso_record(at, "\1", 1, ISO_DIRECTORY, parent, ISO_SECTOR);
}

static inline void
iso_start(struct iso_image *iso)
{
    unsigned char *primary = iso->data + ISO_PRIMARY;

    memset(iso, 0, sizeof(*iso));
    memcpy(primary, "\1CD001\1", 7);
    put32(primary + 80, ISO_SECTORS);
    put16(primary + 128, ISO_SECTOR);
    (void)iso_record(primary + 156, "\0", 1, ISO_DIRECTORY, ISO_ROOT,
                     ISO_SECTOR);
    memcpy(primary + ISO_SECTOR, "\377CD001\1", 7);
    iso_directory(iso, ISO_ROOT, ISO_ROOT);
}

#endif /* ISO_BUILDER_H */
