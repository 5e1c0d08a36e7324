/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-facts.c - no file of facts crashes us; facts that are read name a
 * guest; and the limits made of them print as JSON that reads back the same
 */

#include "base/buf.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "report/facts-json.h"

static bool
same_limit(const struct vtopo_limit *a, const struct vtopo_limit *b)
{
    return a->least == b->least && a->most == b->most;
}

static void
check_limit(const struct vtopo_limit *limit)
{
    if (limit->least < 1 || limit->least > limit->most)
        abort();
}

static bool
is_utf8(const char *text)
{
    size_t length = 1;

    for (; *text != '\0' && length != 0; text += length)
        length = vt_utf8_length(text);
    return length != 0;
}

/* Texts may hold bytes that are no UTF-8, which print as something else. */
static void
check_round_trip(const struct vtopo_limits *limits)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
    struct vt_json json = VT_JSON_INIT(&out);
    struct vt_limits_patch patch = { .any = false };
    struct vtopo_limits again = { .name = "" };
    struct vt_json_reader reader;
    vt_autofree char *text = NULL;

    vt_limits_write(&json, limits);
    text = fuzz_text((const uint8_t *)out.data, out.length);
    vt_json_reader_start(&reader, text, out.length);
    if (vt_limits_read(&reader, &patch, &err) < 0
        || vt_json_finish(&reader, &err) < 0
        || vt_limits_patch_apply(&patch, false, &again, &err) < 0)
        abort();
    if (!same_limit(&limits->sockets, &again.sockets)
        || !same_limit(&limits->logical, &again.logical)
        || limits->numproc != again.numproc
        || limits->onecpu != again.onecpu
        || limits->multiprocessor != again.multiprocessor
        || limits->generation != again.generation
        || limits->counting != again.counting
        || (is_utf8(limits->hal) && strcmp(limits->hal, again.hal) != 0))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree char *text = fuzz_text(data, size);
    struct vt_setting setting = { .machine = NULL };
    struct vt_resolved resolved = { .has_guest = false };
    struct vt_json_reader reader;

    vt_json_reader_start(&reader, text, size);
    if (vt_facts_read(&reader, &setting, &err) < 0) {
        fuzz_check_failure(&err);
        return 0;
    }
    if (err.code != VTOPO_OK
        || (setting.os == NULL && setting.limits.generation == NULL))
        abort();
    if (vt_setting_resolve(&setting, &resolved, &err) < 0) {
        fuzz_check_failure(&err);
        return 0;
    }
    if (!resolved.has_guest)
        abort();
    check_limit(&resolved.limits.sockets);
    check_limit(&resolved.limits.logical);
    check_round_trip(&resolved.limits);
    return 0;
}
