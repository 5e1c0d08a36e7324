/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf-edit.c - take keys out of a registry hive (see regf-edit.h)
 *
 * All of the hive was looked over before (see regf-edit-check.c).  Free cells
 * are left beside each other, as Windows leaves them on disk too: it joins them
 * when it loads the hive.
 */

#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "regf-edit-parts.h"

/* ---------------------------------------------------------------- delete */

static void
free_cell(struct vw_edit *edit, uint32_t offset)
{
    vw_put_le32(edit->bins + offset, 0u - vw_le32(edit->bins + offset));
    vw_edit_set_mark(edit, offset, VW_MARK_FREE);
}

static void
free_segments(struct vw_edit *edit, const struct vw_cell_data *record)
{
    uint32_t at = vw_le32(record->at + 4);
    struct vw_cell_data list = vw_edit_data(edit, at);

    for (unsigned i = 0; i < vw_le16(record->at + 2); i++)
        free_cell(edit, vw_le32(list.at + (size_t)4 * i));
    free_cell(edit, at);
}

/* Free what holds the data of the value in @value, if it is not there. */
static void
free_data(struct vw_edit *edit, const struct vw_cell_data *value)
{
    uint32_t size = vw_le32(value->at + VW_VK_SIZE);
    uint32_t at = vw_le32(value->at + VW_VK_DATA);
    struct vw_cell_data data;

    if ((size & VW_VK_RESIDENT) != 0 || size == 0)
        return;
    data = vw_edit_data(edit, at);
    if (vw_edit_is_segmented(size, &data))
        free_segments(edit, &data);
    free_cell(edit, at);
}

static void
free_values(struct vw_edit *edit, const struct vw_cell_data *key)
{
    uint32_t at = vw_le32(key->at + VW_NK_VALUES_LIST);
    uint32_t count = vw_edit_values(key);

    if (count == 0)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t one = vw_le32(vw_edit_data(edit, at).at + (size_t)4 * i);
        struct vw_cell_data value = vw_edit_data(edit, one);

        free_data(edit, &value);
        free_cell(edit, one);
    }
    free_cell(edit, at);
}

/* One key fewer has the security at @at.  One that no key has any more would
 * have to leave the ring; a count that says so is not believed, since the
 * parent mostly has the same one, and one too many does no harm.
 */
static void
leave_security(struct vw_edit *edit, uint32_t at)
{
    struct vw_cell_data data;
    uint32_t count;

    if (at == VW_NOWHERE)
        return;
    data = vw_edit_data(edit, at);
    count = vw_le32(data.at + VW_SK_COUNT);
    if (count > 1)
        vw_put_le32(data.at + VW_SK_COUNT, count - 1);
}

/* Take element @index out of @list; the place behind the last is cleared. */
static void
take_out(struct vw_edit *edit, struct vw_child_list *list, unsigned index)
{
    unsigned char *at = list->elements + (size_t)index * list->stride;
    size_t behind = (size_t)(list->count - index - 1) * list->stride;

    memmove(at, at + list->stride, behind);
    memset(at + behind, 0, list->stride);
    list->count--;
    vw_put_le16(edit->bins + list->offset + 4 + 2, list->count);
}

/* Where @child stands in @list; the count where it does not. */
static unsigned
index_of(const struct vw_child_list *list, uint32_t child)
{
    unsigned i = 0;

    while (i < list->count && vw_edit_element(list, i) != child)
        i++;
    return i;
}

/* Take @child out of the lists of its parent; false where it is in none.
 * Lists that become empty go too.
 */
static bool
leave_parent(struct vw_edit *edit, uint32_t at, uint32_t child,
             bool *ret_empty)
{
    struct vw_child_list list = vw_edit_list(edit, at);
    bool found = false;
    unsigned i = 0;

    *ret_empty = false;
    if (!list.is_index) {
        i = index_of(&list, child);
        found = i < list.count;
        if (found)
            take_out(edit, &list, i);
    }
    for (; list.is_index && !found && i < list.count; i++) {
        bool empty;

        found = leave_parent(edit, vw_edit_element(&list, i), child, &empty);
        if (empty)
            take_out(edit, &list, i);
    }
    *ret_empty = found && list.count == 0;
    if (*ret_empty)
        free_cell(edit, at);
    return found;
}

/* The key at @offset, where there is one. */
static int
find_key(const struct vw_edit *edit, uint32_t offset,
         struct vw_cell_data *ret_key, struct vtopo_error *err)
{
    struct vw_cell_data key;

    if (vw_edit_mark(edit, offset) != VW_MARK_TREE)
        return vw_edit_damaged(offset, "there is no key", err);
    key = vw_edit_data(edit, offset);
    if (key.size < VW_NK_NAME || memcmp(key.at, "nk", 2) != 0)
        return vw_edit_damaged(offset, "there is no key", err);
    *ret_key = key;
    return 0;
}

