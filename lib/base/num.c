/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * num.c - numbers from users, with no silent surprises (see num.h)
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/num.h"

int
vt_parse_uint(const char *text, const char *what,
              unsigned min, unsigned max,
              unsigned *ret_value, struct vtopo_error *err)
{
    unsigned long long value;
    char *end;

    /* strtoull() takes "-1" and " 1"; we do not. */
    if (!isdigit((unsigned char)text[0]))
        goto not_a_number;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (*end != '\0')
        goto not_a_number;
    if (errno == ERANGE || value < min || value > max)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%s must be between %u and %u, not '%s'",
                       what, min, max, text);

    *ret_value = (unsigned)value;
    return 0;

 not_a_number:
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "%s must be a whole number, not '%s'", what, text);
}
