/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz.h - what every fuzz target needs
 *
 * A target makes one promise about one parser and calls abort() where it is
 * broken.  libFuzzer feeds it, or in ordinary builds replay.c.
 */

#ifndef VT_FUZZ_H
#define VT_FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "vtopo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A failed call promises a code and a reason. */
static inline void
fuzz_check_failure(const struct vtopo_error *err)
{
    if (err->code == VTOPO_OK || err->message == NULL)
        abort();
}

/* The input as a string of its own length, with room for one byte more. */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

#endif /* VT_FUZZ_H */
