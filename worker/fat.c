/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fat.c - read FAT12, FAT16 and FAT32 (see fat.h)
 *
 * After Microsoft's published specification (fatgen103).  A chain of clusters
 * is never trusted to end: a file is left after as many clusters as its size
 * needs, a directory after VW_FAT_DIR_ENTRIES_MAX entries.
 */

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/utf8.h"
#include "fat-parts.h"

/* ----------------------------------------------------- boot sector */

/* What stands in the boot sector, as numbers. */
struct boot {
    unsigned sector, per_cluster, reserved, tables, root_entries, flags, info;
    uint64_t sectors, table_sectors;
    uint32_t root;
    unsigned char state;
};

static void
parse_boot(const unsigned char raw[512], struct boot *ret_boot)
{
    bool wide = vw_le16(raw + 22) == 0;     /* FAT32 */

    *ret_boot = (struct boot) {
        .sector = vw_le16(raw + 11),
        .per_cluster = raw[13],
        .reserved = vw_le16(raw + 14),
        .tables = raw[16],
        .root_entries = vw_le16(raw + 17),
        .sectors = vw_le16(raw + 19) != 0 ? vw_le16(raw + 19)
                                          : vw_le32(raw + 32),
        .table_sectors = wide ? vw_le32(raw + 36) : vw_le16(raw + 22),
        .flags = wide ? vw_le16(raw + 40) : 0,
        .root = wide ? vw_le32(raw + 44) : 0,
        .info = wide ? vw_le16(raw + 48) : 0,
        .state = wide ? raw[65] : raw[37],
    };
}

static bool
is_power_of_two(unsigned value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* Which of several tables is used: FAT32 can do without the copies. */
static unsigned
active_table(const struct boot *boot)
{
    unsigned active = boot->flags & 15;

    return (boot->flags & 0x80) != 0 && active < boot->tables ? active : 0;
}

/* Work out where things are; all products fit in 64 bits. */
static int
lay_out(const struct boot *boot, struct vw_fat *fat, struct vtopo_error *err)
{
    uint64_t root_sectors, before, clusters;

    if (!is_power_of_two(boot->sector) || boot->sector < 512
        || boot->sector > 4096 || !is_power_of_two(boot->per_cluster)
        || boot->sector * boot->per_cluster > VW_FAT_CLUSTER_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a FAT file system has sectors of %u bytes and "
                       "clusters of %u sectors", boot->sector,
                       boot->per_cluster);
    root_sectors = (boot->root_entries * VW_FAT_ENTRY_SIZE + boot->sector - 1)
                   / boot->sector;
    before = boot->reserved + boot->tables * boot->table_sectors
             + root_sectors;
    if (boot->reserved == 0 || boot->tables == 0 || boot->table_sectors == 0
        || before >= boot->sectors)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a FAT file system has %" PRIu64 " sectors, but %"
                       PRIu64 " before its data", boot->sectors, before);
    clusters = (boot->sectors - before) / boot->per_cluster;
    fat->bits = clusters < 4085 ? 12 : clusters < 65525 ? 16 : 32;
    if (fat->bits == 32 && clusters > 0x0ffffff5u)
        clusters = 0x0ffffff5u;
    fat->cluster_size = boot->sector * boot->per_cluster;
    fat->clusters = (uint32_t)clusters;
    fat->table_at = (boot->reserved
                     + active_table(boot) * boot->table_sectors)
                    * boot->sector;
    fat->tables = boot->tables;
    fat->table_size = boot->table_sectors * boot->sector;
    fat->tables_at = (uint64_t)boot->reserved * boot->sector;
    fat->root_at = (before - root_sectors) * boot->sector;
    fat->data_at = before * boot->sector;
    return 0;
}

int
vw_fat_open(const struct vw_bytes *bytes, struct vw_fat **ret_fat,
            struct vtopo_error *err)
{
    vt_autofree struct vw_fat *fat = calloc(1, sizeof(*fat));
    unsigned char raw[512];
    struct boot boot;

