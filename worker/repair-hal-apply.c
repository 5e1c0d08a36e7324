/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair-hal-apply.c - boot entries and files for a multiprocessor HAL (see
 * repair-work.h)
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "repair-work.h"

#define HIVE_SIZE_MAX (64u << 20)

void
vw_work_clear(struct vw_work *work)
{
    for (unsigned i = 0; i < work->decisions_count; i++)
        vw_hal_job_clear(&work->decisions[i].job);
    for (unsigned i = 0; i < VW_DECISIONS_MAX; i++)
        vw_hal_files_clear(&work->batches[i].files);
}

void
vw_hal_forget(struct vw_work *work, unsigned count)
{
    for (unsigned i = 0; i < work->decisions_count; i++) {
        struct vw_hal_decision *decision = &work->decisions[i];

        /* What was listed is gone: it is not found again. */
        if (decision->listed && decision->batch >= count)
            decision->needed = decision->listed = false;
    }
    for (; work->batches_count > count; work->batches_count--)
        vw_hal_files_clear(&work->batches[work->batches_count - 1].files);
}

/* ----------------------------------------------------------------- deciding */

static bool
is_mp_name(const char *name)
{
    const struct vw_hal_row *row = vw_hal_find(name);

    for (unsigned i = 0; i < VW_KERNELS; i++) {
        if (strcasecmp(name, vw_kernel_rows[i].mp_file) == 0)
            return true;
    }
    return row != NULL && row->way == VW_HAL_IS_MP;
}

static bool
same_path(const struct vw_store *store, unsigned one, unsigned other)
{
    const struct vw_span a = store->bootini->entries[one].path;
    const struct vw_span b = store->bootini->entries[other].path;

    return a.length == b.length
           && strncasecmp(store->text + a.offset, store->text + b.offset,
                          a.length) == 0;
}

/* Whether an entry before this one starts the same system with multiprocessor
 * files under their own names: then this one is there to fall back on.
 */
static bool
has_twin(const struct vw_store *store, unsigned entry)
{
    for (unsigned i = 0; i < entry; i++) {
        struct vw_program_names names;

        if (!same_path(store, i, entry))
            continue;
        vw_store_programs(store, i, &names);
        if (is_mp_name(names.hal) || is_mp_name(names.kernel))
            return true;
    }
    return false;
}

static bool
same_names(const struct vw_program_names *one,
           const struct vw_program_names *other)
{
    return strcasecmp(one->hal, other->hal) == 0
           && strcasecmp(one->kernel, other->kernel) == 0;
}

/* What was decided before for the same files, or is now; NULL, and the user is
 * told: too many.
 */
static int
decide(struct vw_work *work, const struct vw_system *system,
       const struct vw_program_names *names,
       struct vw_hal_decision **ret_decision, struct vtopo_error *err)
{
    struct vw_hal_decision *decision;
    char where[96];

    *ret_decision = NULL;
    for (unsigned i = 0; i < work->decisions_count; i++) {
        decision = &work->decisions[i];
        if (decision->system == system && same_names(&decision->names, names)) {
            *ret_decision = decision;
            return 0;
        }
    }
    if (work->decisions_count == VW_DECISIONS_MAX) {
        vw_repair_advise(work->repair, "more systems than %u were not looked "
                         "at: name boot entries by --entries",
                         VW_DECISIONS_MAX);
        return 0;
    }
    decision = &work->decisions[work->decisions_count++];
    *decision = (struct vw_hal_decision) { .system = system, .names = *names };
    if (vw_hal_prepare(work->repair, work->found, system, names, &work->hal,
                       &decision->job, &decision->needed, err) < 0)
        return -1;
    work->hal.unpacked = decision->job.search.unpacked;
    vw_say_where(work, system->volume, system->root, where, sizeof(where));
    if (decision->needed
        && (vw_refuse_disk(work)
            || vw_refuse_volume(work, system->volume, where, 0)))
        decision->needed = false;
    *ret_decision = decision;
    return 0;
}

static bool
is_same_path(const struct vw_hal_batch *one, const struct vw_hal_batch *other,
             unsigned i, unsigned k)
{
    return one->volume == other->volume
           && strcasecmp(one->files.list[i].path,
                         other->files.list[k].path) == 0;
}

/* Two kernels of one system may be of two builds, and each wants its own under
 * the one name that there is.
 */
static int
check_batch(const struct vw_work *work, const struct vw_hal_batch *batch,
            struct vtopo_error *err)
{
    for (const struct vw_hal_batch *other = work->batches; other < batch;
         other++) {
        for (unsigned i = 0; i < batch->files.count; i++) {
            for (unsigned k = 0; k < other->files.count; k++) {
                const struct vw_hal_file *a = &batch->files.list[i];
                const struct vw_hal_file *b = &other->files.list[k];

                if (is_same_path(batch, other, i, k)
                    && (a->size != b->size
                        || memcmp(a->data, b->data, a->size) != 0))
                    return vt_fail(err, VTOPO_IMPOSSIBLE, "two entries need "
                                   "%s, each in another version: choose one "
                                   "by --entries", a->path);
            }
        }
    }
    return 0;
}

