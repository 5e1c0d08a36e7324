/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * bytes.c - bytes at offsets, wherever they come from (see bytes.h)
 */

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "bytes.h"

int
vw_bytes_read(const struct vw_bytes *bytes, uint64_t offset,
              void *buffer, size_t size, struct vtopo_error *err)
{
    if (offset > bytes->size || size > bytes->size - offset)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%zu bytes at %" PRIu64 " are beyond the end, %" PRIu64,
                       size, offset, bytes->size);
    if (size == 0)
        return 0;
    return bytes->read(bytes->context, offset, buffer, size, err);
}

static int
read_memory(void *context, uint64_t offset, void *buffer, size_t size,
            struct vtopo_error *err)
{
    const struct vw_memory *memory = context;

    (void)err;
    memcpy(buffer, memory->data + offset, size);
    return 0;
}

struct vw_bytes
vw_bytes_memory(const struct vw_memory *memory)
{
    return (struct vw_bytes) {
        .size = memory->size,
        .read = read_memory,
        .context = (void *)(uintptr_t)memory,
    };
}

/* Four bits at a time. */
uint32_t
vw_crc32(uint32_t crc, const unsigned char *data, size_t size)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
        0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };

    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}
