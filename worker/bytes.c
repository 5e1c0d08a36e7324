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
