/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * crc32.h - the CRC of Ethernet (IEEE 802.3), which GPT has as well
 */

#ifndef VT_CRC32_H
#define VT_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The sum of @size bytes at @data, behind others with the sum @crc (0: none
 * before).
 */
uint32_t vt_crc32(uint32_t crc, const unsigned char *data, size_t size);

#endif /* VT_CRC32_H */
