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
#include "facts-find.h"
#include "regf-hive.h"
#include "repair-parts.h"
#include "repair.h"

/* A boot store is some ten kilobytes; reading stops here. */
#define STORE_SIZE_MAX (16u << 20)

/* --------------------------------------------------------------- request */

struct request {
    const struct vw_message *message;
    struct vw_disk_source disk;
    bool boot_limits;
    bool has_files;
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
note_file(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct request *request = to;

    request->has_files = true;
    return vt_json_skip(reader, err);
}

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct request *request = to;

    if (strcmp(key, "disk") == 0)
        return vw_disk_read(request->message, reader, &request->disk, err);
    if (strcmp(key, "boot_limits") == 0)
        return vt_json_read_bool(reader, key, &request->boot_limits, err);
    if (strcmp(key, "entries") == 0)
        return read_entries(reader, &request->repair->choice, err);
    if (strcmp(key, "files") == 0)
        return vt_json_read_array(reader, note_file, request, err);
    return vt_json_skip(reader, err);
}

/* --------------------------------------------------------------- refusals */

/* Whether anything on the disk speaks against any write to it. */
static bool
refuse_disk(const struct vw_found *found, struct vw_repair *repair)
{
    for (unsigned i = 0; i < found->volumes_count; i++) {
        const struct vw_disk_volume *volume = &found->volumes[i];
        unsigned number = vw_found_number(found, i);

        if (volume->content == VW_CONTENT_BITLOCKER) {
            vw_repair_refuse(repair, VW_REFUSED_BITLOCKER,
                             "partition %u is encrypted by BitLocker, which "
                             "watches the boot store: suspend its protection "
                             "in the guest first", number);
            return true;
        }
        if (volume->has_state
            && volume->state.hibernation == VW_HIBERNATION_ASLEEP) {
            vw_repair_refuse(repair, VW_REFUSED_HIBERNATED,
                             "the Windows on partition %u sleeps (hibernated, "
                             "or shut down with fast startup) and would not "
                             "see the change: start it, and shut it down "
                             "with 'shutdown /s /t 0'", number);
            return true;
        }
    }
    return false;
}

/* Whether the volume of @store cannot be written to. */
static bool
refuse_volume(const struct vw_found *found, const struct vw_store *store,
              const char *where, const struct vw_file *file,
              struct vw_repair *repair)
{
    const struct vw_disk_volume *volume = &found->volumes[store->volume];
    bool is_ntfs = strcmp(vw_volume_name(volume->volume), "ntfs") == 0;
    unsigned count = repair->refused_count;

    if (!volume->has_state)
        vw_repair_refuse(repair, VW_REFUSED_DAMAGED,
                         "%s is on a volume whose state cannot be read",
                         where);
    else if (volume->state.dirty)
        vw_repair_refuse(repair, is_ntfs ? VW_REFUSED_NTFS_DIRTY
                                         : VW_REFUSED_FAT_DIRTY,
                         "%s is on a volume that is marked to be checked: "
                         "let Windows start once, check it, and shut down",
                         where);
    else if (volume->state.log_unclean)
        vw_repair_refuse(repair, VW_REFUSED_LOG_UNCLEAN,
                         "%s is on a volume whose journal has work to do: "
                         "start Windows, and shut it down", where);
    else if ((file->flags & (VW_FILE_UNREADABLE | VW_FILE_COMPRESSED
                             | VW_FILE_SPARSE)) != 0)
        vw_repair_refuse(repair, VW_REFUSED_UNSUPPORTED,
                         "%s is compressed, sparse or encrypted by its file "
                         "system, and such files are not written", where);
    return repair->refused_count > count;
}

/* Turn a failure that is about @where alone into a refusal. */
static int
refuse_failure(struct vw_repair *repair, const char *where,
               struct vtopo_error *err)
{
    if (err->code != VTOPO_BAD_INPUT && err->code != VTOPO_IMPOSSIBLE)
        return -1;
    vw_repair_refuse(repair, VW_REFUSED_DAMAGED, "%s: %s", where,
                     err->message);
    vtopo_error_clear(err);
    return 0;
}

/* ----------------------------------------------------------------- stores */

/* A store in memory. */
struct content {
    unsigned char *data;        /* owned */
    size_t size;
};

static void
clear_content(struct content *content)
{
    free(content->data);
}

static int
read_content(const struct vw_bytes *bytes, struct content *content,
             struct vtopo_error *err)
{
    size_t size = (size_t)bytes->size;
    unsigned char *data;

    if (bytes->size > STORE_SIZE_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "it has %llu bytes, more than %u",
                       (unsigned long long)bytes->size, STORE_SIZE_MAX);
    data = malloc(size + 1);
    if (data == NULL)
        return vt_fail_memory(err);
    *content = (struct content) { .data = data, .size = size };
    return vw_bytes_read(bytes, 0, data, size, err);
}

/* The highest number in the logs beside the store at @path. */
static int
read_logs(struct vw_volume *volume, const char *path, uint32_t *ret_last,
          struct vtopo_error *err)
{
    static const char *const endings[] = { ".LOG", ".LOG1", ".LOG2" };

