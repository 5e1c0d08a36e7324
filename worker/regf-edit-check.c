/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf-edit-check.c - look over a hive before anything in it is changed
 *
 * Every cell is reached in one way only, or it is damage: then whatever an
 * edit takes away is nobody else's (see regf-edit.h).  Nothing is written here.
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "regf-edit-parts.h"

#define BIN_HEADER 32u
#define SEGMENT_SIZE 16344u

/* ----------------------------------------------------------------- cells */

int
vw_edit_damaged(uint32_t offset, const char *what, struct vtopo_error *err)
{
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "the hive is damaged: at 0x%x %s", offset, what);
}

enum vw_mark
vw_edit_mark(const struct vw_edit *edit, uint32_t offset)
{
    if (offset >= edit->size || offset % VW_EDIT_UNIT != 0)
        return VW_MARK_NONE;
    return (enum vw_mark)edit->marks[offset / VW_EDIT_UNIT];
}

void
vw_edit_set_mark(struct vw_edit *edit, uint32_t offset, enum vw_mark mark)
{
    edit->marks[offset / VW_EDIT_UNIT] = (unsigned char)mark;
}

struct vw_cell_data
vw_edit_data(const struct vw_edit *edit, uint32_t offset)
{
    return (struct vw_cell_data) {
        .at = edit->bins + offset + 4,
        .size = 0u - vw_le32(edit->bins + offset) - 4,
    };
}

/* Follow the only way that leads to the cell at @offset. */
static int
reach(struct vw_edit *edit, uint32_t offset, uint32_t least,
      struct vw_cell_data *ret_data, struct vtopo_error *err)
{
    enum vw_mark mark = vw_edit_mark(edit, offset);
    struct vw_cell_data data;

    if (mark == VW_MARK_TREE || mark == VW_MARK_SECURITY)
        return vw_edit_damaged(offset, "is a cell that two others claim", err);
    if (mark != VW_MARK_USED)
        return vw_edit_damaged(offset, "there is no cell in use", err);
    data = vw_edit_data(edit, offset);
    if (data.size < least)
        return vw_edit_damaged(offset, "a cell is too short", err);
    vw_edit_set_mark(edit, offset, VW_MARK_TREE);
    *ret_data = data;
    return 0;
}

/* Mark the cells of the bin at @at, which must fill it. */
static int
look_over_bin(struct vw_edit *edit, uint32_t at, uint32_t end,
              struct vtopo_error *err)
{
    at += BIN_HEADER;
    while (at < end) {
        uint32_t size = vw_le32(edit->bins + at);
        bool used = (size & 0x80000000u) != 0;

        if (used)
            size = 0u - size;
        if (size < VW_EDIT_UNIT || size % VW_EDIT_UNIT != 0 || size > end - at)
            return vw_edit_damaged(at, "a cell has an impossible size", err);
        vw_edit_set_mark(edit, at, used ? VW_MARK_USED : VW_MARK_FREE);
        at += size;
    }
    return 0;
}

static int
look_over_bins(struct vw_edit *edit, struct vtopo_error *err)
{
    uint32_t size;

    for (uint32_t at = 0; at < edit->size; at += size) {
        const unsigned char *bin = edit->bins + at;

        size = vw_le32(bin + 8);
        if (memcmp(bin, "hbin", 4) != 0 || vw_le32(bin + 4) != at
            || size == 0 || size % VW_HIVE_PAGE != 0
            || size > edit->size - at)
            return vw_edit_damaged(at, "there is no bin", err);
        if (look_over_bin(edit, at, at + size, err) < 0)
            return -1;
    }
    return 0;
}

/* ---------------------------------------------------------------- values */

bool
vw_edit_is_segmented(uint32_t size, const struct vw_cell_data *data)
{
    return size > SEGMENT_SIZE && size > data->size;
}

static int
look_over_segments(struct vw_edit *edit, uint32_t at,
                   const struct vw_cell_data *record, uint32_t size,
                   struct vtopo_error *err)
{
    uint32_t count = (size + SEGMENT_SIZE - 1) / SEGMENT_SIZE;
    struct vw_cell_data list, segment;

    if (record->size < 8 || memcmp(record->at, "db", 2) != 0
        || vw_le16(record->at + 2) != count)
        return vw_edit_damaged(at, "data is not in the segments that it needs",
                               err);
    if (reach(edit, vw_le32(record->at + 4), 4 * count, &list, err) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t left = size - i * SEGMENT_SIZE;

        if (reach(edit, vw_le32(list.at + (size_t)4 * i),
                  left < SEGMENT_SIZE ? left : SEGMENT_SIZE, &segment, err)
            < 0)
            return -1;
    }
    return 0;
}

