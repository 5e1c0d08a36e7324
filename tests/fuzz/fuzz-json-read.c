/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-json-read.c - no text crashes the JSON reader; what can be read can be
 * skipped, which changes nothing; and what is read prints and reads back the
 * same
 */

#include "base/json-read.h"
#include "base/json-write.h"
#include "fuzz.h"

static int copy_value(struct vt_json_reader *reader, struct vt_json *json,
                      struct vtopo_error *err);

static int
copy_object(struct vt_json_reader *reader, struct vt_json *json,
            struct vtopo_error *err)
{
    const char *key;

    if (vt_json_enter(reader, '{', err) < 0)
        return -1;
    vt_json_open(json, '{');
    for (;;) {
        if (vt_json_next_key(reader, &key, err) < 0)
            return -1;
        if (key == NULL)
            break;
        vt_json_string(json, key);
        vt_buf_add_char(json->out, ':');
        json->comma = false;
        if (copy_value(reader, json, err) < 0)
            return -1;
    }
    vt_json_close(json, '}');
    return 0;
}

static int
copy_array(struct vt_json_reader *reader, struct vt_json *json,
           struct vtopo_error *err)
{
    bool more;

    if (vt_json_enter(reader, '[', err) < 0)
        return -1;
    vt_json_open(json, '[');
    for (;;) {
        if (vt_json_next_element(reader, &more, err) < 0)
            return -1;
        if (!more)
            break;
        if (copy_value(reader, json, err) < 0)
            return -1;
    }
    vt_json_close(json, ']');
    return 0;
}

static int
copy_scalar(struct vt_json_reader *reader, struct vt_json *json,
            struct vtopo_error *err)
{
    char number[64];
    const char *text;
    bool flag;

    switch (vt_json_peek(reader)) {
    case '"':
        if (vt_json_read_string(reader, "value", &text, err) < 0)
            return -1;
        vt_json_string(json, text);
        return 0;
    case 't':
    case 'f':
        if (vt_json_read_bool(reader, "value", &flag, err) < 0)
            return -1;
        vt_json_bool(json, flag);
        return 0;
    default:
        if (vt_json_read_null(reader)) {
            vt_json_null(json);
            return 0;
        }
        if (vt_json_read_number_text(reader, "value", number, sizeof(number),
                                     err) < 0)
            return -1;
        vt_json_separate(json);
        vt_buf_add_string(json->out, number);
        return 0;
    }
}

static int
copy_value(struct vt_json_reader *reader, struct vt_json *json,
           struct vtopo_error *err)
{
    switch (vt_json_peek(reader)) {
    case '{':
        return copy_object(reader, json, err);
    case '[':
        return copy_array(reader, json, err);
    default:
        return copy_scalar(reader, json, err);
    }
}

/* Read the @length bytes at @text into @out, in our own spelling. */
static int
copy(char *text, size_t length, struct vt_buf *out, struct vtopo_error *err)
{
    struct vt_json_reader reader;
    struct vt_json json = VT_JSON_INIT(out);

    vt_json_reader_start(&reader, text, length);
    if (copy_value(&reader, &json, err) < 0)
        return -1;
    return vt_json_finish(&reader, err);
}

static int
skip(char *text, size_t length, struct vtopo_error *err)
{
    struct vt_json_reader reader;

    vt_json_reader_start(&reader, text, length);
    if (vt_json_skip(&reader, err) < 0)
        return -1;
    return vt_json_finish(&reader, err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_auto(vt_buf_clear) struct vt_buf first = VT_BUF_INIT;
    vt_auto(vt_buf_clear) struct vt_buf second = VT_BUF_INIT;
    vt_autoerror struct vtopo_error copy_err = VTOPO_ERROR_INIT;
    vt_autoerror struct vtopo_error skip_err = VTOPO_ERROR_INIT;
    vt_autoerror struct vtopo_error again_err = VTOPO_ERROR_INIT;
    vt_autofree char *text = fuzz_text(data, size);
    vt_autofree char *same = fuzz_text(data, size);
    vt_autofree char *again = NULL;
    int skipped = skip(same, size, &skip_err);

    if (skipped < 0)
        fuzz_check_failure(&skip_err);
    if (size > 0 && memcmp(same, data, size) != 0)
        abort();
    if (copy(text, size, &first, &copy_err) < 0) {
        fuzz_check_failure(&copy_err);
        /* Skipping looks neither into escapes nor at the length of numbers. */
        if (skipped == 0 && strstr(copy_err.message, "digits") == NULL
            && memchr(data, '\\', size) == NULL)
            abort();
        return 0;
    }
    if (skipped < 0)
        abort();

    again = fuzz_text((const uint8_t *)first.data, first.length);
    if (copy(again, first.length, &second, &again_err) < 0
        || first.length != second.length
        || memcmp(first.data, second.data, first.length) != 0)
        abort();
    return 0;
}
