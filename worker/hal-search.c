/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * hal-search.c - look for multiprocessor files (see hal-search.h)
 *
 * Where they are: a question of the user's support forums more than of any
 * document; the places below are the ones that administrators name (msfn
 * 140878, stantsui.blogspot.com 2011/11, both weak), in their order: loose
 * files win over cabinets, newer cabinets over older ones.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cabinet.h"
#include "hal-search.h"

#define MACHINE_X86_64 0x8664

void
vw_search_clear(struct vw_search *search)
{
    for (unsigned i = 0; i < search->wanted_count; i++) {
        free(search->wanted[i].data);
        search->wanted[i].data = NULL;
    }
}

/* -------------------------------------------------------------- programs */

static int
read_program(const struct vw_bytes *bytes, bool is_kernel,
             struct vw_program *program, struct vtopo_error *err)
{
    vt_autofree struct vw_pe *pe = calloc(1, sizeof(*pe));
    vt_autofree struct vw_pe_version *version = calloc(1, sizeof(*version));

    if (pe == NULL || version == NULL)
        return vt_fail_memory(err);
    if (vw_pe_open(bytes, pe, err) < 0)
        return -1;
    if (pe->status != VW_PE_IMAGE)
        return 0;
    if (vw_pe_read_version(pe, version, err) < 0
        || (is_kernel && vw_pe_read_kernel(pe, &program->kernel, err) < 0))
        return -1;
    program->is_read = true;
    program->machine = pe->machine;
    program->timestamp = pe->timestamp;
    program->checksum = pe->checksum;
    (void)snprintf(program->original, sizeof(program->original), "%.63s",
                   version->original_filename);
    vw_build_of(version, &program->build);
    return 0;
}

void
vw_program_look(struct vw_volume *volume, const char *path, bool is_kernel,
                struct vw_program *ret_program)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    bool there = false;

    *ret_program = (struct vw_program) { .kernel = VW_PE_KERNEL_UNKNOWN };
    if (vw_volume_find(volume, path, &file, &there, &err) < 0 || !there)
        return;
    ret_program->is_there = true;
    if ((file.flags & (VW_FILE_UNREADABLE | VW_FILE_DIRECTORY)) == 0
        && read_program(&file.bytes, is_kernel, ret_program, &err) < 0)
        ret_program->is_read = false;
}

/* --------------------------------------------------------------- judging */

__attribute__((format(printf, 4, 5)))
static void
note(struct vw_search *search, const char *from, const char *name,
     const char *fmt, ...)
{
    char *text;
    va_list args;
    int length;

    if (search->seen_count == VW_SEARCH_SEEN_MAX)
        return;
    text = search->seen[search->seen_count++];
    length = snprintf(text, VW_SEARCH_TEXT_SIZE, "%s/%s: ", from, name);
    if (length < 0 || (unsigned)length >= VW_SEARCH_TEXT_SIZE)
        return;
    va_start(args, fmt);
    (void)vsnprintf(text + length, VW_SEARCH_TEXT_SIZE - (unsigned)length,
                    fmt, args);
    va_end(args);
}

/* Whether @memory is what is wanted; if not, why is noted. */
static bool
accept(struct vw_search *search, const struct vw_wanted *wanted,
       const char *from, const struct vw_memory *memory)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_program program = { .is_there = true };
    struct vw_bytes bytes = vw_bytes_memory(memory);
    char build[VW_BUILD_TEXT_SIZE];
    const char *why = NULL;

    if (read_program(&bytes, wanted->is_kernel, &program, &err) < 0
        || !program.is_read)
        why = "it is no program that can be read";
    else if (program.machine != wanted->machine)
        why = "it is for another processor";
    else if (strcasecmp(program.original, wanted->file) != 0)
        why = "it is another file by its version resource";
    else if (wanted->is_kernel
             && program.kernel != VW_PE_KERNEL_MULTIPROCESSOR)
        why = "it is no multiprocessor kernel";
    else if (vw_pe_sum(memory->data, memory->size) != program.checksum)
        why = "it is damaged: its checksum is wrong";
    if (why != NULL) {
        note(search, from, wanted->file, "%s", why);
        return false;
    }
    switch (vw_build_fit(&wanted->build, &program.build)) {
    case VW_FIT_SAME:
        return true;
    case VW_FIT_OTHER_BRANCH:
        note(search, from, wanted->file, "%s, of another branch",
             vw_build_text(&program.build, build));
        return false;
    case VW_FIT_OTHER_NUMBER:
    case VW_FIT_UNKNOWN:
        break;
    }
    note(search, from, wanted->file, "%s",
         vw_build_text(&program.build, build));
    return false;
}

/* Take over @data where it is what is wanted, else release it. */
static void
take(struct vw_search *search, struct vw_wanted *wanted, const char *from,
     unsigned char *data, size_t size)
{
    const struct vw_memory memory = { .data = data, .size = size };

    if (!accept(search, wanted, from, &memory)) {
        free(data);
        return;
    }
    wanted->is_found = true;
    wanted->data = data;
    wanted->size = size;
    (void)snprintf(wanted->from, sizeof(wanted->from), "%s", from);
}

