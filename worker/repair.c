/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair.c - go over the boot stores of a disk, and propose writes (see
 * repair.h)
 *
 * A store is read into memory, edited there, and written through its file
 * system to a capture of the disk.  What must not be written is refused
 * before anything is; where a write fails then, there is no answer at all.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "blocks.h"
#include "capture.h"
#include "disk.h"
#include "repair-work.h"
#include "repair.h"

/* --------------------------------------------------------------- request */

struct request {
    const struct vw_message *message;
    struct vw_disk_source disk;
    struct vw_work *work;
    bool has_media;
    int media_fd;
    struct vw_repair *repair;
    struct vt_json *answer;
};

static int
read_name(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct vw_choice *choice = to;
    char *name;

    if (choice->count == VW_NAMES_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'entries' names at most %u", VW_NAMES_MAX);
    name = choice->names[choice->count++];
    if (vt_json_peek(reader) == '"')
        return vw_read_text(reader, "entries", name, VW_BCD_GUID_SIZE, err);
    return vt_json_read_number_text(reader, "entries", name,
                                    VW_BCD_GUID_SIZE, err);
}

static int
read_entries(struct vt_json_reader *reader, struct vw_choice *choice,
             struct vtopo_error *err)
{
    const char *word;

    if (vt_json_peek(reader) == '[') {
        choice->is_list = true;
        return vt_json_read_array(reader, read_name, choice, err);
    }
    if (vt_json_read_string(reader, "entries", &word, err) < 0)
        return -1;
    choice->all = strcmp(word, "all") == 0;
    if (!choice->all && strcmp(word, "default") != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'entries' is '%s', not 'default', 'all' or a list",
                       word);
    return 0;
}

static int
read_hal(struct vt_json_reader *reader, struct vw_hal_options *hal,
         struct vtopo_error *err)
{
    const char *word;

    if (vt_json_read_string(reader, "hal", &word, err) < 0)
        return -1;
    hal->wanted = strcmp(word, "no") != 0;
    hal->replace = strcmp(word, "replace") == 0;
    if (hal->wanted && !hal->replace && strcmp(word, "beside") != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'hal' is '%s', not 'no', 'beside' or 'replace'", word);
    return 0;
}

/* A file of setup media: {"name":"HALMACPI.DL_","fd":2}. */
struct media_file {
    const struct vw_message *message;
    char name[64];
    int fd;
};

static int
read_file_member(struct vt_json_reader *reader, const char *key, void *to,
                 struct vtopo_error *err)
{
    struct media_file *file = to;

    if (strcmp(key, "name") == 0)
        return vw_read_text(reader, key, file->name, sizeof(file->name), err);
    if (strcmp(key, "fd") == 0)
        return vw_message_read_fd(file->message, reader, key, &file->fd, err);
    return vt_json_skip(reader, err);
}

static int
read_file(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct request *request = to;
    struct vw_media *media = &request->work->hal.media;
    struct media_file file = { .message = request->message, .fd = -1 };

    if (media->files_count == VW_MEDIA_FILES_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT, "'files' names at most %u",
                       VW_MEDIA_FILES_MAX);
    if (vt_json_read_object(reader, read_file_member, &file, err) < 0
        || vw_raw_open(file.fd, &media->files[media->files_count].bytes,
                       err) < 0)
        return -1;
    memcpy(media->files[media->files_count++].name, file.name,
           sizeof(file.name));
    return 0;
}

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct request *request = to;

    if (strcmp(key, "disk") == 0)
        return vw_disk_read(request->message, reader, &request->disk, err);
    if (strcmp(key, "boot_limits") == 0)
        return vt_json_read_bool(reader, key, &request->work->boot_limits,
                                 err);
    if (strcmp(key, "hal") == 0)
        return read_hal(reader, &request->work->hal, err);
    if (strcmp(key, "force") == 0)
        return vt_json_read_bool(reader, key, &request->work->hal.force, err);
    if (strcmp(key, "media") == 0) {
        request->has_media = true;
        return vw_message_read_fd(request->message, reader, key,
                                  &request->media_fd, err);
    }
    if (strcmp(key, "entries") == 0)
        return read_entries(reader, &request->repair->choice, err);
    if (strcmp(key, "files") == 0)
        return vt_json_read_array(reader, read_file, request, err);
    return vt_json_skip(reader, err);
}

/* ------------------------------------------------------------------ disk */

/* Stores and volumes that could not be read may hold limits. */
static void
note_problems(const struct vw_problems *problems, struct vw_repair *repair)
{
    for (unsigned i = 0; i < problems->count; i++) {
        const char *where = problems->list[i].where;
        const char *text = problems->list[i].text;

        if (strncmp(where, "partition ", 10) == 0)
            vw_repair_advise(repair, "%s was not looked at: %s", where, text);
        else
            vw_repair_refuse(repair, VW_REFUSED_DAMAGED, "%s: %s", where,
                             text);
    }
}

static void
note_what_lacks(const struct vw_work *work)
{
    const struct vw_found *found = work->found;
    struct vw_repair *repair = work->repair;

    if (found->stores_count == 0 && repair->refused_count == 0
        && !vw_refuse_disk(work)) {
        if (found->systems_count == 0)
            vw_repair_refuse(repair, VW_REFUSED_NO_SYSTEM,
                             "there is no Windows on this disk, and no boot "
                             "store of one");
        else
            vw_repair_refuse(repair, VW_REFUSED_NO_STORE,
                             "there is no boot store on this disk: the "
                             "system starts from another one");
    }
    for (unsigned i = 0; i < repair->choice.count; i++) {
        if (!repair->choice.met[i])
            vw_repair_refuse(repair, VW_REFUSED_NO_ENTRY,
                             "no boot store that could be read has an entry "
                             "'%s'", repair->choice.names[i]);
    }
}

static int
repair_found(struct vw_work *work, const struct vw_problems *problems,
             struct vtopo_error *err)
{
    note_problems(problems, work->repair);
    for (unsigned i = 0; i < work->found->stores_count; i++) {
        if (vw_repair_store(work, i, err) < 0)
            return -1;
    }
    if (vw_hal_apply(work, err) < 0)
        return -1;
    note_what_lacks(work);
    if (work->hal.wanted && work->repair->changes_count == 0)
        vw_hal_advise(work->repair, work->found);
    return 0;
}

/* ---------------------------------------------------------------- answer */

static void
write_base64(struct vt_json *json, const unsigned char *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";

    vt_json_separate(json);
    vt_buf_add_char(json->out, '"');
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        unsigned bits = (unsigned)data[i] << 16
                        | (left > 1 ? (unsigned)data[i + 1] << 8 : 0)
                        | (left > 2 ? data[i + 2] : 0u);
        char four[4] = {
            digits[bits >> 18], digits[bits >> 12 & 63],
            left > 1 ? digits[bits >> 6 & 63] : '=',
            left > 2 ? digits[bits & 63] : '=',
        };

        vt_buf_add(json->out, four, sizeof(four));
    }
    vt_buf_add_char(json->out, '"');
}

