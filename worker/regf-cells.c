/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf-cells.c - cells, and the keys and values in them (see regf-hive.h)
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "regf-hive.h"
#include "utf16.h"

#define BIN_HEADER 32u

/* Parts of a key node. */
#define KEY_SIZE 76u
#define KEY_PREDEFINED 0x0040u  /* its count of values is a handle */
#define KEY_NAME_LATIN1 0x0020u

/* Parts of a value node. */
#define VALUE_SIZE 20u
#define VALUE_NAME_LATIN1 0x0001u
#define VALUE_RESIDENT 0x80000000u

int
vw_cell_find(struct vw_hive *hive, uint32_t offset, const char *what,
             struct vw_cell *ret_cell, struct vtopo_error *err)
{
    unsigned char header[4];
    uint32_t size;

    if (offset < BIN_HEADER || offset % 8 != 0
        || offset > hive->state.size - 8)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%s is at 0x%x, where no cell can be", what, offset);
    if (vw_pages_read(&hive->pages, offset, header, sizeof(header), err) < 0)
        return -1;
    size = vw_le32(header);
    if ((size & 0x80000000u) == 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%s is at 0x%x, which is free", what, offset);
    size = 0u - size;           /* cells in use have negative sizes */
    if (size < 8 || size > hive->state.size - offset)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%s at 0x%x has an impossible size, %u",
                       what, offset, size);
    *ret_cell = (struct vw_cell) { .at = offset + 4, .size = size - 4 };
    return 0;
}

/* ----------------------------------------------------------------- keys */

int
vw_key_read(struct vw_hive *hive, uint32_t offset,
            struct vw_key *ret_key, struct vtopo_error *err)
{
    unsigned char node[KEY_SIZE];
    struct vw_cell cell;
    unsigned flags;
    unsigned length;
    bool wide;

    if (vw_cell_find(hive, offset, "a key", &cell, err) < 0)
        return -1;
    if (cell.size < sizeof(node))
        return vt_fail(err, VTOPO_BAD_INPUT, "the key at 0x%x is cut short",
                       offset);
    if (vw_pages_read(&hive->pages, cell.at, node, sizeof(node), err) < 0)
        return -1;
    if (memcmp(node, "nk", 2) != 0)
        return vt_fail(err, VTOPO_BAD_INPUT, "there is no key at 0x%x",
                       offset);
    flags = vw_le16(node + 2);
    wide = (flags & KEY_NAME_LATIN1) == 0;
    length = vw_le16(node + 72);
    if (length > cell.size - KEY_SIZE || (wide && length % 2 != 0)
        || length > VW_HIVE_NAME_MAX * (wide ? 2u : 1u))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the key at 0x%x has an impossible name of %u bytes",
                       offset, length);
    *ret_key = (struct vw_key) {
        .cell = offset,
        .name = { .at = cell.at + KEY_SIZE, .wide = wide,
                  .units = (uint16_t)(wide ? length / 2 : length) },
        .written = vw_le64(node + 4),
        .children = vw_le32(node + 20),
        .children_list = vw_le32(node + 28),
        .values = (flags & KEY_PREDEFINED) != 0 ? 0 : vw_le32(node + 36),
        .values_list = vw_le32(node + 40),
    };
    return 0;
}

int
vw_hive_root(struct vw_hive *hive, struct vw_key *ret_key,
             struct vtopo_error *err)
{
    if (vw_key_read(hive, hive->root, ret_key, err) < 0)
        return vt_wrap(err, "root of the hive");
    return 0;
}

/* --------------------------------------------------------------- values */

static int
read_value(struct vw_hive *hive, uint32_t offset,
           struct vw_value *ret_value, struct vtopo_error *err)
{
    unsigned char node[VALUE_SIZE];
    struct vw_value value;
    struct vw_cell cell;
    unsigned length;
    bool wide;

