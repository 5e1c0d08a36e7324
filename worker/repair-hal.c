/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair-hal.c - decide what a system needs to use several processors (see
 * repair-hal.h)
 *
 * The files on disk decide, not the registry.  Whoever is not sure that the
 * new files fit refuses: a kernel beside a HAL of another kind or level does
 * not start at all (STOP 0x79).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "repair-hal.h"

#define MACHINE_X86    0x14c
#define MACHINE_X86_64 0x8664

void
vw_hal_job_clear(struct vw_hal_job *job)
{
    vw_search_clear(&job->search);
}

static void
say_system(const struct vw_found *found, const struct vw_system *system,
           char *text, size_t size)
{
    unsigned number = vw_found_number(found, system->volume);

    if (number == 0)
        (void)snprintf(text, size, "%.64s", system->root);
    else
        (void)snprintf(text, size, "%.64s on partition %u", system->root,
                       number);
}

/* ------------------------------------------------------------------- look */

static void
look_at_program(const struct vw_found *found, const struct vw_system *system,
                const char *name, bool is_kernel,
                struct vw_program *ret_program)
{
    char path[VW_ROOT_MAX + 80];

    (void)snprintf(path, sizeof(path), "%s/System32/%s", system->root, name);
    vw_program_look(found->volumes[system->volume].volume, path, is_kernel,
                    ret_program);
}

/* What the last boot did with PAE is kept in the registry (from memory). */
static bool
had_pae(const struct vw_found *found, const struct vw_system *system)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;
    char path[VW_ROOT_MAX + 80];
    char name[80];
    struct vw_key key;
    uint32_t set = 1, pae = 0;
    bool there = false;

    (void)snprintf(path, sizeof(path), "%s/System32/config/SYSTEM",
                   system->root);
    if (vw_volume_find(found->volumes[system->volume].volume, path, &file,
                       &there, &err) < 0 || !there
        || vw_hive_open(&file.bytes, NULL, 0, &hive, &err) < 0)
        return false;
    if (!vw_soft_key(hive, NULL, "Select", &key)
        || !vw_soft_dword(hive, &key, "Current", &set) || set > 999)
        return false;
    (void)snprintf(name, sizeof(name), "ControlSet%03u\\Control\\Session "
                   "Manager\\Memory Management", set);
    return vw_soft_key(hive, NULL, name, &key)
           && vw_soft_dword(hive, &key, "PhysicalAddressExtension", &pae)
           && pae == 1;
}

static void
look(const struct vw_found *found, const struct vw_system *system,
     const struct vw_program_names *names, struct vw_hal_job *job)
{
    (void)snprintf(job->hal_name, sizeof(job->hal_name), "%s",
                   names->hal[0] != '\0' ? names->hal : "hal.dll");
    look_at_program(found, system, job->hal_name, false, &job->hal);
    for (unsigned i = 0; i < VW_KERNELS; i++) {
        const char *name = vw_kernel_rows[i].installed;

        if (names->kernel[0] != '\0')
            name = i == 0 ? names->kernel : "";
        (void)snprintf(job->kernel_names[i], sizeof(job->kernel_names[i]),
                       "%s", name);
        if (name[0] != '\0')
            look_at_program(found, system, name, true, &job->kernels[i]);
    }
    job->pae = had_pae(found, system);
}

/* ---------------------------------------------------------------- refusing */

/* A system whose HAL and kernel are named together in messages. */
struct case_of {
    struct vw_repair *repair;
    const struct vw_found *found;
    const struct vw_hal_options *options;
    struct vw_hal_job *job;
    char where[96];
};

static bool
is_mp_kernel(const struct vw_program *kernel)
{
    return kernel->kernel == VW_PE_KERNEL_MULTIPROCESSOR;
}

/* The kernels that are there are multiprocessor ones. */
static bool
has_mp_kernels(const struct vw_hal_job *job)
{
    for (unsigned i = 0; i < VW_KERNELS; i++) {
        if (job->kernels[i].is_read && !is_mp_kernel(&job->kernels[i]))
            return false;
    }
    return true;
}

