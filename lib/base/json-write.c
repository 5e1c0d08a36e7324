/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * json-write.c - write JSON into a buffer as a stream (see json-write.h)
 */

#include "base/json-write.h"
#include "base/utf8.h"

static bool
is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void
add_escaped(struct vt_buf *out, unsigned char c)
{
    switch (c) {
    case '"':
        vt_buf_add(out, "\\\"", 2);
        break;
    case '\\':
        vt_buf_add(out, "\\\\", 2);
        break;
    case '\n':
        vt_buf_add(out, "\\n", 2);
        break;
    case '\r':
        vt_buf_add(out, "\\r", 2);
        break;
    case '\t':
        vt_buf_add(out, "\\t", 2);
        break;
    default:
        vt_buf_printf(out, "\\u%04x", c);
        break;
    }
}

void
vt_json_string(struct vt_json *json, const char *text)
{
    struct vt_buf *out = json->out;
    const char *start = text;

    vt_json_separate(json);
    vt_buf_add_char(out, '"');
    for (;;) {
        size_t length;

        while (is_plain((unsigned char)*text))
            text++;
        vt_buf_add(out, start, (size_t)(text - start));
        if (*text == '\0')
            break;
        length = vt_utf8_length(text);
        if ((unsigned char)*text < 0x80)
            add_escaped(out, (unsigned char)*text);
        else if (length != 0)
            vt_buf_add(out, text, length);
        else
            vt_buf_add(out, "\xef\xbf\xbd", 3);
        text += length != 0 ? length : 1;
        start = text;
    }
    vt_buf_add_char(out, '"');
}

void
vt_json_string_or_null(struct vt_json *json, const char *text)
{
    if (text == NULL)
        vt_json_null(json);
    else
        vt_json_string(json, text);
}
