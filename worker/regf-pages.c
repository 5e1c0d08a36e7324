/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf-pages.c - a hive by the page (see regf-hive.h)
 *
 * A page comes from the overlay, where a log changed it, else from the
 * cache, else from the file.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "regf-hive.h"

void
vw_pages_clear(struct vw_pages *pages)
{
    free(pages->cache.data);
    free(pages->overlaid);
    free(pages->overlay.data);
    *pages = (struct vw_pages) { .file = pages->file };
}

/* Take another place, of at most @max that there may be. */
static int
add_place(struct vw_arena *arena, uint32_t max, uint32_t *ret_place,
          struct vtopo_error *err)
{
    uint32_t room = arena->room == 0 ? 8 : 2 * arena->room;
    unsigned char *data;

    if (arena->used >= max)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the logs change more than %u pages", max);
    if (arena->used == arena->room) {
        data = realloc(arena->data, (size_t)room * VW_HIVE_PAGE);
        if (data == NULL)
            return vt_fail_memory(err);
        arena->data = data;
        arena->room = room;
    }
    *ret_place = ++arena->used;
    return 0;
}

static unsigned char *
place_data(const struct vw_arena *arena, uint32_t place)
{
    return arena->data + (size_t)(place - 1) * VW_HIVE_PAGE;
}

/* The data of page @number in the overlay, NULL where it is not there. */
static unsigned char *
find_overlay(const struct vw_pages *pages, uint32_t number)
{
    if (number >= pages->overlaid_room || pages->overlaid[number] == 0)
        return NULL;
    return place_data(&pages->overlay, pages->overlaid[number]);
}

bool
vw_pages_is_overlaid(const struct vw_pages *pages, uint32_t number)
{
    return find_overlay(pages, number) != NULL;
}

/* How much of page @number the file holds. */
static uint32_t
size_in_file(const struct vw_pages *pages, uint32_t number)
{
    uint64_t start = VW_BINS_START + (uint64_t)number * VW_HIVE_PAGE;

    if (start >= pages->file->size)
        return 0;
    return pages->file->size - start < VW_HIVE_PAGE
           ? (uint32_t)(pages->file->size - start) : VW_HIVE_PAGE;
}

static int
read_file(struct vw_pages *pages, uint32_t number, unsigned char *data,
          uint32_t *ret_valid, struct vtopo_error *err)
{
    uint32_t valid = size_in_file(pages, number);

    if (valid > 0
        && vw_bytes_read(pages->file,
                         VW_BINS_START + (uint64_t)number * VW_HIVE_PAGE,
                         data, valid, err) < 0)
        return -1;
    pages->bytes_read += valid;
    *ret_valid = valid;
    return 0;
}

/* The place in the cache for page @number: where it is, or the one of its
 * set that was not used for longest.
 */
static struct vw_page *
choose_place(struct vw_pages *pages, uint32_t number)
{
    struct vw_page *set = &pages->cached[number % VW_PAGES_SETS
                                         * VW_PAGES_WAYS];
    struct vw_page *oldest = &set[0];

    for (unsigned i = 0; i < VW_PAGES_WAYS; i++) {
        if (set[i].used != 0 && set[i].number == number)
            return &set[i];
        if (set[i].used < oldest->used)
            oldest = &set[i];
    }
    return oldest;
}

/* Make @page hold page @number. */
static int
fill_place(struct vw_pages *pages, uint32_t number, struct vw_page *page,
           struct vtopo_error *err)
{
    if (page->used != 0 && page->number == number)
        return 0;
    if (page->place == 0
        && add_place(&pages->cache, VW_HIVE_CACHED_MAX, &page->place, err) < 0)
        return -1;
    page->used = 0;             /* until it holds something again */
    if (read_file(pages, number, place_data(&pages->cache, page->place),
                  &page->valid, err) < 0)
        return -1;
    page->number = number;
    return 0;
}

/* Read what lies inside page @number. */
static int
read_page(struct vw_pages *pages, uint32_t number, uint32_t at,
          unsigned char *buffer, uint32_t size, struct vtopo_error *err)
{
    const unsigned char *overlay = find_overlay(pages, number);
    struct vw_page *page;

    if (overlay != NULL) {
        memcpy(buffer, overlay + at, size);
        return 0;
    }
    page = choose_place(pages, number);
    if (fill_place(pages, number, page, err) < 0)
        return -1;
    page->used = ++pages->clock;
    if (at + size > page->valid)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the hive is cut short: nothing is left at %" PRIu64,
                       pages->file->size);
    memcpy(buffer, place_data(&pages->cache, page->place) + at, size);
    return 0;
}

int
vw_pages_read(struct vw_pages *pages, uint64_t offset,
              void *buffer, size_t size, struct vtopo_error *err)
{
    unsigned char *to = buffer;

    if (offset > VW_HIVE_BINS_MAX || size > VW_HIVE_BINS_MAX - offset)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%zu bytes at %" PRIu64 " are beyond any hive",
                       size, offset);
    while (size > 0) {
        uint32_t at = (uint32_t)(offset % VW_HIVE_PAGE);
        uint32_t part = VW_HIVE_PAGE - at;

        if (part > size)
            part = (uint32_t)size;
        if (read_page(pages, (uint32_t)(offset / VW_HIVE_PAGE), at, to, part,
                      err) < 0)
            return -1;
        offset += part;
        to += part;
        size -= part;
    }
    return 0;
}

/* Make the index of the overlay reach page @number. */
static int
extend_index(struct vw_pages *pages, uint32_t number,
             struct vtopo_error *err)
{
    uint32_t room = number / 1024 * 1024 + 1024;
    uint16_t *index;

    if (number < pages->overlaid_room)
        return 0;
    index = realloc(pages->overlaid, room * sizeof(*index));
    if (index == NULL)
        return vt_fail_memory(err);
    memset(index + pages->overlaid_room, 0,
           (room - pages->overlaid_room) * sizeof(*index));
    pages->overlaid = index;
    pages->overlaid_room = room;
    return 0;
}

/* A new page of the overlay, with what the file has there. */
static int
add_overlay(struct vw_pages *pages, uint32_t number, bool whole,
            unsigned char **ret_data, struct vtopo_error *err)
{
    unsigned char *data;
    uint32_t place = 0;
    uint32_t valid;

    if (extend_index(pages, number, err) < 0
        || add_place(&pages->overlay, VW_HIVE_OVERLAY_MAX, &place, err) < 0)
        return -1;
    data = place_data(&pages->overlay, place);
    memset(data, 0, VW_HIVE_PAGE);
    if (!whole && read_file(pages, number, data, &valid, err) < 0)
        return -1;
    pages->overlaid[number] = (uint16_t)place;
    *ret_data = data;
    return 0;
}

int
vw_pages_overlay(struct vw_pages *pages, uint32_t offset,
                 const unsigned char *data, size_t size,
                 struct vtopo_error *err)
{
    uint32_t number = offset / VW_HIVE_PAGE;
    unsigned char *page = find_overlay(pages, number);

    if (page == NULL && add_overlay(pages, number, size == VW_HIVE_PAGE,
                                    &page, err) < 0)
        return -1;
    memcpy(page + offset % VW_HIVE_PAGE, data, size);
    return 0;
}
