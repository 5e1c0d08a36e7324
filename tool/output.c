/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * output.c - text for people
 * (see output.h)
 */

#include "base/error.h"
#include "base/json-write.h"
#include "base/utf8.h"
#include "output.h"

/* The code point of the well-formed sequence of @length bytes at @text. */
static unsigned
code_point(const char *text, size_t length)
{
    unsigned code = (unsigned char)text[0];

    if (length > 1)
        code &= 0x7fu >> length;
    for (size_t i = 1; i < length; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3fu);
    return code;
}

/* Characters that show nothing and change how others are shown. */
static bool
is_control(unsigned code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0)
           || code == 0x061c || (code >= 0x200b && code <= 0x200f)
           || (code >= 0x2028 && code <= 0x202e)
           || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff
           || (code >= 0xe0000 && code <= 0xe0fff);
}

static void
add_control(struct vt_buf *out, unsigned code)
{
    switch (code) {
    case '\n':
        vt_buf_add_string(out, "\\n");
        break;
    case '\r':
        vt_buf_add_string(out, "\\r");
        break;
    case '\t':
        vt_buf_add_string(out, "\\t");
        break;
    default:
        vt_buf_printf(out, code < 0x80 ? "\\x%02x" : "\\u%04x", code);
        break;
    }
}

void
output_add_escaped(struct vt_buf *out, const char *text)
{
    while (*text != '\0') {
        size_t length = vt_utf8_length(text);
        unsigned code;

        if (length == 0) {
            vt_buf_printf(out, "\\x%02x", (unsigned char)*text++);
            continue;
        }
        code = code_point(text, length);
        if (is_control(code))
            add_control(out, code);
        else
            vt_buf_add(out, text, length);
        text += length;
    }
}

void
output_add_blanks(struct vt_buf *out, size_t count)
{
    while (count-- > 0)
        vt_buf_add_char(out, ' ');
}

void
output_add_wrapped(struct vt_buf *out, size_t column, size_t indent,
                   const char *text)
{
    bool fresh = true;          /* no word on this line yet */

    while (*text != '\0') {
        size_t length = strcspn(text, " \n");

        if (length > 0) {
            if (!fresh && column + 1 + length > OUTPUT_COLUMNS) {
                vt_buf_add_char(out, '\n');
                output_add_blanks(out, indent);
                column = indent;
                fresh = true;
            }
            if (!fresh)
                vt_buf_add_char(out, ' ');
            vt_buf_add(out, text, length);
            column += length + (fresh ? 0 : 1);
            fresh = false;
        }
        text += length;
        if (*text == '\n' && text[1] != '\0') {
            vt_buf_add_char(out, '\n');
            if (text[1] != '\n')
                output_add_blanks(out, indent);
            column = indent;
            fresh = true;
        }
        text += *text != '\0';
    }
    vt_buf_add_char(out, '\n');
}

void
output_add_json_error(struct vt_buf *out, const struct vtopo_error *err)
{
    struct vt_json json = VT_JSON_INIT(out);

    vt_json_open(&json, '{');
    vt_json_key(&json, "error");
    vt_json_open(&json, '{');
    vt_json_key(&json, "code");
    vt_json_string(&json, vtopo_code_name(err->code));
    vt_json_key(&json, "message");
    vt_json_string(&json, err->message);
    if (err->hint != NULL) {
        vt_json_key(&json, "hint");
        vt_json_string(&json, err->hint);
    }
    vt_json_close(&json, '}');
    vt_json_close(&json, '}');
}
