/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * iso.c - read ISO 9660 (see iso.h)
 *
 * After ECMA-119.  A file is one extent: where it begins, and how long it is.
 * So is a directory, and no chain can lead in a circle; that one directory is
 * inside of itself does no harm, as a path has an end.
 */

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/utf8.h"
#include "iso.h"

#define SECTOR          2048u       /* that of a disc, whatever its blocks */
#define FIRST_SECTOR    16u         /* of the volume descriptors */
#define TYPE_PRIMARY    1u
#define TYPE_END        255u
#define RECORD_SIZE     33u         /* before the name */
#define FLAG_HIDDEN     0x01u
#define FLAG_DIRECTORY  0x02u
#define FLAG_ASSOCIATED 0x04u       /* not the file, but what goes with it */
#define FLAG_CONTINUES  0x80u       /* in the next record */
#define DOS_HIDDEN      0x02u
#define DOS_DIRECTORY   0x10u

/* What a record of a directory says of a file. */
struct found {
    uint64_t at;                    /* of its first byte */
    uint32_t size;
    unsigned flags;
    bool in_pieces;
};

struct vw_iso {
    struct vw_bytes bytes;
    unsigned block_size;
    struct found root;
};

/* -------------------------------------------------------- descriptors */

/* Read the numbers of a record.  Each stands there twice, in both orders of
 * bytes; the first, little-endian, is used.
 */
static void
parse_record(const unsigned char *raw, unsigned block_size,
             struct found *ret_found)
{
    *ret_found = (struct found) {
        /* Attributes of its own may lie before a file. */
        .at = ((uint64_t)vw_le32(raw + 2) + raw[1]) * block_size,
        .size = vw_le32(raw + 10),
        .flags = raw[25],
        .in_pieces = (raw[25] & FLAG_CONTINUES) != 0
                     || raw[26] != 0 || raw[27] != 0,   /* interleaved */
    };
}

static int
find_primary(const struct vw_bytes *bytes, unsigned char raw[SECTOR],
             struct vtopo_error *err)
{
    for (unsigned i = 0; i < VW_ISO_DESCRIPTORS_MAX; i++) {
        if (vw_bytes_read(bytes, (uint64_t)(FIRST_SECTOR + i) * SECTOR, raw,
                          SECTOR, err) < 0)
            return -1;
        if (memcmp(raw + 1, "CD001", 5) != 0 || raw[0] == TYPE_END)
            break;
        if (raw[0] == TYPE_PRIMARY)
            return 0;
    }
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "an ISO 9660 file system has no primary descriptor");
}

int
vw_iso_open(const struct vw_bytes *bytes, struct vw_iso **ret_iso,
            struct vtopo_error *err)
{
    vt_autofree struct vw_iso *iso = calloc(1, sizeof(*iso));
    unsigned char raw[SECTOR];

    if (iso == NULL)
        return vt_fail_memory(err);
    if (find_primary(bytes, raw, err) < 0)
        return -1;
    iso->bytes = *bytes;
    iso->block_size = vw_le16(raw + 128);
    if (iso->block_size != 512 && iso->block_size != 1024
        && iso->block_size != SECTOR)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "an ISO 9660 file system has blocks of %u bytes",
                       iso->block_size);
    parse_record(raw + 156, iso->block_size, &iso->root);
    if ((iso->root.flags & FLAG_DIRECTORY) == 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the root directory of an ISO 9660 file system is no "
                       "directory");
    *ret_iso = vt_steal(&iso);
    return 0;
}

void
vw_iso_close(struct vw_iso *iso)
{
    free(iso);
}

/* --------------------------------------------------------- directories */

/* A directory being walked, a sector at a time. */
struct walk {
    struct vw_iso *iso;
    uint64_t at;                    /* of the next sector */
    uint32_t left;                  /* bytes from there on */
    unsigned inside, length;        /* of sector[] */
    bool continued;                 /* the next record is no new file */
    unsigned char sector[SECTOR];
};

static bool
is_directory(const struct found *found)
{
    return (found->flags & FLAG_DIRECTORY) != 0;
}

/* Whether all of @found is in the image. */
static int
check_extent(const struct vw_iso *iso, const struct found *found,
             struct vtopo_error *err)
{
    uint64_t size = iso->bytes.size;

