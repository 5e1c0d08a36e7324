/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf-edit.c - take keys out of a registry hive (see regf-edit.h)
 *
 * Free cells are left beside each other, as Windows leaves them on disk too:
 * it joins them when it loads the hive.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "regf-edit.h"
#include "regf-hive.h"

#define BIN_HEADER 32u
#define UNIT 8u                 /* cells begin and end at multiples of it */
#define SEGMENT_SIZE 16344u

/* Parts of a key node, by their offsets. */
#define KEY_FLAGS 2u
#define KEY_CHILDREN 20u
#define KEY_CHILDREN_LIST 28u
#define KEY_VALUES 36u
#define KEY_VALUES_LIST 40u
#define KEY_SECURITY 44u
#define KEY_CLASS 48u
#define KEY_LONGEST_CHILD 52u   /* 16 bits; flags are behind */
#define KEY_LONGEST_CLASS 56u
#define KEY_CLASS_LENGTH 74u
#define KEY_NAME 76u
#define KEY_PREDEFINED 0x0040u

#define VALUE_SIZE 4u
#define VALUE_DATA 8u
#define VALUE_FLAGS 16u
#define VALUE_NAME 20u
#define VALUE_RESIDENT 0x80000000u

#define SECURITY_NEXT 4u
#define SECURITY_PREVIOUS 8u
#define SECURITY_COUNT 12u
#define SECURITY_HEADER 20u

/* What is known of the place of a cell. */
enum mark {
    NO_CELL,
    FREE,
    USED,                       /* by nothing that was seen yet */
    IN_TREE,
    SECURITY,                   /* shared by keys */
};

struct vw_edit {
    unsigned char *image;       /* borrowed */
    unsigned char *bins;        /* in it */
    uint32_t size;              /* of the bins */
    uint32_t root;
    unsigned char *marks;       /* owned: an enum mark for each UNIT */
};

/* A cell's data. */
struct data {
    unsigned char *at;
    uint32_t size;
};

/* ----------------------------------------------------------------- cells */

static int
fail_damaged(uint32_t offset, const char *what, struct vtopo_error *err)
{
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "the hive is damaged: at 0x%x %s", offset, what);
}

static enum mark
mark_of(const struct vw_edit *edit, uint32_t offset)
{
    if (offset >= edit->size || offset % UNIT != 0)
        return NO_CELL;
    return (enum mark)edit->marks[offset / UNIT];
}

static void
set_mark(struct vw_edit *edit, uint32_t offset, enum mark mark)
{
    edit->marks[offset / UNIT] = (unsigned char)mark;
}

/* The data of a cell in use. */
static struct data
data_of(const struct vw_edit *edit, uint32_t offset)
{
    return (struct data) {
        .at = edit->bins + offset + 4,
        .size = 0u - vw_le32(edit->bins + offset) - 4,
    };
}

/* Follow the only way that leads to the cell at @offset. */
static int
reach(struct vw_edit *edit, uint32_t offset, uint32_t least,
      struct data *ret_data, struct vtopo_error *err)
{
    enum mark mark = mark_of(edit, offset);
    struct data data;

    if (mark == IN_TREE || mark == SECURITY)
        return fail_damaged(offset, "is a cell that two others claim", err);
    if (mark != USED)
        return fail_damaged(offset, "there is no cell in use", err);
    data = data_of(edit, offset);
    if (data.size < least)
        return fail_damaged(offset, "a cell is too short", err);
    set_mark(edit, offset, IN_TREE);
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
        if (size < UNIT || size % UNIT != 0 || size > end - at)
            return fail_damaged(at, "a cell has an impossible size", err);
        set_mark(edit, at, used ? USED : FREE);
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
            return fail_damaged(at, "there is no bin", err);
        if (look_over_bin(edit, at, at + size, err) < 0)
            return -1;
    }
    return 0;
}

/* ---------------------------------------------------------------- values */

/* Whether @size bytes are too many for one cell. */
static bool
is_segmented(uint32_t size, const struct data *data)
{
    return size > SEGMENT_SIZE && size > data->size;
}