/* NT 4.0 and before: said in full, as nothing is done for them. */
static void
refuse_old(const struct case_of *this)
{
    vw_repair_refuse(this->repair, VW_REFUSED_HAL_BY_HAND,
                     "%s is Windows NT 4.0 or older, whose multiprocessor "
                     "files are put in by hand", this->where);
    vw_repair_advise(this->repair, "for NT 4.0, from the installed service "
                     "pack: hal.dll from halmps.dll, ntoskrnl.exe from "
                     "ntkrnlmp.exe, and kernel32.dll, ntdll.dll, winsrv.dll "
                     "and win32k.sys, which for one processor come from "
                     "\\UNIPROC (KB 156358)");
    vw_repair_advise(this->repair, "then in repair\\setup.log the lines of "
                     "these files must name the multiprocessor ones, or the "
                     "next service pack puts the others back (KB 168132)");
}

/* Nothing is known of NT 5 for Itanium; two machines are none. */
static bool
check_machine(const struct case_of *this)
{
    const struct vw_hal_job *job = this->job;
    uint16_t machine = job->kernels[0].machine;

    if ((machine == MACHINE_X86 || machine == MACHINE_X86_64)
        && job->hal.machine == machine
        && (!job->kernels[1].is_read || job->kernels[1].machine == machine))
        return true;
    vw_repair_refuse(this->repair, VW_REFUSED_HAL_UNKNOWN,
                     "%s: its kernel is for machine 0x%04x and its HAL for "
                     "0x%04x, not both for x86 or both for x64", this->where,
                     machine, job->hal.machine);
    return false;
}

/* Whether it is known of every kernel what it is. */
static bool
check_kernels(const struct case_of *this)
{
    const struct vw_hal_job *job = this->job;

    for (unsigned i = 0; i < VW_KERNELS; i++) {
        const struct vw_program *kernel = &job->kernels[i];

        if (kernel->is_read ? kernel->kernel != VW_PE_KERNEL_UNKNOWN
            : !kernel->is_there)
            continue;
        vw_repair_refuse(this->repair, VW_REFUSED_HAL_UNKNOWN,
                         "%s: it cannot be told whether %s is for one "
                         "processor or for many", this->where,
                         job->kernel_names[i]);
        return false;
    }
    return true;
}

/* Whether there is a kernel of NT 5 and a HAL that can be read. */
static bool
check_files(const struct case_of *this)
{
    const struct vw_hal_job *job = this->job;
    const struct vw_program *kernel = &job->kernels[0];

    if (!job->hal.is_read || !kernel->is_read) {
        vw_repair_refuse(this->repair, VW_REFUSED_HAL_UNKNOWN,
                         "%s: %s cannot be read as a program", this->where,
                         !job->hal.is_read ? job->hal_name
                                           : job->kernel_names[0]);
        return false;
    }
    switch (vw_line_of(&kernel->build)) {
    case VW_LINE_NT5:
        break;
    case VW_LINE_NT6:
        return false;           /* see vw_hal_advise() */
    case VW_LINE_OLD:
        if (!has_mp_kernels(job))
            refuse_old(this);
        return false;
    case VW_LINE_UNKNOWN:
        vw_repair_refuse(this->repair, VW_REFUSED_HAL_UNKNOWN,
                         "%s: %s does not say what version it is",
                         this->where, job->kernel_names[0]);
        return false;
    }
    return check_machine(this) && check_kernels(this);
}

/* What the HAL of an x86 system says; false: nothing can be done. */
static bool
check_hal(const struct case_of *this)
{
    struct vw_hal_job *job = this->job;

    job->row = vw_hal_find(job->hal.original);
    if (job->row == NULL) {
        vw_repair_refuse(this->repair, VW_REFUSED_HAL_UNKNOWN,
                         "%s: the HAL is '%s' by its version resource, which "
                         "is not known", this->where, job->hal.original);
        return false;
    }
    switch (job->row->way) {
    case VW_HAL_IS_MP:
        return !has_mp_kernels(job);
    case VW_HAL_CAN:
        break;
    case VW_HAL_WITH_FORCE:
        if (!this->options->force) {
            vw_repair_refuse(this->repair, VW_REFUSED_HAL_NEEDS_FORCE,
                             "%s: %s; --force does it all the same",
                             this->where, job->row->text);
            return false;
        }
        vw_repair_advise(this->repair, "%s", job->row->text);
        break;
    case VW_HAL_CANNOT:
        vw_repair_refuse(this->repair, VW_REFUSED_HAL_BY_HAND, "%s",
                         job->row->text);
        return false;
    }
    job->mp_row = vw_hal_find(job->row->mp_file);
    return true;
}

