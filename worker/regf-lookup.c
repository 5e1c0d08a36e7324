/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf-lookup.c - from key to key, and to the values of a key (see regf.h)
 *
 * One broken child does not hide its sisters: a look-up goes on behind it,
 * and fails only where it then finds nothing, because what was sought may be
 * what is broken.
 */

#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "regf-hive.h"
#include "utf16.h"

#define LIST_HEADER 4u

/* Move @from, if it is the first trouble, to @to; else drop it. */
static void
keep_first(struct vtopo_error *to, struct vtopo_error *from)
{
    if (to->code == VTOPO_OK) {
        *to = *from;
        *from = (struct vtopo_error)VTOPO_ERROR_INIT;
    }
    vtopo_error_clear(from);
}

/* Found: what was broken on the way does not matter.  Not found: it does. */
static int
settle_trouble(bool found, struct vtopo_error *trouble,
               struct vtopo_error *err)
{
    if (found || trouble->code == VTOPO_OK)
        return 0;
    *err = *trouble;
    *trouble = (struct vtopo_error)VTOPO_ERROR_INIT;
    return -1;
}

/* ---------------------------------------------------------------- lists */

/* The kind of list that @signature names, 0 for none. */
static char
list_kind(const unsigned char *signature)
{
    if (signature[0] == 'r')
        return signature[1] == 'i' ? 'r' : '\0';
    if (signature[0] == 'l' && strchr("ifh", signature[1]) != NULL)
        return (char)signature[1];
    return '\0';
}

static int
open_list(struct vw_hive *hive, uint32_t offset,
          struct vw_key_list *ret_list, struct vtopo_error *err)
{
    unsigned char header[LIST_HEADER];
    struct vw_cell cell;
    unsigned count;
    unsigned stride;
    char kind;

    if (vw_cell_find(hive, offset, "a list of keys", &cell, err) < 0
        || vw_pages_read(&hive->pages, cell.at, header, sizeof(header), err)
           < 0)
        return -1;
    kind = list_kind(header);
    if (kind == '\0')
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "there is no list of keys at 0x%x", offset);
    count = vw_le16(header + 2);
    stride = kind == 'f' || kind == 'h' ? 8 : 4;
    if (count > (cell.size - LIST_HEADER) / stride)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the list of keys at 0x%x is too short for %u of them",
                       offset, count);
    *ret_list = (struct vw_key_list) {
        .at = cell.at + LIST_HEADER, .count = count, .stride = stride,
        .kind = kind,
    };
    return 0;
}

/* Open the list of the key: it is an index of leaves, or the only leaf. */
static int
start_walk(struct vw_hive *hive, struct vw_children *children,
           struct vtopo_error *err)
{
    struct vw_key_list list;

    children->started = true;
    children->finished = true;
    if (children->key.children == 0)
        return 0;
    if (open_list(hive, children->key.children_list, &list, err) < 0)
        return -1;
    if (list.kind == 'r')
        children->index = list;
    else
        children->leaf = list;
    children->finished = false;
    return 0;
}

/* The next leaf of the index.  Indices do not nest, so no walk can go in
 * circles.
 */
static int
next_leaf(struct vw_hive *hive, struct vw_children *children,
          struct vtopo_error *err)
{
    unsigned char element[4] = { 0 };
    struct vw_key_list list;
    uint32_t at = children->index.at
                  + children->index.next * children->index.stride;

    if (++children->seen > VW_HIVE_CHILDREN_MAX) {
        children->finished = true;
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the key at 0x%x has more than %u children",
                       children->key.cell, VW_HIVE_CHILDREN_MAX);
    }
    children->index.next++;
    if (vw_pages_read(&hive->pages, at, element, sizeof(element), err) < 0
        || open_list(hive, vw_le32(element), &list, err) < 0)
        return -1;
    if (list.kind == 'r')
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the index at 0x%x holds another, at 0x%x",
                       children->key.children_list, vw_le32(element));
    children->leaf = list;
    return 0;
}

