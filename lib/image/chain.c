/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * chain.c - walk from an image to the files that it asks for
 *
 * File by file: the worker says what it is and what it asks for, the rules
 * here say whether that may be, and only then is the next one opened.  When
 * the walk is done every file that will be read is open, and nothing else.
 */

#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "image/internal.h"

/* What the file before says about the one that is opened next. */
struct wish {
    char *name;
    char *format;               /* NULL: not said */
};

static void
clear_wish(struct wish *wish)
{
    free(wish->name);
    free(wish->format);
    *wish = (struct wish) { .name = NULL };
}

/* ------------------------------------------------------------- findings */

/* What is odd about the format of @link.  @stated: somebody said it. */
static int
judge_format(struct vt_image *image, const struct vt_link *link,
             const struct vt_sniffed *sniffed, bool stated)
{
    const char *named = vt_format_by_name(link->name);

    if (stated && strcmp(sniffed->format, sniffed->seen) != 0)
        return vt_image_find(image, "format-differs", VT_IMAGE_WARNING,
                             "'%s' is read as %s, as stated, but its first "
                             "bytes are those of %s",
                             link->name, sniffed->format, sniffed->seen);
    if (stated || named == NULL || strcmp(named, sniffed->seen) == 0)
        return 0;
    if (strcmp(named, "raw") == 0)
        return vt_image_find(image, "name-says-raw", VT_IMAGE_WARNING,
                             "the name '%s' says raw, but its first bytes are "
                             "those of %s; if the disk is raw, its guest has "
                             "written them: state the format",
                             link->name, sniffed->seen);
    return vt_image_find(image, "name-differs", VT_IMAGE_NOTICE,
                         "the name '%s' says %s, but its first bytes are "
                         "those of %s", link->name, named, sniffed->seen);
}

static int
judge_state(struct vt_image *image, const struct vt_link *link,
            const struct vt_sniffed *sniffed)
{
    if (sniffed->dirty
        && vt_image_find(image, "dirty", VT_IMAGE_WARNING,
                         "'%s' was not closed cleanly or is marked as broken",
                         link->name) < 0)
        return -1;
    if (vt_lock_is_written(link->place.fd)
        && vt_image_find(image, "in-use", VT_IMAGE_WARNING,
                         "'%s' is in use by a running VM: what is read from "
                         "it may be stale or half-written", link->name) < 0)
        return -1;
    return 0;
}

/* ---------------------------------------------------------------- rules */

static int
check_readable(const struct vt_link *link, const struct vt_sniffed *sniffed,
               struct vtopo_error *err)
{
    if (sniffed->encrypted)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "'%s' is encrypted (%s), and cannot be read without its "
                       "key", link->name, strcmp(sniffed->format, "luks") == 0
                       ? "LUKS" : sniffed->format);
    if (sniffed->differencing)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "'%s' is a differencing %s disk, of which the parent "
                       "cannot be read", link->name, sniffed->format);
    return 0;
}

static int
refuse_protocol(const char *what, const char *name, struct vtopo_error *err)
{
    return vt_fail(err, VTOPO_IMPOSSIBLE,
                   "the image asks for the %s '%s', which is the name of a "
                   "protocol, not of a file", what, name);
}

static bool
starts_with_any(const char *name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(name, words[i], strlen(words[i])) == 0)
            return true;
    }
    return false;
}

/* A backing disk that is no file: only where allowed, and only raw, because
 * nobody can look at its first bytes before QEMU does.
 */
static int
take_protocol(struct vt_image *image, const struct wish *wish,
              struct vt_link *link, struct vtopo_error *err)
{
    static const char *const known[] = {
        "nbd://", "nbd+unix://", "http://", "https://",
    };

    if (!image->options.allow_protocols) {
        (void)refuse_protocol("backing file", wish->name, err);
        return vt_hint(err, "'--allow-protocols' allows nbd, http and https, "
                       "if you trust the image");
    }
    if (!starts_with_any(wish->name, known, VT_COUNT(known)))
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the image asks for the backing file '%s': of "
                       "protocols nbd, http and https are known", wish->name);
    if (wish->format == NULL || strcmp(wish->format, "raw") != 0)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the image asks for the backing file '%s', which must "
                       "be stated to be raw, not '%s'", wish->name,
                       wish->format != NULL ? wish->format : "unknown");
    link->protocol = strdup(wish->name);
    return link->protocol == NULL ? vt_fail_memory(err) : 0;
}

