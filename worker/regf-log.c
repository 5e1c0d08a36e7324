/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf-log.c - replay the logs of a dirty hive (see regf-hive.h)
 *
 * Windows 8.1 and later write what changed to LOG1 and LOG2 by turns, as
 * entries that carry their number and hashes, and to the hive itself up to an
 * hour later.  A hive whose base block is sound wants the entries of both
 * files, in the order of their numbers; one whose base block is broken takes
 * that block, and the entries, from the file with the latest.  Older Windows
 * write one map of 512-byte sectors and the sectors themselves.
 *
 * What is applied is whole entries, up to the first bad one, as Windows does.
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "regf-hive.h"

#define SECTOR 512u

/* Parts of an entry. */
#define ENTRY_HEADER 40u
#define ENTRY_HASHED 32u        /* of the header by its own hash */
#define REFERENCE 8u

/* --------------------------------------------------------------- hashes */

static uint32_t
rotate(uint32_t value, unsigned by)
{
    return value << by | value >> (32 - by);
}

static void
mix(struct vw_marvin *hash, uint32_t word)
{
    hash->low += word;
    hash->high ^= hash->low;
    hash->low = rotate(hash->low, 20) + hash->high;
    hash->high = rotate(hash->high, 9) ^ hash->low;
    hash->low = rotate(hash->low, 27) + hash->high;
    hash->high = rotate(hash->high, 19);
}

struct vw_marvin
vw_marvin_start(void)
{
    return (struct vw_marvin) { .low = 0x7a4e55c5, .high = 0x82ef4d88 };
}

void
vw_marvin_add(struct vw_marvin *hash, const unsigned char *data, size_t size)
{
    for (size_t i = 0; i + 4 <= size; i += 4)
        mix(hash, vw_le32(data + i));
}

uint64_t
vw_marvin_finish(struct vw_marvin hash, const unsigned char *rest,
                 size_t size)
{
    uint32_t last = 0x80;

    vw_marvin_add(&hash, rest, size);
    for (size_t i = size % 4; i > 0; i--)
        last = last << 8 | rest[size - size % 4 + i - 1];
    mix(&hash, last);
    mix(&hash, 0);
    return (uint64_t)hash.high << 32 | hash.low;
}

/* -------------------------------------------------------------- windows */

/* A part of a log in memory, so that it is not read in small pieces. */
struct window {
    struct vw_hive *hive;       /* who counts what is read */
    const struct vw_bytes *bytes;
    uint64_t start;
    size_t size;
    unsigned char data[32768];
};

/* The @size bytes at @offset, at most a sector or a page; they stand until
 * the next call.  The range was checked against the size of the log.
 */
static int
look(struct window *window, uint64_t offset, size_t size,
     const unsigned char **ret_data, struct vtopo_error *err)
{
    uint64_t left = window->bytes->size - offset;

    if (offset < window->start
        || offset + size > window->start + window->size) {
        size_t more = left < sizeof(window->data) ? (size_t)left
                                                  : sizeof(window->data);

        window->size = 0;
        if (vw_bytes_read(window->bytes, offset, window->data, more, err) < 0)
            return -1;
        window->hive->state.log_bytes_read += more;
        window->start = offset;
        window->size = more;
    }
    *ret_data = window->data + (offset - window->start);
    return 0;
}

/* Two windows, because references and pages are read by turns. */
struct reader {
    struct window references;
    struct window pages;
    uint64_t new_pages;         /* that the entry puts into the overlay */
};

static struct reader *
new_reader(struct vw_hive *hive, const struct vw_bytes *bytes)
{
    struct reader *reader = calloc(1, sizeof(*reader));

    if (reader != NULL) {
        reader->references.hive = reader->pages.hive = hive;
        reader->references.bytes = reader->pages.bytes = bytes;
    }
    return reader;
}

/* ------------------------------------------------------------- problems */

