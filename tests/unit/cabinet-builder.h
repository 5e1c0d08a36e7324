/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cabinet-builder.h - a small cabinet in memory
 *
 * One folder, not compressed, in blocks of CABINET_BLOCK bytes at most, which
 * libmspack allows in folders of this kind.  Tests then change what they want
 * wrong.  LZX and MSZIP are tried by tests/integration/cabinets.py.
 */

#ifndef CABINET_BUILDER_H
#define CABINET_BUILDER_H

#include <assert.h>
#include <string.h>

#include "raw-bytes.h"

#define CABINET_BLOCK  32768u
#define CABINET_ROOM   (256u * 1024u)
#define CABINET_FOLDER 36u          /* where the only CFFOLDER is */
#define CABINET_FILES  44u          /* where the CFFILEs begin */

struct cabinet {
    size_t size;
    size_t data_at;                 /* of the first CFDATA */
    unsigned char data[CABINET_ROOM];
};

struct cabinet_file {
    const char *name;
    const char *data;
    unsigned folder;                /* 0, but for tests */
};

static inline uint32_t
cabinet_checksum(const unsigned char *data, size_t size, uint32_t sum)
{
    uint32_t rest = 0;

    for (; size >= 4; size -= 4, data += 4)
        sum ^= data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16
               | (uint32_t)data[3] << 24;
    while (size-- > 0)
        rest = rest << 8 | *data++;
    return sum ^ rest;
}

/* Add a CFDATA that holds @data as it is. */
static inline void
cabinet_block(struct cabinet *cabinet, const void *data, unsigned size)
{
    unsigned char *at = cabinet->data + cabinet->size;

    assert(cabinet->size + 8 + size <= CABINET_ROOM);
    put16(at + 4, size);
    put16(at + 6, size);
    memcpy(at + 8, data, size);
    put32(at, cabinet_checksum(at + 4, 4, cabinet_checksum(at + 8, size, 0)));
    cabinet->size += 8 + size;
}

/* A cabinet of @count files; data of all of them are one block. */
static inline void
cabinet_make(struct cabinet *cabinet, const struct cabinet_file *files,
             unsigned count)
{
    static unsigned char all[CABINET_BLOCK];
    unsigned size = 0;
    size_t at = CABINET_FILES;

    memset(cabinet, 0, sizeof(*cabinet));
    for (unsigned i = 0; i < count; i++) {
        unsigned char *raw = cabinet->data + at;
        unsigned length = (unsigned)strlen(files[i].data);

        assert(size + length <= sizeof(all));
        put32(raw, length);
        put32(raw + 4, size);
        put16(raw + 8, files[i].folder);
        memcpy(raw + 16, files[i].name, strlen(files[i].name) + 1);
        at += 16 + strlen(files[i].name) + 1;
        memcpy(all + size, files[i].data, length);
        size += length;
    }
    cabinet->data_at = cabinet->size = at;
    cabinet_block(cabinet, all, size);
    memcpy(cabinet->data, "MSCF", 4);
    put32(cabinet->data + 8, cabinet->size);
    put32(cabinet->data + 16, CABINET_FILES);
    cabinet->data[24] = 3;
    cabinet->data[25] = 1;
    put16(cabinet->data + 26, 1);
    put16(cabinet->data + 28, count);
    put32(cabinet->data + CABINET_FOLDER, at);
    put16(cabinet->data + CABINET_FOLDER + 4, 1);
}

#endif /* CABINET_BUILDER_H */