    if (vw_cell_find(hive, offset, "a value", &cell, err) < 0)
        return -1;
    if (cell.size < sizeof(node))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the value at 0x%x is cut short", offset);
    if (vw_pages_read(&hive->pages, cell.at, node, sizeof(node), err) < 0)
        return -1;
    if (memcmp(node, "vk", 2) != 0)
        return vt_fail(err, VTOPO_BAD_INPUT, "there is no value at 0x%x",
                       offset);
    wide = (vw_le16(node + 16) & VALUE_NAME_LATIN1) == 0;
    length = vw_le16(node + 2);
    if (length > cell.size - VALUE_SIZE || (wide && length % 2 != 0)
        || length > VW_HIVE_VALUE_NAME_MAX * (wide ? 2u : 1u))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the value at 0x%x has an impossible name of %u bytes",
                       offset, length);
    value = (struct vw_value) {
        .name = { .at = cell.at + VALUE_SIZE, .wide = wide,
                  .units = (uint16_t)(wide ? length / 2 : length) },
        .type = vw_le32(node + 12),
        .size = vw_le32(node + 4) & ~VALUE_RESIDENT,
        .data = vw_le32(node + 8),
        .resident = (vw_le32(node + 4) & VALUE_RESIDENT) != 0,
    };
    memcpy(value.bytes, node + 8, sizeof(value.bytes));
    *ret_value = value;
    return 0;
}

int
vw_key_value_at(struct vw_hive *hive, const struct vw_key *key,
                uint32_t index, struct vw_value *ret_value,
                struct vtopo_error *err)
{
    unsigned char element[4];
    struct vw_cell list;

    if (index >= key->values || key->values > VW_HIVE_VALUES_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the key at 0x%x has %u values, of %u allowed, and"
                       " none with number %u", key->cell, key->values,
                       VW_HIVE_VALUES_MAX, index);
    if (vw_cell_find(hive, key->values_list, "a list of values", &list, err)
        < 0)
        return -1;
    if (index >= list.size / 4)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the list of values at 0x%x is cut short",
                       key->values_list);
    if (vw_pages_read(&hive->pages, list.at + 4 * index, element,
                      sizeof(element), err) < 0)
        return -1;
    return read_value(hive, vw_le32(element), ret_value, err);
}

/* ---------------------------------------------------------------- names */

bool
vw_sought_init(struct vw_sought *sought, const char *text, size_t length)
{
    sought->ascii = true;
    if (!vw_utf16_from_utf8(text, length, sought->units, VW_HIVE_NAME_MAX,
                            &sought->count))
        return false;
    for (size_t i = 0; i < sought->count; i++) {
        sought->units[i] = vw_utf16_upper(sought->units[i]);
        sought->ascii = sought->ascii && sought->units[i] < 0x80;
    }
    return true;
}

int
vw_name_compare(struct vw_hive *hive, const struct vw_hive_name *name,
                const struct vw_sought *sought, bool *ret_same,
                struct vtopo_error *err)
{
    unsigned char data[2 * VW_HIVE_NAME_MAX];
    bool same = name->units == sought->count;

    if (same && vw_pages_read(&hive->pages, name->at, data,
                              name->wide ? 2u * name->units : name->units,
                              err) < 0)
        return -1;
    for (size_t i = 0; same && i < sought->count; i++) {
        uint16_t unit = name->wide ? vw_le16(data + 2 * i) : data[i];

        same = vw_utf16_upper(unit) == sought->units[i];
    }
    *ret_same = same;
    return 0;
}

int
vw_name_read(struct vw_hive *hive, const struct vw_hive_name *name,
             char **ret_text, struct vtopo_error *err)
{
    size_t size = name->wide ? 2u * name->units : name->units;
    vt_autofree unsigned char *data = malloc(size + 1);
    vt_autofree char *text = malloc(VW_UTF8_SIZE(name->units));

    if (data == NULL || text == NULL)
        return vt_fail_memory(err);
    if (vw_pages_read(&hive->pages, name->at, data, size, err) < 0)
        return -1;
    if (name->wide)
        (void)vw_utf8_from_utf16(data, name->units, text);
    else
        (void)vw_utf8_from_latin1(data, name->units, text);
    *ret_text = vt_steal(&text);
    return 0;
}

int
vw_key_name(struct vw_hive *hive, const struct vw_key *key,
            char **ret_name, struct vtopo_error *err)
{
    return vw_name_read(hive, &key->name, ret_name, err);
}

int
vw_value_name(struct vw_hive *hive, const struct vw_value *value,
              char **ret_name, struct vtopo_error *err)
{
    return vw_name_read(hive, &value->name, ret_name, err);
}
