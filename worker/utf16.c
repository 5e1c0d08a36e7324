/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * utf16.c - Windows' two spellings of text, and ours (see utf16.h)
 */

#include <string.h>

#include "base/utf8.h"
#include "bytes.h"
#include "utf16.h"

#define NO_CHARACTER 0xfffdu

static bool
is_high(unsigned unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool
is_low(unsigned unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

size_t
vw_utf8_from_utf16(const unsigned char *data, size_t units, char *to)
{
    size_t length = 0;

    for (size_t i = 0; i < units; i++) {
        unsigned code = vw_le16(data + 2 * i);

        if (is_high(code) && i + 1 < units
            && is_low(vw_le16(data + 2 * (i + 1)))) {
            i++;
            code = 0x10000 + ((code - 0xd800) << 10)
                   + (vw_le16(data + 2 * i) - 0xdc00u);
        } else if (code == 0 || is_high(code) || is_low(code)) {
            code = NO_CHARACTER;
        }
        length += vt_utf8_put(to + length, code);
    }
    to[length] = '\0';
    return length;
}

size_t
vw_utf8_from_latin1(const unsigned char *data, size_t units, char *to)
{
    size_t length = 0;

    for (size_t i = 0; i < units; i++)
        length += vt_utf8_put(to + length,
                              data[i] == 0 ? NO_CHARACTER : data[i]);
    to[length] = '\0';
    return length;
}

/* The code point of a well-formed sequence of @length bytes. */
static unsigned
decode(const char *text, size_t length)
{
    static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    unsigned code = (unsigned char)text[0] & mask[length];

    for (size_t i = 1; i < length; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3fu);
    return code;
}

bool
vw_utf16_from_utf8(const char *text, size_t length,
                   uint16_t *units, size_t max, size_t *ret_count)
{
    const char *end = text + length;
    size_t count = 0;

    while (text < end) {
        size_t size = vt_utf8_length(text);
        unsigned code;

        if (size == 0 || size > (size_t)(end - text))
            return false;
        code = decode(text, size);
        if (count + (code < 0x10000 ? 1 : 2) > max)
            return false;
        if (code >= 0x10000) {
            units[count++] = (uint16_t)(0xd800 + ((code - 0x10000) >> 10));
            code = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        units[count++] = (uint16_t)code;
        text += size;
    }
    *ret_count = count;
    return true;
}

size_t
vw_utf16_length(const unsigned char *data, size_t units)
{
    size_t length = 0;

    while (length < units && vw_le16(data + 2 * length) != 0)
        length++;
    return length;
}

uint16_t
vw_utf16_upper(uint16_t unit)
{
    if (unit >= 'a' && unit <= 'z')
        return (uint16_t)(unit - 0x20);
    if (unit >= 0xe0 && unit <= 0xfe && unit != 0xf7)
        return (uint16_t)(unit - 0x20);
    return unit == 0xff ? 0x178 : unit;
}
