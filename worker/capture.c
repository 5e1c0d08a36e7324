/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * capture.c - a disk that seems to be written to (see capture.h)
 *
 * The units that were written to are an array in the order of their numbers:
 * there are few, and mostly they come in order.
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/crc32.h"
#include "base/error.h"
#include "capture.h"

struct unit {
    uint64_t number;
    unsigned char *data;        /* owned */
};

struct vw_capture {
    struct vw_bytes disk;
    unsigned unit;              /* bytes */
    size_t count;
    struct unit *units;         /* owned: room for all that may be kept */
};

int
vw_capture_new(const struct vw_bytes *disk, unsigned unit,
               struct vw_capture **ret_capture, struct vtopo_error *err)
{
    vt_auto(vw_capture_freep) struct vw_capture *capture =
        calloc(1, sizeof(*capture));

    if (capture == NULL)
        return vt_fail_memory(err);
    capture->units = calloc(VW_CAPTURE_MAX / unit, sizeof(struct unit));
    if (capture->units == NULL)
        return vt_fail_memory(err);
    capture->disk = *disk;
    capture->unit = unit;
    *ret_capture = vt_steal(&capture);
    return 0;
}

void
vw_capture_free(struct vw_capture *capture)
{
    if (capture == NULL)
        return;
    for (size_t i = 0; i < capture->count; i++)
        free(capture->units[i].data);
    free(capture->units);
    free(capture);
}

/* ------------------------------------------------------------ units */

/* The first place whose unit is not before @number. */
static size_t
place_of(const struct vw_capture *capture, uint64_t number)
{
    size_t low = 0;
    size_t high = capture->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (capture->units[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct unit *
find_unit(const struct vw_capture *capture, uint64_t number)
{
    size_t place = place_of(capture, number);

    return place < capture->count && capture->units[place].number == number
           ? &capture->units[place] : NULL;
}

/* The disk may end inside its last unit. */
static size_t
size_of(const struct vw_capture *capture, uint64_t number)
{
    uint64_t left = capture->disk.size - number * capture->unit;

    return left < capture->unit ? (size_t)left : capture->unit;
}

/* The bytes of unit @number, taken from the disk where it was not written to
 * yet.
 */
static int
take_unit(struct vw_capture *capture, uint64_t number,
          unsigned char **ret_data, struct vtopo_error *err)
{
    vt_autofree unsigned char *data = NULL;
    struct unit *unit = find_unit(capture, number);
    size_t place;

    if (unit != NULL) {
        *ret_data = unit->data;
        return 0;
    }
    if ((capture->count + 1) * capture->unit > VW_CAPTURE_MAX)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "more than %u bytes would have to be written",
                       VW_CAPTURE_MAX);
    data = malloc(capture->unit);
    if (data == NULL)
        return vt_fail_memory(err);
    if (vw_bytes_read(&capture->disk, number * capture->unit, data,
                      size_of(capture, number), err) < 0)
        return -1;
    place = place_of(capture, number);
    unit = &capture->units[place];
    memmove(unit + 1, unit, (capture->count - place) * sizeof(*unit));
    *unit = (struct unit) { .number = number, .data = vt_steal(&data) };
    capture->count++;
    *ret_data = unit->data;
    return 0;
}

/* ---------------------------------------------------- read and write */

static int
read_capture(struct vw_capture *capture, uint64_t offset, void *buffer,
             size_t size, struct vtopo_error *err)
{
    unsigned char *to = buffer;
    size_t place;

    if (vw_bytes_read(&capture->disk, offset, buffer, size, err) < 0)
        return -1;
    place = place_of(capture, offset / capture->unit);
    for (; place < capture->count; place++) {
        const struct unit *unit = &capture->units[place];
        uint64_t at = unit->number * capture->unit;
        uint64_t start = at > offset ? at : offset;
        uint64_t end = at + size_of(capture, unit->number);

        if (at >= offset + size)
            break;
        if (end > offset + size)
            end = offset + size;
        memcpy(to + (start - offset), unit->data + (start - at),
               (size_t)(end - start));
    }
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
        unsigned char *to = NULL;

        if (piece > size)
            piece = size;
        if (take_unit(capture, offset / capture->unit, &to, err) < 0
            || to == NULL)
            return -1;
        memcpy(to + inside, from, piece);
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

static int
list_units(struct vw_capture *capture, struct listing *listing,
           unsigned char *old, vw_take_write *take, void *context,
           struct vtopo_error *err)
{
    struct vw_write *write = &listing->write;

    for (size_t i = 0; i < capture->count; i++) {
        const struct unit *unit = &capture->units[i];
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
    return list_units(capture, &listing, old, take, context, err);
}
