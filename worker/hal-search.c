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

/* Of a path inside a system, whose own has up to 255 bytes, and of the name of
 * a file that is looked for.  No path is cut: it would be another one.
 */
#define PATH_SIZE 512u
#define FILE_SIZE 64u

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

    if (search->seen_count == VW_SEARCH_SEEN_MAX
        || (search->at_hotfixes && search->seen_count >= VW_HOTFIX_SEEN_MAX))
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

/* Whether @program is what is wanted, by what it says of itself; if not, why
 * is noted.
 */
static bool
is_fit(struct vw_search *search, const struct vw_wanted *wanted,
       const char *from, const struct vw_program *program)
{
    char build[VW_BUILD_TEXT_SIZE];
    const char *why = NULL;
    enum vw_fit fit;

    if (!program->is_read)
        why = "it is no program that can be read";
    else if (program->machine != wanted->machine)
        why = "it is for another processor";
    else if (strcasecmp(program->original, wanted->file) != 0)
        why = "it is another file by its version resource";
    else if (wanted->is_kernel
             && program->kernel != VW_PE_KERNEL_MULTIPROCESSOR)
        why = "it is no multiprocessor kernel";
    if (why != NULL) {
        note(search, from, wanted->file, "%s", why);
        return false;
    }
    fit = vw_build_fit(&wanted->build, &program->build);
    if (fit != VW_FIT_SAME)
        note(search, from, wanted->file, "%s%s",
             vw_build_text(&program->build, build),
             fit == VW_FIT_OTHER_BRANCH ? ", of another branch" : "");
    return fit == VW_FIT_SAME;
}

/* The same for all of its bytes. */
static bool
is_whole(struct vw_search *search, const struct vw_wanted *wanted,
         const char *from, const struct vw_memory *memory)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_program program = { .is_there = true };
    struct vw_bytes bytes = vw_bytes_memory(memory);

    if (read_program(&bytes, wanted->is_kernel, &program, &err) < 0)
        program.is_read = false;
    if (!is_fit(search, wanted, from, &program))
        return false;
    if (vw_pe_sum(memory->data, memory->size) == program.checksum)
        return true;
    note(search, from, wanted->file,
         "it is damaged: its checksum is wrong");
    return false;
}