/* An element of a leaf. */
struct element {
    uint32_t key;               /* where the cell is */
    char kind;                  /* of the leaf */
    unsigned char hint[4];      /* where the kind has hints */
};

static int
next_element(struct vw_hive *hive, struct vw_children *children,
             struct element *ret_element, bool *ret_more,
             struct vtopo_error *err)
{
    struct vw_key_list *leaf = &children->leaf;
    unsigned char data[8] = { 0 };
    uint32_t at;

    if (!children->started && start_walk(hive, children, err) < 0)
        return -1;
    while (!children->finished && leaf->next >= leaf->count) {
        if (children->index.next >= children->index.count)
            children->finished = true;
        else if (next_leaf(hive, children, err) < 0)
            return -1;
    }
    *ret_more = !children->finished;
    if (children->finished)
        return 0;
    at = leaf->at + leaf->next * leaf->stride;
    leaf->next++;
    if (++children->seen > VW_HIVE_CHILDREN_MAX) {
        children->finished = true;
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the key at 0x%x has more than %u children",
                       children->key.cell, VW_HIVE_CHILDREN_MAX);
    }
    if (vw_pages_read(&hive->pages, at, data, leaf->stride, err) < 0)
        return -1;
    *ret_element = (struct element) { .key = vw_le32(data),
                                      .kind = leaf->kind };
    memcpy(ret_element->hint, data + 4, 4);
    return 0;
}

int
vw_children_next(struct vw_hive *hive, struct vw_children *children,
                 struct vw_key *ret_child, bool *ret_more,
                 struct vtopo_error *err)
{
    struct element element = { .key = 0 };
    bool more = false;

    if (next_element(hive, children, &element, &more, err) < 0
        || (more && vw_key_read(hive, element.key, ret_child, err) < 0))
        return -1;
    *ret_more = more;
    return 0;
}

/* ------------------------------------------------------------- children */

/* Windows' hash of a name in capitals. */
static uint32_t
hash_name(const struct vw_sought *sought)
{
    uint32_t hash = 0;

    for (size_t i = 0; i < sought->count; i++)
        hash = hash * 37 + sought->units[i];
    return hash;
}

/* Whether the first letters of @sought can be those in @hint.  A zero byte
 * first stands for letters that are no Latin-1.
 */
static bool
hint_fits(const unsigned char *hint, const struct vw_sought *sought)
{
    if (hint[0] == 0)
        return true;
    for (size_t i = 0; i < 4 && i < sought->count; i++) {
        if (vw_utf16_upper(hint[i]) != sought->units[i])
            return false;
    }
    return true;
}

/* Whether @element is worth a look.  What becomes of letters outside ASCII
 * depends on the Windows that wrote the hive, so there hints are ignored.
 */
static bool
may_be(const struct element *element, const struct vw_sought *sought,
       uint32_t hash)
{
    if (!sought->ascii)
        return true;
    if (element->kind == 'h')
        return vw_le32(element->hint) == hash;
    return element->kind != 'f' || hint_fits(element->hint, sought);
}

/* Look at the next child that may be @sought; true in *ret_found if it is. */
static int
try_next(struct vw_hive *hive, struct vw_children *children,
         const struct vw_sought *sought, uint32_t hash,
         struct vw_key *ret_child, bool *ret_found, struct vtopo_error *err)
{
    struct element element = { .key = 0 };
    struct vw_key child;
    bool more = false;
    bool same;

    do {
        if (next_element(hive, children, &element, &more, err) < 0)
            return -1;
        if (!more)
            return 0;
    } while (!may_be(&element, sought, hash));
    if (vw_key_read(hive, element.key, &child, err) < 0
        || vw_name_compare(hive, &child.name, sought, &same, err) < 0)
        return -1;
    if (same)
        *ret_child = child;
    *ret_found = same;
    return 0;
}

