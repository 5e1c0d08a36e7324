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
    for (unsigned i = 0; i < VW_HIVE_CACHED_MAX; i++)
        free(pages->cached[i / VW_PAGES_WAYS][i % VW_PAGES_WAYS].data);
    for (unsigned i = 0; i < VW_OVERLAY_OUTER; i++) {
        if (pages->overlay[i] == NULL)
            continue;
        for (unsigned j = 0; j < VW_OVERLAY_INNER; j++)
            free(pages->overlay[i][j]);
        free(pages->overlay[i]);
    }
    *pages = (struct vw_pages) { .file = pages->file };
}

static unsigned char *
find_overlay(const struct vw_pages *pages, uint32_t number)
{
    unsigned char **inner = pages->overlay[number / VW_OVERLAY_INNER];

    return inner == NULL ? NULL : inner[number % VW_OVERLAY_INNER];
}

bool
vw_pages_is_overlaid(const struct vw_pages *pages, uint32_t number)
{
    return number < VW_OVERLAY_OUTER * VW_OVERLAY_INNER
           && find_overlay(pages, number) != NULL;
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
    struct vw_page *set = pages->cached[number % VW_PAGES_SETS];
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
    page->used = 0;             /* until it holds something again */
    if (page->data == NULL)
        page->data = malloc(VW_HIVE_PAGE);
    if (page->data == NULL)
        return vt_fail_memory(err);
    if (read_file(pages, number, page->data, &page->valid, err) < 0)
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
    memcpy(buffer, page->data + at, size);
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

/* A new page of the overlay, with what the file has there. */
static int
add_overlay(struct vw_pages *pages, uint32_t number, bool whole,
            unsigned char **ret_data, struct vtopo_error *err)
{
    unsigned char ***inner = &pages->overlay[number / VW_OVERLAY_INNER];
    vt_autofree unsigned char *data = NULL;
    uint32_t valid;

    if (pages->overlaid >= VW_HIVE_OVERLAY_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the logs change more than %u pages",
                       VW_HIVE_OVERLAY_MAX);
    if (*inner == NULL)
        *inner = calloc(VW_OVERLAY_INNER, sizeof(**inner));
    data = calloc(1, VW_HIVE_PAGE);
    if (*inner == NULL || data == NULL)
        return vt_fail_memory(err);
    if (!whole && read_file(pages, number, data, &valid, err) < 0)
        return -1;
    *ret_data = data;
    (*inner)[number % VW_OVERLAY_INNER] = vt_steal(&data);
    pages->overlaid++;
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