/* Note the first problem; what follows from it is not worth the place. */
static void
note(struct vw_hive *hive, const char *what)
{
    size_t length = strlen(what);

    if (hive->state.log_problem[0] != '\0')
        return;
    if (length >= sizeof(hive->state.log_problem))
        length = sizeof(hive->state.log_problem) - 1;
    memcpy(hive->state.log_problem, what, length);
    hive->state.log_problem[length] = '\0';
}

static void
note_error(struct vw_hive *hive, const struct vtopo_error *err)
{
    note(hive, err->message);
}

/* -------------------------------------------------------- new-style logs */

struct entry {
    uint64_t offset;            /* in the log */
    uint32_t size;
    uint32_t sequence;
    uint32_t bins_size;
    uint32_t pages;
    uint64_t hash;
};

/* Read the header of the entry at @offset; none there is no failure. */
static int
read_entry(struct reader *reader, uint64_t offset, struct entry *ret_entry,
           bool *ret_found, struct vtopo_error *err)
{
    uint64_t end = reader->pages.bytes->size;
    const unsigned char *header;
    struct entry entry;

    *ret_found = false;
    if (offset > end || end - offset < SECTOR)
        return 0;
    if (look(&reader->pages, offset, ENTRY_HEADER, &header, err) < 0)
        return -1;
    if (memcmp(header, "HvLE", 4) != 0)
        return 0;
    entry = (struct entry) {
        .offset = offset,
        .size = vw_le32(header + 4),
        .sequence = vw_le32(header + 12),
        .bins_size = vw_le32(header + 16),
        .pages = vw_le32(header + 20),
        .hash = vw_le64(header + 24),
    };
    if (vw_marvin_finish(vw_marvin_start(), header, ENTRY_HASHED)
        != vw_le64(header + 32))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the header of log entry %u has a wrong hash",
                       entry.sequence);
    if (entry.size % SECTOR != 0 || entry.size < ENTRY_HEADER
        || entry.size > end - offset
        || entry.pages > (entry.size - ENTRY_HEADER) / REFERENCE)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "log entry %u has an impossible size, %u",
                       entry.sequence, entry.size);
    *ret_found = true;
    *ret_entry = entry;
    return 0;
}

static int
check_hash(struct reader *reader, const struct entry *entry,
           struct vtopo_error *err)
{
    struct vw_marvin hash = vw_marvin_start();
    uint64_t at = entry->offset + ENTRY_HEADER;
    uint64_t end = entry->offset + entry->size;
    const unsigned char *data = NULL;
    size_t part = 0;

    for (; at < end; at += part) {
        part = end - at < SECTOR ? (size_t)(end - at) : SECTOR;
        if (look(&reader->pages, at, part, &data, err) < 0)
            return -1;
        vw_marvin_add(&hash, data, part);
    }
    if (vw_marvin_finish(hash, NULL, 0) != entry->hash)
        return vt_fail(err, VTOPO_BAD_INPUT, "log entry %u has a wrong hash",
                       entry->sequence);
    return 0;
}

/* Call @page for every page of @entry: where it goes and where it is. */
typedef int page_function(struct reader *reader, uint32_t to, uint32_t size,
                          uint64_t from, struct vtopo_error *err);

static int
for_each_page(struct reader *reader, const struct entry *entry,
              page_function *page, struct vtopo_error *err)
{
    uint64_t reference = entry->offset + ENTRY_HEADER;
    uint64_t from = reference + (uint64_t)entry->pages * REFERENCE;

    for (uint32_t i = 0; i < entry->pages; i++) {
        const unsigned char *data;
        uint32_t size;
        uint32_t to;

        if (look(&reader->references, reference + (uint64_t)i * REFERENCE,
                 REFERENCE, &data, err) < 0)
            return -1;
        to = vw_le32(data);
        size = vw_le32(data + 4);
        if (to % SECTOR != 0 || size % SECTOR != 0 || to > entry->bins_size
            || size > entry->bins_size - to
            || size > entry->offset + entry->size - from)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "log entry %u has a page of %u bytes for 0x%x",
                           entry->sequence, size, to);
        if (page(reader, to, size, from, err) < 0)
            return -1;
        from += size;
    }
    return 0;
}