struct writing {
    struct vt_json *json;
    uint64_t bytes;
};

static void
write_write(void *context, const struct vw_write *write)
{
    struct writing *writing = context;
    struct vt_json *json = writing->json;

    vt_json_open(json, '{');
    vw_write_uint(json, "offset", write->offset);
    vw_write_uint(json, "old_crc32", write->old_crc32);
    vt_json_key(json, "data");
    write_base64(json, write->data, write->size);
    vt_json_close(json, '}');
    writing->bytes += write->size;
}

static void
write_changes(struct vt_json *json, const struct vw_repair *repair)
{
    vt_json_key(json, "changes");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < repair->changes_count; i++) {
        const struct vw_change *change = &repair->changes[i];

        vt_json_open(json, '{');
        vw_write_text(json, "where", change->where);
        vw_write_text(json, "what", change->what);
        vw_write_text(json, "before", change->before);
        vw_write_text(json, "after", change->after);
        vw_write_text(json, "why", change->why);
        vt_json_close(json, '}');
    }
    vt_json_close(json, ']');
}

static void
write_refusals(struct vt_json *json, const struct vw_repair *repair)
{
    vt_json_key(json, "refused");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < repair->refused_count; i++) {
        vt_json_open(json, '{');
        vw_write_text(json, "code",
                      vw_refusal_code(repair->refused[i].reason));
        vw_write_text(json, "text", repair->refused[i].text);
        vt_json_close(json, '}');
    }
    vt_json_close(json, ']');
    vt_json_key(json, "advice");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < repair->advice_count; i++)
        vt_json_string(json, repair->advice[i]);
    vt_json_close(json, ']');
}

