/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ntfs-mirror.c - read over an old $MFTMirr (see ntfs-mirror.h)
 */

#include "ntfs-mirror.h"

#define BOOT_SIZE 512u
#define RECORDS   4u

/* A size in units of @unit or, as a number below zero, a power of two.  None
 * that is meant is above 2^15.
 */
static uint64_t
size_of(unsigned char value, unsigned unit)
{
    if (value <= 128)
        return (uint64_t)value * unit;
    return (uint64_t)1 << ((256u - value) & 31);
}

int
vw_mirror_read(const struct vw_bytes *volume, struct vw_mirror *mirror,
               struct vtopo_error *err)
{
    struct vw_mirror found = { .covered = true };
    unsigned char boot[BOOT_SIZE];
    uint64_t cluster;

    if (volume->size < sizeof(boot))
        return 0;
    if (vw_bytes_read(volume, 0, boot, sizeof(boot), err) < 0)
        return -1;
    /* Clusters of more than 128 sectors are a power of two of sectors. */
    cluster = size_of(boot[13], 1) * vw_le16(boot + 11);
    found.size = size_of(boot[64], (unsigned)(cluster & 0xffffffu)) * RECORDS;
    if (__builtin_mul_overflow(vw_le64(boot + 48), cluster,
                               &found.original_at)
        || __builtin_mul_overflow(vw_le64(boot + 56), cluster, &found.at)
        || found.original_at >= volume->size || found.at >= volume->size)
        return 0;
    *mirror = found;
    return 0;
}

uint64_t
vw_mirror_map(const struct vw_mirror *mirror, uint64_t offset, uint64_t count)
{
    if (!mirror->covered || count > mirror->size || offset < mirror->at
        || offset - mirror->at > mirror->size - count)
        return offset;
    return offset - mirror->at + mirror->original_at;
}
