/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fat-write.c - put files into FAT12, FAT16 and FAT32 (see fat.h)
 *
 * Everything is read back through the volume, which shows what was written
 * just before.  The order of the writes does not matter: whoever makes them on
 * the disk makes all or none.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "fat-parts.h"

#define TABLES_MAX    4u            /* systems make one or two */
#define SCAN_ENTRIES  8192u         /* of the table, that are read at once */
#define INFO_SIZE     512u
#define FREE_UNKNOWN  0xffffffffu   /* in the place of a count */
#define ENTRY_DELETED 0xe5u
#define ENTRY_NONE    0x01u         /* begins no entry that was read */
#define MODEL_ATTRIBUTES 0x27u      /* read-only, hidden, system, archive */

/* One call of vw_fat_put(). */
struct job {
    struct vw_fat *fat;
    const struct vw_sink *sink;
    int64_t taken;              /* clusters, less those given back */
    uint32_t last;              /* that was taken; 0: none */
};

static int
write_bytes(const struct job *job, uint64_t at, const void *data, size_t size,
            struct vtopo_error *err)
{
    return job->sink->write(job->sink->context, at, data, size, err);
}

/* ------------------------------------------------------------ tables */

/* Whether the tables are as large as the volume needs them. */
static int
check_tables(const struct vw_fat *fat, struct vtopo_error *err)
{
    uint64_t needed = ((fat->clusters + UINT64_C(2)) * fat->bits + 7) / 8;

    if (fat->tables <= TABLES_MAX && fat->table_size >= needed)
        return 0;
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "a FAT file system has %u tables of %" PRIu64 " bytes, not "
                   "1 to %u of at least %" PRIu64, fat->tables,
                   fat->table_size, TABLES_MAX, needed);
}

/* Set the entry of @cluster in the table at @table. */
static int
set_entry(const struct job *job, uint64_t table, uint32_t cluster,
          uint32_t value, struct vtopo_error *err)
{
    const struct vw_fat *fat = job->fat;
    uint64_t at = table + (uint64_t)cluster * fat->bits / 8;
    size_t size = fat->bits == 32 ? 4 : 2;
    unsigned char raw[4];

    if (vw_bytes_read(&fat->bytes, at, raw, size, err) < 0)
        return -1;
    if (fat->bits == 32)        /* the upper four bits are not ours */
        vw_put_le32(raw, (vw_le32(raw) & 0xf0000000) | (value & 0x0fffffff));
    else if (fat->bits == 16)
        vw_put_le16(raw, value & 0xffff);
    else if (cluster % 2 != 0)
        vw_put_le16(raw, (vw_le16(raw) & 0xfu) | (value & 0xfff) << 4);
    else
        vw_put_le16(raw, (vw_le16(raw) & 0xf000u) | (value & 0xfff));
    return write_bytes(job, at, raw, size, err);
}

/* Let @cluster be followed by @next, in all tables that are kept the same; 0
 * is nothing behind it, and all ones the end.
 */
#define LAST UINT32_MAX

static int
set_next(const struct job *job, uint32_t cluster, uint32_t next,
         struct vtopo_error *err)
{
    const struct vw_fat *fat = job->fat;

    if (fat->one_table)
        return set_entry(job, fat->table_at, cluster, next, err);
    for (unsigned i = 0; i < fat->tables; i++) {
        if (set_entry(job, fat->tables_at + i * fat->table_size, cluster,
                      next, err) < 0)
            return -1;
    }
    return 0;
}

/* Note in @list the first @count free clusters; *@ret_found are fewer when
 * there are no more.
 */
static int
find_free(const struct vw_fat *fat, uint32_t count, uint32_t *list,
          uint32_t *ret_found, struct vtopo_error *err)
{
    uint32_t end = fat->clusters + 2;
    unsigned char raw[SCAN_ENTRIES * 4];
    uint32_t found = 0;

    for (uint32_t base = 0; base < end && found < count;
         base += SCAN_ENTRIES) {
        uint32_t entries = end - base < SCAN_ENTRIES ? end - base
                                                     : SCAN_ENTRIES;

        if (vw_bytes_read(&fat->bytes,
                          fat->table_at + (uint64_t)base * fat->bits / 8, raw,
                          (entries * fat->bits + 7) / 8, err) < 0)
            return -1;
        for (uint32_t i = base < 2 ? 2 : 0; i < entries && found < count;
             i++) {
            if (vw_fat_value(fat, i, raw + i * fat->bits / 8) == 0)
                list[found++] = base + i;
        }
    }
    *ret_found = found;
    return 0;
}

