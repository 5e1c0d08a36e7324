/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-predict-request.c - no request for a prediction crashes us; an answer
 * is one value of JSON whose counts agree with the fates of its vCPUs; a
 * refusal has a reason; and what was asked before makes no difference
 */

#include "fuzz-answer.h"
#include "report/predict-json.h"

struct tally {
    bool has_guest;
    unsigned present, used, idle, unknown;  /* of those present */
    unsigned absent;
};

static void
tally_vcpu(struct vt_json_reader *reader, struct tally *tally)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    const char *fate = NULL;
    const char *key;

    fuzz_enter(reader, '{');
    while ((key = fuzz_next_key(reader)) != NULL) {
        if (strcmp(key, "fate") != 0 || vt_json_peek(reader) != '"')
            fuzz_skip(reader);
        else if (vt_json_read_string(reader, key, &fate, &err) < 0)
            abort();
    }
    if (fate != NULL && strcmp(fate, "not-present") == 0) {
        tally->absent++;
        return;
    }
    tally->present++;
    if (fate == NULL)
        tally->unknown++;
    else if (strcmp(fate, "used") == 0)
        tally->used++;
    else
        tally->idle++;
}

static void
read_answer(struct vt_json_reader *reader)
{
    struct fuzz_count wasted = { .known = false };
    struct tally tally = { .has_guest = false };
    unsigned at_least = 0;
    const char *key;

    fuzz_enter(reader, '{');
    while ((key = fuzz_next_key(reader)) != NULL) {
        if (strcmp(key, "wasted") == 0) {
            wasted = fuzz_read_count(reader);
        } else if (strcmp(key, "wasted_at_least") == 0) {
            at_least = fuzz_read_count(reader).count;
        } else if (strcmp(key, "guest") == 0) {
            tally.has_guest = !vt_json_read_null(reader);
            if (tally.has_guest)
                fuzz_skip(reader);
        } else if (strcmp(key, "vcpus") == 0) {
            fuzz_enter(reader, '[');
            while (fuzz_next_element(reader))
                tally_vcpu(reader, &tally);
        } else {
            fuzz_skip(reader);
        }
    }
    if (tally.present < 1)
        abort();
    if (!tally.has_guest) {
        if (wasted.known || tally.used + tally.idle + tally.absent != 0)
            abort();
        return;
    }
    if (wasted.known && (wasted.count != at_least
                         || wasted.count < tally.idle
                         || wasted.count > tally.idle + tally.unknown))
        abort();
    if (!wasted.known && tally.unknown == 0)
        abort();
    if (at_least < tally.idle || at_least > tally.present)
        abort();
}

static int
answer_copy(struct vt_predict_context *context, const uint8_t *data,
            size_t size, struct vt_buf *out)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree char *line = fuzz_text(data, size);

    if (vt_predict_answer_line(context, line, size, out, &err) < 0) {
        fuzz_check_failure(&err);
        if (err.code == VTOPO_SYSTEM)
            abort();
        return -1;
    }
    if (err.code != VTOPO_OK)
        abort();
    fuzz_read_answer(out, read_answer);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char other[] = "{\"smp\":\"12,maxcpus=16\",\"os\":\"winxp\","
        "\"machine\":\"pc-q35-6.1\"}";
    vt_auto(vt_predict_context_clear) struct vt_predict_context context =
        VT_PREDICT_CONTEXT_INIT;
    vt_auto(vt_buf_clear) struct vt_buf first = VT_BUF_INIT;
    vt_auto(vt_buf_clear) struct vt_buf again = VT_BUF_INIT;
    vt_auto(vt_buf_clear) struct vt_buf ignored = VT_BUF_INIT;

    if (answer_copy(&context, data, size, &first) < 0)
        return 0;
    if (first.length > 65536)
        return 0;               /* long answers take long, and say no more */
    if (answer_copy(&context, (const uint8_t *)other, strlen(other),
                    &ignored) < 0
        || answer_copy(&context, data, size, &again) < 0
        || first.length != again.length
        || memcmp(first.data, again.data, first.length) != 0)
        abort();
    return 0;
}