static int
look_over_segments(struct vw_edit *edit, uint32_t at,
                   const struct data *record, uint32_t size,
                   struct vtopo_error *err)
{
    uint32_t count = (size + SEGMENT_SIZE - 1) / SEGMENT_SIZE;
    struct data list, segment;

    if (record->size < 8 || memcmp(record->at, "db", 2) != 0
        || vw_le16(record->at + 2) != count)
        return fail_damaged(at, "data is not in the segments that it needs",
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
    struct data value, data;
    uint32_t size, at;

    if (reach(edit, offset, VALUE_NAME, &value, err) < 0)
        return -1;
    size = vw_le32(value.at + VALUE_SIZE);
    if (memcmp(value.at, "vk", 2) != 0
        || vw_le16(value.at + 2) > value.size - VALUE_NAME
        || ((size & VALUE_RESIDENT) != 0 && (size & ~VALUE_RESIDENT) > 4))
        return fail_damaged(offset, "there is no value", err);
    if ((size & VALUE_RESIDENT) != 0 || size == 0)
        return 0;
    at = vw_le32(value.at + VALUE_DATA);
    if (size > VW_HIVE_BINS_MAX)
        return fail_damaged(offset, "a value has an impossible size", err);
    if (reach(edit, at, 1, &data, err) < 0)
        return -1;
    if (is_segmented(size, &data))
        return look_over_segments(edit, at, &data, size, err);
    return size <= data.size ? 0
           : fail_damaged(at, "data is cut short", err);
}

/* How many values the key in @key has. */
static uint32_t
count_values(const struct data *key)
{
    if ((vw_le16(key->at + KEY_FLAGS) & KEY_PREDEFINED) != 0)
        return 0;
    return vw_le32(key->at + KEY_VALUES);
}

static int
look_over_values(struct vw_edit *edit, uint32_t offset,
                 const struct data *key, struct vtopo_error *err)
{
    uint32_t count = count_values(key);
    struct data list;

    if (count == 0)
        return 0;
    if (count > VW_HIVE_VALUES_MAX)
        return fail_damaged(offset, "a key has too many values", err);
    if (reach(edit, vw_le32(key->at + KEY_VALUES_LIST), 4 * count, &list, err)
        < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        if (look_over_value(edit, vw_le32(list.at + (size_t)4 * i), err) < 0)
            return -1;
    }
    return 0;
}

/* ------------------------------------------------------------------ keys */

/* A list of keys, or of such lists. */
struct list {
    uint32_t offset;
    unsigned char *elements;
    unsigned count;
    unsigned stride;            /* bytes an element */
    bool is_index;
};

/* The list in @data, in which nothing was checked yet. */
static int
parse_list(uint32_t offset, const struct data *data, struct list *ret_list,
           struct vtopo_error *err)
{
    const unsigned char *at = data->at;
    struct list list = { .offset = offset, .elements = data->at + 4 };

    list.is_index = memcmp(at, "ri", 2) == 0;
    list.stride = memcmp(at, "lf", 2) == 0 || memcmp(at, "lh", 2) == 0 ? 8 : 4;
    list.count = vw_le16(at + 2);
    if ((list.stride == 4 && !list.is_index && memcmp(at, "li", 2) != 0)
        || list.count > (data->size - 4) / list.stride)
        return fail_damaged(offset, "there is no list of keys", err);
    *ret_list = list;
    return 0;
}

/* A list that was found sound before. */
static struct list
list_at(const struct vw_edit *edit, uint32_t offset)
{
    unsigned char *at = data_of(edit, offset).at;

    return (struct list) {
        .offset = offset,
        .elements = at + 4,
        .count = vw_le16(at + 2),
        .stride = at[0] == 'l' && at[1] != 'i' ? 8 : 4,
        .is_index = at[0] == 'r',
    };
}

static uint32_t
element_of(const struct list *list, unsigned index)
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
    struct data data;
    struct list list = { .count = 0 };