    if (fat == NULL)
        return vt_fail_memory(err);
    if (vw_bytes_read(bytes, 0, raw, sizeof(raw), err) < 0)
        return -1;
    parse_boot(raw, &boot);
    if (lay_out(&boot, fat, err) < 0)
        return -1;
    /* The number of clusters decides, but a root directory by cluster alone
     * makes small file systems FAT32, too: mkfs.fat -F 32 builds them.
     */
    if (boot.root_entries == 0)
        fat->bits = 32;
    else if (fat->bits == 32)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a FAT file system has %" PRIu32 " clusters, but the "
                       "root directory of a small one", fat->clusters);
    fat->bytes = *bytes;
    fat->root = boot.root;
    fat->root_entries = boot.root_entries;
    fat->marked_dirty = (boot.state & 1) != 0;
    fat->one_table = (boot.flags & 0x80) != 0;
    if (boot.info < boot.reserved)
        fat->info_at = (uint64_t)boot.info * boot.sector;
    *ret_fat = vt_steal(&fat);
    return 0;
}

void
vw_fat_close(struct vw_fat *fat)
{
    free(fat);
}

unsigned
vw_fat_bits(const struct vw_fat *fat)
{
    return fat->bits;
}

/* --------------------------------------------------------- clusters */

uint32_t
vw_fat_value(const struct vw_fat *fat, uint32_t cluster,
             const unsigned char *raw)
{
    if (fat->bits == 32)
        return vw_le32(raw) & 0x0fffffff;
    if (fat->bits == 16)
        return vw_le16(raw);
    return cluster % 2 != 0 ? vw_le16(raw) >> 4 : vw_le16(raw) & 0xfffu;
}

/* The entry of @cluster in the table, cut to its bits. */
static int
read_table(const struct vw_fat *fat, uint32_t cluster, uint32_t *ret_value,
           struct vtopo_error *err)
{
    unsigned char raw[4];
    uint64_t at = fat->table_at + (uint64_t)cluster * fat->bits / 8;

    if (vw_bytes_read(&fat->bytes, at, raw, fat->bits == 32 ? 4 : 2, err) < 0)
        return -1;
    *ret_value = vw_fat_value(fat, cluster, raw);
    return 0;
}

int
vw_fat_next_cluster(const struct vw_fat *fat, uint32_t cluster,
                    uint32_t *ret_next, struct vtopo_error *err)
{
    uint32_t end = (fat->bits == 32 ? 0x0fffffffu : (1u << fat->bits) - 1) - 7;
    uint32_t next;

    if (read_table(fat, cluster, &next, err) < 0)
        return -1;
    if (next >= end)
        next = 0;
    else if (!vw_fat_is_cluster(fat, next))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a chain of clusters leads from %" PRIu32 " to %"
                       PRIu32 ", which is none", cluster, next);
    *ret_next = next;
    return 0;
}

int
vw_fat_is_dirty(struct vw_fat *fat, bool *ret_dirty, struct vtopo_error *err)
{
    uint32_t state;

    if (read_table(fat, 1, &state, err) < 0)
        return -1;
    *ret_dirty = fat->marked_dirty
                 || (fat->bits == 16 && (state & 0x8000) == 0)
                 || (fat->bits == 32 && (state & 0x08000000) == 0);
    return 0;
}

/* ------------------------------------------------------------ files */

struct fat_file {
    struct vw_fat *fat;
    uint32_t stride;            /* clusters from one mark to the next */
    uint32_t marks;             /* how many are known; 1 at least */
    uint32_t index, cluster;    /* where the last read ended */
    uint32_t mark[VW_FAT_MARKS];    /* cluster number index * stride */
};

/* Move to cluster number @index of the file, which is below its count. */
static int
seek(struct fat_file *file, uint32_t index, struct vtopo_error *err)
{
    uint32_t mark = index / file->stride;

    if (mark >= file->marks)
        mark = file->marks - 1;
    if (file->index > index || file->index < mark * file->stride) {
        file->index = mark * file->stride;
        file->cluster = file->mark[mark];
    }
    while (file->index < index) {
        uint32_t next;

        if (vw_fat_next_cluster(file->fat, file->cluster, &next, err) < 0)
            return -1;
        if (next == 0)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "a file ends after %" PRIu32 " clusters, before "
                           "its size is reached", file->index + 1);
        file->index++;
        file->cluster = next;
        if (file->index == file->marks * file->stride)
            file->mark[file->marks++] = next;
    }
    return 0;
}