/* List the files of @decision, once. */
static int
list_files(struct vw_work *work, struct vw_hal_decision *decision,
           struct vtopo_error *err)
{
    struct vw_hal_batch *batch = &work->batches[work->batches_count];

    if (decision->listed)
        return 0;
    decision->listed = true;
    decision->batch = work->batches_count;
    batch->volume = decision->system->volume;
    work->batches_count++;
    if (vw_hal_list(work->repair, work->found, &decision->job,
                    work->hal.replace, &batch->files, err) < 0)
        return -1;
    return check_batch(work, batch, err);
}

/* ------------------------------------------------------------- gentle way */

static void
advise_gently(struct vw_repair *repair)
{
    vw_repair_advise(repair, "the first start finds the HAL anew and asks for "
                     "a restart; setup of a service pack refuses as long as "
                     "the entry that is started has /KERNEL (KB 327101)");
}

/* Which files a new entry names; false: that kernel was not found. */
static bool
choose_files(struct vw_work *work, const struct vw_store *store,
             const struct vw_hal_job *job, struct vw_new_entry *entry)
{
    bool pae = vw_entry_wants_pae(
        store->text, &store->bootini->entries[entry->index], job->pae);
    int kernel;

    if (job->hal_wanted >= 0)
        entry->hal = job->search.wanted[job->hal_wanted].file;
    if (job->kernels_stay)
        return true;
    kernel = vw_hal_kernel_for(job, pae);
    if (kernel < 0) {
        vw_repair_refuse(work->repair, VW_REFUSED_HAL_NO_FILES,
                         "entry %u of boot.ini starts the kernel with PAE, "
                         "and no multiprocessor one of that kind was found",
                         entry->index);
        return false;
    }
    entry->kernel = job->search.wanted[kernel].file;
    entry->pae = pae && kernel == job->kernel_wanted[1];
    return true;
}

static int
add_entry(struct vw_work *work, const struct vw_store *store,
          const char *where, unsigned index, struct vw_hal_decision *decision,
          struct vw_data *content, struct vtopo_error *err)
{
    struct vw_new_entry entry = { .index = index };
    bool is_first = !decision->listed;
    char *text = (char *)content->data;
    int rc;

    if (!choose_files(work, store, &decision->job, &entry))
        return 0;
    if (list_files(work, decision, err) < 0)
        return -1;
    rc = vw_repair_add_entry(work->repair, where, &entry, &text,
                             &content->size, err);
    content->data = (unsigned char *)text;
    if (rc == 0 && is_first)
        advise_gently(work->repair);
    return rc;
}

/* ------------------------------------------------------------- replacing way */

/* Whether entry @entry names a kernel for one processor and no HAL: with a
 * multiprocessor HAL in the place of the old one it would not start.
 */
static bool
needs_old_hal(const struct vw_work *work, const struct vw_system *system,
              const struct vw_store *store, unsigned entry)
{
    struct vw_program_names names;
    struct vw_program kernel;
    char path[VW_ROOT_MAX + 80];

    vw_store_programs(store, entry, &names);
    if (names.kernel[0] == '\0' || names.hal[0] != '\0')
        return false;
    (void)snprintf(path, sizeof(path), "%s/System32/%s", system->root,
                   names.kernel);
    vw_program_look(work->found->volumes[system->volume].volume, path, true,
                    &kernel);
    return kernel.is_there && kernel.kernel != VW_PE_KERNEL_MULTIPROCESSOR;
}

/* Put files in the place of those that entry @entry of store @index starts. */
static int
replace(struct vw_work *work, unsigned index, unsigned entry,
        struct vw_hal_decision *decision, struct vtopo_error *err)
{
    const struct vw_store *store = &work->found->stores[index];

    if (decision->names.hal[0] != '\0' || decision->names.kernel[0] != '\0') {
        vw_repair_refuse(work->repair, VW_REFUSED_HAL_NAMED,
                         "entry %u of boot.ini names its HAL or kernel by a "
                         "switch: to replace the usual ones would not change "
                         "it", entry);
        return 0;
    }
    for (unsigned i = 0; i < store->bootini->count; i++) {
        if (vw_found_started(work->found, index, i) != decision->system
            || !needs_old_hal(work, decision->system, store, i))
            continue;
        vw_repair_refuse(work->repair, VW_REFUSED_HAL_NAMED,
                         "entry %u of boot.ini has /KERNEL and no /HAL, and "
                         "that kernel is for one processor: it would not "
                         "start with another hal.dll", i);
        return 0;
    }
    return list_files(work, decision, err);
}

/* --------------------------------------------------------------- all entries */

/* Whether a switch of entry @entry names a program that @names has not: it is
 * in a folder, or its name is too long.
 */
static bool
has_strange_name(const struct vw_store *store, unsigned entry,
                 const struct vw_program_names *names)
{
    const struct vw_switches *switches =
        &store->bootini->entries[entry].switches;

    return (names->hal[0] == '\0'
            && vw_switches_find(switches, VW_SWITCH_HAL) != NULL)
           || (names->kernel[0] == '\0'
               && vw_switches_find(switches, VW_SWITCH_KERNEL) != NULL);
}