    if (reach(edit, offset, 4, &data, err) < 0
        || parse_list(offset, &data, &list, err) < 0)
        return -1;
    if (list.is_index && !may_be_index)
        return fail_damaged(offset, "an index is inside another", err);
    if (!list.is_index && list.count > *left)
        return fail_damaged(offset, "a key has more children than it says",
                            err);
    if (!list.is_index)
        *left -= list.count;
    for (unsigned i = 0; i < list.count; i++) {
        uint32_t at = element_of(&list, i);

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
    enum mark mark = mark_of(edit, offset);
    struct data data;

    if (offset == VW_NOWHERE || mark == SECURITY)
        return 0;
    if (mark != USED)
        return fail_damaged(offset, "there is no security of a key", err);
    data = data_of(edit, offset);
    if (data.size < SECURITY_HEADER || memcmp(data.at, "sk", 2) != 0)
        return fail_damaged(offset, "there is no security of a key", err);
    set_mark(edit, offset, SECURITY);
    return 0;
}

static bool
has_class(const struct data *key)
{
    return vw_le16(key->at + KEY_CLASS_LENGTH) != 0
           && vw_le32(key->at + KEY_CLASS) != VW_NOWHERE;
}

static int
look_over_key(struct vw_edit *edit, uint32_t offset, unsigned depth,
              struct vtopo_error *err)
{
    struct data key, class;
    uint32_t left;

