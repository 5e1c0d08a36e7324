/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * blocks.h - a disk behind a small cache, and what it cost to read it
 *
 * Parsers of disks ask for many small pieces that lie close together.  The
 * cache turns them into few requests of moderate size, and counts both: what
 * an inspection read is part of its answer.  A disk is a raw file or an NBD
 * server (see base/nbd.h).
 */

#ifndef VW_BLOCKS_H
#define VW_BLOCKS_H

#include "base/nbd.h"
#include "bytes.h"

/* Limits.  A block is the unit of the cache and the smallest request; the
 * cache holds VW_BLOCKS_SETS * VW_BLOCKS_WAYS of them (8 MiB).  A miss that
 * continues the one before it reads VW_BLOCKS_AHEAD blocks; no request is
 * larger than VW_BLOCKS_REQUEST blocks.
 */
#define VW_BLOCK_SIZE     8192u
#define VW_BLOCKS_SETS    128u
#define VW_BLOCKS_WAYS    8u
#define VW_BLOCKS_AHEAD   8u
#define VW_BLOCKS_REQUEST 32u
#define VW_DISK_SIZE_MAX  ((uint64_t)INT64_MAX)

struct vw_blocks;

struct vw_blocks_counts {
    uint64_t requests;          /* that reached the disk */
    uint64_t bytes;             /* that it answered with */
};

/* Put a cache before @disk, whose context must live as long as the cache. */
int vw_blocks_new(const struct vw_bytes *disk, struct vw_blocks **ret_blocks,
                  struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The disk as the cache shows it. */
struct vw_bytes vw_blocks_bytes(struct vw_blocks *blocks)
    __attribute__((nonnull));

struct vw_blocks_counts vw_blocks_count(const struct vw_blocks *blocks)
    __attribute__((nonnull));

/* Release the cache, not the disk.  NULL is nothing to do. */
void vw_blocks_free(struct vw_blocks *blocks);

static inline void
vw_blocks_freep(struct vw_blocks **blocks)
{
    vw_blocks_free(*blocks);
}

/* A raw file or block device that is open as @fd.  The descriptor stays the
 * caller's and must outlive @ret_disk.  A file that becomes shorter while it
 * is read fails with VTOPO_BAD_INPUT.
 */
int vw_raw_open(int fd, struct vw_bytes *ret_disk, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The disk behind @nbd, which must outlive it. */
struct vw_bytes vw_nbd_bytes(struct vt_nbd *nbd)
    __attribute__((nonnull));

#endif /* VW_BLOCKS_H */
