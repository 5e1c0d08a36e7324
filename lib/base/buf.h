/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * buf.h - text that grows
 *
 * Appending never reports a failure by itself: a buffer that could not grow
 * is marked, ignores what follows, and vt_buf_check() says so once at the
 * end.  So code that formats a page has one error path, not fifty.
 */

#ifndef VT_BUF_H
#define VT_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "vtopo.h"

struct vt_buf {
    char *data;                 /* owned; not ended by a zero byte */
    size_t length;
    size_t capacity;
    bool failed;                /* memory ran out; the text is incomplete */
};

#define VT_BUF_INIT { NULL, 0, 0, false }

/* Release the text and make the buffer empty.  Safe to call twice. */
void vt_buf_clear(struct vt_buf *buf);

/* Make room for @size more bytes.  False, and marked, when that fails. */
bool vt_buf_reserve(struct vt_buf *buf, size_t size);

void vt_buf_printf(struct vt_buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void vt_buf_add_uint(struct vt_buf *buf, unsigned long long value);

/* 0, or -1 with @err filled in when memory ran out on the way. */
int vt_buf_check(const struct vt_buf *buf, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* The text as a string that the buffer still owns; "" on lack of memory. */
const char *vt_buf_string(struct vt_buf *buf);

static inline void
vt_buf_add(struct vt_buf *buf, const char *data, size_t size)
{
    if (buf->capacity - buf->length < size && !vt_buf_reserve(buf, size))
        return;
    if (buf->data != NULL)
        memcpy(buf->data + buf->length, data, size);
    buf->length += size;
}

static inline void
vt_buf_add_char(struct vt_buf *buf, char c)
{
    vt_buf_add(buf, &c, 1);
}

static inline void
vt_buf_add_string(struct vt_buf *buf, const char *text)
{
    vt_buf_add(buf, text, strlen(text));
}

#endif /* VT_BUF_H */
