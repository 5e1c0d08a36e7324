/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-record.c - no record crashes us; one that is read is judged, the
 * counts add up, a guest is called wasted or in full use only where that was
 * seen, and the answer is JSON
 */

#include "fuzz.h"
#include "report/verdict.h"

static void
check_counts(const struct vt_verdict *verdict)
{
    unsigned wasted = verdict->never_started + verdict->parked;

    if (verdict->used + wasted + verdict->unknown != verdict->count
        || verdict->count > VTOPO_CPUS_MAX || verdict->reason[0] == '\0')
        abort();
    if (verdict->outcome == VT_ALL_USED
        && (verdict->used != verdict->count || verdict->count == 0))
        abort();
    if (verdict->outcome == VT_WASTED && wasted == 0)
        abort();
    for (unsigned i = 0; i < verdict->count; i++) {
        const struct vt_vcpu *vcpu = &verdict->vcpus[i];

        if (vcpu->state == VT_STATE_UNKNOWN && vcpu->reason[0] == '\0')
            abort();
        if (i > 0 && vcpu->id <= verdict->vcpus[i - 1].id)
            abort();
        if (vcpu->state == VT_STATE_USED && vcpu->owner != VT_OWNER_GUEST)
            abort();
    }
}

static void
check_answer(const struct vt_verdict *verdict)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
    vt_auto(vt_buf_clear) struct vt_buf page = VT_BUF_INIT;
    struct vt_json json = VT_JSON_INIT(&out);
    struct vt_verdict_answer answer;
    struct vt_json_reader reader;
    vt_autofree char *text = NULL;

    if (vt_verdict_answer_make(verdict, NULL, &answer, &err) < 0)
        abort();
    vt_verdict_write(&json, &answer);
    vt_verdict_text(&page, &answer);
    text = fuzz_text((const uint8_t *)out.data, out.length);
    vt_json_reader_start(&reader, text, out.length);
    if (vt_json_skip(&reader, &err) < 0
        || vt_json_finish(&reader, &err) < 0)
        abort();
    for (size_t i = 0; i < page.length; i++) {
        if ((unsigned char)page.data[i] < ' ' && page.data[i] != '\n')
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_verdict_clear) struct vt_verdict verdict = VT_VERDICT_INIT;
    vt_autorecord struct vt_record *record = NULL;
    vt_autofree char *text = fuzz_text(data, size);

    if (vt_record_read(text, size, &record, &err) < 0) {
        fuzz_check_failure(&err);
        if (record != NULL)
            abort();
        return 0;
    }
    if (vt_judge(record, &verdict, &err) < 0)
        abort();
    if (verdict.settled && !vt_verdict_settled(record))
        abort();
    check_counts(&verdict);
    check_answer(&verdict);
    return 0;
}