/* The system of entry @entry, where it can have one. */
static const struct vw_system *
find_system(const struct vw_work *work, unsigned index, unsigned entry)
{
    const struct vw_system *system =
        vw_found_started(work->found, index, entry);
    enum vw_arc_kind kind =
        work->found->stores[index].bootini->entries[entry].arc.kind;

    if (system == NULL && kind != VW_ARC_DRIVE && kind != VW_ARC_UNREADABLE)
        vw_repair_advise(work->repair, "entry %u of boot.ini starts a system "
                         "on another disk, or one that is gone: its HAL was "
                         "not looked at", entry);
    return system;
}

static int
do_entry(struct vw_work *work, unsigned index, unsigned entry,
         const char *where, struct vw_data *content, struct vtopo_error *err)
{
    const struct vw_store *store = &work->found->stores[index];
    const struct vw_system *system = find_system(work, index, entry);
    struct vw_hal_decision *decision;
    struct vw_program_names names;

    if (system == NULL || has_twin(store, entry))
        return 0;
    vw_store_programs(store, entry, &names);
    if (has_strange_name(store, entry, &names)) {
        vw_repair_refuse(work->repair, VW_REFUSED_HAL_NAMED,
                         "entry %u of boot.ini names its HAL or kernel in a "
                         "way that is not understood", entry);
        return 0;
    }
    if (decide(work, system, &names, &decision, err) < 0)
        return -1;
    if (decision == NULL || !decision->needed)
        return 0;
    if (!work->hal.replace)
        return add_entry(work, store, where, entry, decision, content, err);
    return replace(work, index, entry, decision, err);
}

int
vw_hal_entries(struct vw_work *work, unsigned index, const char *where,
               struct vw_data *content, struct vtopo_error *err)
{
    const struct vw_store *store = &work->found->stores[index];

    /* From the last one on: a new line does not move those before it. */
    for (unsigned i = store->bootini->count; i-- > 0;) {
        char name[12];

        (void)snprintf(name, sizeof(name), "%u", i);
        if (vw_choice_has(&work->repair->choice, name,
                          vw_bootini_is_default(store->bootini, i))
            && do_entry(work, index, i, where, content, err) < 0)
            return -1;
    }
    return 0;
}

/* ----------------------------------------------------------------- registry */

/* The names of the HAL in the registry of @decision's system. */
static int
edit_registry(struct vw_work *work, const struct vw_hal_decision *decision,
              struct vtopo_error *err)
{
    const struct vw_system *system = decision->system;
    struct vw_volume *volume = work->found->volumes[system->volume].volume;
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_auto(vw_data_clear) struct vw_data hive = { .data = NULL };
    unsigned before = work->repair->changes_count;
    char path[VW_ROOT_MAX + 40], where[96];
    uint32_t last = 0;
    bool there = false;

    (void)snprintf(path, sizeof(path), "%s/System32/config/SYSTEM",
                   system->root);
    vw_say_where(work, system->volume, path, where, sizeof(where));
    if (vw_volume_find(volume, path, &file, &there, err) < 0
        || (there && vw_data_read(&file.bytes, HIVE_SIZE_MAX, &hive, err) < 0)
        || vw_read_logs(volume, path, &last, err) < 0)
        return -1;
    if (hive.data == NULL || vw_hive_is_dirty(&hive)) {
        vw_repair_advise(work->repair, "%s was not written to its end and is "
                         "left alone: Windows names the HAL anew when it "
                         "finds it", where);
        return 0;
    }
    if (vw_hal_registry(work->repair, where, hive.data, hive.size, last,
                        decision->job.row, decision->job.mp_row, err) < 0)
        return -1;
    return work->repair->changes_count == before ? 0
           : vw_work_put(work, system->volume, path, NULL, hive.data,
                         hive.size, err);
}

static void
advise_back(struct vw_repair *repair)
{
    vw_repair_advise(repair, "the old files are kept: an entry of boot.ini "
                     "with /KERNEL=%s /HAL=%s starts with them",
                     vw_kernel_rows[0].kept, VW_HAL_KEPT);
    vw_repair_advise(repair, "Windows File Protection may keep the old files "
                     "in System32\\dllcache (from memory); names in Device "
                     "Manager follow when Windows finds the HAL anew");
}

int
vw_hal_apply(struct vw_work *work, struct vtopo_error *err)
{
    for (unsigned i = 0; i < work->batches_count; i++) {
        const struct vw_hal_batch *batch = &work->batches[i];

        for (unsigned k = 0; k < batch->files.count; k++) {
            const struct vw_hal_file *file = &batch->files.list[k];

            if (vw_work_put(work, batch->volume, file->path, file->like,
                            file->data, file->size, err) < 0)
                return -1;
        }
    }
    for (unsigned i = 0; work->hal.replace && i < work->decisions_count; i++) {
        const struct vw_hal_decision *decision = &work->decisions[i];

        if (!decision->listed)
            continue;
        advise_back(work->repair);
        if (decision->job.mp_row != NULL
            && edit_registry(work, decision, err) < 0)
            return -1;
    }
    return 0;
}