static int
count_page(struct reader *reader, uint32_t to, uint32_t size, uint64_t from,
           struct vtopo_error *err)
{
    uint64_t end = ((uint64_t)to + size + VW_HIVE_PAGE - 1) / VW_HIVE_PAGE;

    (void)from;
    (void)err;
    for (uint64_t i = to / VW_HIVE_PAGE; i < end; i++)
        reader->new_pages += !vw_pages_is_overlaid(&reader->pages.hive->pages,
                                                   (uint32_t)i);
    return 0;
}

static int
apply_page(struct reader *reader, uint32_t to, uint32_t size, uint64_t from,
           struct vtopo_error *err)
{
    while (size > 0) {
        uint32_t part = VW_HIVE_PAGE - to % VW_HIVE_PAGE;
        const unsigned char *data;

        if (part > size)
            part = size;
        if (look(&reader->pages, from, part, &data, err) < 0
            || vw_pages_overlay(&reader->pages.hive->pages, to, data, part,
                                err) < 0)
            return -1;
        to += part;
        from += part;
        size -= part;
    }
    return 0;
}

/* An entry is applied as a whole or not at all: all that can be wrong with
 * it is looked at first.
 */
static int
apply_entry(struct vw_hive *hive, struct reader *reader,
            const struct entry *entry, struct vtopo_error *err)
{
    reader->new_pages = 0;
    if (entry->bins_size == 0 || entry->bins_size % VW_HIVE_PAGE != 0
        || entry->bins_size > VW_HIVE_BINS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "log entry %u wants an impossible size of the hive,"
                       " %u", entry->sequence, entry->bins_size);
    if (check_hash(reader, entry, err) < 0
        || for_each_page(reader, entry, count_page, err) < 0)
        return -1;
    if (reader->new_pages > VW_HIVE_OVERLAY_MAX - hive->pages.overlay.used)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "up to log entry %u more than %u pages change",
                       entry->sequence, VW_HIVE_OVERLAY_MAX);
    if (for_each_page(reader, entry, apply_page, err) < 0)
        return -1;
    hive->state.size = entry->bins_size;
    hive->state.last_sequence = entry->sequence;
    hive->state.replayed++;
    return 0;
}

/* Apply the entries of @log that follow each other, the first with number
 * @expected.
 */
static int
apply_new(struct vw_hive *hive, const struct vw_log *log, uint32_t expected,
          struct vtopo_error *err)
{
    vt_autofree struct reader *reader = new_reader(hive, log->bytes);
    uint64_t offset = SECTOR;
    unsigned before = hive->state.replayed;

    if (reader == NULL)
        return vt_fail_memory(err);
    for (;;) {
        struct entry entry = { .size = 0 };
        bool found = false;

        if (read_entry(reader, offset, &entry, &found, err) < 0)
            return -1;
        if (!found || entry.sequence != expected)
            break;
        if (apply_entry(hive, reader, &entry, err) < 0)
            return -1;
        offset += entry.size;
        expected++;
    }
    if (hive->state.replayed == before)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the log has no entry %u, with which it says to begin",
                       expected);
    return 0;
}

/* -------------------------------------------------------- old-style logs */

/* The map of an old-style log, and where its sectors are. */
struct map {
    unsigned char *bits;        /* owned: a bit a sector of the bins */
    uint32_t sectors;
    uint64_t data;
};

static void
clear_map(struct map *map)
{
    free(map->bits);
}

static bool
is_dirty(const struct map *map, uint32_t sector)
{
    return (map->bits[sector / 8] >> (sector % 8) & 1) != 0;
}

static int
read_map(struct vw_hive *hive, const struct vw_log *log, struct map *map,
         struct vtopo_error *err)
{
    uint64_t start = (uint64_t)log->base.cluster * SECTOR;
    uint32_t size = log->base.size / SECTOR / 8;
    unsigned char signature[4];
    uint64_t needed = 0;