static int
read_file(void *context, uint64_t offset, void *buffer, size_t size,
          struct vtopo_error *err)
{
    struct fat_file *file = context;
    unsigned cluster_size = file->fat->cluster_size;
    unsigned char *to = buffer;

    while (size > 0) {
        uint64_t inside = offset % cluster_size;
        size_t piece = (size_t)(cluster_size - inside);

        if (piece > size)
            piece = size;
        if (seek(file, (uint32_t)(offset / cluster_size), err) < 0
            || vw_bytes_read(&file->fat->bytes,
                             vw_fat_cluster_at(file->fat, file->cluster)
                             + inside, to, piece, err) < 0)
            return -1;
        to += piece;
        offset += piece;
        size -= piece;
    }
    return 0;
}

static int
read_directory(void *context, uint64_t offset, void *buffer, size_t size,
               struct vtopo_error *err)
{
    (void)context;
    (void)offset;
    (void)buffer;
    (void)size;
    return vw_file_refuse(VW_FILE_DIRECTORY, err);
}

static int
open_file(struct vw_fat *fat, const struct vw_fat_found *found,
          struct vw_file *ret_file, struct vtopo_error *err)
{
    uint32_t clusters = (uint32_t)(((uint64_t)found->size + fat->cluster_size
                                    - 1) / fat->cluster_size);
    struct fat_file *file;

    if (clusters > fat->clusters
        || (clusters > 0 && !vw_fat_is_cluster(fat, found->cluster)))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a file of %" PRIu32 " bytes begins at cluster %"
                       PRIu32 " of %" PRIu32, found->size, found->cluster,
                       fat->clusters);
    file = calloc(1, sizeof(*file));
    if (file == NULL)
        return vt_fail_memory(err);
    file->fat = fat;
    file->stride = clusters / VW_FAT_MARKS + 1;
    file->marks = 1;
    file->cluster = file->mark[0] = found->cluster;
    *ret_file = (struct vw_file) {
        .bytes = { .size = found->size, .read = read_file, .context = file },
        .attributes = found->attributes,
        .close = free,
        .context = file,
    };
    return 0;
}

/* ------------------------------------------------------ directories */

int
vw_fat_start_walk(struct vw_fat *fat, const struct vw_fat_found *directory,
                  struct vw_fat_walk *walk, struct vtopo_error *err)
{
    uint32_t cluster = directory->cluster;

    memset(walk, 0, sizeof(*walk));
    walk->fat = fat;
    if (cluster == 0 && fat->bits != 32) {
        walk->at = fat->root_at;
        walk->left = fat->root_entries;
        return 0;
    }
    if (cluster == 0)
        cluster = fat->root;
    if (!vw_fat_is_cluster(fat, cluster))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a directory begins at cluster %" PRIu32 " of %" PRIu32,
                       cluster, fat->clusters);
    walk->cluster = cluster;
    walk->at = vw_fat_cluster_at(fat, cluster);
    walk->left = fat->cluster_size / VW_FAT_ENTRY_SIZE;
    return 0;
}

int
vw_fat_next_raw(struct vw_fat_walk *walk, unsigned char raw[VW_FAT_ENTRY_SIZE],
                bool *ret_more, struct vtopo_error *err)
{
    *ret_more = false;
    if (walk->left == 0) {
        uint32_t next = 0;

        if (walk->cluster == 0)
            return 0;
        if (vw_fat_next_cluster(walk->fat, walk->cluster, &next, err) < 0)
            return -1;
        if (next == 0)
            return 0;
        walk->cluster = next;
        walk->at = vw_fat_cluster_at(walk->fat, next);
        walk->left = walk->fat->cluster_size / VW_FAT_ENTRY_SIZE;
    }
    if (walk->seen++ == VW_FAT_DIR_ENTRIES_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a directory has more than %u entries",
                       VW_FAT_DIR_ENTRIES_MAX);
    if (vw_bytes_read(&walk->fat->bytes, walk->at, raw, VW_FAT_ENTRY_SIZE,
                      err) < 0)
        return -1;
    walk->at += VW_FAT_ENTRY_SIZE;
    walk->left--;
    *ret_more = raw[0] != 0;    /* a zero ends the directory */
    return 0;
}

