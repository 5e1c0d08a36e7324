/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * capture.c - a disk that seems to be written to (see capture.h)
 *
 * The units that were written to are in a tree by their numbers, which a
 * hostile volume may choose, and in a list as they come.
 */

#include <inttypes.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/crc32.h"
#include "base/error.h"
#include "capture.h"

struct unit {
    uint64_t number;
    bool unchanged;             /* see drop_unchanged() */
    unsigned char data[];
};

struct vw_capture {
    struct vw_bytes disk;
    unsigned unit;              /* bytes */
    unsigned char *room;        /* owned: for all units that may be kept */
    struct unit **units;        /* owned: each place in it; those in use first */
    size_t count, max;
    bool crowded;               /* nothing more can be dropped */
    void *tree;                 /* of tsearch(): the units, not owned */
};

int
vw_capture_new(const struct vw_bytes *disk, unsigned unit,
               struct vw_capture **ret_capture, struct vtopo_error *err)
{
    vt_auto(vw_capture_freep) struct vw_capture *capture =
        calloc(1, sizeof(*capture));
    size_t stride = (sizeof(struct unit) + unit + 7) / 8 * 8;

    if (capture == NULL)
        return vt_fail_memory(err);
    /* Memory that nobody writes to is none yet. */
    capture->max = VW_CAPTURE_MAX / unit;
    capture->room = calloc(capture->max, stride);
    capture->units = calloc(capture->max, sizeof(*capture->units));
    if (capture->room == NULL || capture->units == NULL)
        return vt_fail_memory(err);
    for (size_t i = 0; i < capture->max; i++)
        capture->units[i] = (void *)(capture->room + i * stride);
    capture->disk = *disk;
    capture->unit = unit;
    *ret_capture = vt_steal(&capture);
    return 0;
}

static void
keep_unit(void *unit)
{
    (void)unit;                 /* its place is freed with all others */
}

void
vw_capture_free(struct vw_capture *capture)
{
    if (capture == NULL)
        return;
    tdestroy(capture->tree, keep_unit);
    free(capture->units);
    free(capture->room);
    free(capture);
}

/* ------------------------------------------------------------ units */

static int
compare_units(const void *left, const void *right)
{
    uint64_t a = ((const struct unit *)left)->number;
    uint64_t b = ((const struct unit *)right)->number;

    return a < b ? -1 : a > b;
}

static struct unit *
find_unit(const struct vw_capture *capture, uint64_t number)
{
    const struct unit key = { .number = number };
    struct unit *const *node = tfind(&key, &capture->tree, compare_units);

    return node == NULL ? NULL : *node;
}

/* The disk may end inside its last unit. */
static size_t
size_of(const struct vw_capture *capture, uint64_t number)
{
    uint64_t left = capture->disk.size - number * capture->unit;

    return left < capture->unit ? (size_t)left : capture->unit;
}

/* Drop the units that are what the disk has: of a file that is put back whole
 * with some bytes changed, as a hive is, those are nearly all.  Where that
 * frees little, it is not tried again.
 */
static int
drop_unchanged(struct vw_capture *capture, struct vtopo_error *err)
{
    vt_autofree unsigned char *old = malloc(capture->unit);
    size_t kept = 0;

    if (old == NULL)
        return vt_fail_memory(err);
    /* All are read first, so that a failure leaves nothing half done. */
    for (size_t i = 0; i < capture->count; i++) {
        struct unit *unit = capture->units[i];
        size_t size = size_of(capture, unit->number);

        if (vw_bytes_read(&capture->disk, unit->number * capture->unit, old,
                          size, err) < 0)
            return -1;
        unit->unchanged = memcmp(old, unit->data, size) == 0;
    }
    for (size_t i = 0; i < capture->count; i++) {
        struct unit *unit = capture->units[i];

        if (unit->unchanged) {
            (void)tdelete(unit, &capture->tree, compare_units);
        } else {
            capture->units[i] = capture->units[kept];
            capture->units[kept++] = unit;
        }
    }
    capture->count = kept;
    capture->crowded = kept > capture->max / 16 * 15;
    return 0;
}

/* Room for one more unit. */
static int
make_room(struct vw_capture *capture, struct vtopo_error *err)
{
    if (capture->count == capture->max && !capture->crowded
        && drop_unchanged(capture, err) < 0)
        return -1;
    return capture->count < capture->max ? 0
           : vt_fail(err, VTOPO_IMPOSSIBLE,
                     "more than %u bytes would have to be written",
                     VW_CAPTURE_MAX);
}

/* The bytes of unit @number, taken from the disk where it was not written to
 * yet, unless it is to be written @whole.
 */
static int
take_unit(struct vw_capture *capture, uint64_t number, bool whole,
          unsigned char **ret_data, struct vtopo_error *err)
{
    struct unit *unit = find_unit(capture, number);

    if (unit != NULL) {
        *ret_data = unit->data;
        return 0;
    }
    if (make_room(capture, err) < 0)
        return -1;
    unit = capture->units[capture->count];
    unit->number = number;
    if (!whole && vw_bytes_read(&capture->disk, number * capture->unit,
                                unit->data, size_of(capture, number),
                                err) < 0)
        return -1;
    if (tsearch(unit, &capture->tree, compare_units) == NULL)
        return vt_fail_memory(err);
    capture->count++;
    *ret_data = unit->data;
    return 0;
}

