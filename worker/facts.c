/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * facts.c - put together all that a disk, or loose files, say of processors
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "blocks.h"
#include "disk.h"
#include "facts-find.h"
#include "facts.h"

#define LOGS_MAX VW_HIVE_LOGS_MAX

/* ---------------------------------------------------------------- request */

struct loose_file {
    char role[16];
    char name[VW_FACTS_TEXT_MAX + 1];
    int fd;
    struct vw_bytes bytes;
};

struct request {
    const struct vw_message *message;
    struct vw_disk_source disk;
    struct loose_file files[VW_FACTS_FILES_MAX];
    unsigned files_count;
};

static int
read_file_member(struct vt_json_reader *reader, const char *key, void *to,
                 struct vtopo_error *err)
{
    struct request *request = to;
    struct loose_file *file = &request->files[request->files_count - 1];

    if (strcmp(key, "fd") == 0)
        return vw_message_read_fd(request->message, reader, key, &file->fd,
                                  err);
    if (strcmp(key, "role") == 0)
        return vw_read_text(reader, key, file->role, sizeof(file->role), err);
    if (strcmp(key, "name") == 0)
        return vw_read_text(reader, key, file->name, sizeof(file->name), err);
    return vt_json_skip(reader, err);
}

static int
add_file(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct request *request = to;
    struct loose_file *file;

    if (request->files_count == VW_FACTS_FILES_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a request names at most %u files",
                       VW_FACTS_FILES_MAX);
    file = &request->files[request->files_count++];
    file->fd = -1;
    if (vt_json_read_object(reader, read_file_member, request, err) < 0)
        return -1;
    return vw_raw_open(file->fd, &file->bytes, err);
}

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct request *request = to;

    if (strcmp(key, "files") == 0)
        return vt_json_read_array(reader, add_file, request, err);
    if (strcmp(key, "disk") != 0)
        return vt_json_skip(reader, err);
    return vw_disk_read(request->message, reader, &request->disk, err);
}

/* ------------------------------------------------------------------ hives */

/* A hive and its logs, from wherever. */
struct hive_source {
    const char *file;
    const struct vw_bytes *bytes;       /* NULL: there is none */
    const struct vw_bytes *logs[LOGS_MAX];
    size_t logs_count;
};

/* Write "NAME" and "NAME_problem". */
static void
write_hive(struct vt_json *json, const char *name, const char *problem_name,
           const struct hive_source *source, bool is_system)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;

    if (source->bytes == NULL
        || vw_hive_open(source->bytes, source->logs, source->logs_count,
                        &hive, &err) < 0) {
        vw_write_null(json, name);
        vw_write_text(json, problem_name, err.message != NULL ? err.message
                      : source->file != NULL ? "there is no such file" : NULL);
        return;
    }
    vt_json_key(json, name);
    vt_json_open(json, '{');
    vw_facts_hive(json, hive, source->file, source->bytes->size);
    if (is_system)
        vw_facts_system(json, hive);
    else
        vw_facts_software(json, hive);
    vt_json_close(json, '}');
    vw_write_null(json, problem_name);
}

/* A hive in the file system, with its logs beside it. */
static void
write_disk_hive(struct vt_json *json, const struct vw_found *found,
                const struct vw_system *system, const char *name,
                const char *problem_name, const char *file_name)
{
    static const char *const endings[LOGS_MAX + 1] = {
        "", ".LOG", ".LOG1", ".LOG2",
    };
    struct vw_file files[LOGS_MAX + 1];
    char paths[LOGS_MAX + 1][VW_ROOT_MAX + 40];
    struct hive_source source = { .file = paths[0] };
    struct vw_volume *volume = found->volumes[system->volume].volume;

    for (size_t i = 0; i < VT_COUNT(files); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        bool there = false;

        files[i] = (struct vw_file)VW_FILE_INIT;
        (void)snprintf(paths[i], sizeof(paths[i]), "%s/System32/config/%s%s",
                       system->root, file_name, endings[i]);
        if (vw_volume_find(volume, paths[i], &files[i], &there, &err) < 0
            || !there)
            continue;
        if (i == 0)
            source.bytes = &files[0].bytes;
        else if (files[i].bytes.size != 0)
            source.logs[source.logs_count++] = &files[i].bytes;
    }
    write_hive(json, name, problem_name, &source, strcmp(name, "system") == 0);
    for (size_t i = 0; i < VT_COUNT(files); i++)
        vw_file_close(&files[i]);
}

/* --------------------------------------------------------- program files */