static int
look_over_value(struct vw_edit *edit, uint32_t offset,
                struct vtopo_error *err)
{
    struct vw_cell_data value, data;
    uint32_t size, at;

    if (reach(edit, offset, VW_VK_NAME, &value, err) < 0)
        return -1;
    size = vw_le32(value.at + VW_VK_SIZE);
    if (memcmp(value.at, "vk", 2) != 0
        || vw_le16(value.at + 2) > value.size - VW_VK_NAME
        || ((size & VW_VK_RESIDENT) != 0 && (size & ~VW_VK_RESIDENT) > 4))
        return vw_edit_damaged(offset, "there is no value", err);
    if ((size & VW_VK_RESIDENT) != 0 || size == 0)
        return 0;
    at = vw_le32(value.at + VW_VK_DATA);
    if (size > VW_HIVE_BINS_MAX)
        return vw_edit_damaged(offset, "a value has an impossible size", err);
    if (reach(edit, at, 1, &data, err) < 0)
        return -1;
    if (vw_edit_is_segmented(size, &data))
        return look_over_segments(edit, at, &data, size, err);
    return size <= data.size ? 0
           : vw_edit_damaged(at, "data is cut short", err);
}

uint32_t
vw_edit_values(const struct vw_cell_data *key)
{
    if ((vw_le16(key->at + VW_NK_FLAGS) & VW_NK_PREDEFINED) != 0)
        return 0;
    return vw_le32(key->at + VW_NK_VALUES);
}

static int
look_over_values(struct vw_edit *edit, uint32_t offset,
                 const struct vw_cell_data *key, struct vtopo_error *err)
{
    uint32_t count = vw_edit_values(key);
    struct vw_cell_data list;

    if (count == 0)
        return 0;
    if (count > VW_HIVE_VALUES_MAX)
        return vw_edit_damaged(offset, "a key has too many values", err);
    if (reach(edit, vw_le32(key->at + VW_NK_VALUES_LIST), 4 * count, &list, err)
        < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        if (look_over_value(edit, vw_le32(list.at + (size_t)4 * i), err) < 0)
            return -1;
    }
    return 0;
}

/* ------------------------------------------------------------------ keys */

/* The list in @data, in which nothing was checked yet. */
static int
parse_list(uint32_t offset, const struct vw_cell_data *data,
           struct vw_child_list *ret_list, struct vtopo_error *err)
{
    const unsigned char *at = data->at;
    struct vw_child_list list = { .offset = offset, .elements = data->at + 4 };

    list.is_index = memcmp(at, "ri", 2) == 0;
    list.stride = memcmp(at, "lf", 2) == 0 || memcmp(at, "lh", 2) == 0 ? 8 : 4;
    list.count = vw_le16(at + 2);
    if ((list.stride == 4 && !list.is_index && memcmp(at, "li", 2) != 0)
        || list.count > (data->size - 4) / list.stride)
        return vw_edit_damaged(offset, "there is no list of keys", err);
    *ret_list = list;
    return 0;
}

struct vw_child_list
vw_edit_list(const struct vw_edit *edit, uint32_t offset)
{
    unsigned char *at = vw_edit_data(edit, offset).at;

    return (struct vw_child_list) {
        .offset = offset,
        .elements = at + 4,
        .count = vw_le16(at + 2),
        .stride = at[0] == 'l' && at[1] != 'i' ? 8 : 4,
        .is_index = at[0] == 'r',
    };
}

uint32_t
vw_edit_element(const struct vw_child_list *list, unsigned index)
{
    return vw_le32(list->elements + (size_t)index * list->stride);
}

static int look_over_key(struct vw_edit *edit, uint32_t offset,
                         unsigned depth, struct vtopo_error *err);

/* Look over the list at @offset and what is in it; @left counts down what
 * the key has by its own account.
 */
static int
look_over_list(struct vw_edit *edit, uint32_t offset, bool may_be_index,
               unsigned depth, uint32_t *left, struct vtopo_error *err)
{
    struct vw_cell_data data;
    struct vw_child_list list = { .count = 0 };

    if (reach(edit, offset, 4, &data, err) < 0
        || parse_list(offset, &data, &list, err) < 0)
        return -1;
    if (list.is_index && !may_be_index)
        return vw_edit_damaged(offset, "an index is inside another", err);
    if (!list.is_index && list.count > *left)
        return vw_edit_damaged(offset, "a key has more children than it says",
                               err);
    if (!list.is_index)
        *left -= list.count;
    for (unsigned i = 0; i < list.count; i++) {
        uint32_t at = vw_edit_element(&list, i);

        if ((list.is_index ? look_over_list(edit, at, false, depth, left, err)
                           : look_over_key(edit, at, depth + 1, err)) < 0)
            return -1;
    }
    return 0;
}