    if (reach(edit, offset, KEY_NAME, &key, err) < 0)
        return -1;
    if (memcmp(key.at, "nk", 2) != 0
        || vw_le16(key.at + 72) > key.size - KEY_NAME)
        return fail_damaged(offset, "there is no key", err);
    if (depth > VW_EDIT_DEPTH_MAX)
        return fail_damaged(offset, "keys are too deep", err);
    if (look_over_security(edit, vw_le32(key.at + KEY_SECURITY), err) < 0
        || look_over_values(edit, offset, &key, err) < 0)
        return -1;
    if (has_class(&key)
        && reach(edit, vw_le32(key.at + KEY_CLASS), 1, &class, err) < 0)
        return -1;
    left = vw_le32(key.at + KEY_CHILDREN);
    if (left != 0
        && look_over_list(edit, vw_le32(key.at + KEY_CHILDREN_LIST), true,
                          depth, &left, err) < 0)
        return -1;
    return left == 0 ? 0
           : fail_damaged(offset, "a key has fewer children than it says",
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
    edit->marks = calloc(base.size / UNIT, 1);
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

/* ---------------------------------------------------------------- delete */

static void
free_cell(struct vw_edit *edit, uint32_t offset)
{
    vw_put_le32(edit->bins + offset, 0u - vw_le32(edit->bins + offset));
    set_mark(edit, offset, FREE);
}

static void
free_segments(struct vw_edit *edit, const struct data *record)
{
    uint32_t at = vw_le32(record->at + 4);
    struct data list = data_of(edit, at);

    for (unsigned i = 0; i < vw_le16(record->at + 2); i++)
        free_cell(edit, vw_le32(list.at + (size_t)4 * i));
    free_cell(edit, at);
}

/* Free what holds the data of the value in @value, if it is not there. */
static void
free_data(struct vw_edit *edit, const struct data *value)
{
    uint32_t size = vw_le32(value->at + VALUE_SIZE);
    uint32_t at = vw_le32(value->at + VALUE_DATA);
    struct data data;

    if ((size & VALUE_RESIDENT) != 0 || size == 0)
        return;
    data = data_of(edit, at);
    if (is_segmented(size, &data))
        free_segments(edit, &data);
    free_cell(edit, at);
}

static void
free_values(struct vw_edit *edit, const struct data *key)
{
    uint32_t at = vw_le32(key->at + KEY_VALUES_LIST);
    uint32_t count = count_values(key);

    if (count == 0)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t one = vw_le32(data_of(edit, at).at + (size_t)4 * i);
        struct data value = data_of(edit, one);

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
    struct data data;
    uint32_t count;

    if (at == VW_NOWHERE)
        return;
    data = data_of(edit, at);
    count = vw_le32(data.at + SECURITY_COUNT);
    if (count > 1)
        vw_put_le32(data.at + SECURITY_COUNT, count - 1);
}

/* Take element @index out of @list; the place behind the last is cleared. */
static void
take_out(struct vw_edit *edit, struct list *list, unsigned index)
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
index_of(const struct list *list, uint32_t child)
{
    unsigned i = 0;

    while (i < list->count && element_of(list, i) != child)
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
    struct list list = list_at(edit, at);
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

        found = leave_parent(edit, element_of(&list, i), child, &empty);
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
find_key(const struct vw_edit *edit, uint32_t offset, struct data *ret_key,
         struct vtopo_error *err)
{
    struct data key;

    if (mark_of(edit, offset) != IN_TREE)
        return fail_damaged(offset, "there is no key", err);
    key = data_of(edit, offset);
    if (key.size < KEY_NAME || memcmp(key.at, "nk", 2) != 0)
        return fail_damaged(offset, "there is no key", err);
    *ret_key = key;
    return 0;
}

int
vw_edit_delete_key(struct vw_edit *edit, uint32_t parent, uint32_t child,
                   struct vtopo_error *err)
{
    struct data from, key;
    uint32_t count;
    bool empty;

    if (find_key(edit, parent, &from, err) < 0
        || find_key(edit, child, &key, err) < 0)
        return -1;
    count = vw_le32(from.at + KEY_CHILDREN);
    if (vw_le32(key.at + KEY_CHILDREN) != 0)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the key at 0x%x has keys below it", child);
    if (count == 0 || !leave_parent(edit,
                                    vw_le32(from.at + KEY_CHILDREN_LIST),
                                    child, &empty))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the key at 0x%x is none below that at 0x%x", child,
                       parent);
    vw_put_le32(from.at + KEY_CHILDREN, count - 1);
    if (count == 1) {
        vw_put_le32(from.at + KEY_CHILDREN_LIST, VW_NOWHERE);
        vw_put_le16(from.at + KEY_LONGEST_CHILD, 0);
        vw_put_le32(from.at + KEY_LONGEST_CLASS, 0);
    }
    free_values(edit, &key);
    if (has_class(&key))
        free_cell(edit, vw_le32(key.at + KEY_CLASS));
    leave_security(edit, vw_le32(key.at + KEY_SECURITY));
    free_cell(edit, child);
    return 0;
}

/* --------------------------------------------------------------- shorten */

static bool
has_name(const struct data *value, const char *name)
{
    unsigned length = vw_le16(value->at + 2);
    bool narrow = (vw_le16(value->at + VALUE_FLAGS) & 1) != 0;

    return narrow && length == strlen(name)
           && strncasecmp((const char *)value->at + VALUE_NAME, name, length)
              == 0;
}

/* The value @name of @key, or nothing. */
static struct data
find_value(const struct vw_edit *edit, const struct data *key,
           const char *name)
{
    for (uint32_t i = 0; i < count_values(key); i++) {
        uint32_t list = vw_le32(key->at + KEY_VALUES_LIST);
        uint32_t at = vw_le32(data_of(edit, list).at + (size_t)4 * i);
        struct data value = data_of(edit, at);

        if (has_name(&value, name))
            return value;
    }
    return (struct data) { .at = NULL };
}

int
vw_edit_shorten(struct vw_edit *edit, uint32_t key_at, const char *name,
                const unsigned char *data, size_t size,
                struct vtopo_error *err)
{
    struct data key, value, old;
    uint32_t old_size;

    if (find_key(edit, key_at, &key, err) < 0)
        return -1;
    value = find_value(edit, &key, name);
    if (value.at == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the key at 0x%x has no value '%s'", key_at, name);
    old_size = vw_le32(value.at + VALUE_SIZE);
    old = (struct data) { .at = value.at + VALUE_DATA, .size = 4 };
    if ((old_size & VALUE_RESIDENT) == 0 && old_size != 0)
        old = data_of(edit, vw_le32(value.at + VALUE_DATA));
    if (size > (old_size & ~VALUE_RESIDENT)
        || ((old_size & VALUE_RESIDENT) == 0
            && is_segmented(old_size, &old)))
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the value '%s' cannot take %zu bytes in its place",
                       name, size);
    /* What fits into the value itself must stand there. */
    if (size <= 4) {
        free_data(edit, &value);
        old = (struct data) { .at = value.at + VALUE_DATA, .size = 4 };
        vw_put_le32(value.at + VALUE_SIZE, (uint32_t)size | VALUE_RESIDENT);
    } else {
        vw_put_le32(value.at + VALUE_SIZE, (uint32_t)size);
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