static int
write_answer(struct vt_json *json, const struct vw_repair *repair,
             struct vw_capture *capture, struct vtopo_error *err)
{
    struct writing writing = { .json = json };

    vt_json_open(json, '{');
    write_changes(json, repair);
    write_refusals(json, repair);
    vt_json_key(json, "writes");
    vt_json_open(json, '[');
    if (vw_capture_list(capture, write_write, &writing, err) < 0)
        return -1;
    vt_json_close(json, ']');
    vw_write_uint(json, "bytes", writing.bytes);
    vt_json_close(json, '}');
    return 0;
}

/* ------------------------------------------------------------------- run */

static int
run_disk(const struct vw_bytes *disk, void *context, struct vtopo_error *err)
{
    struct request *request = context;
    vt_auto(vw_blocks_freep) struct vw_blocks *blocks = NULL;
    vt_auto(vw_capture_freep) struct vw_capture *capture = NULL;
    vt_autofree struct vw_problems *problems = calloc(1, sizeof(*problems));
    vt_autofree struct vw_found *found = calloc(1, sizeof(*found));
    struct vw_work *work = request->work;
    struct vw_bytes cached;
    unsigned unit;
    int rc;

    if (problems == NULL || found == NULL)
        return vt_fail_memory(err);
    if (vw_blocks_new(disk, &blocks, err) < 0)
        return -1;
    cached = vw_blocks_bytes(blocks);
    if (vw_found_make(&cached, found, problems, err) < 0)
        return -1;
    unit = found->partitions.sector_size == 4096 ? 4096 : 512;
    rc = vw_capture_new(&cached, unit, &capture, err);
    work->found = found;
    work->capture = capture;
    if (rc == 0 && (work->boot_limits || work->hal.wanted))
        rc = repair_found(work, problems, err);
    if (rc == 0)
        rc = write_answer(request->answer, request->repair, capture, err);
    vw_found_clear(found);
    return rc;
}

/* The same with the media open, where there are any. */
static int
run_media(struct request *request, struct vtopo_error *err)
{
    vt_auto(vw_volume_closep) struct vw_volume *volume = NULL;
    enum vw_content content;
    struct vw_bytes bytes;

    if (request->has_media) {
        if (vw_raw_open(request->media_fd, &bytes, err) < 0)
            return -1;
        if (vw_volume_open(&bytes, &volume, &content, err) < 0)
            return vt_wrap(err, "the media");
        request->work->hal.media.volume = volume;
    }
    return vw_disk_use(&request->disk, run_disk, request, err);
}

int
vw_repair_run(const struct vw_message *message, struct vt_json_reader *reader,
              struct vt_json *answer, struct vtopo_error *err)
{
    vt_autofree struct vw_repair *repair = calloc(1, sizeof(*repair));
    vt_autofree struct vw_work *work = calloc(1, sizeof(*work));
    struct request request = {
        .message = message, .repair = repair, .work = work, .answer = answer,
    };
    int rc;

    if (repair == NULL || work == NULL)
        return vt_fail_memory(err);
    work->repair = repair;
    if (vt_json_read_object(reader, read_member, &request, err) < 0)
        return -1;
    if (!request.disk.is_given)
        return vt_fail(err, VTOPO_BAD_INPUT, "there is no disk to repair");
    rc = run_media(&request, err);
    vw_work_clear(work);
    vw_repair_forget(repair, 0);
    return rc;
}