    if (vw_bytes_read(log->bytes, start, signature, sizeof(signature), err)
        < 0)
        return -1;
    if (memcmp(signature, "DIRT", 4) != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the log has no map of what is dirty");
    if (start + 4 + size > log->bytes->size)
        return vt_fail(err, VTOPO_BAD_INPUT, "the log is cut short");
    map->bits = malloc(size);   /* below 512 KiB: the size was checked */
    if (map->bits == NULL)
        return vt_fail_memory(err);
    if (vw_bytes_read(log->bytes, start + 4, map->bits, size, err) < 0)
        return -1;
    hive->state.log_bytes_read += sizeof(signature) + size;
    map->sectors = size * 8;
    for (uint32_t i = 0; i < map->sectors; i++)
        needed += is_dirty(map, i) ? SECTOR : 0;
    map->data = start + (4 + size + start - 1) / start * start;
    if (map->data > log->bytes->size
        || needed > log->bytes->size - map->data)
        return vt_fail(err, VTOPO_BAD_INPUT, "the log is cut short");
    return 0;
}

/* How many pages the sectors of @map are in. */
static uint32_t
count_pages(const struct map *map)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < map->sectors / 8; i++)
        count += map->bits[i] != 0;
    return count;
}

static int
apply_old(struct vw_hive *hive, const struct vw_log *log,
          struct vtopo_error *err)
{
    vt_autofree struct reader *reader = new_reader(hive, log->bytes);
    vt_auto(clear_map) struct map map = { NULL, 0, 0 };
    uint64_t from;

    if (reader == NULL)
        return vt_fail_memory(err);
    if (read_map(hive, log, &map, err) < 0)
        return -1;
    if (count_pages(&map) > VW_HIVE_OVERLAY_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the log changes more than %u pages",
                       VW_HIVE_OVERLAY_MAX);
    from = map.data;
    for (uint32_t i = 0; i < map.sectors; i++) {
        if (!is_dirty(&map, i))
            continue;
        if (apply_page(reader, i * SECTOR, SECTOR, from, err) < 0)
            return -1;
        from += SECTOR;
    }
    hive->state.size = log->base.size;
    hive->state.last_sequence = log->base.primary_sequence;
    hive->state.replayed++;
    return 0;
}

/* --------------------------------------------------------------- choice */

/* Whether @bytes is a log with a sound base block. */
static bool
read_log(struct vw_hive *hive, const struct vw_bytes *bytes,
         struct vw_log *ret_log)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    unsigned char block[VW_BASE_SIZE];

    if (bytes == NULL || bytes->size < sizeof(block))
        return false;           /* Windows keeps empty ones */
    if (vw_bytes_read(bytes, 0, block, sizeof(block), &err) < 0) {
        note_error(hive, &err);
        return false;
    }
    hive->state.log_bytes_read += sizeof(block);
    ret_log->bytes = bytes;
    vw_base_parse(block, &ret_log->base);
    if (!ret_log->base.is_regf || !ret_log->base.checksum_ok
        || ret_log->base.size == 0
        || ret_log->base.size % VW_HIVE_PAGE != 0
        || ret_log->base.size > VW_HIVE_BINS_MAX
        || ret_log->base.cluster < 1 || ret_log->base.cluster > 8) {
        note(hive, "a log has a bad header");
        return false;
    }
    return true;
}

/* The time in the first bin, which the base block had, too. */
static uint64_t
read_bin_time(struct vw_hive *hive)
{
    vt_autoerror struct vtopo_error ignored = VTOPO_ERROR_INIT;
    unsigned char bin[32];

    if (vw_pages_read(&hive->pages, 0, bin, sizeof(bin), &ignored) < 0)
        return 0;
    return vw_le64(bin + 20);
}

static bool
is_old(const struct vw_log *log)
{
    return log->base.type == VW_BASE_OLD_LOG
           || log->base.type == VW_BASE_OLDEST_LOG;
}

