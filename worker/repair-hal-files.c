/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair-hal-files.c - which files are written for a multiprocessor HAL, and
 * what the registry then says (see repair-hal.h)
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "regf-edit.h"
#include "repair-hal.h"

void
vw_hal_files_clear(struct vw_hal_files *files)
{
    for (unsigned i = 0; i < files->count; i++)
        free(files->list[i].data);
    files->count = 0;
}

/* ------------------------------------------------------------------ files */

/* A job, and what comes of it. */
struct listing {
    struct vw_repair *repair;
    const struct vw_found *found;
    struct vw_hal_job *job;
    struct vw_hal_files *files;
};

/* Add the file @name of System32; @data becomes the list's. */
static struct vw_hal_file *
add_file(struct listing *this, const char *name, unsigned char *data,
         size_t size)
{
    struct vw_hal_file *file = &this->files->list[this->files->count++];

    (void)snprintf(file->path, sizeof(file->path), "%s/System32/%s",
                   this->job->system->root, name);
    (void)snprintf(file->like, sizeof(file->like), "%s",
                   this->job->kernel_names[0]);
    file->data = data;
    file->size = size;
    return file;
}

static int
note(struct listing *this, const struct vw_hal_file *file, const char *what,
     const struct vw_build *before, const struct vw_build *after,
     const char *from, const char *why, struct vtopo_error *err)
{
    unsigned number = vw_found_number(this->found,
                                      this->job->system->volume);
    char old[VW_BUILD_TEXT_SIZE], new[VW_BUILD_TEXT_SIZE];
    char where[96], text[VW_BUILD_TEXT_SIZE + VW_SEARCH_TEXT_SIZE + 8];

    if (number == 0)
        (void)snprintf(where, sizeof(where), "%.90s", file->path);
    else
        (void)snprintf(where, sizeof(where), "%.70s on partition %u",
                       file->path, number);
    (void)snprintf(text, sizeof(text), "%s%s%s", vw_build_text(after, new),
                   from != NULL ? ", from " : "", from != NULL ? from : "");
    return vw_repair_change(this->repair, where, what,
                            before != NULL ? vw_build_text(before, old) : NULL,
                            text, why, err);
}

/* What search result @index gives; it changes hands. */
static unsigned char *
take_data(struct listing *this, int index, size_t *ret_size)
{
    struct vw_wanted *wanted = &this->job->search.wanted[index];

    *ret_size = wanted->size;
    return vt_steal(&wanted->data);
}

/* Put what was found beside what is there, under its own name. */
static int
put_beside(struct listing *this, int index, const char *what,
           struct vtopo_error *err)
{
    struct vw_wanted *wanted = &this->job->search.wanted[index];
    const struct vw_system *system = this->job->system;
    struct vw_program there;
    struct vw_hal_file *file;
    char path[VW_ROOT_MAX + 80];
    unsigned char *data;
    size_t size;

    /* It is not there, or where it should be. */
    if (wanted->data == NULL || wanted->is_in_system)
        return 0;
    (void)snprintf(path, sizeof(path), "%s/System32/%s", system->root,
                   wanted->file);
    vw_program_look(this->found->volumes[system->volume].volume, path, false,
                    &there);
    data = take_data(this, index, &size);
    file = add_file(this, wanted->file, data, size);
    return note(this, file, what, there.is_there ? &there.build : NULL,
                &wanted->build, wanted->from,
                "under its own name, beside what is there", err);
}

/* Read a file that is to be kept. */
static int
read_old(const struct listing *this, const char *name,
         unsigned char **ret_data, size_t *ret_size, struct vtopo_error *err)
{
    const struct vw_system *system = this->job->system;
    struct vw_volume *volume = this->found->volumes[system->volume].volume;
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_autofree unsigned char *data = NULL;
    char path[VW_ROOT_MAX + 80];
    bool there = false;

    (void)snprintf(path, sizeof(path), "%s/System32/%s", system->root, name);
    if (vw_volume_find(volume, path, &file, &there, err) < 0)
        return -1;
    if (!there || file.bytes.size > VW_PROGRAM_SIZE_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT, "%s cannot be kept: it has "
                       "%llu bytes", name,
                       (unsigned long long)file.bytes.size);
    data = malloc((size_t)file.bytes.size + 1);
    if (data == NULL)
        return vt_fail_memory(err);
    if (vw_bytes_read(&file.bytes, 0, data, (size_t)file.bytes.size, err) < 0)
        return -1;
    *ret_size = (size_t)file.bytes.size;
    *ret_data = vt_steal(&data);
    return 0;
}