/* ---------------------------------------------------------------- places */

/* Where files are looked for: a folder, or a set of files. */
struct place {
    struct vw_volume *volume;           /* NULL: the files */
    const struct vw_media *media;
    const char *folder;
    const char *says;                   /* to the user */
};

static bool
has_all(const struct vw_search *search)
{
    for (unsigned i = 0; i < search->wanted_count; i++) {
        if (!search->wanted[i].is_found)
            return false;
    }
    return true;
}

static bool
find_given(const struct vw_media *media, const char *name,
           struct vw_file *ret_file)
{
    for (unsigned i = 0; i < media->files_count; i++) {
        if (strcasecmp(media->files[i].name, name) == 0) {
            ret_file->bytes = media->files[i].bytes;
            return true;
        }
    }
    return false;
}

/* The file @name of @place; false where there is none that can be read. */
static bool
find(struct vw_search *search, const struct place *place, const char *name,
     struct vw_file *ret_file)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    char path[VW_SEARCH_TEXT_SIZE + 64];
    bool there = false;

    if (search->looks >= VW_SEARCH_LOOKS_MAX)
        return false;
    search->looks++;
    (void)snprintf(path, sizeof(path), "%s%s%s", place->folder,
                   place->folder[0] != '\0' ? "/" : "", name);
    if (place->volume == NULL)
        return find_given(place->media, path, ret_file);
    if (vw_volume_find(place->volume, path, ret_file, &there, &err) < 0
        || !there)
        return false;
    if ((ret_file->flags & (VW_FILE_UNREADABLE | VW_FILE_DIRECTORY)) == 0)
        return true;
    vw_file_close(ret_file);
    return false;
}

/* Loose, or compressed by itself: the last letter of the name is then "_". */
static int
look_loose(struct vw_search *search, const struct place *place,
           struct vw_wanted *wanted, struct vtopo_error *err)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "%s", wanted->file);
    for (unsigned turn = 0; turn < 2 && !wanted->is_found; turn++) {
        vt_autoerror struct vtopo_error reason = VTOPO_ERROR_INIT;
        vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
        unsigned char *data = NULL;
        size_t size = 0;

        if (turn == 1)
            name[strlen(name) - 1] = '_';
        if (!find(search, place, name, &file))
            continue;
        if (vw_expand(&file.bytes, VW_PROGRAM_SIZE_MAX, &data, &size,
                      &reason) == 0)
            take(search, wanted, place->says, data, size);
        else if (reason.code == VTOPO_SYSTEM)
            return vt_fail_memory(err);
        else
            note(search, place->says, name, "%s", reason.message);
    }
    return 0;
}

static void
look_inside(struct vw_search *search, const struct vw_bytes *cabinet,
            const char *says)
{
    for (unsigned i = 0; i < search->wanted_count; i++) {
        vt_autoerror struct vtopo_error reason = VTOPO_ERROR_INIT;
        struct vw_wanted *wanted = &search->wanted[i];
        unsigned char *data = NULL;
        size_t size = 0;
        bool found = false;

        if (wanted->is_found)
            continue;
        if (vw_cabinet_extract(cabinet, wanted->file, VW_PROGRAM_SIZE_MAX,
                               &data, &size, &found, &reason) < 0)
            note(search, says, wanted->file, "%s", reason.message);
        else if (found)
            take(search, wanted, says, data, size);
    }
}

static void
look_in_cabinets(struct vw_search *search, const struct place *place)
{
    static const char *const cabinets[] = {
        "sp4.cab", "sp3.cab", "sp2.cab", "sp1.cab", "driver.cab",
    };

    for (size_t i = 0; i < VT_COUNT(cabinets) && !has_all(search); i++) {
        vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
        char says[VW_SEARCH_TEXT_SIZE];

        if (!find(search, place, cabinets[i], &file))
            continue;
        (void)snprintf(says, sizeof(says), "%.150s/%s", place->says,
                       cabinets[i]);
        look_inside(search, &file.bytes, says);
    }
}

static int
look_at_place(struct vw_search *search, const struct place *place,
              bool has_cabinets, struct vtopo_error *err)
{
    for (unsigned i = 0; i < search->wanted_count; i++) {
        if (!search->wanted[i].is_found
            && look_loose(search, place, &search->wanted[i], err) < 0)
            return -1;
    }
    if (has_cabinets)
        look_in_cabinets(search, place);
    return 0;
}

/* -------------------------------------------------------------- hotfixes */

#define HOTFIXES_MAX 512u       /* folders that are looked at */

struct names {
    char list[HOTFIXES_MAX][64];
    unsigned count;
};

