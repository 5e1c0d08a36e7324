/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * json-write.h - write JSON into a buffer as a stream
 *
 * Commas are kept by the writer; nesting and keys by the caller.  Written on
 * one line without blanks, because one answer is one line in bulk mode.
 */

#ifndef VT_JSON_WRITE_H
#define VT_JSON_WRITE_H

#include <stdbool.h>

#include "base/buf.h"

struct vt_json {
    struct vt_buf *out;         /* borrowed */
    bool comma;                 /* a value stands before, at this depth */
};

#define VT_JSON_INIT(buffer) { .out = (buffer), .comma = false }

static inline void
vt_json_separate(struct vt_json *json)
{
    if (json->comma)
        vt_buf_add_char(json->out, ',');
    json->comma = true;
}

static inline void
vt_json_open(struct vt_json *json, char bracket)
{
    vt_json_separate(json);
    vt_buf_add_char(json->out, bracket);
    json->comma = false;
}

static inline void
vt_json_close(struct vt_json *json, char bracket)
{
    vt_buf_add_char(json->out, bracket);
    json->comma = true;
}

/* A key that needs no escapes: one of our own. */
static inline void
vt_json_key(struct vt_json *json, const char *key)
{
    vt_json_separate(json);
    vt_buf_add_char(json->out, '"');
    vt_buf_add_string(json->out, key);
    vt_buf_add(json->out, "\":", 2);
    json->comma = false;
}

static inline void
vt_json_uint(struct vt_json *json, unsigned long long value)
{
    vt_json_separate(json);
    if (value < 10)
        vt_buf_add_char(json->out, (char)('0' + value));
    else
        vt_buf_add_uint(json->out, value);
}

static inline void
vt_json_int(struct vt_json *json, long long value)
{
    unsigned long long magnitude = (unsigned long long)value;

    if (value >= 0) {
        vt_json_uint(json, magnitude);
        return;
    }
    vt_json_separate(json);
    vt_buf_add_char(json->out, '-');
    vt_buf_add_uint(json->out, 0 - magnitude);
}

static inline void
vt_json_null(struct vt_json *json)
{
    vt_json_separate(json);
    vt_buf_add(json->out, "null", 4);
}

static inline void
vt_json_bool(struct vt_json *json, bool value)
{
    vt_json_separate(json);
    vt_buf_add_string(json->out, value ? "true" : "false");
}

/* Any text: escaped, and bytes that are no UTF-8 shown as U+FFFD. */
void vt_json_string(struct vt_json *json, const char *text);

/* The same, or null for NULL. */
void vt_json_string_or_null(struct vt_json *json, const char *text);

#endif /* VT_JSON_WRITE_H */