/* Nothing may be lost: a name that is taken is somebody's. */
static int
check_kept(const struct listing *this, const char *kept,
           struct vtopo_error *err)
{
    const struct vw_system *system = this->job->system;
    struct vw_program there;
    char path[VW_ROOT_MAX + 80];

    (void)snprintf(path, sizeof(path), "%s/System32/%s", system->root, kept);
    vw_program_look(this->found->volumes[system->volume].volume, path, false,
                    &there);
    return !there.is_there ? 0
           : vt_fail(err, VTOPO_IMPOSSIBLE,
                     "%s, the name under which the old file would be kept, is "
                     "there already", path);
}

/* Put search result @index in the place of @name, which is kept as @kept. */
static int
put_instead(struct listing *this, int index, const char *name,
            const char *kept, const struct vw_program *old, const char *what,
            struct vtopo_error *err)
{
    const struct vw_wanted *wanted = &this->job->search.wanted[index];
    struct vw_hal_file *file;
    unsigned char *data = NULL;
    size_t size = 0;

    if (wanted->data == NULL)
        return 0;
    if (check_kept(this, kept, err) < 0
        || read_old(this, name, &data, &size, err) < 0)
        return -1;
    file = add_file(this, kept, data, size);
    if (note(this, file, "the old file, kept", NULL, &old->build, name,
             "to go back to", err) < 0)
        return -1;
    data = take_data(this, index, &size);
    file = add_file(this, name, data, size);
    return note(this, file, what, &old->build, &wanted->build, wanted->from,
                "in the place of the one for one processor", err);
}

int
vw_hal_list(struct vw_repair *repair, const struct vw_found *found,
            struct vw_hal_job *job, bool replace,
            struct vw_hal_files *ret_files, struct vtopo_error *err)
{
    static const char kernel[] = "the multiprocessor kernel";
    static const char hal[] = "the multiprocessor HAL";
    struct listing this = {
        .repair = repair, .found = found, .job = job, .files = ret_files,
    };
    int rc = 0;

    /* Kernels first: a multiprocessor HAL never stands beside another one. */
    for (unsigned i = 0; i < VW_KERNELS && rc == 0; i++) {
        int index = job->kernel_wanted[i];

        if (index < 0)
            continue;
        rc = !replace ? put_beside(&this, index, kernel, err)
             : !job->kernels[i].is_read ? 0
             : put_instead(&this, index, vw_kernel_rows[i].installed,
                           vw_kernel_rows[i].kept, &job->kernels[i], kernel,
                           err);
    }
    if (rc == 0 && job->hal_wanted >= 0)
        rc = !replace ? put_beside(&this, job->hal_wanted, hal, err)
             : put_instead(&this, job->hal_wanted, "hal.dll", VW_HAL_KEPT,
                           &job->hal, hal, err);
    return rc;
}

/* --------------------------------------------------------------- registry */

#define HAL_CLASS "Control\\Class\\{4D36E966-E325-11CE-BFC1-08002BE10318}"
#define HAL_VALUE_MAX 1024u
#define HAL_KEYS_MAX  8u

/* A value that is to be another one. */
struct value_edit {
    uint32_t key;
    const char *name;
    unsigned char *data;        /* owned */
    size_t size;
};

struct registry {
    struct vw_repair *repair;
    const char *where;
    struct vw_hive *hive;
    const struct vw_hal_row *from, *to;
    struct value_edit edits[2 * HAL_KEYS_MAX];
    unsigned count;
};

static void
free_registry(struct registry *registry)
{
    for (unsigned i = 0; i < registry->count; i++)
        free(registry->edits[i].data);
    vw_hive_close(registry->hive);
}