static bool
check_pair(const struct case_of *this)
{
    const struct vw_hal_job *job = this->job;
    char hal[VW_BUILD_TEXT_SIZE], kernel[VW_BUILD_TEXT_SIZE];
    enum vw_pair pair = vw_build_pair(&job->kernels[0].build,
                                      &job->hal.build);

    if (pair == VW_PAIR_GOOD && job->kernels[1].is_read)
        pair = vw_build_pair(&job->kernels[1].build, &job->hal.build);
    if (pair == VW_PAIR_GOOD)
        return true;
    vw_repair_refuse(this->repair, VW_REFUSED_HAL_MIX,
                     "%s: the installed kernel %s and HAL %s are %s",
                     this->where,
                     vw_build_text(&job->kernels[0].build, kernel),
                     vw_build_text(&job->hal.build, hal),
                     pair == VW_PAIR_MIXED ? "of different service packs"
                     : "of versions that are not known");
    return false;
}

/* ---------------------------------------------------------------- UNIPROC */

/* Files of Windows 2000 that setup may have put in as builds for one
 * processor, as it did in NT 4.0 (KB 156358; for 2000: from memory).
 */
static const char *const uniproc_files[] = {
    "kernel32.dll", "ntdll.dll", "winsrv.dll", "win32k.sys",
};

static bool
is_same_file(const struct vw_program *one, const struct vw_program *other)
{
    return one->is_read && other->is_read
           && one->timestamp == other->timestamp
           && one->checksum == other->checksum;
}

/* Whether file @name is the build for one processor, or the common one: as
 * what the service pack left says.
 */
static enum vw_pe_answer
is_uniproc(const struct case_of *this, const char *name)
{
    const struct vw_system *system = this->job->system;
    struct vw_volume *volume = this->found->volumes[system->volume].volume;
    struct vw_program installed, common, uniproc;
    char path[VW_ROOT_MAX + 80];

    look_at_program(this->found, system, name, false, &installed);
    (void)snprintf(path, sizeof(path), "%s/ServicePackFiles/i386/%s",
                   system->root, name);
    vw_program_look(volume, path, false, &common);
    (void)snprintf(path, sizeof(path), "%s/ServicePackFiles/i386/uniproc/%s",
                   system->root, name);
    vw_program_look(volume, path, false, &uniproc);
    if (is_same_file(&installed, &uniproc)
        && !is_same_file(&installed, &common))
        return VW_PE_YES;
    return is_same_file(&installed, &common) ? VW_PE_NO : VW_PE_UNKNOWN;
}

static bool
check_uniproc(const struct case_of *this)
{
    const struct vw_build *kernel = &this->job->kernels[0].build;

    if (kernel->number[0] != 5 || kernel->number[1] != 0)
        return true;
    for (size_t i = 0; i < VT_COUNT(uniproc_files); i++) {
        enum vw_pe_answer answer = is_uniproc(this, uniproc_files[i]);

        if (answer == VW_PE_NO
            || (answer == VW_PE_UNKNOWN && this->options->force))
            continue;
        vw_repair_refuse(this->repair, answer == VW_PE_YES
                         ? VW_REFUSED_HAL_BY_HAND : VW_REFUSED_HAL_NEEDS_FORCE,
                         "%s: %s %s the build for one processor (\\UNIPROC of "
                         "Windows 2000): put in its multiprocessor build%s",
                         this->where, uniproc_files[i],
                         answer == VW_PE_YES ? "is" : "may be",
                         answer == VW_PE_YES ? " by hand first"
                         : " first, or go on with --force");
        return false;
    }
    return true;
}

/* ------------------------------------------------------------------ search */

static int
want(struct vw_hal_job *job, const char *file, const struct vw_build *build,
     bool is_kernel)
{
    struct vw_wanted *wanted = &job->search.wanted[job->search.wanted_count];

    *wanted = (struct vw_wanted) {
        .file = file, .build = *build, .is_kernel = is_kernel,
        .machine = job->kernels[0].machine,
    };
    return (int)job->search.wanted_count++;
}

/* Both kernels are wanted: which of them starts depends on the entry. */
static void
want_all(struct vw_hal_job *job)
{
    unsigned kernels = job->kernels[0].machine == MACHINE_X86 ? VW_KERNELS : 1;

    job->kernels_stay = has_mp_kernels(job);
    if (job->kernels_stay)
        kernels = 0;
    job->hal_wanted = job->mp_row != NULL
        ? want(job, job->mp_row->file, &job->hal.build, false) : -1;
    for (unsigned i = 0; i < VW_KERNELS; i++) {
        const struct vw_program *like = job->kernels[i].is_read
            ? &job->kernels[i] : &job->kernels[0];

        job->kernel_wanted[i] = i < kernels
            ? want(job, vw_kernel_rows[i].mp_file, &like->build, true) : -1;
    }
}