int
vw_edit_delete_key(struct vw_edit *edit, uint32_t parent, uint32_t child,
                   struct vtopo_error *err)
{
    struct vw_cell_data from, key;
    uint32_t count;
    bool empty;

    if (find_key(edit, parent, &from, err) < 0
        || find_key(edit, child, &key, err) < 0)
        return -1;
    count = vw_le32(from.at + VW_NK_CHILDREN);
    if (vw_le32(key.at + VW_NK_CHILDREN) != 0)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the key at 0x%x has keys below it", child);
    if (count == 0 || !leave_parent(edit,
                                    vw_le32(from.at + VW_NK_CHILDREN_LIST),
                                    child, &empty))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the key at 0x%x is none below that at 0x%x", child,
                       parent);
    vw_put_le32(from.at + VW_NK_CHILDREN, count - 1);
    if (count == 1) {
        vw_put_le32(from.at + VW_NK_CHILDREN_LIST, VW_NOWHERE);
        vw_put_le16(from.at + VW_NK_LONGEST_CHILD, 0);
        vw_put_le32(from.at + VW_NK_LONGEST_CLASS, 0);
    }
    free_values(edit, &key);
    if (vw_edit_has_class(&key))
        free_cell(edit, vw_le32(key.at + VW_NK_CLASS));
    leave_security(edit, vw_le32(key.at + VW_NK_SECURITY));
    free_cell(edit, child);
    return 0;
}

/* --------------------------------------------------------------- shorten */

static bool
has_name(const struct vw_cell_data *value, const char *name)
{
    unsigned length = vw_le16(value->at + 2);
    bool narrow = (vw_le16(value->at + VW_VK_FLAGS) & 1) != 0;

    return narrow && length == strlen(name)
           && strncasecmp((const char *)value->at + VW_VK_NAME, name, length)
              == 0;
}

/* The value @name of @key, or nothing. */
static struct vw_cell_data
find_value(const struct vw_edit *edit, const struct vw_cell_data *key,
           const char *name)
{
    for (uint32_t i = 0; i < vw_edit_values(key); i++) {
        uint32_t list = vw_le32(key->at + VW_NK_VALUES_LIST);
        uint32_t at = vw_le32(vw_edit_data(edit, list).at + (size_t)4 * i);
        struct vw_cell_data value = vw_edit_data(edit, at);

        if (has_name(&value, name))
            return value;
    }
    return (struct vw_cell_data) { .at = NULL };
}

int
vw_edit_shorten(struct vw_edit *edit, uint32_t key_at, const char *name,
                const unsigned char *data, size_t size,
                struct vtopo_error *err)
{
    struct vw_cell_data key, value, old;
    uint32_t old_size;

    if (find_key(edit, key_at, &key, err) < 0)
        return -1;
    value = find_value(edit, &key, name);
    if (value.at == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the key at 0x%x has no value '%s'", key_at, name);
    old_size = vw_le32(value.at + VW_VK_SIZE);
    old = (struct vw_cell_data) { .at = value.at + VW_VK_DATA, .size = 4 };
    if ((old_size & VW_VK_RESIDENT) == 0 && old_size != 0)
        old = vw_edit_data(edit, vw_le32(value.at + VW_VK_DATA));
    if (size > (old_size & ~VW_VK_RESIDENT)
        || ((old_size & VW_VK_RESIDENT) == 0
            && vw_edit_is_segmented(old_size, &old)))
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the value '%s' cannot take %zu bytes in its place",
                       name, size);
    /* What fits into the value itself must stand there. */
    if (size <= 4) {
        free_data(edit, &value);
        old = (struct vw_cell_data) { .at = value.at + VW_VK_DATA, .size = 4 };
        vw_put_le32(value.at + VW_VK_SIZE, (uint32_t)size | VW_VK_RESIDENT);
    } else {
        vw_put_le32(value.at + VW_VK_SIZE, (uint32_t)size);
    }
    memcpy(old.at, data, size);
    memset(old.at + size, 0, old.size - size);
    return 0;
}

/* ---------------------------------------------------------------- finish */

/* A clean hive is one with equal numbers, and its logs are not looked at.
 * They matter later: when Windows writes to the hive again and is cut off,
 * it replays from the logs what has the hive's number or a later one.  So
 * the hive gets a number above all that stand in any log, also in one that
 * was left by a restored copy and is ahead of the hive: nothing old can ever
 * be put over this change, and the logs themselves need no writing.
 * (Logs of Windows 8 and before are known by the time stamp of the hive, and
 * only replayed over a hive that is dirty; Windows writes both anew first.)
 */
void
vw_edit_finish(struct vw_edit *edit, uint32_t logs_last)
{
    uint32_t number = vw_le32(edit->image + 4);

    if (logs_last > number)
        number = logs_last;
    vw_put_le32(edit->image + 4, number + 1);
    vw_put_le32(edit->image + 8, number + 1);
    vw_put_le32(edit->image + 508, vw_base_sum(edit->image));
}
