/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-plan-request.c - no request for a plan crashes us; an answer is one
 * value of JSON whose counts agree; a refusal has a reason
 *
 * Work grows with the number of vCPUs, so numbers of more than two digits
 * are left to the unit tests.
 */

#include "fuzz-answer.h"
#include "report/plan-json.h"

#define DIGITS_MAX 2

/* Whether the value of a "vcpus" or "max_vcpus" is long. */
static bool
is_large(const char *text)
{
    static const char name[] = "vcpus\"";
    const char *at = text;

    while ((at = strstr(at, name)) != NULL) {
        at += strlen(name);
        at += strspn(at, " \t:");
        if (strspn(at, "0123456789") > DIGITS_MAX)
            return true;
    }
    return false;
}

struct shape {
    unsigned maxcpus, product;
};

static struct shape
read_shape(struct vt_json_reader *reader)
{
    struct shape shape = { .maxcpus = 0, .product = 1 };
    unsigned cpus = 0;
    const char *key;

    fuzz_enter(reader, '{');
    while ((key = fuzz_next_key(reader)) != NULL) {
        unsigned count = fuzz_read_count(reader).count;

        if (strcmp(key, "cpus") == 0)
            cpus = count;
        else if (strcmp(key, "maxcpus") == 0)
            shape.maxcpus = count;
        else
            shape.product *= count;
    }
    if (cpus < 1 || cpus > shape.maxcpus || shape.product != shape.maxcpus)
        abort();
    return shape;
}

static unsigned
count_elements(struct vt_json_reader *reader)
{
    unsigned count = 0;

    fuzz_enter(reader, '[');
    for (; fuzz_next_element(reader); count++)
        fuzz_skip(reader);
    return count;
}

static void
read_answer(struct vt_json_reader *reader)
{
    struct shape shape = { .maxcpus = 0 };
    unsigned usable = 0;
    unsigned candidates = 0;
    unsigned kept = 0;
    unsigned listed = 0;
    bool all_used = false;
    bool has_list = false;
    const char *key;

    fuzz_enter(reader, '{');
    while ((key = fuzz_next_key(reader)) != NULL) {
        if (strcmp(key, "all_used") == 0) {
            all_used = fuzz_read_flag(reader);
        } else if (strcmp(key, "shape") == 0) {
            shape = read_shape(reader);
        } else if (strcmp(key, "usable") == 0) {
            usable = fuzz_read_count(reader).count;
        } else if (strcmp(key, "candidates") == 0) {
            candidates = fuzz_read_count(reader).count;
        } else if (strcmp(key, "kept") == 0) {
            kept = fuzz_read_count(reader).count;
        } else if (strcmp(key, "all") == 0) {
            has_list = true;
            listed = count_elements(reader);
        } else {
            fuzz_skip(reader);
        }
    }
    if (candidates < 1 || kept > candidates || all_used != (kept != 0)
        || usable > shape.maxcpus || (all_used && usable != shape.maxcpus)
        || (has_list && listed != candidates))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
    vt_autofree char *line = fuzz_text(data, size);

    if (is_large(line))
        return 0;
    if (vt_plan_answer_line(line, size, &out, &err) == 0) {
        if (err.code != VTOPO_OK)
            abort();
        fuzz_read_answer(&out, read_answer);
        return 0;
    }
    fuzz_check_failure(&err);
    if (err.code == VTOPO_SYSTEM)
        abort();
    return 0;
}
