/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * utf16.h - Windows' two spellings of text, and ours
 *
 * Windows keeps names as UTF-16, or as Latin-1 where that says it all.  What
 * a guest wrote may be neither: whatever is no character becomes U+FFFD, and
 * so does a zero character, which a C string cannot hold.
 */

#ifndef VW_UTF16_H
#define VW_UTF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for @units code units as UTF-8, and a zero byte. */
#define VW_UTF8_SIZE(units) ((size_t)(units) * 3 + 1)

/* Write @units little-endian UTF-16 code units, or Latin-1 characters, as
 * UTF-8 to @to, which has room for VW_UTF8_SIZE(@units).  Both return the
 * length of the string.
 */
size_t vw_utf8_from_utf16(const unsigned char *data, size_t units, char *to);
size_t vw_utf8_from_latin1(const unsigned char *data, size_t units, char *to);

/* Write @text as at most @max code units to @units.  False, with nothing
 * promised about @units, where it is no UTF-8 or too long.
 */
bool vw_utf16_from_utf8(const char *text, size_t length,
                        uint16_t *units, size_t max, size_t *ret_count);

/* How many of @units little-endian code units stand before the first zero. */
size_t vw_utf16_length(const unsigned char *data, size_t units);

/* The capital of @unit, for ASCII and Latin-1 alone. */
uint16_t vw_utf16_upper(uint16_t unit);

#endif /* VW_UTF16_H */