/* Take over @data where it is what is wanted, else release it. */
static void
take(struct vw_search *search, struct vw_wanted *wanted, const char *from,
     unsigned char *data, size_t size)
{
    const struct vw_memory memory = { .data = data, .size = size };

    if (!is_whole(search, wanted, from, &memory)) {
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
    for (unsigned i = 0; media != NULL && i < media->files_count; i++) {
        if (strcasecmp(media->files[i].name, name) == 0) {
            ret_file->bytes = media->files[i].bytes;
            return true;
        }
    }
    return false;
}

/* The file @name of @place; false where there is none that can be read. */
static bool
find(const struct place *place, const char *name, struct vw_file *ret_file)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    char path[PATH_SIZE];
    bool there = false;

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

/* The name of @file on setup media, where it is compressed by itself: its last
 * letter is "_".
 */
static void
compressed_name(const char *file, char name[FILE_SIZE])
{
    (void)snprintf(name, FILE_SIZE, "%s", file);
    name[strlen(name) - 1] = '_';
}

/* A failure that is about one file is noted; another one stays. */
static int
note_failure(struct vw_search *search, const char *from, const char *name,
             struct vtopo_error *err)
{
    if (err->code == VTOPO_SYSTEM)
        return -1;
    note(search, from, name, "%s", err->message);
    vtopo_error_clear(err);
    return 0;
}

/* Whether a file that is no compressed one is worth to be read as a whole: a
 * few of its blocks say what it is.
 */
static int
look_ahead(struct vw_search *search, const struct place *place,
           const struct vw_wanted *wanted, const struct vw_bytes *bytes,
           bool *ret_worth, struct vtopo_error *err)
{
    struct vw_program program = { .is_there = true };

    if (read_program(bytes, wanted->is_kernel, &program, err) < 0)
        return -1;
    *ret_worth = !program.is_read
                 || is_fit(search, wanted, place->says, &program);
    return 0;
}

static int
look_at_file(struct vw_search *search, const struct place *place,
             struct vw_wanted *wanted, const struct vw_bytes *bytes,
             struct vtopo_error *err)
{
    unsigned char *data = NULL;
    size_t size = 0;
    bool worth = false;

    if (look_ahead(search, place, wanted, bytes, &worth, err) < 0)
        return -1;
    if (!worth || (search->at_hotfixes && bytes->size > search->bytes_left))
        return 0;
    if (search->at_hotfixes)
        search->bytes_left -= bytes->size;
    if (vw_expand(bytes, VW_PROGRAM_SIZE_MAX, &data, &size, err) < 0)
        return -1;
    take(search, wanted, place->says, data, size);
    return 0;
}

/* Loose, or compressed by itself. */
static int
look_loose(struct vw_search *search, const struct place *place,
           struct vw_wanted *wanted, struct vtopo_error *err)
{
    for (unsigned turn = 0; turn < 2 && !wanted->is_found; turn++) {
        vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
        char name[FILE_SIZE];

        (void)snprintf(name, sizeof(name), "%s", wanted->file);
        if (turn == 1)
            compressed_name(wanted->file, name);
        if (find(place, name, &file)
            && look_at_file(search, place, wanted, &file.bytes, err) < 0
            && note_failure(search, place->says, name, err) < 0)
            return -1;
    }
    return 0;
}

/* Take @wanted out of @cabinet. */
static int
unpack(struct vw_search *search, struct vw_wanted *wanted,
       const struct vw_bytes *cabinet, const char *says,
       struct vtopo_error *err)
{
    uint64_t max = VW_UNPACK_MAX
                   + (search->at_media ? VW_UNPACK_MEDIA_MAX : 0);
    unsigned char *data = NULL;
    uint64_t cost = 0;
    size_t size = 0;
    bool found = false;

    if (vw_cabinet_cost(cabinet, wanted->file, &cost, err) < 0)
        return -1;
    if (cost == 0)
        return 0;
    if (search->unpacked > max || cost > max - search->unpacked)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "it is not unpacked, as other cabinets took too long");
    /* What cannot be unpacked at all fails before it costs anything. */
    search->unpacked += cost < VW_CABINET_UNPACK_MAX ? cost : 0;
    if (vw_cabinet_extract(cabinet, wanted->file, VW_PROGRAM_SIZE_MAX, &data,
                           &size, &found, err) < 0)
        return -1;
    if (found)
        take(search, wanted, says, data, size);
    return 0;
}

static int
look_inside(struct vw_search *search, const struct vw_bytes *cabinet,
            const char *says, struct vtopo_error *err)
{
    for (unsigned i = 0; i < search->wanted_count; i++) {
        struct vw_wanted *wanted = &search->wanted[i];

        if (!wanted->is_found
            && unpack(search, wanted, cabinet, says, err) < 0
            && note_failure(search, says, wanted->file, err) < 0)
            return -1;
    }
    return 0;
}

static int
look_in_cabinets(struct vw_search *search, const struct place *place,
                 struct vtopo_error *err)
{
    static const char *const cabinets[] = {
        "sp4.cab", "sp3.cab", "sp2.cab", "sp1.cab", "driver.cab",
    };

    for (size_t i = 0; i < VT_COUNT(cabinets) && !has_all(search); i++) {
        vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
        char says[VW_SEARCH_TEXT_SIZE];

        if (!find(place, cabinets[i], &file))
            continue;
        (void)snprintf(says, sizeof(says), "%.150s/%s", place->says,
                       cabinets[i]);
        if (look_inside(search, &file.bytes, says, err) < 0)
            return -1;
    }
    return 0;
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
    return has_cabinets ? look_in_cabinets(search, place, err) : 0;
}

/* -------------------------------------------------------------- hotfixes */

#define HOTFIXES_MAX 512u       /* folders of one that are looked at */

struct names {
    struct vw_search *search;
    char list[HOTFIXES_MAX][64];
    unsigned count;
    bool has_wanted;            /* a file that is looked for is there, too */
};

static bool
is_wanted(const struct vw_search *search, const char *name)
{
    char compressed[FILE_SIZE];

    for (unsigned i = 0; i < search->wanted_count; i++) {
        compressed_name(search->wanted[i].file, compressed);
        if (!search->wanted[i].is_found
            && (strcasecmp(search->wanted[i].file, name) == 0
                || strcasecmp(compressed, name) == 0))
            return true;
    }
    return false;
}

