/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * utf8.h - text that may come from anywhere
 */

#ifndef VT_UTF8_H
#define VT_UTF8_H

#include <stddef.h>

/* The length of the well-formed UTF-8 sequence at @text (1 to 4 bytes, as
 * RFC 3629 has it), or 0 where there is none.  @text ends in a zero byte.
 */
size_t vt_utf8_length(const char *text);

/* Write code point @code (not a surrogate, below 0x110000) to @to, which
 * has room for 4 bytes; returns how many were written.
 */
size_t vt_utf8_put(char *to, unsigned code);

/* Copy @text to @to, cut at @size, so that it cannot drive a terminal:
 * control characters, marks that turn the direction of writing, and bytes
 * that are no UTF-8 become question marks.
 */
void vt_utf8_copy_safe(char *to, size_t size, const char *text);

#endif /* VT_UTF8_H */