/* ---------------------------------------------------- read and write */

static int
read_capture(struct vw_capture *capture, uint64_t offset, void *buffer,
             size_t size, struct vtopo_error *err)
{
    uint64_t number = offset / capture->unit;
    unsigned char *to = buffer;

    if (vw_bytes_read(&capture->disk, offset, buffer, size, err) < 0)
        return -1;
    for (; number * capture->unit < offset + size; number++) {
        const struct unit *unit = find_unit(capture, number);
        uint64_t at = number * capture->unit;
        uint64_t start = at > offset ? at : offset;
        uint64_t end = at + size_of(capture, number);

        if (unit == NULL)
            continue;
        if (end > offset + size)
            end = offset + size;
        memcpy(to + (start - offset), unit->data + (start - at),
               (size_t)(end - start));
    }
    return 0;
}

/* Write @size bytes at @inside of unit @number, which has them all. */
static int
write_unit(struct vw_capture *capture, uint64_t number, size_t inside,
           const unsigned char *data, size_t size, struct vtopo_error *err)
{
    unsigned char *to = NULL;

    if (take_unit(capture, number, size == capture->unit, &to, err) < 0
        || to == NULL)
        return -1;
    memcpy(to + inside, data, size);
    return 0;
}

static int
write_capture(struct vw_capture *capture, uint64_t offset, const void *data,
              size_t size, struct vtopo_error *err)
{
    const unsigned char *from = data;

    if (offset > capture->disk.size || size > capture->disk.size - offset)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%zu bytes at %" PRIu64 " would be written beyond the "
                       "end of the disk", size, offset);
    while (size > 0) {
        size_t inside = (size_t)(offset % capture->unit);
        size_t piece = capture->unit - inside;

        if (piece > size)
            piece = size;
        if (write_unit(capture, offset / capture->unit, inside, from, piece,
                       err) < 0)
            return -1;
        from += piece;
        offset += piece;
        size -= piece;
    }
    return 0;
}

/* -------------------------------------------------------- stretches */

static int
read_stretch(void *context, uint64_t offset, void *buffer, size_t size,
             struct vtopo_error *err)
{
    struct vw_stretch *stretch = context;

    return read_capture(stretch->capture, stretch->offset + offset, buffer,
                        size, err);
}

static int
write_stretch(void *context, uint64_t offset, const void *data, size_t size,
              struct vtopo_error *err)
{
    struct vw_stretch *stretch = context;

    if (offset > stretch->size || size > stretch->size - offset)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%zu bytes at %" PRIu64 " would be written beyond the "
                       "end of the partition", size, offset);
    return write_capture(stretch->capture, stretch->offset + offset, data,
                         size, err);
}

struct vw_bytes
vw_stretch_bytes(struct vw_stretch *stretch)
{
    return (struct vw_bytes) {
        .size = stretch->size, .read = read_stretch, .context = stretch,
    };
}

struct vw_sink
vw_stretch_sink(struct vw_stretch *stretch)
{
    return (struct vw_sink) { .write = write_stretch, .context = stretch };
}

/* --------------------------------------------------------- proposals */

/* A write that is being put together. */
struct listing {
    unsigned char *data;        /* owned: VW_CAPTURE_PIECE bytes */
    struct vw_write write;
};

static void
flush(struct listing *listing, vw_take_write *take, void *context)
{
    if (listing->write.size > 0)
        take(context, &listing->write);
    listing->write.size = 0;
    listing->write.old_crc32 = 0;
}

/* The same for those of the list. */
static int
compare_places(const void *left, const void *right)
{
    return compare_units(*(struct unit *const *)left,
                         *(struct unit *const *)right);
}

static int
list_units(struct vw_capture *capture, struct listing *listing,
           unsigned char *old, vw_take_write *take, void *context,
           struct vtopo_error *err)
{
    struct vw_write *write = &listing->write;

    for (size_t i = 0; i < capture->count; i++) {
        const struct unit *unit = capture->units[i];
        uint64_t at = unit->number * capture->unit;
        size_t size = size_of(capture, unit->number);

        if (vw_bytes_read(&capture->disk, at, old, size, err) < 0)
            return -1;
        if (memcmp(old, unit->data, size) == 0)
            continue;
        if (write->offset + write->size != at
            || write->size + size > VW_CAPTURE_PIECE)
            flush(listing, take, context);
        if (write->size == 0)
            write->offset = at;
        memcpy(listing->data + write->size, unit->data, size);
        write->old_crc32 = vt_crc32(write->old_crc32, old, size);
        write->size += size;
    }
    flush(listing, take, context);
    return 0;
}

int
vw_capture_list(struct vw_capture *capture, vw_take_write *take,
                void *context, struct vtopo_error *err)
{
    vt_autofree unsigned char *data = malloc(VW_CAPTURE_PIECE);
    vt_autofree unsigned char *old = malloc(capture->unit);
    struct listing listing = { .data = data, .write = { .data = data } };

    if (data == NULL || old == NULL)
        return vt_fail_memory(err);
    qsort(capture->units, capture->count, sizeof(struct unit *),
          compare_places);
    return list_units(capture, &listing, old, take, context, err);
}