static void
write_program(struct vt_json *json, const struct vw_found *found,
              const struct vw_system *system, const char *key,
              const char *file_name, bool is_kernel)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_file file = VW_FILE_INIT;
    char path[VW_ROOT_MAX + 40];
    bool there = false;
    bool read;

    (void)snprintf(path, sizeof(path), "%s/System32/%s", system->root,
                   file_name);
    read = vw_volume_find(found->volumes[system->volume].volume, path, &file,
                          &there, &err) == 0 && there;
    vw_facts_file(json, key, path, read ? &file.bytes : NULL,
                  read ? file.flags : 0, is_kernel);
    vw_file_close(&file);
}

static void
write_programs(struct vt_json *json, const struct vw_found *found,
               const struct vw_system *system)
{
    struct vw_program_names names;

    vw_found_programs(found, system, &names);
    vt_json_key(json, "files");
    vt_json_open(json, '{');
    write_program(json, found, system, "hal",
                  names.hal[0] != '\0' ? names.hal : "hal.dll", false);
    write_program(json, found, system, "kernel",
                  names.kernel[0] != '\0' ? names.kernel : "ntoskrnl.exe",
                  true);
    /* Who names a kernel gets that one, with PAE and without. */
    if (names.kernel[0] != '\0')
        vw_facts_file(json, "kernel_pae", NULL, NULL, 0, true);
    else
        write_program(json, found, system, "kernel_pae", "ntkrnlpa.exe",
                      true);
    vt_json_close(json, '}');
}

/* ------------------------------------------------------------------- boot */

static void
write_store(struct vt_json *json, const struct vw_store *store,
            unsigned partition, const char *path, const bool *entries)
{
    vt_json_key(json, "boot");
    vt_json_open(json, '{');
    vw_write_text(json, "kind",
                  store->kind == VW_STORE_BCD ? "bcd" : "boot.ini");
    vw_write_text(json, "file", path);
    if (partition != 0)
        vw_write_uint(json, "partition", partition);
    else
        vw_write_null(json, "partition");
    vw_write_text(json, "firmware", store->uefi ? "uefi" : "bios");
    if (store->kind == VW_STORE_BCD)
        vw_facts_bcd_entries(json, &store->bcd, entries);
    else
        vw_facts_bootini_entries(json, store->text, store->bootini, entries);
    vt_json_close(json, '}');
}

static void
write_no_store(struct vt_json *json)
{
    vt_json_key(json, "boot");
    vt_json_open(json, '{');
    vw_write_null(json, "kind");
    vw_write_null(json, "file");
    vw_write_null(json, "partition");
    vw_write_null(json, "firmware");
    vt_json_key(json, "entries");
    vt_json_open(json, '[');
    vt_json_close(json, ']');
    vt_json_close(json, '}');
}

/* ----------------------------------------------------------------- systems */

static void
write_system(struct vt_json *json, const struct vw_found *found,
             const struct vw_system *system)
{
    const struct vw_disk_volume *volume = &found->volumes[system->volume];

    vt_json_open(json, '{');
    vw_write_uint(json, "partition", vw_found_number(found, system->volume));
    vw_write_text(json, "root", system->root);
    vw_write_text(json, "found_by", system->found_by);
    if (system->default_known)
        vw_write_bool(json, "default", system->is_default);
    else
        vw_write_null(json, "default");
    if (volume->has_state)
        vw_write_bool(json, "hibernated",
                      volume->state.hibernation == VW_HIBERNATION_ASLEEP);
    else
        vw_write_null(json, "hibernated");
    write_disk_hive(json, found, system, "system", "system_problem",
                    "SYSTEM");
    write_disk_hive(json, found, system, "software", "software_problem",
                    "SOFTWARE");
    if (system->store >= 0) {
        const struct vw_store *store = &found->stores[system->store];

        write_store(json, store, vw_found_number(found, store->volume),
                    store->path, system->entries);
    } else {
        write_no_store(json);
    }
    vw_write_text(json, "boot_problem", system->store >= 0 ? NULL
                  : found->stores_count != 0
                  ? "no entry of a boot store starts it"
                  : "there is no boot store");
    write_programs(json, found, system);
    vt_json_close(json, '}');
}

/* ------------------------------------------------------------------- disk */

static const char *
table_name(const struct vw_partitions *table)
{
    switch (table->table) {
    case VW_TABLE_MBR:
        return "mbr";
    case VW_TABLE_GPT:
        return table->from_backup ? "gpt-backup" : "gpt";
    case VW_TABLE_NONE:
        break;
    }
    return "none";
}