/* Keys share their security, which is a ring of its own. */
static int
look_over_security(struct vw_edit *edit, uint32_t offset,
                   struct vtopo_error *err)
{
    enum vw_mark mark = vw_edit_mark(edit, offset);
    struct vw_cell_data data;

    if (offset == VW_NOWHERE || mark == VW_MARK_SECURITY)
        return 0;
    if (mark != VW_MARK_USED)
        return vw_edit_damaged(offset, "there is no security of a key", err);
    data = vw_edit_data(edit, offset);
    if (data.size < VW_SK_HEADER || memcmp(data.at, "sk", 2) != 0)
        return vw_edit_damaged(offset, "there is no security of a key", err);
    vw_edit_set_mark(edit, offset, VW_MARK_SECURITY);
    return 0;
}

bool
vw_edit_has_class(const struct vw_cell_data *key)
{
    return vw_le16(key->at + VW_NK_CLASS_LENGTH) != 0
           && vw_le32(key->at + VW_NK_CLASS) != VW_NOWHERE;
}

static int
look_over_key(struct vw_edit *edit, uint32_t offset, unsigned depth,
              struct vtopo_error *err)
{
    struct vw_cell_data key, class;
    uint32_t left;

    if (reach(edit, offset, VW_NK_NAME, &key, err) < 0)
        return -1;
    if (memcmp(key.at, "nk", 2) != 0
        || vw_le16(key.at + 72) > key.size - VW_NK_NAME)
        return vw_edit_damaged(offset, "there is no key", err);
    if (depth > VW_EDIT_DEPTH_MAX)
        return vw_edit_damaged(offset, "keys are too deep", err);
    if (look_over_security(edit, vw_le32(key.at + VW_NK_SECURITY), err) < 0
        || look_over_values(edit, offset, &key, err) < 0)
        return -1;
    if (vw_edit_has_class(&key)
        && reach(edit, vw_le32(key.at + VW_NK_CLASS), 1, &class, err) < 0)
        return -1;
    left = vw_le32(key.at + VW_NK_CHILDREN);
    if (left != 0
        && look_over_list(edit, vw_le32(key.at + VW_NK_CHILDREN_LIST), true,
                          depth, &left, err) < 0)
        return -1;
    return left == 0 ? 0
           : vw_edit_damaged(offset, "a key has fewer children than it says",
                             err);
}

/* ------------------------------------------------------------------ open */

static int
check_base(const unsigned char *image, size_t size, struct vw_base *ret_base,
           struct vtopo_error *err)
{
    struct vw_base base;

    if (size <= VW_BINS_START || size > VW_EDIT_SIZE_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a hive of %zu bytes is not edited, only of %u to %u",
                       size, VW_BINS_START + 1, VW_EDIT_SIZE_MAX);
    vw_base_parse(image, &base);
    if (!base.is_regf || base.type != VW_BASE_PRIMARY || base.major != 1
        || base.minor < 3 || base.minor > 6)
        return vt_fail(err, VTOPO_BAD_INPUT, "this is no registry hive");
    if (!base.checksum_ok || base.primary_sequence != base.secondary_sequence)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the hive is dirty: its logs hold what Windows has "
                       "still to write to it");
    if (base.size == 0 || base.size % VW_HIVE_PAGE != 0
        || base.size > size - VW_BINS_START)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the hive is damaged: its bins have %u bytes, its "
                       "file %zu", base.size, size);
    *ret_base = base;
    return 0;
}

int
vw_edit_open(unsigned char *image, size_t size, struct vw_edit **ret_edit,
             struct vtopo_error *err)
{
    vt_auto(vw_edit_closep) struct vw_edit *edit = calloc(1, sizeof(*edit));
    struct vw_base base = { .size = 0 };

    if (edit == NULL)
        return vt_fail_memory(err);
    if (check_base(image, size, &base, err) < 0)
        return -1;
    edit->image = image;
    edit->bins = image + VW_BINS_START;
    edit->size = base.size;
    edit->root = base.root;
    edit->marks = calloc(base.size / VW_EDIT_UNIT, 1);
    if (edit->marks == NULL)
        return vt_fail_memory(err);
    if (look_over_bins(edit, err) < 0
        || look_over_key(edit, edit->root, 0, err) < 0)
        return -1;
    *ret_edit = vt_steal(&edit);
    return 0;
}

void
vw_edit_close(struct vw_edit *edit)
{
    if (edit == NULL)
        return;
    free(edit->marks);
    free(edit);
}
