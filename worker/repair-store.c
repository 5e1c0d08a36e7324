/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair-store.c - change a boot store, or another file of a disk (see
 * repair-work.h)
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "regf-hive.h"
#include "repair-work.h"

/* A boot store is some ten kilobytes; reading stops here. */
#define STORE_SIZE_MAX (16u << 20)

/* --------------------------------------------------------------- refusals */

bool
vw_refuse_disk(const struct vw_work *work)
{
    const struct vw_found *found = work->found;

    for (unsigned i = 0; i < found->volumes_count; i++) {
        const struct vw_disk_volume *volume = &found->volumes[i];
        unsigned number = vw_found_number(found, i);

        if (volume->content == VW_CONTENT_BITLOCKER) {
            vw_repair_refuse(work->repair, VW_REFUSED_BITLOCKER,
                             "partition %u is encrypted by BitLocker, which "
                             "watches the boot store: suspend its protection "
                             "in the guest first", number);
            return true;
        }
        if (volume->has_state
            && volume->state.hibernation == VW_HIBERNATION_ASLEEP) {
            vw_repair_refuse(work->repair, VW_REFUSED_HIBERNATED,
                             "the Windows on partition %u sleeps (hibernated, "
                             "or shut down with fast startup) and would not "
                             "see the change: start it, and shut it down "
                             "with 'shutdown /s /t 0'", number);
            return true;
        }
    }
    return false;
}