    for (size_t i = 0; i < VT_COUNT(endings); i++) {
        vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
        char name[64];
        uint32_t last = 0;
        bool there = false;

        (void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        if (vw_volume_find(volume, name, &file, &there, err) < 0
            || (there && (file.flags & VW_FILE_DIRECTORY) == 0
                && vw_log_last_sequence(&file.bytes, &last, err) < 0))
            return -1;
        *ret_last = last > *ret_last ? last : *ret_last;
    }
    return 0;
}

/* Whether what Windows has still to write to the store is in its logs. */
static bool
is_dirty(const struct content *content)
{
    struct vw_base base;

    if (content->size < VW_BASE_SIZE)
        return false;
    vw_base_parse(content->data, &base);
    return base.is_regf
           && (!base.checksum_ok
               || base.primary_sequence != base.secondary_sequence);
}

static int
edit_bcd(struct vw_repair *repair, struct vw_volume *volume,
         const struct vw_store *store, const char *where,
         struct content *content, struct vtopo_error *err)
{
    uint32_t last = 0;

    if (is_dirty(content)) {
        vw_repair_refuse(repair, VW_REFUSED_HIVE_DIRTY,
                         "%s was not written to its end: start Windows, and "
                         "shut it down", where);
        return 0;
    }
    if (read_logs(volume, store->path, &last, err) < 0)
        return -1;
    return vw_repair_bcd(repair, where, content->data, content->size, last,
                         err);
}

/* Write @content through the file system, and look at what came of it. */
static int
write_store(const struct vw_found *found, const struct vw_store *store,
            struct vw_capture *capture, const struct content *content,
            struct vtopo_error *err)
{
    const struct vw_slice *slice = &found->volumes[store->volume].slice;
    vt_auto(vw_volume_closep) struct vw_volume *volume = NULL;
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_auto(clear_content) struct content again = { .data = NULL };
    struct vw_stretch stretch = { capture, slice->offset, slice->size };
    struct vw_bytes bytes = vw_stretch_bytes(&stretch);
    struct vw_sink sink = vw_stretch_sink(&stretch);
    enum vw_content kind;
    bool there = false;

    if (vw_volume_put(&bytes, &sink, store->path, NULL, content->data,
                      content->size, err) < 0)
        return vt_wrap(err, "cannot change %s", store->path);
    if (vw_volume_open(&bytes, &volume, &kind, err) < 0
        || vw_volume_find(volume, store->path, &file, &there, err) < 0
        || (there && read_content(&file.bytes, &again, err) < 0))
        return -1;
    if (again.data == NULL || again.size != content->size
        || memcmp(again.data, content->data, again.size) != 0)
        return vt_fail(err, VTOPO_SYSTEM,
                       "%s would not be what it should be", store->path);
    return 0;
}

static void
say_where(const struct vw_found *found, const struct vw_store *store,
          char *text, size_t size)
{
    unsigned number = vw_found_number(found, store->volume);

    if (number == 0)
        (void)snprintf(text, size, "%s", store->path);
    else
        (void)snprintf(text, size, "%s on partition %u", store->path, number);
}

static int
edit_store(const struct vw_found *found, const struct vw_store *store,
           const char *where, struct content *content,
           struct vw_repair *repair, struct vtopo_error *err)
{
    if (store->kind == VW_STORE_BCD)
        return edit_bcd(repair, found->volumes[store->volume].volume, store,
                        where, content, err);
    return vw_repair_bootini(repair, where, (char *)content->data,
                             &content->size, err);
}

static int
repair_store(const struct vw_found *found, const struct vw_store *store,
             struct vw_capture *capture, struct vw_repair *repair,
             struct vtopo_error *err)
{
    struct vw_volume *volume = found->volumes[store->volume].volume;
    vt_auto(clear_content) struct content content = { .data = NULL };
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    unsigned before = repair->changes_count;
    char where[96];
    bool there = false;

    say_where(found, store, where, sizeof(where));
    if (vw_volume_find(volume, store->path, &file, &there, err) < 0
        || (there && read_content(&file.bytes, &content, err) < 0)
        || (content.data != NULL
            && edit_store(found, store, where, &content, repair, err) < 0)) {
        vw_repair_forget(repair, before);
        return refuse_failure(repair, where, err);
    }
    if (repair->changes_count == before)
        return 0;
    if (refuse_disk(found, repair)
        || refuse_volume(found, store, where, &file, repair)) {
        vw_repair_forget(repair, before);
        return 0;
    }
    return write_store(found, store, capture, &content, err);
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
note_what_lacks(const struct vw_found *found, struct vw_repair *repair)
{
    if (found->stores_count == 0 && repair->refused_count == 0
        && !refuse_disk(found, repair)) {
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
repair_found(const struct vw_found *found, const struct vw_problems *problems,
             struct vw_capture *capture, struct vw_repair *repair,
             struct vtopo_error *err)
{
    note_problems(problems, repair);
    for (unsigned i = 0; i < found->stores_count; i++) {
        if (repair_store(found, &found->stores[i], capture, repair, err) < 0)
            return -1;
    }
    note_what_lacks(found, repair);
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
    if (rc == 0 && request->boot_limits)
        rc = repair_found(found, problems, capture, request->repair, err);
    if (rc == 0)
        rc = write_answer(request->answer, request->repair, capture, err);
    vw_found_clear(found);
    return rc;
}

int
vw_repair_run(const struct vw_message *message, struct vt_json_reader *reader,
              struct vt_json *answer, struct vtopo_error *err)
{
    vt_autofree struct vw_repair *repair = calloc(1, sizeof(*repair));
    struct request request = {
        .message = message, .repair = repair, .answer = answer,
    };
    int rc;

    if (repair == NULL)
        return vt_fail_memory(err);
    if (vt_json_read_object(reader, read_member, &request, err) < 0)
        return -1;
    if (!request.disk.is_given)
        return vt_fail(err, VTOPO_BAD_INPUT, "there is no disk to repair");
    if (request.has_files)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "files are not repaired, only boot limits");
    rc = vw_disk_use(&request.disk, run_disk, &request, err);
    vw_repair_forget(repair, 0);
    return rc;
}