static const char *
content_of_disk(const struct vw_found *found)
{
    enum vw_content content = found->partitions.content;

    if (found->partitions.table != VW_TABLE_NONE)
        return "partitions";
    if (content == VW_CONTENT_EMPTY || content == VW_CONTENT_BITLOCKER
        || content == VW_CONTENT_LUKS || content == VW_CONTENT_UNKNOWN)
        return vw_content_name(content);
    return "filesystem";
}

static void
write_partition(struct vt_json *json, const struct vw_found *found,
                unsigned index)
{
    const struct vw_partition *partition = &found->partitions.entry[index];
    const struct vw_disk_volume *volume = &found->volumes[index];
    char type[VW_GUID_TEXT_SIZE];

    if (found->partitions.table == VW_TABLE_GPT)
        vw_guid_format(partition->type_guid, type);
    else
        (void)snprintf(type, sizeof(type), "%02x", partition->type);
    vt_json_open(json, '{');
    vw_write_uint(json, "number", partition->number);
    vw_write_uint(json, "offset", partition->offset);
    vw_write_uint(json, "size", partition->size);
    vw_write_text(json, "type", type);
    vw_write_text(json, "filesystem", volume->volume != NULL
                  ? vw_volume_name(volume->volume)
                  : vw_content_name(volume->content));
    vw_write_bool(json, "active", partition->active);
    if (volume->has_state) {
        vw_write_bool(json, "dirty", volume->state.dirty);
        vw_write_bool(json, "hibernated",
                      volume->state.hibernation == VW_HIBERNATION_ASLEEP);
        vw_write_bool(json, "log_clean", !volume->state.log_unclean);
    } else {
        vw_write_null(json, "dirty");
        vw_write_null(json, "hibernated");
        vw_write_null(json, "log_clean");
    }
    vt_json_close(json, '}');
}

static void
write_disk(struct vt_json *json, const struct vw_found *found)
{
    bool cut_short = false;

    for (unsigned i = 0; i < found->partitions.count; i++)
        cut_short = cut_short || found->partitions.entry[i].cut_short;
    vt_json_key(json, "disk");
    vt_json_open(json, '{');
    vw_write_uint(json, "size", found->disk->size);
    vw_write_uint(json, "sector_size", found->partitions.sector_size);
    vw_write_text(json, "table", table_name(&found->partitions));
    vw_write_text(json, "content", content_of_disk(found));
    vw_write_bool(json, "truncated", cut_short);
    vt_json_key(json, "partitions");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < found->partitions.count
         && i < found->volumes_count; i++)
        write_partition(json, found, i);
    vt_json_close(json, ']');
    vt_json_close(json, '}');
}

static void
write_problems(struct vt_json *json, const struct vw_problems *problems)
{
    vt_json_key(json, "problems");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < problems->count; i++) {
        vt_json_open(json, '{');
        vw_write_text(json, "where", problems->list[i].where);
        vw_write_text(json, "text", problems->list[i].text);
        vt_json_close(json, '}');
    }
    vt_json_close(json, ']');
}

static void
write_read(struct vt_json *json, const struct vw_blocks *blocks)
{
    struct vw_blocks_counts counts = { .requests = 0 };

    if (blocks != NULL)
        counts = vw_blocks_count(blocks);
    vt_json_key(json, "read");
    vt_json_open(json, '{');
    vw_write_uint(json, "requests", counts.requests);
    vw_write_uint(json, "bytes", counts.bytes);
    vt_json_close(json, '}');
}

static int
run_disk(const struct vw_bytes *disk, void *context, struct vtopo_error *err)
{
    struct vt_json *json = context;
    vt_auto(vw_blocks_freep) struct vw_blocks *blocks = NULL;
    vt_autofree struct vw_problems *problems = calloc(1, sizeof(*problems));
    vt_autofree struct vw_found *found = calloc(1, sizeof(*found));
    struct vw_bytes cached;

    if (problems == NULL || found == NULL)
        return vt_fail_memory(err);
    if (vw_blocks_new(disk, &blocks, err) < 0)
        return -1;
    cached = vw_blocks_bytes(blocks);
    if (vw_found_make(&cached, found, problems, err) < 0)
        return -1;
    vt_json_open(json, '{');
    write_disk(json, found);
    vt_json_key(json, "systems");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < found->systems_count; i++)
        write_system(json, found, &found->systems[i]);
    vt_json_close(json, ']');
    write_problems(json, problems);
    vw_found_clear(found);
    write_read(json, blocks);
    vt_json_close(json, '}');
    return 0;
}

