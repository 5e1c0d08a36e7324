/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * buf.c - text that grows (see buf.h)
 */

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"

#define FIRST_CAPACITY 256u

void
vt_buf_clear(struct vt_buf *buf)
{
    free(buf->data);
    *buf = (struct vt_buf)VT_BUF_INIT;
}

bool
vt_buf_reserve(struct vt_buf *buf, size_t size)
{
    size_t capacity = buf->capacity != 0 ? buf->capacity : FIRST_CAPACITY;
    char *data;

    if (buf->failed || size > SIZE_MAX / 4 - buf->length) {
        buf->failed = true;
        return false;
    }
    if (buf->data != NULL && capacity - buf->length >= size)
        return true;
    while (capacity - buf->length < size)
        capacity *= 2;
    data = realloc(buf->data, capacity);
    if (data == NULL) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void
vt_buf_printf(struct vt_buf *buf, const char *fmt, ...)
{
    va_list args;
    va_list again;
    int size;

    va_start(args, fmt);
    va_copy(again, args);
    size = vsnprintf(NULL, 0, fmt, args);
    if (size < 0)
        buf->failed = true;
    else if (vt_buf_reserve(buf, (size_t)size + 1)) {
        (void)vsnprintf(buf->data + buf->length, (size_t)size + 1, fmt, again);
        buf->length += (size_t)size;
    }
    va_end(again);
    va_end(args);
}

void
vt_buf_add_uint(struct vt_buf *buf, unsigned long long value)
{
    size_t digits = 1;
    char *to;

    for (unsigned long long rest = value; rest >= 10; rest /= 10)
        digits++;
    if (buf->capacity - buf->length < digits && !vt_buf_reserve(buf, digits))
        return;
    buf->length += digits;
    to = buf->data + buf->length;
    do {
        *--to = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
}

int
vt_buf_check(const struct vt_buf *buf, struct vtopo_error *err)
{
    return buf->failed ? vt_fail_memory(err) : 0;
}

const char *
vt_buf_string(struct vt_buf *buf)
{
    if (buf->failed || !vt_buf_reserve(buf, 1))
        return "";
    buf->data[buf->length] = '\0';
    return buf->data;
}
