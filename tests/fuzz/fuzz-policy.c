/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-policy.c - no licence crashes its reader; what is found lies inside
 * the blob; a refusal has a reason and touches nothing; whether a blob is
 * sound does not depend on what is sought
 *
 * With the first bit of the first byte set the totals are put right first,
 * so that the entries are reached.
 */

#include "bytes.h"
#include "fuzz.h"
#include "policy.h"
#include "../unit/raw-bytes.h"

static void
put_right(unsigned char *blob, size_t size)
{
    if (size < 24)
        return;
    put32(blob, size);
    put32(blob + 4, size - 24);
    put32(blob + 8, 4);
    put32(blob + 16, 1);
    put32(blob + size - 4, 0x45);
}

static void
check_value(const unsigned char *blob, size_t size,
            const struct vw_policy_value *value)
{
    vt_autoerror struct vtopo_error no_number = VTOPO_ERROR_INIT;
    vt_autoerror struct vtopo_error no_string = VTOPO_ERROR_INIT;
    vt_autofree char *text = NULL;
    uint32_t number = 0;
    bool is_number;
    bool is_string;

    if (value->data < blob + 36 || value->size > size
        || value->data > blob + size - 4 - value->size)
        abort();
    is_number = vw_policy_dword(value, "N", &number, &no_number) == 0;
    is_string = vw_policy_string(value, "N", &text, &no_string) == 0;
    if (is_number ? number != vw_le32(value->data) : number != 0)
        abort();
    if (is_string != (text != NULL) || (is_number && is_string))
        abort();
    if (!is_number)
        fuzz_check_failure(&no_number);
    if (!is_string)
        fuzz_check_failure(&no_string);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autofree unsigned char *blob = NULL;
    static const char *const names[] = { "N", "Kernel-RegisteredProcessors",
                                         "" };
    unsigned sound = 0;

    if (size == 0)
        return 0;
    size--;
    blob = malloc(size + 1);    /* one byte more, for no size is no blob */
    if (blob == NULL)
        abort();
    memcpy(blob, data + 1, size);
    if ((data[0] & 1) != 0)
        put_right(blob, size);
    for (unsigned i = 0; i < VT_COUNT(names); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vw_policy_value value = { .data = NULL };
        bool found = false;

        if (vw_policy_find(blob, size, names[i], &value, &found, &err) < 0) {
            fuzz_check_failure(&err);
            if (found || value.data != NULL)
                abort();
            if (strstr(err.message, " times") != NULL)
                sound++;        /* wrong for this name alone */
            continue;
        }
        sound++;
        if (found)
            check_value(blob, size, &value);
    }
    if (sound != 0 && sound != VT_COUNT(names))
        abort();
    return 0;
}
