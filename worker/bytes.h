/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * bytes.h - bytes at offsets, wherever they come from
 *
 * A disk, a partition, a file inside a file system and a loose file are the
 * same to those who parse them: a size, and a way to read.  Readers keep to
 * the size; a read beyond it is the parser's mistake about hostile input and
 * fails with VTOPO_BAD_INPUT, without touching the buffer.
 */

#ifndef VW_BYTES_H
#define VW_BYTES_H

#include <stdint.h>

#include "vtopo.h"

struct vw_bytes {
    uint64_t size;

    /* Read exactly @size bytes at @offset; the range is inside. */
    int (*read)(void *context, uint64_t offset, void *buffer, size_t size,
                struct vtopo_error *err);
    void *context;              /* borrowed */
};

/* Read exactly @size bytes at @offset of @bytes. */
int vw_bytes_read(const struct vw_bytes *bytes, uint64_t offset,
                  void *buffer, size_t size, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Bytes in memory, which must outlive what is returned. */
struct vw_memory {
    const unsigned char *data;
    size_t size;
};
struct vw_bytes vw_bytes_memory(const struct vw_memory *memory);

/* What takes the bytes that are to be written: nobody in this program writes
 * to a disk.  The range was checked against the size of what is written to.
 */
struct vw_sink {
    int (*write)(void *context, uint64_t offset, const void *data,
                 size_t size, struct vtopo_error *err);
    void *context;              /* borrowed */
};

/* Little-endian numbers at any address. */
static inline uint16_t
vw_le16(const unsigned char *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t
vw_le32(const unsigned char *at)
{
    return (uint32_t)vw_le16(at) | (uint32_t)vw_le16(at + 2) << 16;
}

static inline uint64_t
vw_le64(const unsigned char *at)
{
    return (uint64_t)vw_le32(at) | (uint64_t)vw_le32(at + 4) << 32;
}

static inline void
vw_put_le16(unsigned char *at, uint32_t value)
{
    at[0] = (unsigned char)value;
    at[1] = (unsigned char)(value >> 8);
}

static inline void
vw_put_le32(unsigned char *at, uint32_t value)
{
    vw_put_le16(at, value & 0xffff);
    vw_put_le16(at + 2, value >> 16);
}

/* Big-endian numbers at any address. */
static inline uint16_t
vw_be16(const unsigned char *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t
vw_be32(const unsigned char *at)
{
    return (uint32_t)vw_be16(at) << 16 | vw_be16(at + 2);
}

static inline uint64_t
vw_be64(const unsigned char *at)
{
    return (uint64_t)vw_be32(at) << 32 | vw_be32(at + 4);
}

#endif /* VW_BYTES_H */