/* The id of a HAL, and the section of hal.inf that has its name. */
static void
write_id(const struct vw_hal_row *row, bool is_section, char *text,
         size_t size)
{
    (void)snprintf(text, size, "%s%s", row->id, is_section ? "_HAL" : "");
    for (char *c = text; is_section && *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
}

/* Whether @data begins with @text in UTF-16, ended by a zero. */
static bool
begins_with(const unsigned char *data, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (size < 2 * (length + 1))
        return false;
    for (size_t i = 0; i <= length; i++) {
        unsigned unit = vw_le16(data + 2 * i);

        if (unit > 0x7f || tolower((int)unit) != tolower((unsigned char)text[i]))
            return false;
    }
    return true;
}

static int
note_value(struct registry *this, const char *path, const char *name,
           const char *before, const char *after, struct vtopo_error *err)
{
    char what[96];

    (void)snprintf(what, sizeof(what), "%.70s %s", path, name);
    return vw_repair_change(this->repair, this->where, what, before, after,
                            "the registry names the HAL that is there", err);
}

/* Have value @name of @key begin with @to where it does with @from. */
static int
change_value(struct registry *this, const struct vw_key *key,
             const char *path, const char *name, const char *from,
             const char *to, struct vtopo_error *err)
{
    vt_autofree unsigned char *data = NULL;
    struct vw_value value;
    size_t size = 0;
    bool found = false;

    if (vw_key_value(this->hive, key, name, &value, &found, err) < 0
        || (found && vw_value_data(this->hive, &value, HAL_VALUE_MAX, &data,
                                   &size, err) < 0))
        return -1;
    if (!found || !begins_with(data, size, from))
        return 0;
    for (size_t i = 0; to[i] != '\0'; i++)
        data[2 * i] = (unsigned char)to[i];
    this->edits[this->count++] = (struct value_edit) {
        .key = key->cell, .name = name, .data = vt_steal(&data), .size = size,
    };
    return note_value(this, path, name, from, to, err);
}

/* The same with the ids of both HALs, where there is room: both are of the
 * same length.
 */
static int
edit_value(struct registry *this, const struct vw_key *key, const char *path,
           const char *name, bool is_section, struct vtopo_error *err)
{
    char from[64], to[64];

    write_id(this->from, is_section, from, sizeof(from));
    write_id(this->to, is_section, to, sizeof(to));
    if (this->count == VT_COUNT(this->edits) || strlen(from) != strlen(to))
        return 0;
    return change_value(this, key, path, name, from, to, err);
}

/* The devices that are HALs: Enum\Root\ACPI_HAL and its kin. */
static int
edit_devices(struct registry *this, const char *set, struct vtopo_error *err)
{
    static const char *const devices[] = {
        "ACPI_HAL", "PCI_HAL", "MPS_HAL",
    };

    for (size_t i = 0; i < VT_COUNT(devices); i++) {
        char path[96];
        struct vw_key key;
        bool found = false;

        (void)snprintf(path, sizeof(path), "%s\\Enum\\Root\\%s\\0000", set,
                       devices[i]);
        if (vw_hive_lookup_path(this->hive, path, &key, &found, err) < 0
            || (found && edit_value(this, &key, path, "HardwareID", false,
                                    err) < 0))
            return -1;
    }
    return 0;
}

static int
edit_class(struct registry *this, const char *set, struct vtopo_error *err)
{
    char path[128];
    struct vw_key key;
    bool found = false;

    (void)snprintf(path, sizeof(path), "%s\\" HAL_CLASS "\\0000", set);
    if (vw_hive_lookup_path(this->hive, path, &key, &found, err) < 0)
        return -1;
    (void)snprintf(path, sizeof(path), "%s\\Control\\Class\\{4D36E966-...}"
                   "\\0000", set);
    if (!found)
        return 0;
    return edit_value(this, &key, path, "MatchingDeviceId", false, err) < 0
           || edit_value(this, &key, path, "InfSection", true, err) < 0
           ? -1 : 0;
}

/* The control sets that Windows may start with. */
static int
edit_sets(struct registry *this, struct vtopo_error *err)
{
    static const char *const names[] = { "Default", "Current" };
    uint32_t done = 0;

    for (size_t i = 0; i < VT_COUNT(names); i++) {
        uint32_t number = 0;
        struct vw_key key;
        char set[24];

        if (!vw_soft_key(this->hive, NULL, "Select", &key)
            || !vw_soft_dword(this->hive, &key, names[i], &number)
            || number == 0 || number > 999 || number == done)
            continue;
        done = number;
        (void)snprintf(set, sizeof(set), "ControlSet%03u", number);
        if (edit_devices(this, set, err) < 0
            || edit_class(this, set, err) < 0)
            return -1;
    }
    return 0;
}

int
vw_hal_registry(struct vw_repair *repair, const char *where,
                unsigned char *image, size_t size, uint32_t logs_last,
                const struct vw_hal_row *from, const struct vw_hal_row *to,
                struct vtopo_error *err)
{
    vt_auto(free_registry) struct registry this = {
        .repair = repair, .where = where, .from = from, .to = to,
    };
    vt_auto(vw_edit_closep) struct vw_edit *edit = NULL;
    struct vw_memory memory = { .data = image, .size = size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);

    if (from->id == NULL || to->id == NULL)
        return 0;
    if (vw_hive_open(&bytes, NULL, 0, &this.hive, err) < 0
        || edit_sets(&this, err) < 0)
        return -1;
    if (this.count == 0)
        return 0;
    if (vw_edit_open(image, size, &edit, err) < 0)
        return -1;
    for (unsigned i = 0; i < this.count; i++) {
        if (vw_edit_shorten(edit, this.edits[i].key, this.edits[i].name,
                            this.edits[i].data, this.edits[i].size, err) < 0)
            return -1;
    }
    vw_edit_finish(edit, logs_last);
    return 0;
}