static int
open_data_file(struct vt_image *image, struct vt_link *link,
               const struct vt_sniffed *sniffed, struct vtopo_error *err)
{
    const char *name = sniffed->data_file;

    if (!sniffed->external_data)
        return 0;
    if (name == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'%s' has its data in another file, but names none",
                       link->name);
    if (!image->options.allow_data_file) {
        (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                      "the image asks for the data file '%s'", name);
        return vt_hint(err, "'--allow-data-file' allows it, if you trust the "
                       "image");
    }
    if (vt_has_protocol(name))
        return refuse_protocol("data file", name, err);
    return vt_place_open(&image->root, link->place.path, name, "data file",
                         image->options.allow_outside, &link->data, err);
}

/* ------------------------------------------------------------- extents */

/* QEMU opens an extent by its name.  A sparse one that names extents itself
 * would lead it on: Landlock forbids it to open them, but not to look.
 */
static int
check_extent(struct vt_image *image, const struct vt_place *place,
             const struct vt_sniffed_extent *extent, struct vtopo_error *err)
{
    vt_auto(vt_sniffed_clear) struct vt_sniffed sniffed = { .backing = NULL };

    if (extent->flat)
        return 0;
    if (vt_sniff(image, place->fd, NULL, &sniffed, err) < 0)
        return vt_wrap(err, "extent '%s'", extent->name);
    if (strcmp(sniffed.format, "vmdk") != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the extent '%s' should be sparse, but is %s",
                       extent->name, sniffed.format);
    if (sniffed.extent_count != 0)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the extent '%s' asks for further extents",
                       extent->name);
    return 0;
}

static int
open_extents(struct vt_image *image, struct vt_link *link,
             const struct vt_sniffed *sniffed, struct vtopo_error *err)
{
    if (sniffed->extent_count == 0)
        return 0;
    link->extents = calloc(sniffed->extent_count, sizeof(*link->extents));
    if (link->extents == NULL)
        return vt_fail_memory(err);
    for (size_t i = 0; i < sniffed->extent_count; i++) {
        struct vt_place place = VT_PLACE_INIT;
        const struct vt_sniffed_extent *extent = &sniffed->extents[i];
        const char *name = extent->name;

        if (vt_has_protocol(name))
            return refuse_protocol("extent", name, err);
        if (vt_place_open(&image->root, link->place.path, name, "extent",
                          image->options.allow_outside, &place, err) < 0)
            return -1;
        if (check_extent(image, &place, extent, err) < 0) {
            vt_place_clear(&place);
            return -1;
        }
        /* There may be hundreds; they are opened again for their rules. */
        (void)close(place.fd);
        place.fd = -1;
        link->extents[link->extent_count++] = place;
    }
    return 0;
}

/* ------------------------------------------------------------- walking */

/* Turn what a file says of its backing file into a wish. */
static int
read_wish(const struct vt_image *image, struct vt_sniffed *sniffed,
          struct wish *wish, struct vtopo_error *err)
{
    struct wish next = { .name = NULL };

    if (sniffed->backing != NULL && vt_json_name_is(sniffed->backing)) {
        if (!image->options.allow_json) {
            (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                          "the image asks for the backing file '%s'",
                          sniffed->backing);
            return vt_hint(err, "'--allow-json' allows such names of files, "
                           "if you trust the image");
        }
        if (vt_json_name_parse(sniffed->backing, &next.name, &next.format,
                               err) < 0)
            return -1;
    } else {
        next.name = vt_steal(&sniffed->backing);
        next.format = vt_steal(&sniffed->backing_format);
    }
    clear_wish(wish);
    *wish = next;
    return 0;
}