static bool
note_entry(void *context, const struct vw_entry *entry)
{
    struct names *names = context;

    if (names->search->entries_left == 0)
        return false;
    names->search->entries_left--;
    if (!entry->is_directory)
        names->has_wanted = names->has_wanted
                            || is_wanted(names->search, entry->name);
    else if (strlen(entry->name) < sizeof(names->list[0])
             && names->count < HOTFIXES_MAX)
        strcpy(names->list[names->count++], entry->name);
    return true;
}

/* What is in @folder; nothing where it cannot be read.  To list a folder costs
 * less than to look for six files in it.
 */
static void
list_folder(struct vw_search *search, struct vw_volume *volume,
            const char *folder, struct names *names)
{
    vt_autoerror struct vtopo_error reason = VTOPO_ERROR_INIT;
    bool there = false;

    names->search = search;
    if (search->folders_left == 0)
        return;
    search->folders_left--;
    if (vw_volume_list(volume, folder, note_entry, names, &there,
                       &reason) < 0)
        names->count = 0;
}

/* Call look_at_place() for the folders below @folder, "$hf_mig$": those inside
 * of "KB.../" have names such as SP3GDR and SP3QFE, one for each branch.
 */
static int
look_below(struct vw_search *search, struct vw_volume *volume,
           const char *folder, unsigned depth, struct vtopo_error *err)
{
    vt_autofree struct names *names = calloc(1, sizeof(*names));
    const struct place place = {
        .volume = volume, .folder = folder, .says = folder,
    };

    if (names == NULL)
        return vt_fail_memory(err);
    list_folder(search, volume, folder, names);
    if (names->has_wanted && look_at_place(search, &place, false, err) < 0)
        return -1;
    for (unsigned i = 0; depth > 0 && i < names->count && !has_all(search);
         i++) {
        char path[PATH_SIZE];

        if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder,
                             names->list[i]) < sizeof(path)
            && look_below(search, volume, path, depth - 1, err) < 0)
            return -1;
    }
    return 0;
}

static int
look_at_hotfixes(struct vw_search *search, struct vw_volume *volume,
                 const char *root, struct vtopo_error *err)
{
    char folder[PATH_SIZE];
    int rc;

    search->folders_left = VW_HOTFIX_FOLDERS_MAX;
    search->entries_left = VW_HOTFIX_ENTRIES_MAX;
    search->bytes_left = VW_HOTFIX_BYTES_MAX;
    search->at_hotfixes = true;
    (void)snprintf(folder, sizeof(folder), "%s/$hf_mig$", root);
    rc = look_below(search, volume, folder, 2, err);
    search->at_hotfixes = false;
    return rc;
}

/* ------------------------------------------------------------------- all */

/* Folders of the system, and what is in them: %s is i386 or amd64. */
static const struct {
    const char *folder;
    bool in_root;               /* of the volume, not of the system */
    bool has_cabinets;
} folders[] = {
    { "System32", false, false },               /* the first */
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
    char name[FILE_SIZE], path[PATH_SIZE];
    struct place place = { .volume = volume, .folder = path, .says = path };

    if (folders[index].folder == NULL)
        return look_at_hotfixes(search, volume, root, err);
    (void)snprintf(name, sizeof(name), "%s", folders[index].folder);
    if (strchr(name, '%') != NULL)
        strcpy(strchr(name, '%'), arch);
    (void)snprintf(path, sizeof(path), "%s%s%s",
                   folders[index].in_root ? "" : root,
                   folders[index].in_root ? "" : "/", name);
    if (look_at_place(search, &place, folders[index].has_cabinets, err) < 0)
        return -1;
    for (unsigned i = 0; index == 0 && i < search->wanted_count; i++)
        search->wanted[i].is_in_system = search->wanted[i].is_found;
    return 0;
}

/* Media have a folder for each processor, or are such a folder. */
static int
look_at_media(struct vw_search *search, const struct vw_media *media,
              const char *arch, struct vtopo_error *err)
{
    const char *const folders_there[] = { arch, "" };
    char inside[FILE_SIZE];

    search->at_media = true;
    (void)snprintf(inside, sizeof(inside), "%s of the media", arch);
    for (unsigned i = 0; i < 2 * VT_COUNT(folders_there); i++) {
        struct place place = {
            .volume = i < 2 ? NULL : media->volume, .media = media,
            .folder = folders_there[i % 2],
            .says = i % 2 == 0 ? inside : "the media",
        };

        if ((i < 2 ? media->files_count == 0 : media->volume == NULL)
            || has_all(search))
            continue;
        if (look_at_place(search, &place, true, err) < 0)
            return -1;
    }
    return 0;
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
