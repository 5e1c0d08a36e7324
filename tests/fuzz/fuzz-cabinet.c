/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-cabinet.c - no cabinet or setup medium crashes what unpacks it
 *
 * What comes out is no more than was allowed, and the same a second time.
 */

#include "cabinet.h"
#include "fuzz.h"

#define MAX (256u * 1024u)

/* Names of files in the corpus; every cabinet has one of them. */
static const char *const names[] = { "a", "hal.dll" };

static void
check_same(const unsigned char *data, size_t size, const unsigned char *again,
           size_t again_size)
{
    if (size > MAX || size != again_size || memcmp(data, again, size) != 0)
        abort();
}

static void
extract(const struct vw_bytes *bytes, const char *name)
{
    vt_autofree unsigned char *data = NULL, *again = NULL;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    size_t size = 0, again_size = 0;
    bool found = false;

    if (vw_cabinet_extract(bytes, name, MAX, &data, &size, &found, &err) < 0) {
        fuzz_check_failure(&err);
        if (data != NULL || found)
            abort();
        return;
    }
    if (found != (data != NULL))
        abort();
    if (!found)
        return;
    if (vw_cabinet_extract(bytes, name, MAX, &again, &again_size, &found,
                           &err) < 0)
        abort();
    check_same(data, size, again, again_size);
}

static void
expand(const struct vw_bytes *bytes)
{
    vt_autofree unsigned char *data = NULL, *again = NULL;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    size_t size = 0, again_size = 0;

    if (vw_expand(bytes, MAX, &data, &size, &err) < 0) {
        fuzz_check_failure(&err);
        if (data != NULL)
            abort();
        return;
    }
    if (vw_expand(bytes, MAX, &again, &again_size, &err) < 0)
        abort();
    check_same(data, size, again, again_size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vw_memory memory = { data, size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);

    for (size_t i = 0; i < VT_COUNT(names); i++)
        extract(&bytes, names[i]);
    expand(&bytes);
    return 0;
}
