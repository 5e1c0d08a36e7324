/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-nova-request.c - no request to Nova's policy crashes us; an answer
 * holds topologies of one and the same number of vCPUs; a refusal has a
 * reason and no answer; and what was asked before makes no difference
 */

#include "fuzz.h"
#include "report/nova-json.h"

static void
check_refusal(const struct vtopo_error *err)
{
    fuzz_check_failure(err);
    if (err->code != VTOPO_BAD_INPUT
        && err->code != VTOPO_NOVA_INVALID_REQUEST
        && err->code != VTOPO_NOVA_LIMITS_EXCEEDED
        && err->code != VTOPO_NOVA_TOPOLOGY_EXCEEDED
        && err->code != VTOPO_NOVA_IMPOSSIBLE)
        abort();
}

static void
check_answer(const struct vt_nova_answer *answer)
{
    if (answer->count < 1 || answer->count > VT_NOVA_TOPOLOGIES_MAX)
        abort();
    for (unsigned i = 0; i < answer->count; i++) {
        struct vt_nova_topology topology = answer->topologies[i];

        if (topology.sockets * topology.cores * topology.threads
            != answer->topologies[0].sockets * answer->topologies[0].cores
               * answer->topologies[0].threads)
            abort();
    }
}

/* What we print, we must be able to read. */
static void
check_json(const struct vt_buf *out, size_t from)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    size_t length = out->length - from;
    vt_autofree char *text = fuzz_text((const uint8_t *)out->data + from,
                                       length);
    struct vt_json_reader reader;

    vt_json_reader_start(&reader, text, length);
    if (vt_json_skip(&reader, &err) < 0 || vt_json_finish(&reader, &err) < 0)
        abort();
}

/* Answer the line in @data with @context.  Appends to @out. */
static int
answer_copy(struct vt_nova_context *context, const uint8_t *data, size_t size,
            struct vt_buf *out)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree char *line = fuzz_text(data, size);
    size_t before = out->length;

    if (vt_nova_answer_line(context, line, size, out, &err) < 0) {
        check_refusal(&err);
        if (out->length != before)
            abort();
        return -1;
    }
    if (err.code != VTOPO_OK)
        abort();
    check_answer(&context->answer);
    check_json(out, before);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char other[]
        = "{\"vcpus\":12,\"flavor\":{\"hw:cpu_cores\":3}}";
    struct vt_nova_context context = VT_NOVA_CONTEXT_INIT;
    vt_auto(vt_buf_clear) struct vt_buf first = VT_BUF_INIT;
    vt_auto(vt_buf_clear) struct vt_buf again = VT_BUF_INIT;
    vt_auto(vt_buf_clear) struct vt_buf ignored = VT_BUF_INIT;
    int rc = answer_copy(&context, data, size, &first);

    if (answer_copy(&context, (const uint8_t *)other, strlen(other),
                    &ignored) < 0)
        abort();
    if (answer_copy(&context, data, size, &again) != rc
        || first.length != again.length
        || (rc == 0 && memcmp(first.data, again.data, first.length) != 0))
        abort();
    if (rc == 0) {
        vt_nova_text(&context.answer, &first);
        if (first.failed)
            abort();
    }
    return 0;
}
