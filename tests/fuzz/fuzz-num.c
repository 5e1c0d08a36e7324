/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-num.c - no text crashes the reader of numbers, or gets past its bounds
 */

#include "base/num.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree char *text = fuzz_text(data, size);
    unsigned value = 0;

    if (vt_parse_uint(text, "N", 1, 64, &value, &err) == 0) {
        if (value < 1 || value > 64)
            abort();
        return 0;
    }
    fuzz_check_failure(&err);
    if (value != 0)
        abort();                /* a failure touches nothing else */
    return 0;
}
