/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf-value.c - the data of a value, and what its type makes of it
 * (see regf.h)
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "regf-hive.h"
#include "utf16.h"

/* Data above this is cut into segments of this size. */
#define SEGMENT_SIZE 16344u

/* ----------------------------------------------------------------- data */

/* Read segment by segment what the "db" record in @record leads to. */
static int
read_segments(struct vw_hive *hive, const struct vw_cell *record,
              unsigned char *data, uint32_t size, struct vtopo_error *err)
{
    uint32_t count = (size + SEGMENT_SIZE - 1) / SEGMENT_SIZE;
    unsigned char header[8];
    struct vw_cell list;

    if (record->size < sizeof(header))
        return vt_fail(err, VTOPO_BAD_INPUT, "its data is cut short");
    if (vw_pages_read(&hive->pages, record->at, header, sizeof(header), err)
        < 0)
        return -1;
    if (memcmp(header, "db", 2) != 0 || vw_le16(header + 2) != count)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "its data is not in the %u segments that %u bytes"
                       " need", count, size);
    if (vw_cell_find(hive, vw_le32(header + 4), "its list of segments",
                     &list, err) < 0)
        return -1;
    if (list.size / 4 < count)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "its list of segments is cut short");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t done = i * SEGMENT_SIZE;
        uint32_t part = size - done < SEGMENT_SIZE ? size - done
                                                   : SEGMENT_SIZE;
        unsigned char element[4];
        struct vw_cell segment;

        if (vw_pages_read(&hive->pages, list.at + 4 * i, element,
                          sizeof(element), err) < 0
            || vw_cell_find(hive, vw_le32(element), "a segment of its data",
                            &segment, err) < 0)
            return -1;
        if (segment.size < part)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "a segment of its data is cut short");
        if (vw_pages_read(&hive->pages, segment.at, data + done, part, err)
            < 0)
            return -1;
    }
    return 0;
}

static int
read_data(struct vw_hive *hive, const struct vw_value *value,
          unsigned char *data, struct vtopo_error *err)
{
    struct vw_cell cell;

    if (value->resident && value->size > sizeof(value->bytes))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "it claims %u bytes in a place of 4", value->size);
    if (value->resident || value->size == 0) {
        memcpy(data, value->bytes, value->size);
        return 0;
    }
    if (vw_cell_find(hive, value->data, "its data", &cell, err) < 0)
        return -1;
    /* A record of segments is smaller than any data that needs one. */
    if (value->size > cell.size && value->size > SEGMENT_SIZE)
        return read_segments(hive, &cell, data, value->size, err);
    if (value->size > cell.size)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "its data is cut short: %u bytes of %u",
                       cell.size, value->size);
    return vw_pages_read(&hive->pages, cell.at, data, value->size, err);
}

/* Say which value this is about, if its name can be read. */
static void
wrap_name(struct vw_hive *hive, const struct vw_value *value,
          struct vtopo_error *err)
{
    vt_autoerror struct vtopo_error ignored = VTOPO_ERROR_INIT;
    vt_autofree char *name = NULL;

    if (vw_value_name(hive, value, &name, &ignored) == 0)
        (void)vt_wrap(err, "value '%.80s'", name);
}

int
vw_value_data(struct vw_hive *hive, const struct vw_value *value,
              uint32_t max, unsigned char **ret_data, size_t *ret_size,
              struct vtopo_error *err)
{
    uint32_t limit = max < VW_HIVE_DATA_MAX ? max : VW_HIVE_DATA_MAX;
    vt_autofree unsigned char *data = NULL;

    if (value->size > limit) {
        (void)vt_fail(err, VTOPO_BAD_INPUT, "%u bytes are more than %u",
                      value->size, limit);
        wrap_name(hive, value, err);
        return -1;
    }
    data = malloc(value->size + 2);
    if (data == NULL) {
        (void)vt_fail_memory(err);
        return -1;
    }
    if (read_data(hive, value, data, err) < 0) {
        wrap_name(hive, value, err);
        return -1;
    }
    memset(data + value->size, 0, 2);
    *ret_data = vt_steal(&data);
    *ret_size = value->size;
    return 0;
}

/* -------------------------------------------------------------- numbers */

static int
fail_type(struct vw_hive *hive, const struct vw_value *value,
          const char *wanted, struct vtopo_error *err)
{
    (void)vt_fail(err, VTOPO_BAD_INPUT,
                  "type %u with %u bytes is not %s",
                  value->type, value->size, wanted);
    wrap_name(hive, value, err);
    return -1;
}