static bool
note_folder(void *context, const struct vw_entry *entry)
{
    struct names *names = context;

    if (entry->is_directory && strlen(entry->name) < sizeof(names->list[0]))
        strcpy(names->list[names->count++], entry->name);
    return names->count < HOTFIXES_MAX;
}

/* Call look_at_place() for the folders inside "$hf_mig$/KB.../": they have
 * names such as SP3GDR and SP3QFE, one for each branch.
 */
static int
look_at_hotfix(struct vw_search *search, struct vw_volume *volume,
               const char *folder, struct vtopo_error *err)
{
    vt_autoerror struct vtopo_error reason = VTOPO_ERROR_INIT;
    vt_autofree struct names *names = calloc(1, sizeof(*names));
    bool there = false;

    if (names == NULL)
        return vt_fail_memory(err);
    if (vw_volume_list(volume, folder, note_folder, names, &there,
                       &reason) < 0)
        return 0;
    for (unsigned i = 0; i < names->count && !has_all(search); i++) {
        char path[VW_SEARCH_TEXT_SIZE];
        struct place place = {
            .volume = volume, .folder = path, .says = path,
        };

        (void)snprintf(path, sizeof(path), "%.120s/%s", folder,
                       names->list[i]);
        if (look_at_place(search, &place, false, err) < 0)
            return -1;
    }
    return 0;
}

static int
look_at_hotfixes(struct vw_search *search, struct vw_volume *volume,
                 const char *root, struct vtopo_error *err)
{
    vt_autoerror struct vtopo_error reason = VTOPO_ERROR_INIT;
    vt_autofree struct names *names = calloc(1, sizeof(*names));
    char folder[VW_SEARCH_TEXT_SIZE];
    bool there = false;

    if (names == NULL)
        return vt_fail_memory(err);
    (void)snprintf(folder, sizeof(folder), "%.64s/$hf_mig$", root);
    if (vw_volume_list(volume, folder, note_folder, names, &there,
                       &reason) < 0)
        return 0;
    for (unsigned i = 0; i < names->count && !has_all(search); i++) {
        char path[VW_SEARCH_TEXT_SIZE];

        (void)snprintf(path, sizeof(path), "%.80s/%s", folder,
                       names->list[i]);
        if (look_at_hotfix(search, volume, path, err) < 0)
            return -1;
    }
    return 0;
}

/* ------------------------------------------------------------------- all */

/* Folders of the system, and what is in them: %s is i386 or amd64. */
static const struct {
    const char *folder;
    bool in_root;               /* of the volume, not of the system */
    bool has_cabinets;
} folders[] = {
    { "System32", false, false },
    { "ServicePackFiles/%s", false, false },
    { NULL, false, false },     /* hotfixes */
    { "Driver Cache/%s", false, true },
    { "%s", false, true },
    { "%s", true, true },
};

static int
look_at_folder(struct vw_search *search, struct vw_volume *volume,
               const char *root, size_t index, const char *arch,
               struct vtopo_error *err)
{
    char name[64], path[VW_SEARCH_TEXT_SIZE];
    struct place place = { .volume = volume, .folder = path, .says = path };

    if (folders[index].folder == NULL)
        return look_at_hotfixes(search, volume, root, err);
    (void)snprintf(name, sizeof(name), "%s", folders[index].folder);
    if (strchr(name, '%') != NULL)
        strcpy(strchr(name, '%'), arch);
    (void)snprintf(path, sizeof(path), "%.100s%s%s",
                   folders[index].in_root ? "" : root,
                   folders[index].in_root ? "" : "/", name);
    return look_at_place(search, &place, folders[index].has_cabinets, err);
}

static int
look_at_media(struct vw_search *search, const struct vw_media *media,
              const char *arch, struct vtopo_error *err)
{
    char says[VW_SEARCH_TEXT_SIZE];
    bool is_x86 = strcmp(arch, "i386") == 0;
    struct place place = { .media = media, .says = "the media" };

    for (unsigned turn = is_x86; media->files_count != 0 && turn < 2; turn++) {
        place.folder = turn == 0 ? arch : "";
        if (look_at_place(search, &place, true, err) < 0)
            return -1;
    }
    if (media->volume == NULL)
        return 0;
    (void)snprintf(says, sizeof(says), "%s of the media", arch);
    place.volume = media->volume;
    place.folder = arch;
    place.says = says;
    return look_at_place(search, &place, true, err);
}

int
vw_search_run(struct vw_search *search, struct vw_volume *volume,
              const char *root, const struct vw_media *media,
              struct vtopo_error *err)
{
    const char *arch = search->wanted[0].machine == MACHINE_X86_64
        ? "amd64" : "i386";

    for (size_t i = 0; i < VT_COUNT(folders) && !has_all(search); i++) {
        if (look_at_folder(search, volume, root, i, arch, err) < 0)
            return -1;
    }
    if (media != NULL && !has_all(search))
        return look_at_media(search, media, arch, err);
    return 0;
}
