/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * policy.c - Windows' licence, as the registry keeps it (see policy.h)
 */

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "bytes.h"
#include "policy.h"
#include "utf16.h"

#define HEADER_SIZE 20u
#define ENTRY_SIZE 16u
#define MARKER_SIZE 4u
#define MARKER 0x45u
#define VERSION 1u

static int
check_header(const unsigned char *blob, size_t size, struct vtopo_error *err)
{
    if (size < HEADER_SIZE + MARKER_SIZE || size > VW_POLICY_SIZE_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the licence has %zu bytes, not %u to %u", size,
                       HEADER_SIZE + MARKER_SIZE, VW_POLICY_SIZE_MAX);
    if (vw_le32(blob) != size)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the licence claims %u bytes, but has %zu",
                       vw_le32(blob), size);
    if (vw_le32(blob + 4) != size - HEADER_SIZE - MARKER_SIZE)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the licence claims %u bytes of entries, but has %zu",
                       vw_le32(blob + 4), size - HEADER_SIZE - MARKER_SIZE);
    if (vw_le32(blob + 16) != VERSION)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the licence has version %u, not %u",
                       vw_le32(blob + 16), VERSION);
    if (vw_le32(blob + 8) != MARKER_SIZE
        || vw_le32(blob + size - MARKER_SIZE) != MARKER)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the licence has no end marker");
    return 0;
}

/* An entry, as it stands in the blob. */
struct entry {
    size_t size;
    const unsigned char *name;  /* UTF-16 */
    size_t name_size;
    struct vw_policy_value value;
};

/* Take apart the entry at @at, of whose blob @left bytes of entries are left;
 * @number is for the message.
 */
static int
read_entry(const unsigned char *at, size_t left, size_t number,
           struct entry *ret_entry, struct vtopo_error *err)
{
    struct entry entry;

    if (left < ENTRY_SIZE)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "entry %zu of the licence is cut short", number);
    entry = (struct entry) {
        .size = vw_le16(at),
        .name = at + ENTRY_SIZE,
        .name_size = vw_le16(at + 2),
        .value = { .type = vw_le16(at + 4), .size = vw_le16(at + 6),
                   .flags = vw_le32(at + 8) },
    };
    if (entry.size > left
        || entry.size != ((ENTRY_SIZE + entry.name_size + entry.value.size
                           + 2 + 3) & ~(size_t)3))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "entry %zu of the licence has %zu bytes, with %zu of"
                       " name, %zu of data, and %zu left", number, entry.size,
                       entry.name_size, entry.value.size, left);
    if (entry.name_size == 0 || entry.name_size % 2 != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "entry %zu of the licence has an impossible name of"
                       " %zu bytes", number, entry.name_size);
    entry.value.data = entry.name + entry.name_size;
    *ret_entry = entry;
    return 0;
}

static bool
is_called(const struct entry *entry, const char *name)
{
    size_t length = strlen(name);

    if (entry->name_size != 2 * length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (vw_le16(entry->name + 2 * i) != (unsigned char)name[i])
            return false;
    }
    return true;
}

int
vw_policy_find(const unsigned char *blob, size_t size, const char *name,
               struct vw_policy_value *ret_value, bool *ret_found,
               struct vtopo_error *err)
{
    struct vw_policy_value value = { .data = NULL };
    struct entry entry = { .size = 0 };
    unsigned found = 0;
    size_t number = 0;

    if (check_header(blob, size, err) < 0)
        return -1;
    for (size_t at = HEADER_SIZE; at < size - MARKER_SIZE; at += entry.size) {
        if (read_entry(blob + at, size - MARKER_SIZE - at, number++, &entry,
                       err) < 0)
            return -1;
        if (!is_called(&entry, name))
            continue;
        value = entry.value;
        found++;
    }
    if (found > 1)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the licence says '%s' %u times", name, found);
    if (found == 1)
        *ret_value = value;
    *ret_found = found == 1;
    return 0;
}

int
vw_policy_dword(const struct vw_policy_value *value, const char *name,
                uint32_t *ret_number, struct vtopo_error *err)
{
    if (value->type != VW_POLICY_DWORD || value->size != 4)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'%s' in the licence has type %u with %zu bytes, not"
                       " a dword's 4", name, value->type, value->size);
    *ret_number = vw_le32(value->data);
    return 0;
}

int
vw_policy_string(const struct vw_policy_value *value, const char *name,
                 char **ret_text, struct vtopo_error *err)
{
    size_t units = value->size / 2;
    char *text;

    if (value->type != VW_POLICY_STRING)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'%s' in the licence has type %u, not a string",
                       name, value->type);
    units = vw_utf16_length(value->data, units);
    text = malloc(VW_UTF8_SIZE(units));
    if (text == NULL)
        return vt_fail_memory(err);
    (void)vw_utf8_from_utf16(value->data, units, text);
    *ret_text = text;
    return 0;
}