/* Find @count clusters for @list that nobody uses; who calls links them. */
static int
take(struct job *job, uint32_t count, uint32_t *list, struct vtopo_error *err)
{
    uint64_t cluster = job->fat->cluster_size;
    uint32_t found;

    if (count == 0)
        return 0;
    if (find_free(job->fat, count, list, &found, err) < 0)
        return -1;
    if (found < count)
        return vw_file_fail_room(count * cluster, found * cluster, err);
    job->taken += count;
    job->last = list[count - 1];
    return 0;
}

/* Give back the chain from @cluster on, which may be 0.  What was given back
 * leads nowhere, so that a circle ends.
 */
static int
give_back(struct job *job, uint32_t cluster, struct vtopo_error *err)
{
    while (cluster != 0) {
        uint32_t next;

        if (vw_fat_next_cluster(job->fat, cluster, &next, err) < 0
            || set_next(job, cluster, 0, err) < 0)
            return -1;
        job->taken--;
        cluster = next;
    }
    return 0;
}

/* Bring the count of free clusters up to date, where there is one. */
static int
write_info(const struct job *job, struct vtopo_error *err)
{
    unsigned char raw[INFO_SIZE];
    uint64_t at = job->fat->info_at;
    int64_t available;

    if (at == 0 || (job->taken == 0 && job->last == 0))
        return 0;
    if (vw_bytes_read(&job->fat->bytes, at, raw, sizeof(raw), err) < 0)
        return -1;
    if (memcmp(raw, "RRaA", 4) != 0 || memcmp(raw + 484, "rrAa", 4) != 0)
        return 0;
    available = (int64_t)vw_le32(raw + 488) - job->taken;
    if (vw_le32(raw + 488) != FREE_UNKNOWN && available >= 0
        && available <= job->fat->clusters)
        vw_put_le32(raw + 488, (uint32_t)available);
    if (job->last != 0)
        vw_put_le32(raw + 492, job->last);
    return write_bytes(job, at + 488, raw + 488, 8, err);
}

/* -------------------------------------------------------------- data */

/* Make the chain that begins at @first have the @needed clusters of @list:
 * those that it has, and new ones behind.
 */
static int
make_chain(struct job *job, uint32_t first, uint32_t needed, uint32_t *list,
           struct vtopo_error *err)
{
    uint32_t cluster = first;
    uint32_t kept = 0;

    while (cluster != 0 && kept < needed) {
        list[kept++] = cluster;
        if (vw_fat_next_cluster(job->fat, cluster, &cluster, err) < 0)
            return -1;
    }
    if (take(job, needed - kept, list + kept, err) < 0)
        return -1;
    if (kept == needed && cluster == 0)
        return 0;
    for (uint32_t i = kept == 0 ? 0 : kept - 1; i < needed; i++) {
        if (set_next(job, list[i], i + 1 < needed ? list[i + 1] : LAST,
                     err) < 0)
            return -1;
    }
    return give_back(job, cluster, err);
}

/* Write @data into the clusters of a chain that began at *@first. */
static int
put_data(struct job *job, uint32_t *first, const unsigned char *data,
         size_t size, struct vtopo_error *err)
{
    unsigned cluster_size = job->fat->cluster_size;
    uint64_t needed = ((uint64_t)size + cluster_size - 1) / cluster_size;
    vt_autofree uint32_t *list = NULL;

    if (size > UINT32_MAX || needed > job->fat->clusters)
        return vw_file_fail_room(size, (uint64_t)job->fat->clusters
                                       * cluster_size, err);
    if (*first != 0 && !vw_fat_is_cluster(job->fat, *first))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a file begins at cluster %" PRIu32 " of %" PRIu32,
                       *first, job->fat->clusters);
    list = calloc((size_t)needed + 1, sizeof(*list));
    if (list == NULL)
        return vt_fail_memory(err);
    if (make_chain(job, *first, (uint32_t)needed, list, err) < 0)
        return -1;
    for (size_t at = 0; at < size; at += cluster_size) {
        size_t piece = size - at < cluster_size ? size - at : cluster_size;

        if (write_bytes(job, vw_fat_cluster_at(job->fat,
                                               list[at / cluster_size]),
                        data + at, piece, err) < 0)
            return -1;
    }
    *first = list[0];           /* 0 where nothing is needed */
    return 0;
}

/* ------------------------------------------------------------- times */

/* The present date and time as FAT has them.  Windows means local time, which
 * is not known here: it is UTC.  The C library would look for the time zone in
 * files even then.
 */