static int
check_cycle(const struct vt_image *image, const struct vt_link *link,
            struct vtopo_error *err)
{
    for (size_t i = 0; i < image->link_count; i++) {
        const struct vt_place *before = &image->links[i].place;

        if (before->device == link->place.device
            && before->inode == link->place.inode)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the backing chain is a circle: '%s' is in it twice",
                           link->name);
    }
    return 0;
}

/* Ask what the file of @link is and apply the rules.  @format is what was
 * stated of it, or NULL.
 */
static int
examine(struct vt_image *image, struct vt_link *link, const char *format,
        struct vt_sniffed *sniffed, struct vtopo_error *err)
{
    if (format != NULL && !vt_format_is_known(format)) {
        (void)vt_fail(err, VTOPO_BAD_INPUT,
                      "'%s' is said to be '%.32s', which is no format that "
                      "can be read", link->name, format);
        return vt_format_hint(err);
    }
    if (vt_sniff(image, link->place.fd, format, sniffed, err) < 0)
        return vt_wrap(err, "'%s'", link->name);
    link->format = strdup(sniffed->format);
    if (link->format == NULL)
        return vt_fail_memory(err);
    link->virtual_size = sniffed->virtual_size;
    link->has_virtual_size = sniffed->has_virtual_size;
    link->can_be_dirty = sniffed->can_be_dirty;
    if (check_readable(link, sniffed, err) < 0
        || open_data_file(image, link, sniffed, err) < 0
        || open_extents(image, link, sniffed, err) < 0)
        return -1;
    if (judge_format(image, link, sniffed, format != NULL) < 0
        || judge_state(image, link, sniffed) < 0)
        return vt_fail_memory(err);
    return 0;
}

/* Open what is wished for and find out what it wishes for. */
static int
add_link(struct vt_image *image, struct wish *wish, struct vt_place *place,
         struct vtopo_error *err)
{
    vt_auto(vt_sniffed_clear) struct vt_sniffed sniffed = { .backing = NULL };
    size_t count = image->link_count;
    const char *from = count == 0 ? "" : image->links[count - 1].place.path;
    struct vt_link *link = &image->links[count];

    link->name = strdup(wish->name);
    if (link->name == NULL)
        return vt_fail_memory(err);
    if (count == 0) {
        link->place = *place;
        *place = (struct vt_place)VT_PLACE_INIT;
    } else if (vt_has_protocol(wish->name)) {
        if (take_protocol(image, wish, link, err) < 0)
            return -1;
        link->format = strdup("raw");
        if (link->format == NULL)
            return vt_fail_memory(err);
        clear_wish(wish);
        image->link_count++;
        return 0;
    } else if (vt_place_open(&image->root, from, wish->name, "backing file",
                             image->options.allow_outside, &link->place,
                             err) < 0) {
        return -1;
    }
    if (check_cycle(image, link, err) < 0
        || examine(image, link, wish->format, &sniffed, err) < 0)
        return -1;
    image->link_count++;
    return read_wish(image, &sniffed, wish, err);
}

int
vt_chain_walk(struct vt_image *image, struct vt_place *first,
              struct vtopo_error *err)
{
    vt_auto(clear_wish) struct wish wish = { .name = strdup(image->name) };

    if (wish.name == NULL)
        return vt_fail_memory(err);
    if (image->options.format != NULL) {
        wish.format = strdup(image->options.format);
        if (wish.format == NULL)
            return vt_fail_memory(err);
    }
    /* One more than there can be: the last one is cleared when it fails. */
    image->links = calloc(VT_IMAGE_CHAIN_MAX, sizeof(*image->links));
    if (image->links == NULL)
        return vt_fail_memory(err);
    for (size_t i = 0; i < VT_IMAGE_CHAIN_MAX; i++) {
        image->links[i].place.fd = -1;
        image->links[i].data.fd = -1;
    }
    while (wish.name != NULL) {
        if (image->link_count == VT_IMAGE_CHAIN_MAX)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the backing chain has more than %u files",
                           VT_IMAGE_CHAIN_MAX);
        if (add_link(image, &wish, first, err) < 0)
            return -1;
    }
    return 0;
}
