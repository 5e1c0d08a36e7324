/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * record.c - what a running VM shows of its vCPUs, in samples (see record.h)
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json-read.h"
#include "base/json-write.h"
#include "base/utf8.h"
#include "verdict/record.h"
#include "verdict/sample.h"

static enum vtopo_accel
accel_of(const char *accel)
{
    return strcmp(accel, "kvm") == 0 ? VTOPO_KVM
        : strcmp(accel, "tcg") == 0 ? VTOPO_TCG : VTOPO_ACCEL_UNKNOWN;
}

int
vt_record_new(const char *accel, const char *status,
              struct vt_record **ret_record, struct vtopo_error *err)
{
    struct vt_record *record = calloc(1, sizeof(*record));

    if (record == NULL)
        return vt_fail_memory(err);
    record->accel = accel_of(accel);
    record->settle_ms = VT_SETTLE_MS;
    vt_record_set_status(record, status);
    *ret_record = record;
    return 0;
}

void
vt_record_free(struct vt_record *record)
{
    if (record == NULL)
        return;
    for (unsigned i = 0; i < record->count; i++)
        vt_sample_clear(&record->samples[i]);
    free(record);
}

void
vt_record_set_status(struct vt_record *record, const char *status)
{
    vt_utf8_copy_safe(record->status, sizeof(record->status), status);
}

/* The oldest in the middle goes; what the first and the last say stays. */
static void
drop_one(struct vt_record *record)
{
    vt_sample_clear(&record->samples[1]);
    record->count--;
    memmove(&record->samples[1], &record->samples[2],
            (record->count - 1) * sizeof(record->samples[0]));
}

static size_t
text_size(const struct vt_sample *sample)
{
    return sample->text != NULL ? strlen(sample->text) : 0;
}

/* Takes what @sample owns. */
static int
add(struct vt_record *record, struct vt_sample *sample,
    struct vtopo_error *err)
{
    size_t looks = sample->count;
    size_t size = text_size(sample);

    if (record->count > 0
        && sample->at_us < record->samples[record->count - 1].at_us)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "samples are not in the order of their time");
    for (unsigned i = 0; i < record->count; i++)
        looks += record->samples[i].count;
    for (unsigned i = 0; i < record->count; i++)
        size += text_size(&record->samples[i]);
    while (record->count > 2
           && (looks > VT_RECORD_LOOKS_MAX || size > VT_RECORD_SIZE_MAX / 2
               || record->count == VT_RECORD_SAMPLES_MAX)) {
        looks -= record->samples[1].count;
        size -= text_size(&record->samples[1]);
        drop_one(record);
    }
    record->samples[record->count++] = *sample;
    if (sample->status[0] != '\0')
        memcpy(record->status, sample->status, sizeof(record->status));
    sample->looks = NULL;
    sample->text = NULL;
    return 0;
}

static int
read_sample(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    vt_auto(vt_sample_clear) struct vt_sample sample = { .looks = NULL };
    struct vt_record *record = to;

    if (record->count > 0)
        sample.at_us = record->samples[record->count - 1].at_us;
    if (vt_sample_read(reader, &sample, err) < 0
        || add(record, &sample, err) < 0)
        return -1;
    return 0;
}

int
vt_record_add_sample(struct vt_record *record, char *text, size_t length,
                     struct vtopo_error *err)
{
    vt_auto(vt_sample_clear) struct vt_sample sample = { .looks = NULL };

    if (length > VT_SAMPLE_SIZE_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT, "a sample of %zu bytes is too "
                       "large; at most %u are read", length,
                       VT_SAMPLE_SIZE_MAX);
    if (record->count > 0)
        sample.at_us = record->samples[record->count - 1].at_us;
    if (vt_sample_read_text(text, length, record->keeps_text, &sample, err) < 0)
        return -1;
    return add(record, &sample, err);
}

/* ------------------------------------------------------------------- file */

struct file {
    struct vt_record *record;
    const char *accel, *status;
};

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct file *file = to;
    unsigned seconds;

    if (strcmp(key, "settle_s") == 0) {
        if (vt_json_read_uint(reader, key, 1, VT_SETTLE_S_MAX, &seconds,
                              err) < 0)
            return -1;
        file->record->settle_ms = seconds * 1000;
        return 0;
    }
    if (strcmp(key, "accel") == 0)
        return vt_json_read_string(reader, key, &file->accel, err);
    if (strcmp(key, "status") == 0)
        return vt_json_read_string(reader, key, &file->status, err);
    if (strcmp(key, "samples") == 0)
        return vt_json_read_array(reader, read_sample, file->record, err);
    return vt_json_skip(reader, err);
}

static int
read_file(struct vt_json_reader *reader, struct file *file,
          struct vtopo_error *err)
{
    const char *missing;

    if (vt_json_read_object(reader, read_member, file, err) < 0
        || vt_json_finish(reader, err) < 0)
        return -1;
    missing = file->accel == NULL ? "accel"
        : file->status == NULL ? "status" : NULL;
    if (missing != NULL)
        return vt_fail(err, VTOPO_BAD_INPUT, "it has no '%s'", missing);
    return 0;
}

int
vt_record_read(char *text, size_t length, struct vt_record **ret_record,
               struct vtopo_error *err)
{
    vt_autorecord struct vt_record *record = NULL;
    struct file file = { .accel = NULL };
    struct vt_json_reader reader;
    bool asked;

    if (length > VT_RECORD_SIZE_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT, "a record of %zu bytes is too "
                       "large; at most %u are read", length,
                       VT_RECORD_SIZE_MAX);
    if (vt_record_new("", "", &record, err) < 0)
        return -1;
    if (record == NULL)         /* cannot be: said for gcc's analyzer */
        return vt_fail_memory(err);
    file.record = record;
    vt_json_reader_start(&reader, text, length);
    if (read_file(&reader, &file, err) < 0)
        return vt_wrap(err, "the record cannot be used");
    record->accel = accel_of(file.accel);
    /* What a sample saw counts, unless the record knows of worse. */
    asked = record->status[0] != '\0';
    if (!asked || strcmp(file.status, "running") != 0)
        vt_record_set_status(record, file.status);
    *ret_record = vt_steal(&record);
    return 0;
}

void
vt_record_write(const struct vt_record *record, struct vt_buf *out)
{
    struct vt_json json = VT_JSON_INIT(out);

    vt_json_open(&json, '{');
    vt_json_key(&json, "accel");
    vt_json_string(&json, record->accel == VTOPO_KVM ? "kvm"
                   : record->accel == VTOPO_TCG ? "tcg" : "");
    vt_json_key(&json, "status");
    vt_json_string(&json, record->status);
    vt_json_key(&json, "settle_s");
    vt_json_uint(&json, record->settle_ms / 1000);
    vt_json_key(&json, "samples");
    vt_json_open(&json, '[');
    for (unsigned i = 0; i < record->count; i++) {
        if (record->samples[i].text == NULL)
            continue;
        vt_json_separate(&json);
        vt_buf_add_char(out, '\n');
        vt_buf_add_string(out, record->samples[i].text);
    }
    vt_json_close(&json, ']');
    vt_json_close(&json, '}');
    vt_buf_add_char(out, '\n');
}