/* Take in one entry of a long name; they come last part first. */
static void
add_long(struct vw_fat_walk *walk, const unsigned char raw[VW_FAT_ENTRY_SIZE])
{
    static const unsigned char places[VW_FAT_LONG_UNITS] = {
        1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30,
    };
    unsigned order = raw[0] & 0x1fu;
    bool first = (raw[0] & 0x40) != 0;

    walk->whole = false;
    if (order == 0 || order > VW_FAT_LONG_ENTRIES
        || (!first && (order != walk->expected || raw[13] != walk->sum))) {
        walk->expected = 0;
        return;
    }
    if (first) {
        walk->units = order * VW_FAT_LONG_UNITS;
        walk->sum = raw[13];
    }
    for (unsigned i = 0; i < VW_FAT_LONG_UNITS; i++) {
        unsigned at = (order - 1) * VW_FAT_LONG_UNITS + i;

        memcpy(walk->name + (size_t)at * 2, raw + places[i], 2);
        if (first && walk->units > at && vw_le16(raw + places[i]) == 0)
            walk->units = at;
    }
    walk->expected = order - 1;
    walk->whole = order == 1;
}

static unsigned char
short_sum(const unsigned char raw[VW_FAT_SHORT_SIZE])
{
    unsigned sum = 0;

    for (unsigned i = 0; i < VW_FAT_SHORT_SIZE; i++)
        sum = (((sum & 1) << 7 | sum >> 1) + raw[i]) & 0xff;
    return (unsigned char)sum;
}

/* Write @size characters of a short name without the blanks behind.  What is
 * not ASCII depends on the code page of the system that wrote it.
 */