static void
get_time(unsigned *ret_date, unsigned *ret_time)
{
    static const unsigned char days_of[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
    };
    time_t now = time(NULL);
    unsigned long days = now < 0 ? 0 : (unsigned long)(now / 86400);
    unsigned long second = now < 0 ? 0 : (unsigned long)(now % 86400);
    unsigned year = 1970, month = 0;

    for (;; month = (month + 1) % 12) {
        /* No century that FAT knows is without a leap year but 2100. */
        bool leaps = year % 4 == 0 && year != 2100;
        unsigned length = days_of[month] + (month == 1 && leaps ? 1u : 0u);

        if (days < length || year > 2107)
            break;
        days -= length;
        year += month == 11;
    }
    if (year < 1980 || year > 2107) {
        year = 1980;
        month = 0;
        days = 0;
    }
    *ret_date = (year - 1980) << 9 | (month + 1) << 5
                | (unsigned)(days + 1);
    *ret_time = (unsigned)(second / 3600 << 11 | second / 60 % 60 << 5
                           | second % 60 / 2);
}

/* ----------------------------------------------------------- entries */

/* Put @part, up to @most characters to its end or a dot, in capitals at @to.
 * Returns its length; *@ret_lower is true when all of its letters are small.
 */
static size_t
put_capitals(unsigned char *to, const char *part, size_t length, size_t most,
             bool *ret_lower)
{
    bool lower = false, upper = false;
    size_t count = 0;

    for (; count < length && count < most && part[count] != '.'; count++) {
        char c = part[count];

        lower = lower || (c >= 'a' && c <= 'z');
        upper = upper || (c >= 'A' && c <= 'Z');
        to[count] = (unsigned char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    *ret_lower = lower && !upper;
    return count;
}

/* An entry for a new file.  NT keeps a name or an extension in small letters
 * by a bit; one in both kinds, which would need a long name, becomes capitals.
 */
static void
make_entry(unsigned char raw[VW_FAT_ENTRY_SIZE], const char *name,
           size_t length, unsigned attributes)
{
    bool lower_name, lower_suffix = false;
    unsigned date, time_of_day;
    size_t base;

    memset(raw, 0, VW_FAT_ENTRY_SIZE);
    memset(raw, ' ', VW_FAT_SHORT_SIZE);
    base = put_capitals(raw, name, length, 8, &lower_name);
    if (base < length)
        (void)put_capitals(raw + 8, name + base + 1, length - base - 1, 3,
                           &lower_suffix);
    raw[11] = (unsigned char)attributes;
    raw[12] = (unsigned char)((lower_name ? VW_FAT_LOWER_NAME : 0)
                              | (lower_suffix ? VW_FAT_LOWER_SUFFIX : 0));
    get_time(&date, &time_of_day);
    vw_put_le16(raw + 14, time_of_day);         /* created */
    vw_put_le16(raw + 16, date);
    vw_put_le16(raw + 18, date);                /* read */
}

/* Add a cluster to the directory that ends with cluster @end. */
static int
grow_folder(struct job *job, uint32_t end, uint64_t *ret_at,
            struct vtopo_error *err)
{
    struct vw_fat *fat = job->fat;
    vt_autofree unsigned char *zeros = calloc(1, fat->cluster_size);
    uint32_t cluster;

    if (zeros == NULL)
        return vt_fail_memory(err);
    if (end == 0)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the root directory has no room: all of its %" PRIu32
                       " entries are in use, and it cannot grow",
                       fat->root_entries);
    if (take(job, 1, &cluster, err) < 0
        || set_next(job, end, cluster, err) < 0
        || set_next(job, cluster, LAST, err) < 0
        || write_bytes(job, vw_fat_cluster_at(fat, cluster), zeros,
                       fat->cluster_size, err) < 0)
        return -1;
    *ret_at = vw_fat_cluster_at(fat, cluster);
    return 0;
}

/* Find a place for another entry in @folder. */
static int
find_slot(struct job *job, const struct vw_fat_found *folder,
          uint64_t *ret_at, struct vtopo_error *err)
{
    unsigned char raw[VW_FAT_ENTRY_SIZE];
    struct vw_fat_walk walk;
    bool more;

    if (vw_fat_start_walk(job->fat, folder, &walk, err) < 0)
        return -1;
    do {
        raw[0] = ENTRY_NONE;
        if (vw_fat_next_raw(&walk, raw, &more, err) < 0)
            return -1;
    } while (more && raw[0] != ENTRY_DELETED);
    if (raw[0] == ENTRY_NONE)
        return grow_folder(job, walk.cluster, ret_at, err);
    *ret_at = walk.at - VW_FAT_ENTRY_SIZE;
    if (more)
        return 0;
    /* It was the end: what is behind must be the end now. */
    if (vw_fat_next_raw(&walk, raw, &more, err) < 0)
        return -1;
    return !more ? 0 : write_bytes(job, walk.at - VW_FAT_ENTRY_SIZE, "", 1,
                                   err);
}

/* The attributes of a new file in @folder. */
static int
read_model(struct vw_fat *fat, const char *folder, const char *like,
           unsigned *ret_attributes, struct vtopo_error *err)
{
    vt_autofree char *path = NULL;
    struct vw_fat_found found;
    bool is_found;

    *ret_attributes = VW_FAT_ATTR_ARCHIVE;
    if (like == NULL)
        return 0;
    if (asprintf(&path, "%s/%s", folder, like) < 0) {
        path = NULL;
        return vt_fail_memory(err);
    }
    if (vw_fat_find_path(fat, path, &found, &is_found, err) < 0)
        return -1;
    if (!is_found || vw_fat_is_directory(&found))
        return vt_fail(err, VTOPO_BAD_INPUT, "there is no file %s", path);
    *ret_attributes = found.attributes & MODEL_ATTRIBUTES;
    return 0;
}

/* Make the entry of a new file at @path, and find a place for it. */
static int
create(struct job *job, const char *path, const char *like,
       unsigned char raw[VW_FAT_ENTRY_SIZE], uint64_t *ret_at,
       struct vtopo_error *err)
{
    vt_autofree char *folder_path = NULL;
    struct vw_fat_found folder;
    const char *name = NULL;
    unsigned attributes;
    size_t length = 0;
    bool is_found;

    if (vw_path_split(path, &folder_path, &name, &length, err) < 0
        || vw_name_check_dos(name, length, err) < 0
        || vw_fat_find_path(job->fat, folder_path, &folder, &is_found,
                            err) < 0)
        return -1;
    if (!is_found || !vw_fat_is_directory(&folder))
        return vt_fail(err, VTOPO_BAD_INPUT, "there is no folder for %s",
                       path);
    if (read_model(job->fat, folder_path, like, &attributes, err) < 0)
        return -1;
    make_entry(raw, name, length, attributes);
    return find_slot(job, &folder, ret_at, err);
}

/* --------------------------------------------------------- the whole */

/* The entry of the file at @path, as it is or as it is to be. */
static int
find_or_create(struct job *job, const char *path, const char *like,
               unsigned char raw[VW_FAT_ENTRY_SIZE], uint64_t *ret_at,
               bool *ret_new, struct vtopo_error *err)
{
    struct vw_fat_found found;
    bool is_found;

    if (vw_fat_find_path(job->fat, path, &found, &is_found, err) < 0)
        return -1;
    *ret_new = !is_found;
    if (!is_found)
        return create(job, path, like, raw, ret_at, err);
    if (vw_fat_is_directory(&found))
        return vw_file_refuse(VW_FILE_DIRECTORY, err);
    *ret_at = found.entry_at;
    return vw_bytes_read(&job->fat->bytes, found.entry_at, raw,
                         VW_FAT_ENTRY_SIZE, err);
}

int
vw_fat_put(struct vw_fat *fat, const struct vw_sink *sink, const char *path,
           const char *like, const unsigned char *data, size_t size,
           struct vtopo_error *err)
{
    struct job job = { .fat = fat, .sink = sink };
    unsigned char raw[VW_FAT_ENTRY_SIZE];
    unsigned date, time_of_day;
    uint32_t cluster;
    uint64_t at = 0;
    bool is_new = false;

    if (check_tables(fat, err) < 0
        || find_or_create(&job, path, like, raw, &at, &is_new, err) < 0)
        return -1;
    cluster = vw_le16(raw + 26);
    if (fat->bits == 32)
        cluster |= (vw_le16(raw + 20) & 0x0fffu) << 16;
    if (put_data(&job, &cluster, data, size, err) < 0)
        return -1;
    if (!is_new && vw_le32(raw + 28) == size && job.taken == 0)
        return 0;               /* its entry stays as it is */
    get_time(&date, &time_of_day);
    vw_put_le16(raw + 22, time_of_day);         /* written */
    vw_put_le16(raw + 24, date);
    if (fat->bits == 32)
        vw_put_le16(raw + 20, cluster >> 16);
    vw_put_le16(raw + 26, cluster & 0xffff);
    vw_put_le32(raw + 28, (uint32_t)size);
    if (write_bytes(&job, at, raw, sizeof(raw), err) < 0)
        return -1;
    return write_info(&job, err);
}
