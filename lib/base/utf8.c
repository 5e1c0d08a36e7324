/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * utf8.c - text that may come from anywhere (see utf8.h)
 */

#include <stdbool.h>

#include "base/utf8.h"

static bool
is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t
vt_utf8_length(const char *text)
{
    unsigned char first = (unsigned char)text[0];
    unsigned char second;
    size_t length;

    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < length; i++) {
        if (!is_continuation(text[i]))
            return 0;
    }
    second = (unsigned char)text[1];
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)
        || (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
        return 0;       /* overlong, a surrogate, or beyond U+10FFFF */
    return length;
}

size_t
vt_utf8_put(char *to, unsigned code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xe0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 0x3f));
        to[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | code >> 18);
    to[1] = (char)(0x80 | (code >> 12 & 0x3f));
    to[2] = (char)(0x80 | (code >> 6 & 0x3f));
    to[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* C1 controls, and the marks and overrides of direction. */
static bool
is_unsafe(const char *text, size_t length)
{
    unsigned char a = (unsigned char)text[0];
    unsigned char b = (unsigned char)text[1];
    unsigned char c;

    if (length == 2)
        return a == 0xc2 && b < 0xa0;
    if (length != 3 || a != 0xe2)
        return false;
    c = (unsigned char)text[2];
    return (b == 0x80 && ((c >= 0x8e && c <= 0x8f) || (c >= 0xa8 && c <= 0xae)))
        || (b == 0x81 && c >= 0xa6 && c <= 0xa9);
}

void
vt_utf8_copy_safe(char *to, size_t size, const char *text)
{
    size_t at = 0;

    while (*text != '\0') {
        size_t length = vt_utf8_length(text);
        bool control = (unsigned char)*text < 0x20 || *text == 0x7f;
        bool keep = length != 0 && !control && !is_unsafe(text, length);
        size_t room = keep ? length : 1;

        if (at + room >= size)
            break;
        for (size_t i = 0; i < room; i++)
            to[at++] = keep ? text[i] : '?';
        text += length != 0 ? length : 1;
    }
    to[at] = '\0';
}