/* Read a few bytes as a little-endian number. */
static int
read_number(struct vw_hive *hive, const struct vw_value *value,
            uint64_t *ret_number, struct vtopo_error *err)
{
    unsigned char data[8] = { 0 };

    if (value->size > sizeof(data))
        return fail_type(hive, value, "a number", err);
    if (read_data(hive, value, data, err) < 0) {
        wrap_name(hive, value, err);
        return -1;
    }
    *ret_number = vw_le64(data);
    return 0;
}

int
vw_value_dword(struct vw_hive *hive, const struct vw_value *value,
               uint32_t *ret_number, struct vtopo_error *err)
{
    bool swapped = value->type == VW_REG_DWORD_BIG_ENDIAN;
    uint64_t number;

    if ((value->type != VW_REG_DWORD && !swapped) || value->size != 4)
        return fail_type(hive, value, "a dword", err);
    if (read_number(hive, value, &number, err) < 0)
        return -1;
    *ret_number = swapped ? __builtin_bswap32((uint32_t)number)
                          : (uint32_t)number;
    return 0;
}

int
vw_value_number(struct vw_hive *hive, const struct vw_value *value,
                uint64_t *ret_number, struct vtopo_error *err)
{
    if (!(value->type == VW_REG_DWORD && value->size == 4)
        && !(value->type == VW_REG_QWORD && value->size == 8)
        && !(value->type == VW_REG_BINARY && value->size >= 1
             && value->size <= 8))
        return fail_type(hive, value, "a number", err);
    return read_number(hive, value, ret_number, err);
}

int
vw_value_filetime(struct vw_hive *hive, const struct vw_value *value,
                  uint64_t *ret_time, struct vtopo_error *err)
{
    if (value->size != 8)
        return fail_type(hive, value, "a time", err);
    return read_number(hive, value, ret_time, err);
}

/* -------------------------------------------------------------- strings */

/* The string of @units code units at @data. */
static char *
new_string(const unsigned char *data, size_t units)
{
    char *text = malloc(VW_UTF8_SIZE(units));

    if (text != NULL)
        (void)vw_utf8_from_utf16(data, units, text);
    return text;
}

int
vw_value_string(struct vw_hive *hive, const struct vw_value *value,
                char **ret_text, struct vtopo_error *err)
{
    vt_autofree unsigned char *data = NULL;
    size_t size = 0;
    char *text;

    if (value->type != VW_REG_SZ && value->type != VW_REG_EXPAND_SZ)
        return fail_type(hive, value, "a string", err);
    if (vw_value_data(hive, value, VW_HIVE_STRING_MAX, &data, &size, err) < 0)
        return -1;
    text = new_string(data, vw_utf16_length(data, size / 2));
    if (text == NULL)
        return vt_fail_memory(err);
    *ret_text = text;
    return 0;
}

void
vw_strings_clear(struct vw_strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->strings[i]);
    free(strings->strings);
    *strings = (struct vw_strings)VW_STRINGS_INIT;
}

/* How many strings stand in @units code units before the first empty one. */
static size_t
count_strings(const unsigned char *data, size_t units)
{
    size_t count = 0;
    size_t at = 0;

    while (at < units && vw_le16(data + 2 * at) != 0) {
        at += vw_utf16_length(data + 2 * at, units - at) + 1;
        count++;
    }
    return count;
}

int
vw_value_strings(struct vw_hive *hive, const struct vw_value *value,
                 struct vw_strings *ret_strings, struct vtopo_error *err)
{
    vt_auto(vw_strings_clear) struct vw_strings strings = VW_STRINGS_INIT;
    vt_autofree unsigned char *data = NULL;
    const unsigned char *at;
    size_t count;
    size_t size = 0;

    if (value->type != VW_REG_MULTI_SZ)
        return fail_type(hive, value, "a list of strings", err);
    if (vw_value_data(hive, value, VW_HIVE_STRING_MAX, &data, &size, err) < 0)
        return -1;
    count = count_strings(data, size / 2);
    if (count > VW_HIVE_STRINGS_MAX) {
        (void)vt_fail(err, VTOPO_BAD_INPUT, "%zu strings are more than %u",
                      count, VW_HIVE_STRINGS_MAX);
        wrap_name(hive, value, err);
        return -1;
    }
    strings.strings = calloc(count + 1, sizeof(*strings.strings));
    if (strings.strings == NULL)
        return vt_fail_memory(err);
    for (at = data; strings.count < count; strings.count++) {
        size_t left = size / 2 - (size_t)(at - data) / 2;
        size_t length = vw_utf16_length(at, left);

        strings.strings[strings.count] = new_string(at, length);
        if (strings.strings[strings.count] == NULL)
            return vt_fail_memory(err);
        at += 2 * (length + 1);
    }
    *ret_strings = strings;
    strings = (struct vw_strings)VW_STRINGS_INIT;
    return 0;
}
