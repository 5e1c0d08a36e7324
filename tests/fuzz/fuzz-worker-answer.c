/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-worker-answer.c - whatever a worker that was taken over says is refused
 * with a reason, or is one JSON value; and of files it names no format that
 * QEMU would be told and we do not know
 */

#include "base/json-read.h"
#include "fuzz.h"
#include "image/internal.h"

static void
check_value(const struct vt_buf *answer)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree char *text = fuzz_text((const uint8_t *)answer->data,
                                       answer->length);
    struct vt_json_reader reader;

    vt_json_reader_start(&reader, text, answer->length);
    if (vt_json_skip(&reader, &err) < 0 || vt_json_finish(&reader, &err) < 0)
        abort();
}

static void
check_sniffed(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_sniffed_clear) struct vt_sniffed sniffed = { .backing = NULL };
    vt_autofree char *text = fuzz_text(data, size);

    if (vt_sniffed_parse(text, size, &sniffed, &err) < 0) {
        fuzz_check_failure(&err);
        if (sniffed.format[0] != '\0' || sniffed.extents != NULL)
            abort();
        return;
    }
    if (!vt_format_is_known(sniffed.format) || !vt_format_is_known(sniffed.seen)
        || sniffed.extent_count > VT_IMAGE_EXTENTS_MAX)
        abort();
    for (size_t i = 0; i < sniffed.extent_count; i++) {
        if (sniffed.extents[i].name == NULL)
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    vt_autofree char *text = fuzz_text(data, size);
    struct vt_image_cage cage = { .landlock = 0 };

    if (vt_worker_parse(text, size, &answer, &cage, &err) < 0) {
        fuzz_check_failure(&err);
        if (answer.length != 0)
            abort();
    } else {
        check_value(&answer);
        check_sniffed((const uint8_t *)answer.data, answer.length);
    }
    check_sniffed(data, size);
    return 0;
}
