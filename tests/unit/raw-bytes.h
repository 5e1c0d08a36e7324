/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * raw-bytes.h - write numbers as disks hold them, and their checksum
 *
 * For tests that make a disk, a hive or a program file byte by byte.  It
 * shares nothing with the code that reads them.
 */

#ifndef RAW_BYTES_H
#define RAW_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* The lowest @size bytes of @value, the lowest first. */
static inline void
put(unsigned char *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

static inline void
put16(unsigned char *at, uint64_t value)
{
    put(at, value, 2);
}

static inline void
put32(unsigned char *at, uint64_t value)
{
    put(at, value, 4);
}

static inline void
put64(unsigned char *at, uint64_t value)
{
    put(at, value, 8);
}

/* The CRC of Ethernet, as GPT has it. */
static inline uint32_t
crc32_of(const unsigned char *data, size_t size)
{
    uint32_t crc = ~0u;

    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
    }
    return ~crc;
}

#endif /* RAW_BYTES_H */