    if (found->at > size || found->size > size - found->at)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%s of %" PRIu32 " bytes at %" PRIu64 " is beyond the "
                       "end of its image, %" PRIu64,
                       is_directory(found) ? "a directory" : "a file",
                       found->size, found->at, size);
    return 0;
}

static int
start_walk(struct vw_iso *iso, const struct found *directory,
           struct walk *walk, struct vtopo_error *err)
{
    if (directory->in_pieces || directory->size > VW_ISO_DIR_SIZE_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a directory has %" PRIu32 " bytes%s, at most %u in "
                       "one piece are read", directory->size,
                       directory->in_pieces ? " in several pieces" : "",
                       VW_ISO_DIR_SIZE_MAX);
    if (check_extent(iso, directory, err) < 0)
        return -1;
    walk->iso = iso;
    walk->at = directory->at;
    walk->left = directory->size;
    walk->inside = walk->length = 0;
    walk->continued = false;
    return 0;
}

/* The next record; *@ret_raw is NULL at the end.  None crosses the end of a
 * sector: zeros fill what is left.
 */
static int
next_record(struct walk *walk, const unsigned char **ret_raw,
            struct vtopo_error *err)
{
    unsigned length = 0;

    while (walk->inside == walk->length || walk->sector[walk->inside] == 0) {
        *ret_raw = NULL;
        if (walk->left == 0)
            return 0;
        walk->inside = 0;
        walk->length = walk->left < SECTOR ? walk->left : SECTOR;
        if (vw_bytes_read(&walk->iso->bytes, walk->at, walk->sector,
                          walk->length, err) < 0)
            return -1;
        walk->at += walk->length;
        walk->left -= walk->length;
    }
    length = walk->sector[walk->inside];
    if (length <= RECORD_SIZE || length > walk->length - walk->inside
        || walk->sector[walk->inside + RECORD_SIZE - 1]
           > length - RECORD_SIZE)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a directory holds a record of %u bytes, with %u left "
                       "in its sector", length, walk->length - walk->inside);
    *ret_raw = walk->sector + walk->inside;
    walk->inside += length;
    return 0;
}

/* Write the name of a record without its version, ";1", and without the dot
 * that stands behind a name without an extension.
 */
static void
format_name(const unsigned char *raw, unsigned size, char name[VW_NAME_SIZE])
{
    unsigned end = size;
    char *to = name;

    while (end > 0 && raw[end - 1] >= '0' && raw[end - 1] <= '9')
        end--;
    if (end > 0 && end < size && raw[end - 1] == ';')
        size = end - 1;
    if (size > 1 && raw[size - 1] == '.')
        size--;
    for (unsigned i = 0; i < size; i++)
        to += vt_utf8_put(to, raw[i] < 0x20 || raw[i] >= 0x7f ? 0xfffd
                                                             : raw[i]);
    *to = '\0';
}

/* The next file or directory, with its name; "." and "..", which have names
 * of one byte, 0 and 1, are left out, and so are all but the first record of
 * a file that has several.
 */
static int
next_entry(struct walk *walk, struct found *ret_found,
           char ret_name[VW_NAME_SIZE], bool *ret_more,
           struct vtopo_error *err)
{
    const unsigned char *raw = NULL;

    for (;;) {
        const unsigned char *name;
        bool continued = walk->continued;
        unsigned size;

        if (next_record(walk, &raw, err) < 0)
            return -1;
        *ret_more = raw != NULL;
        if (raw == NULL)
            return 0;
        name = raw + RECORD_SIZE;
        size = raw[RECORD_SIZE - 1];
        walk->continued = (raw[25] & FLAG_CONTINUES) != 0;
        if (continued || size == 0 || (size == 1 && name[0] <= 1)
            || (raw[25] & FLAG_ASSOCIATED) != 0)
            continue;
        format_name(name, size, ret_name);
        if (ret_name[0] == '\0' || strcmp(ret_name, ".") == 0
            || strcmp(ret_name, "..") == 0)
            continue;
        parse_record(raw, walk->iso->block_size, ret_found);
        return 0;
    }
}

/* Somewhere in an image. */
struct place {
    struct vw_iso *iso;
    struct found at;
};

/* Look for @part in a directory, and go there. */
static int
step(void *context, const char *part, size_t length, bool *ret_found,
     struct vtopo_error *err)
{
    struct place *place = context;
    char name[VW_NAME_SIZE];
    struct walk walk;
    struct found found;
    bool more;