static char *
put_short(char *to, const unsigned char *raw, unsigned size, bool lower)
{
    while (size > 0 && raw[size - 1] == ' ')
        size--;
    for (unsigned i = 0; i < size; i++) {
        unsigned c = raw[i];

        if (lower && c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        to += vt_utf8_put(to, c < 0x20 || c >= 0x7f ? 0xfffd : c);
    }
    return to;
}

/* "NAME.EXT"; NT marks names that are in lower case as a whole in byte 12. */
static void
format_short(const unsigned char raw[VW_FAT_ENTRY_SIZE],
             char name[VW_NAME_SIZE])
{
    char *to = put_short(name, raw, 8, (raw[12] & VW_FAT_LOWER_NAME) != 0);
    char *dot = to++;

    *dot = '.';
    to = put_short(to, raw + 8, 3, (raw[12] & VW_FAT_LOWER_SUFFIX) != 0);
    if (to == dot + 1)
        to = dot;               /* there is no extension */
    *to = '\0';
}

/* What no file is called, unless someone made it so by hand. */
static bool
is_no_name(const char *name)
{
    return strcmp(name, "") == 0 || strcmp(name, ".") == 0
           || strcmp(name, "..") == 0;
}

/* The next file or directory, with its names; "." and ".." are left out.
 * @ret_long is "" where there is no long name.
 */
static int
next_entry(struct vw_fat_walk *walk, struct vw_fat_found *ret_found,
           char ret_long[VW_NAME_SIZE], char ret_short[VW_NAME_SIZE],
           bool *ret_more, struct vtopo_error *err)
{
    unsigned char raw[VW_FAT_ENTRY_SIZE];

    for (;;) {
        bool whole;

        if (vw_fat_next_raw(walk, raw, ret_more, err) < 0)
            return -1;
        if (!*ret_more)
            return 0;
        if (raw[0] != 0xe5 && (raw[11] & 0x3f) == VW_FAT_ATTR_LONG) {
            add_long(walk, raw);
            continue;
        }
        whole = walk->whole && walk->sum == short_sum(raw);
        walk->whole = false;
        walk->expected = 0;
        if (raw[0] == 0xe5 || raw[0] == '.'
            || (raw[11] & VW_FAT_ATTR_VOLUME) != 0)
            continue;
        format_short(raw, ret_short);
        ret_long[0] = '\0';
        if (whole)
            vw_name_from_utf16(walk->name, walk->units, ret_long);
        if (is_no_name(ret_long[0] != '\0' ? ret_long : ret_short))
            continue;
        *ret_found = (struct vw_fat_found) {
            .entry_at = walk->at - VW_FAT_ENTRY_SIZE,
            .attributes = raw[11],
            .cluster = vw_le16(raw + 26),
            .size = vw_le32(raw + 28),
        };
        if (walk->fat->bits == 32)
            ret_found->cluster |= (vw_le16(raw + 20) & 0x0fffu) << 16;
        return 0;
    }
}

/* Somewhere in a file system. */
struct place {
    struct vw_fat *fat;
    struct vw_fat_found at;
};

/* Look for @part in a directory, and go there. */
static int
step(void *context, const char *part, size_t length, bool *ret_found,
     struct vtopo_error *err)
{
    struct place *place = context;
    char name[VW_NAME_SIZE], short_name[VW_NAME_SIZE];
    struct vw_fat_walk walk;
    struct vw_fat_found found;
    bool more;

    *ret_found = false;
    if (!vw_fat_is_directory(&place->at))
        return 0;
    if (vw_fat_start_walk(place->fat, &place->at, &walk, err) < 0)
        return -1;
    for (;;) {
        if (next_entry(&walk, &found, name, short_name, &more, err) < 0)
            return -1;
        if (!more)
            return 0;
        if (vw_name_is(name, part, length)
            || vw_name_is(short_name, part, length))
            break;
    }
    place->at = found;
    *ret_found = true;
    return 0;
}

int
vw_fat_find_path(struct vw_fat *fat, const char *path,
                 struct vw_fat_found *ret_found_file, bool *ret_found,
                 struct vtopo_error *err)
{
    struct place place = {
        .fat = fat, .at = { .attributes = VW_FAT_ATTR_DIRECTORY },
    };

    if (vw_path_follow(path, step, &place, ret_found, err) < 0)
        return -1;
    if (*ret_found)
        *ret_found_file = place.at;
    return 0;
}

int
vw_fat_find(struct vw_fat *fat, const char *path, struct vw_file *ret_file,
            bool *ret_found, struct vtopo_error *err)
{
    struct vw_fat_found found;
    bool is_found;

    if (vw_fat_find_path(fat, path, &found, &is_found, err) < 0)
        return -1;
    if (is_found && vw_fat_is_directory(&found)) {
        *ret_file = (struct vw_file) {
            .bytes = { .read = read_directory },
            .flags = VW_FILE_DIRECTORY,
            .attributes = found.attributes,
        };
    } else if (is_found && open_file(fat, &found, ret_file, err) < 0) {
        return -1;
    }
    *ret_found = is_found;
    return 0;
}

int
vw_fat_list(struct vw_fat *fat, const char *path, vw_visit *visit,
            void *context, bool *ret_found, struct vtopo_error *err)
{
    char name[VW_NAME_SIZE], short_name[VW_NAME_SIZE];
    struct vw_fat_walk walk;
    struct vw_fat_found found;
    bool is_found, more;

    if (vw_fat_find_path(fat, path, &found, &is_found, err) < 0)
        return -1;
    is_found = is_found && vw_fat_is_directory(&found);
    if (is_found && vw_fat_start_walk(fat, &found, &walk, err) < 0)
        return -1;
    while (is_found) {
        if (next_entry(&walk, &found, name, short_name, &more, err) < 0)
            return -1;
        if (!more || !visit(context, &(struct vw_entry) {
                .name = name[0] != '\0' ? name : short_name,
                .is_directory = vw_fat_is_directory(&found),
            }))
            break;
    }
    *ret_found = is_found;
    return 0;
}
