/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * error.c - build, extend and release errors (see error.h)
 */

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"

/* Shown when there is no memory left to build a better message. */
static char no_memory[] = "out of memory";

static const char *const code_names[] = {
#define NAME(constant, name, meaning) [VTOPO_##constant] = name,
    VTOPO_CODES(NAME)
#undef NAME
};

static char *
format(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));

static char *
format(const char *fmt, va_list args)
{
    char *text;

    if (vasprintf(&text, fmt, args) < 0)
        return no_memory;
    return text;
}

static void
discard(char *text)
{
    if (text != no_memory)
        free(text);
}

const char *
vtopo_code_name(enum vtopo_code code)
{
    if ((size_t)code >= VT_COUNT(code_names))
        return "unknown-code";
    return code_names[code];
}

void
vtopo_error_clear(struct vtopo_error *err)
{
    discard(err->message);
    discard(err->hint);
    *err = (struct vtopo_error)VTOPO_ERROR_INIT;
}

int
vt_fail(struct vtopo_error *err, enum vtopo_code code, const char *fmt, ...)
{
    va_list args;

    assert(err->code == VTOPO_OK);      /* do not report one failure twice */

    va_start(args, fmt);
    err->message = format(fmt, args);
    va_end(args);
    err->code = code;
    return -1;
}

int
vt_fail_errno(struct vtopo_error *err, const char *fmt, ...)
{
    int errnum = errno;
    vt_autofree char *what = NULL;
    va_list args;

    va_start(args, fmt);
    if (vasprintf(&what, fmt, args) < 0)
        what = NULL;
    va_end(args);

    (void)vt_fail(err, VTOPO_SYSTEM, "%s: %s",
                  what != NULL ? what : "?", strerror(errnum));
    err->errnum = errnum;
    return -1;
}

int
vt_fail_memory(struct vtopo_error *err)
{
    assert(err->code == VTOPO_OK);
    err->code = VTOPO_SYSTEM;
    err->errnum = ENOMEM;
    err->message = no_memory;
    return -1;
}

int
vt_hint(struct vtopo_error *err, const char *fmt, ...)
{
    va_list args;

    assert(err->code != VTOPO_OK);
    discard(err->hint);
    va_start(args, fmt);
    err->hint = format(fmt, args);
    va_end(args);
    return -1;
}

int
vt_wrap(struct vtopo_error *err, const char *fmt, ...)
{
    vt_autofree char *context = NULL;
    char *longer;
    va_list args;

    assert(err->code != VTOPO_OK);
    va_start(args, fmt);
    if (vasprintf(&context, fmt, args) < 0)
        context = NULL;
    va_end(args);

    if (context != NULL
        && asprintf(&longer, "%s: %s", context, err->message) >= 0) {
        discard(err->message);
        err->message = longer;
    }
    return -1;
}