    *ret_found = false;
    if (!is_directory(&place->at))
        return 0;
    if (start_walk(place->iso, &place->at, &walk, err) < 0)
        return -1;
    do {
        if (next_entry(&walk, &found, name, &more, err) < 0)
            return -1;
        if (!more)
            return 0;
    } while (!vw_name_is(name, part, length));
    place->at = found;
    *ret_found = true;
    return 0;
}

static int
find_path(struct vw_iso *iso, const char *path, struct found *ret_found_file,
          bool *ret_found, struct vtopo_error *err)
{
    struct place place = { .iso = iso, .at = iso->root };

    if (vw_path_follow(path, step, &place, ret_found, err) < 0)
        return -1;
    if (*ret_found)
        *ret_found_file = place.at;
    return 0;
}

/* -------------------------------------------------------------- files */

struct iso_file {
    struct vw_iso *iso;
    struct found found;
};

static int
read_file(void *context, uint64_t offset, void *buffer, size_t size,
          struct vtopo_error *err)
{
    struct iso_file *file = context;

    return vw_bytes_read(&file->iso->bytes, file->found.at + offset, buffer,
                         size, err);
}

static int
refuse_directory(void *context, uint64_t offset, void *buffer, size_t size,
                 struct vtopo_error *err)
{
    (void)context;
    (void)offset;
    (void)buffer;
    (void)size;
    return vw_file_refuse(VW_FILE_DIRECTORY, err);
}

static int
refuse_pieces(void *context, uint64_t offset, void *buffer, size_t size,
              struct vtopo_error *err)
{
    (void)context;
    (void)offset;
    (void)buffer;
    (void)size;
    return vw_file_refuse(VW_FILE_PIECES, err);
}

static unsigned
attributes_of(const struct found *found)
{
    return ((found->flags & FLAG_HIDDEN) != 0 ? DOS_HIDDEN : 0)
           | (is_directory(found) ? DOS_DIRECTORY : 0);
}

static int
open_file(struct vw_iso *iso, const struct found *found,
          struct vw_file *ret_file, struct vtopo_error *err)
{
    struct iso_file *file;

    if (check_extent(iso, found, err) < 0)
        return -1;
    file = malloc(sizeof(*file));
    if (file == NULL)
        return vt_fail_memory(err);
    *file = (struct iso_file) { .iso = iso, .found = *found };
    *ret_file = (struct vw_file) {
        .bytes = { .size = found->size, .read = read_file, .context = file },
        .attributes = attributes_of(found),
        .close = free,
        .context = file,
    };
    return 0;
}

int
vw_iso_find(struct vw_iso *iso, const char *path, struct vw_file *ret_file,
            bool *ret_found, struct vtopo_error *err)
{
    struct found found;
    bool is_found;

    if (find_path(iso, path, &found, &is_found, err) < 0)
        return -1;
    if (is_found && is_directory(&found)) {
        *ret_file = (struct vw_file) {
            .bytes = { .read = refuse_directory },
            .flags = VW_FILE_DIRECTORY,
            .attributes = attributes_of(&found),
        };
    } else if (is_found && found.in_pieces) {
        *ret_file = (struct vw_file) {
            .bytes = { .size = found.size, .read = refuse_pieces },
            .flags = VW_FILE_PIECES,
            .attributes = attributes_of(&found),
        };
    } else if (is_found && open_file(iso, &found, ret_file, err) < 0) {
        return -1;
    }
    *ret_found = is_found;
    return 0;
}

int
vw_iso_list(struct vw_iso *iso, const char *path, vw_visit *visit,
            void *context, bool *ret_found, struct vtopo_error *err)
{
    char name[VW_NAME_SIZE];
    struct walk walk;
    struct found found;
    bool is_found, more;

    if (find_path(iso, path, &found, &is_found, err) < 0)
        return -1;
    is_found = is_found && is_directory(&found);
    if (is_found && start_walk(iso, &found, &walk, err) < 0)
        return -1;
    while (is_found) {
        if (next_entry(&walk, &found, name, &more, err) < 0)
            return -1;
        if (!more || !visit(context, &(struct vw_entry) {
                .name = name,
                .is_directory = is_directory(&found),
            }))
            break;
    }
    *ret_found = is_found;
    return 0;
}
