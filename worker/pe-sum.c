/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * pe-sum.c - the checksum of a program file (see pe.h)
 *
 * The words of the file, but for those of the checksum itself, are added up
 * with carries around the end; then the size is added.
 */

#include "pe.h"

#define SUM_AT 88u              /* from the signature "PE" on */

uint32_t
vw_pe_sum(const unsigned char *data, size_t size)
{
    uint32_t sum = 0;
    size_t at;

    if (size < 64)
        return 0;
    at = vw_le32(data + 60);
    if (at > size || size - at < SUM_AT + 4)
        return 0;
    at += SUM_AT;
    for (size_t i = 0; i < size; i += 2) {
        if (i != at && i != at + 2)
            sum += i + 1 < size ? vw_le16(data + i) : data[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum + (uint32_t)size;
}