bool
vw_refuse_volume(const struct vw_work *work, unsigned index,
                 const char *where, unsigned flags)
{
    const struct vw_disk_volume *volume = &work->found->volumes[index];
    bool is_ntfs = strcmp(vw_volume_name(volume->volume), "ntfs") == 0;
    struct vw_repair *repair = work->repair;
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
    else if ((flags & (VW_FILE_UNREADABLE | VW_FILE_COMPRESSED
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

/* ----------------------------------------------------------------- content */

void
vw_data_clear(struct vw_data *content)
{
    free(content->data);
    content->data = NULL;
}

int
vw_data_read(const struct vw_bytes *bytes, uint64_t max,
                struct vw_data *content, struct vtopo_error *err)
{
    size_t size = (size_t)bytes->size;
    unsigned char *data;

    if (bytes->size > max)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "it has %llu bytes, more than %llu",
                       (unsigned long long)bytes->size,
                       (unsigned long long)max);
    data = malloc(size + 1);
    if (data == NULL)
        return vt_fail_memory(err);
    *content = (struct vw_data) { .data = data, .size = size };
    return vw_bytes_read(bytes, 0, data, size, err);
}

int
vw_work_put(const struct vw_work *work, unsigned index, const char *path,
            const char *like, const unsigned char *data, size_t size,
            struct vtopo_error *err)
{
    const struct vw_slice *slice = &work->found->volumes[index].slice;
    vt_auto(vw_volume_closep) struct vw_volume *volume = NULL;
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_auto(vw_data_clear) struct vw_data again = { .data = NULL };
    struct vw_stretch stretch = { work->capture, slice->offset, slice->size };
    struct vw_bytes bytes = vw_stretch_bytes(&stretch);
    struct vw_sink sink = vw_stretch_sink(&stretch);
    enum vw_content kind;
    bool there = false;

    if (vw_volume_put(&bytes, &sink, path, like, data, size, err) < 0)
        return vt_wrap(err, "cannot change %s", path);
    if (vw_volume_open(&bytes, &volume, &kind, err) < 0
        || vw_volume_find(volume, path, &file, &there, err) < 0
        || (there && vw_data_read(&file.bytes, size, &again, err) < 0))
        return -1;
    if (again.data == NULL || again.size != size
        || memcmp(again.data, data, size) != 0)
        return vt_fail(err, VTOPO_SYSTEM,
                       "%s would not be what it should be", path);
    return 0;
}

void
vw_say_where(const struct vw_work *work, unsigned index, const char *path,
             char *text, size_t size)
{
    unsigned number = vw_found_number(work->found, index);

    if (number == 0)
        (void)snprintf(text, size, "%s", path);
    else
        (void)snprintf(text, size, "%.70s on partition %u", path, number);
}

/* ------------------------------------------------------------------- hives */

/* The highest number in the logs beside the hive at @path. */
int
vw_read_logs(struct vw_volume *volume, const char *path, uint32_t *ret_last,
             struct vtopo_error *err)
{
    static const char *const endings[] = { ".LOG", ".LOG1", ".LOG2" };

    for (size_t i = 0; i < VT_COUNT(endings); i++) {
        vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
        char name[VW_ROOT_MAX + 80];
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

/* Whether what Windows has still to write to it is in its logs. */
bool
vw_hive_is_dirty(const struct vw_data *content)
{
    struct vw_base base;

    if (content->size < VW_BASE_SIZE)
        return false;
    vw_base_parse(content->data, &base);
    return base.is_regf
           && (!base.checksum_ok
               || base.primary_sequence != base.secondary_sequence);
}

/* ------------------------------------------------------------------ stores */

static int
edit_bcd(const struct vw_work *work, const struct vw_store *store,
         const char *where, struct vw_data *content,
         struct vtopo_error *err)
{
    struct vw_volume *volume = work->found->volumes[store->volume].volume;
    uint32_t last = 0;

    if (vw_hive_is_dirty(content)) {
        vw_repair_refuse(work->repair, VW_REFUSED_HIVE_DIRTY,
                         "%s was not written to its end: start Windows, and "
                         "shut it down", where);
        return 0;
    }
    if (vw_read_logs(volume, store->path, &last, err) < 0)
        return -1;
    return vw_repair_bcd(work->repair, where, content->data, content->size,
                         last, err);
}

static int
edit_store(struct vw_work *work, unsigned index, const char *where,
           struct vw_data *content, struct vtopo_error *err)
{
    const struct vw_store *store = &work->found->stores[index];

    if (store->kind == VW_STORE_BCD)
        return work->boot_limits ? edit_bcd(work, store, where, content, err)
                                 : 0;
    if (work->boot_limits
        && vw_repair_bootini(work->repair, where, (char *)content->data,
                             &content->size, err) < 0)
        return -1;
    return work->hal.wanted
           ? vw_hal_entries(work, index, where, content, err) : 0;
}

int
vw_repair_store(struct vw_work *work, unsigned index, struct vtopo_error *err)
{
    const struct vw_store *store = &work->found->stores[index];
    struct vw_volume *volume = work->found->volumes[store->volume].volume;
    struct vw_repair *repair = work->repair;
    vt_auto(vw_data_clear) struct vw_data content = { .data = NULL };
    vt_auto(vw_data_clear) struct vw_data old = { .data = NULL };
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    unsigned before = repair->changes_count;
    unsigned batches = work->batches_count;
    char where[96];
    bool there = false;

    vw_say_where(work, store->volume, store->path, where, sizeof(where));
    if (vw_volume_find(volume, store->path, &file, &there, err) < 0
        || (there
            && (vw_data_read(&file.bytes, STORE_SIZE_MAX, &content, err) < 0
                || vw_data_read(&file.bytes, STORE_SIZE_MAX, &old, err) < 0
                || edit_store(work, index, where, &content, err) < 0))) {
        vw_repair_forget(repair, before);
        vw_hal_forget(work, batches);
        return refuse_failure(repair, where, err);
    }
    if (repair->changes_count == before)
        return 0;
    if (vw_refuse_disk(work)
        || vw_refuse_volume(work, store->volume, where, file.flags)) {
        vw_repair_forget(repair, before);
        vw_hal_forget(work, batches);
        return 0;
    }
    if (old.size == content.size
        && memcmp(old.data, content.data, old.size) == 0)
        return 0;
    return vw_work_put(work, store->volume, store->path, NULL, content.data,
                       content.size, err);
}