/* Beside a file is no place for one that has its name. */
static bool
check_names(const struct case_of *this)
{
    const struct vw_hal_job *job = this->job;

    for (unsigned i = 0; i < job->search.wanted_count; i++) {
        const char *file = job->search.wanted[i].file;

        if (strcasecmp(file, job->hal_name) != 0
            && strcasecmp(file, job->kernel_names[0]) != 0)
            continue;
        vw_repair_refuse(this->repair, VW_REFUSED_HAL_NAMED,
                         "%s: %s is what it starts now, and holds another "
                         "program than its name says", this->where, file);
        return false;
    }
    return true;
}

int
vw_hal_kernel_for(const struct vw_hal_job *job, bool pae)
{
    int index = job->kernel_wanted[pae && job->kernel_wanted[1] >= 0];

    return index >= 0 && job->search.wanted[index].is_found ? index : -1;
}

static void
refuse_missing(const struct case_of *this, const struct vw_wanted *wanted)
{
    const struct vw_search *search = &this->job->search;
    char build[VW_BUILD_TEXT_SIZE];

    vw_repair_refuse(this->repair, VW_REFUSED_HAL_NO_FILES,
                     "%s needs %s of version %s, which is not on its disk: "
                     "name setup media or a service pack by --media",
                     this->where, wanted->file,
                     vw_build_text(&wanted->build, build));
    for (unsigned i = 0; i < search->seen_count; i++)
        vw_repair_advise(this->repair, "found: %s", search->seen[i]);
}

/* The HAL and the kernels that are there must have been found; of kernels
 * that are not there, any.
 */
static bool
check_found(const struct case_of *this)
{
    const struct vw_hal_job *job = this->job;
    const struct vw_wanted *wanted = job->search.wanted;

    if (job->hal_wanted >= 0 && !wanted[job->hal_wanted].is_found) {
        refuse_missing(this, &wanted[job->hal_wanted]);
        return false;
    }
    for (unsigned i = 0; i < VW_KERNELS; i++) {
        if (job->kernel_wanted[i] >= 0 && job->kernels[i].is_read
            && !wanted[job->kernel_wanted[i]].is_found) {
            refuse_missing(this, &wanted[job->kernel_wanted[i]]);
            return false;
        }
    }
    return true;
}

static int
decide(const struct case_of *this, bool *ret_needed, struct vtopo_error *err)
{
    struct vw_hal_job *job = this->job;
    bool needed;

    *ret_needed = false;
    if (!check_files(this))
        return 0;
    if (job->kernels[0].machine == MACHINE_X86_64)
        needed = !has_mp_kernels(job);      /* one HAL serves both */
    else
        needed = check_hal(this) && check_pair(this) && check_uniproc(this);
    if (!needed)
        return 0;
    want_all(job);
    if (!check_names(this))
        return 0;
    if (vw_search_run(&job->search,
                      this->found->volumes[job->system->volume].volume,
                      job->system->root, &this->options->media, err) < 0)
        return -1;
    *ret_needed = check_found(this);
    return 0;
}

int
vw_hal_prepare(struct vw_repair *repair, const struct vw_found *found,
               const struct vw_system *system,
               const struct vw_program_names *names,
               const struct vw_hal_options *options,
               struct vw_hal_job *ret_job, bool *ret_needed,
               struct vtopo_error *err)
{
    struct case_of this = {
        .repair = repair, .found = found, .options = options, .job = ret_job,
    };

    memset(ret_job, 0, sizeof(*ret_job));
    ret_job->system = system;
    ret_job->search.unpacked = options->unpacked;
    say_system(found, system, this.where, sizeof(this.where));
    look(found, system, names, ret_job);
    return decide(&this, ret_needed, err);
}

/* ------------------------------------------------------------------ advice */

void
vw_hal_advise(struct vw_repair *repair, const struct vw_found *found)
{
    for (unsigned i = 0; i < found->systems_count; i++) {
        const struct vw_system *system = &found->systems[i];
        struct vw_program kernel;
        char where[96];

        look_at_program(found, system, "ntoskrnl.exe", false, &kernel);
        say_system(found, system, where, sizeof(where));
        if (kernel.is_read && vw_line_of(&kernel.build) == VW_LINE_NT6)
            vw_repair_advise(repair, "%s is Windows Vista or later: its HAL "
                             "and kernels are all for many processors, and "
                             "there is nothing to replace", where);
    }
}