static int
find_child(struct vw_hive *hive, const struct vw_key *key,
           const struct vw_sought *sought, struct vw_key *ret_child,
           bool *ret_found, struct vtopo_error *err)
{
    vt_autoerror struct vtopo_error trouble = VTOPO_ERROR_INIT;
    struct vw_children children = VW_CHILDREN_INIT(*key);
    uint32_t hash = hash_name(sought);
    struct vw_key child;
    bool found = false;

    while (!found && !children.finished) {
        vt_autoerror struct vtopo_error broken = VTOPO_ERROR_INIT;

        if (try_next(hive, &children, sought, hash, &child, &found, &broken)
            < 0)
            keep_first(&trouble, &broken);
    }
    if (settle_trouble(found, &trouble, err) < 0)
        return -1;
    if (found)
        *ret_child = child;
    *ret_found = found;
    return 0;
}

int
vw_key_child(struct vw_hive *hive, const struct vw_key *key,
             const char *name, struct vw_key *ret_child, bool *ret_found,
             struct vtopo_error *err)
{
    struct vw_sought sought;

    if (!vw_sought_init(&sought, name, strlen(name))) {
        *ret_found = false;
        return 0;
    }
    return find_child(hive, key, &sought, ret_child, ret_found, err);
}

int
vw_key_descend(struct vw_hive *hive, const struct vw_key *key,
               const char *path, struct vw_key *ret_key, bool *ret_found,
               struct vtopo_error *err)
{
    struct vw_key at = *key;
    const char *rest = path;
    bool found = true;

    while (found && *rest != '\0') {
        size_t length = strcspn(rest, "\\");
        struct vw_sought sought;
        struct vw_key child;

        found = vw_sought_init(&sought, rest, length);
        if (found && find_child(hive, &at, &sought, &child, &found, err) < 0)
            return vt_wrap(err, "key '%s'", path);
        if (found)
            at = child;
        rest += length + (rest[length] == '\\');
    }
    if (found)
        *ret_key = at;
    *ret_found = found;
    return 0;
}

int
vw_hive_lookup_path(struct vw_hive *hive, const char *path,
                    struct vw_key *ret_key, bool *ret_found,
                    struct vtopo_error *err)
{
    struct vw_key root;

    if (vw_hive_root(hive, &root, err) < 0)
        return -1;
    return vw_key_descend(hive, &root, path, ret_key, ret_found, err);
}

/* --------------------------------------------------------------- values */

/* Look at value number @index; true in *ret_found if it is @sought. */
static int
try_value(struct vw_hive *hive, const struct vw_key *key, uint32_t index,
          const struct vw_sought *sought, struct vw_value *ret_value,
          bool *ret_found, struct vtopo_error *err)
{
    struct vw_value value;
    bool same;

    if (vw_key_value_at(hive, key, index, &value, err) < 0
        || vw_name_compare(hive, &value.name, sought, &same, err) < 0)
        return -1;
    if (same)
        *ret_value = value;
    *ret_found = same;
    return 0;
}

int
vw_key_value(struct vw_hive *hive, const struct vw_key *key,
             const char *name, struct vw_value *ret_value, bool *ret_found,
             struct vtopo_error *err)
{
    vt_autoerror struct vtopo_error trouble = VTOPO_ERROR_INIT;
    struct vw_sought sought;
    struct vw_value value;
    bool found = false;

    if (key->values > VW_HIVE_VALUES_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "value '%s': the key has %u values, more than %u",
                       name, key->values, VW_HIVE_VALUES_MAX);
    if (!vw_sought_init(&sought, name, strlen(name))) {
        *ret_found = false;
        return 0;
    }
    for (uint32_t i = 0; i < key->values && !found; i++) {
        vt_autoerror struct vtopo_error broken = VTOPO_ERROR_INIT;

        if (try_value(hive, key, i, &sought, &value, &found, &broken) < 0)
            keep_first(&trouble, &broken);
    }
    if (settle_trouble(found, &trouble, err) < 0)
        return vt_wrap(err, "value '%s'", name);
    if (found)
        *ret_value = value;
    *ret_found = found;
    return 0;
}