/* Whether @log goes with a hive with @base. */
static bool
is_applicable(struct vw_hive *hive, const struct vw_base *base,
              const struct vw_log *log)
{
    if (log->base.type == VW_BASE_NEW_LOG)
        return !base->checksum_ok
               || log->base.primary_sequence >= base->secondary_sequence;
    if (!is_old(log)) {
        note(hive, "a log is of unknown type");
        return false;
    }
    if (log->base.primary_sequence != log->base.secondary_sequence) {
        note(hive, "the log was not finished itself");
        return false;
    }
    return log->base.written == (base->checksum_ok ? base->written
                                                   : read_bin_time(hive));
}

/* Put @log where it belongs: new-style logs by number, one old-style log
 * alone.  A Windows that writes the new style leaves no old logs to apply.
 */
static void
add_log(struct vw_logs *logs, const struct vw_log *log)
{
    size_t at = logs->count;

    if (at > 0 && (is_old(log) || is_old(&logs->logs[0])))
        return;
    for (; at > 0 && logs->logs[at - 1].base.primary_sequence
                     > log->base.primary_sequence; at--)
        logs->logs[at] = logs->logs[at - 1];
    logs->logs[at] = *log;
    logs->count++;
}

void
vw_logs_choose(struct vw_hive *hive, const struct vw_base *base,
               const struct vw_bytes *const *given, size_t count,
               struct vw_logs *ret_logs)
{
    struct vw_log log;

    *ret_logs = (struct vw_logs) { .count = 0 };
    for (size_t i = 0; i < count && i < VW_HIVE_LOGS_MAX; i++) {
        if (read_log(hive, given[i], &log)
            && is_applicable(hive, base, &log))
            add_log(ret_logs, &log);
    }
    if (ret_logs->count == 0) {
        note(hive, "no log goes with the hive");
        return;
    }
    if (!base->checksum_ok) {
        /* The latest alone can be trusted to fit. */
        ret_logs->logs[0] = ret_logs->logs[ret_logs->count - 1];
        ret_logs->count = 1;
        ret_logs->base = ret_logs->logs[0].base;
        ret_logs->has_base = true;
    }
}

void
vw_logs_apply(struct vw_hive *hive, const struct vw_logs *logs)
{
    for (size_t i = 0; i < logs->count; i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        const struct vw_log *log = &logs->logs[i];
        uint32_t first = log->base.primary_sequence;

        /* Behind another log, this one must go on where that one ended. */
        if (i > 0 && (hive->state.replayed == 0
                      || first != hive->state.last_sequence + 1)) {
            note(hive, "the second log does not go on where the first ends");
            return;
        }
        if ((is_old(log) ? apply_old(hive, log, &err)
                         : apply_new(hive, log, first, &err)) < 0)
            note_error(hive, &err);
    }
}

/* ----------------------------------------------------------- last number */

#define LOG_SIZE_MAX (64u << 20)

int
vw_log_last_sequence(const struct vw_bytes *bytes, uint32_t *ret_last,
                     struct vtopo_error *err)
{
    unsigned char sector[SECTOR];
    struct vw_base base;
    uint32_t last = 0;

    if (bytes->size > LOG_SIZE_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a log of %llu bytes is too long",
                       (unsigned long long)bytes->size);
    for (uint64_t at = 0; at + SECTOR <= bytes->size; at += SECTOR) {
        uint32_t found = 0;

        if (vw_bytes_read(bytes, at, sector, sizeof(sector), err) < 0)
            return -1;
        if (at == 0) {
            vw_base_parse(sector, &base);
            if (base.is_regf && base.checksum_ok)
                found = base.primary_sequence > base.secondary_sequence
                        ? base.primary_sequence : base.secondary_sequence;
        } else if (memcmp(sector, "HvLE", 4) == 0
                   && vw_marvin_finish(vw_marvin_start(), sector,
                                       ENTRY_HASHED)
                      == vw_le64(sector + ENTRY_HASHED)) {
            found = vw_le32(sector + 12);
        }
        last = found > last ? found : last;
    }
    *ret_last = last;
    return 0;
}
