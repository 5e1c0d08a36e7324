/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-sniff.c - no header crashes the sniffer; what it says of any bytes is
 * bounded, prints as JSON, and is the same when asked again by name
 *
 * Where the last byte is odd, the file is the input at the start of 288 KiB of
 * zeros: what headers point to is then there.  VHDX, of which the tables stand
 * at 192 KiB and behind, has its input moved there.
 */

#include "base/json-read.h"
#include "fuzz.h"
#include "sniff.h"

#define LARGE (288u << 10)

/* Where the input goes in a VHDX file, but for its first bytes. */
#define VHDX_TABLES (192u << 10)

/* A file that is larger than what is in it. */
struct sparse {
    const uint8_t *data;
    size_t size;
    size_t reads;
    bool is_vhdx;
};

static int
read_sparse(void *context, uint64_t offset, void *buffer, size_t size,
            struct vtopo_error *err)
{
    struct sparse *sparse = context;
    size_t there = 0;

    (void)err;
    /* No header is a reason to read without end. */
    if (++sparse->reads > 10000)
        abort();
    if (sparse->is_vhdx && offset >= VHDX_TABLES)
        offset = offset - VHDX_TABLES + 8;
    if (offset < sparse->size)
        there = sparse->size - (size_t)offset;
    if (there > size)
        there = size;
    memset(buffer, 0, size);
    if (there > 0)
        memcpy(buffer, sparse->data + offset, there);
    return 0;
}

static void
check(const struct vw_sniff *sniff)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vt_json json = VT_JSON_INIT(&text);
    struct vt_json_reader reader;

    if (!vw_sniff_knows(sniff->format) || !vw_sniff_knows(sniff->seen)
        || sniff->extent_count > VW_SNIFF_EXTENTS_MAX)
        abort();
    if (strcmp(sniff->format, "raw") == 0
        && (sniff->backing != NULL || sniff->data_file != NULL
            || sniff->extent_count != 0))
        abort();                /* bytes of a disk ask for nothing */
    vw_sniff_json(&json, sniff);
    if (text.failed || !vt_buf_reserve(&text, 1))
        abort();
    vt_json_reader_start(&reader, text.data, text.length);
    if (vt_json_skip(&reader, &err) < 0 || vt_json_finish(&reader, &err) < 0)
        abort();
}

static void
try_as(const struct vw_bytes *bytes, const char *format, const char *want)
{
    vt_auto(vw_sniff_clear) struct vw_sniff sniff = VW_SNIFF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    if (vw_sniff(bytes, format, &sniff, &err) < 0) {
        fuzz_check_failure(&err);
        if (sniff.format != NULL)
            abort();
        if (want != NULL)
            abort();            /* it has just been that */
        return;
    }
    check(&sniff);
    if (format != NULL && strcmp(sniff.format, format) != 0)
        abort();
    if (format == NULL && strcmp(sniff.format, sniff.seen) != 0)
        abort();
    if (format == NULL)
        try_as(bytes, sniff.format, sniff.format);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sparse sparse = { .data = data, .size = size };
    struct vw_bytes bytes = {
        .size = size, .read = read_sparse, .context = &sparse,
    };

    if (size > 0 && (data[size - 1] & 1) != 0)
        bytes.size = LARGE;
    sparse.is_vhdx = size > 8 && memcmp(data, "vhdxfile", 8) == 0;
    try_as(&bytes, NULL, NULL);
    try_as(&bytes, "raw", "raw");
    try_as(&bytes, "qcow2", NULL);
    try_as(&bytes, "dmg", "dmg");
    return 0;
}
