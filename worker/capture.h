/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * capture.h - a disk that seems to be written to
 *
 * What is written is kept in memory, over a disk that is only read; who reads
 * through the capture reads the new bytes.  What has changed in the end is
 * what the worker proposes, for its parent to write.
 */

#ifndef VW_CAPTURE_H
#define VW_CAPTURE_H

#include "bytes.h"

/* Limits: of all that is kept, which three kernels of Windows with their HALs
 * and what changes about them fit in, and of one proposed write.
 */
#define VW_CAPTURE_MAX   (16u << 20)
#define VW_CAPTURE_PIECE 65536u

struct vw_capture;

/* Keep writes to @disk, whose context must outlive the capture, in units of
 * @unit bytes: a sector of the disk, 512 or 4096.
 */
int vw_capture_new(const struct vw_bytes *disk, unsigned unit,
                   struct vw_capture **ret_capture, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

void vw_capture_free(struct vw_capture *capture);

static inline void
vw_capture_freep(struct vw_capture **capture)
{
    vw_capture_free(*capture);
}

/* A part of the disk, to read from and to write to. */
struct vw_stretch {
    struct vw_capture *capture; /* borrowed */
    uint64_t offset;
    uint64_t size;
};

/* Both live as long as @stretch, which lies inside the disk. */
struct vw_bytes vw_stretch_bytes(struct vw_stretch *stretch)
    __attribute__((nonnull));
struct vw_sink vw_stretch_sink(struct vw_stretch *stretch)
    __attribute__((nonnull));

/* One proposed write. */
struct vw_write {
    uint64_t offset;            /* a multiple of the unit */
    size_t size;                /* likewise, but where the disk ends */
    uint32_t old_crc32;         /* of the bytes that are there */
    const unsigned char *data;
};

typedef void vw_take_write(void *context, const struct vw_write *write);

/* Call @take for what differs from the disk: in the order of the offsets,
 * none overlapping, those that touch as one of up to VW_CAPTURE_PIECE bytes.
 */
int vw_capture_list(struct vw_capture *capture, vw_take_write *take,
                    void *context, struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 4), warn_unused_result));

#endif /* VW_CAPTURE_H */