/* ------------------------------------------------------------ loose files */

static const struct loose_file *
find_file(const struct request *request, const char *role)
{
    for (unsigned i = 0; i < request->files_count; i++) {
        if (strcmp(request->files[i].role, role) == 0)
            return &request->files[i];
    }
    return NULL;
}

static void
write_loose_hive(struct vt_json *json, const struct request *request,
                 const char *role, const char *log_role,
                 const char *problem_name)
{
    const struct loose_file *file = find_file(request, role);
    struct hive_source source = { .file = NULL };

    if (file != NULL) {
        source.file = file->name;
        source.bytes = &file->bytes;
    }
    for (unsigned i = 0; i < request->files_count; i++) {
        if (strcmp(request->files[i].role, log_role) == 0
            && source.logs_count < LOGS_MAX)
            source.logs[source.logs_count++] = &request->files[i].bytes;
    }
    write_hive(json, role, problem_name, &source,
               strcmp(role, "system") == 0);
}

/* A loose boot store is taken for that of the loose system: the entry that
 * it starts by default is the one.
 */
static void
write_loose_boot(struct vt_json *json, const struct request *request)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_store_clear) struct vw_store store = {
        .kind = VW_STORE_NONE, .bcd = VW_BCD_STORE_INIT,
    };
    const struct loose_file *bcd = find_file(request, "bcd");
    const struct loose_file *ini = find_file(request, "boot-ini");
    bool entries[VW_ENTRIES_MAX] = { false };

    if (bcd != NULL && vw_store_read_bcd(&bcd->bytes, &store.bcd, &err) == 0) {
        store.kind = VW_STORE_BCD;
        if (store.bcd.system_index >= 0
            && store.bcd.system_index < (int)VW_ENTRIES_MAX)
            entries[store.bcd.system_index] = true;
        write_store(json, &store, 0, bcd->name, entries);
    } else if (bcd == NULL && ini != NULL
               && vw_store_read_bootini(&ini->bytes, &store, &err) == 0) {
        store.kind = VW_STORE_BOOTINI;
        if (store.bootini->choice == VW_BOOTINI_LISTED)
            entries[store.bootini->default_index] = true;
        write_store(json, &store, 0, ini->name, entries);
    } else {
        write_no_store(json);
    }
    vw_write_text(json, "boot_problem", err.message);
}

static void
write_loose_program(struct vt_json *json, const struct request *request,
                    const char *key, const char *role, bool is_kernel)
{
    const struct loose_file *file = find_file(request, role);

    vw_facts_file(json, key, file != NULL ? file->name : NULL,
                  file != NULL ? &file->bytes : NULL, 0, is_kernel);
}

static void
run_loose(const struct request *request, struct vt_json *json)
{
    static const struct vw_problems none = { .count = 0 };

    vt_json_open(json, '{');
    write_read(json, NULL);
    vw_write_null(json, "disk");
    vt_json_key(json, "systems");
    vt_json_open(json, '[');
    vt_json_open(json, '{');
    vw_write_null(json, "partition");
    vw_write_null(json, "root");
    vw_write_text(json, "found_by", "loose");
    vw_write_null(json, "default");
    vw_write_null(json, "hibernated");
    write_loose_hive(json, request, "system", "system-log", "system_problem");
    write_loose_hive(json, request, "software", "software-log",
                     "software_problem");
    write_loose_boot(json, request);
    vt_json_key(json, "files");
    vt_json_open(json, '{');
    write_loose_program(json, request, "hal", "hal", false);
    write_loose_program(json, request, "kernel", "kernel", true);
    write_loose_program(json, request, "kernel_pae", "kernel-pae", true);
    vt_json_close(json, '}');
    vt_json_close(json, '}');
    vt_json_close(json, ']');
    write_problems(json, &none);
    vt_json_close(json, '}');
}

int
vw_facts_run(const struct vw_message *message, struct vt_json_reader *reader,
             struct vt_json *answer, struct vtopo_error *err)
{
    vt_autofree struct request *request = calloc(1, sizeof(*request));

    if (request == NULL)
        return vt_fail_memory(err);
    request->message = message;
    if (vt_json_read_object(reader, read_member, request, err) < 0)
        return -1;
    if (request->disk.is_given)
        return vw_disk_use(&request->disk, run_disk, answer, err);
    run_loose(request, answer);
    return 0;
}
