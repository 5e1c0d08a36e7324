/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-pe.c - no program file crashes us or makes us fail while its bytes can
 * be read; what it says is text that ends; and where they cannot be read, we
 * fail and touch nothing
 */

#include "base/error.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "pe.h"

static void
check(bool promise)
{
    if (!promise)
        abort();
}

static void
check_text(const char text[VW_PE_TEXT_SIZE])
{
    const char *end = memchr(text, '\0', VW_PE_TEXT_SIZE);
    size_t length;

    check(end != NULL);
    for (; text < end; text += length) {
        length = vt_utf8_length(text);
        check(length > 0);
    }
}

/* Bytes that can be read so often, and then no more. */
struct flaky {
    struct vw_bytes bytes;
    unsigned left;
};

static int
read_flaky(void *context, uint64_t offset, void *buffer, size_t size,
           struct vtopo_error *err)
{
    struct flaky *flaky = context;

    check(offset <= flaky->bytes.size && size <= flaky->bytes.size - offset);
    check(size <= VW_PE_BLOCK_SIZE);
    if (flaky->left-- == 0) {
        flaky->left = 0;
        return vt_fail(err, VTOPO_SYSTEM, "the disk is gone");
    }
    return vw_bytes_read(&flaky->bytes, offset, buffer, size, err);
}

static void
ask(const struct vw_pe *pe)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_pe_version version;
    struct vw_pe_import import;
    enum vw_pe_kernel kernel;

    check(vw_pe_find_import(pe, "hal.dll", "HalStartNextProcessor", &import,
                            &err) == 0);
    check(vw_pe_read_version(pe, &version, &err) == 0);
    check(vw_pe_read_kernel(pe, &kernel, &err) == 0);
    check(err.code == VTOPO_OK);
    check(import.symbol != VW_PE_YES
          || (import.library == VW_PE_YES
              && kernel == VW_PE_KERNEL_MULTIPROCESSOR));
    check(kernel == vw_pe_judge_kernel(&import, &version));
    check(pe->status == VW_PE_IMAGE
          || (import.symbol == VW_PE_UNKNOWN
              && version.found == VW_PE_UNKNOWN));
    check(version.found == VW_PE_YES || !version.has_numbers);
    check_text(version.original_filename);
    check_text(version.internal_name);
    check_text(version.file_description);
    check_text(version.file_version);
}

/* The same questions of a disk that goes away after @reads. */
static void
ask_flaky(const struct vw_bytes *bytes, unsigned reads)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct flaky flaky = { .bytes = *bytes, .left = reads };
    struct vw_bytes broken = {
        .size = bytes->size,
        .read = read_flaky,
        .context = &flaky,
    };
    struct vw_pe pe = { .machine = 0x1234 };
    enum vw_pe_kernel kernel = (enum vw_pe_kernel)77;

    if (vw_pe_open(&broken, &pe, &err) < 0) {
        fuzz_check_failure(&err);
        check(err.code == VTOPO_SYSTEM && pe.machine == 0x1234);
        return;
    }
    if (vw_pe_read_kernel(&pe, &kernel, &err) < 0) {
        fuzz_check_failure(&err);
        check(err.code == VTOPO_SYSTEM && (unsigned)kernel == 77);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_memory memory = { .data = data, .size = size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    struct vw_pe_version version;
    struct vw_pe pe;

    check(vw_pe_open(&bytes, &pe, &err) == 0);
    check((size == 0) == (pe.status == VW_PE_EMPTY));
    check(pe.section_count <= VW_PE_SECTIONS_MAX);
    ask(&pe);
    if (size > 0)
        ask_flaky(&bytes, data[size - 1] % 8u);

    /* The resource by itself, without a file around it. */
    vw_pe_parse_version(data, size, &version);
    check_text(version.original_filename);
    check_text(version.file_description);
    return 0;
}
