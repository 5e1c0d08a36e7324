/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * format.c - which format a file has, as the worker says and as names say
 */

#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json-read.h"
#include "base/json-write.h"
#include "image/internal.h"

struct ending {
    const char *text;
    const char *format;
};

/* ".img" speaks of no format: cloud images of every kind are so named. */
static const struct ending endings[] = {
    { .text = ".raw", .format = "raw" },
    { .text = ".dd", .format = "raw" },
    { .text = ".qcow2", .format = "qcow2" },
    { .text = ".qcow", .format = "qcow" },
    { .text = ".qed", .format = "qed" },
    { .text = ".vmdk", .format = "vmdk" },
    { .text = ".vdi", .format = "vdi" },
    { .text = ".vhd", .format = "vpc" },
    { .text = ".vhdx", .format = "vhdx" },
};

/* QEMU's names of what the worker can tell apart. */
static const char *const formats[] = {
    "raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vpc", "vhdx",
    "parallels", "bochs", "cloop", "dmg", "luks",
};

const char *
vt_format_by_name(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < VT_COUNT(endings); i++) {
        size_t size = strlen(endings[i].text);

        if (length > size
            && strcasecmp(name + length - size, endings[i].text) == 0)
            return endings[i].format;
    }
    return NULL;
}

bool
vt_format_is_known(const char *format)
{
    for (size_t i = 0; i < VT_COUNT(formats); i++) {
        if (strcmp(format, formats[i]) == 0)
            return true;
    }
    return false;
}

int
vt_format_hint(struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf names = VT_BUF_INIT;

    for (size_t i = 0; i < VT_COUNT(formats); i++) {
        vt_buf_add_string(&names, i == 0 ? "" : ", ");
        vt_buf_add_string(&names, formats[i]);
    }
    return vt_hint(err, "known are %s", vt_buf_string(&names));
}

void
vt_sniffed_clear(struct vt_sniffed *sniffed)
{
    free(sniffed->backing);
    free(sniffed->backing_format);
    free(sniffed->data_file);
    for (size_t i = 0; i < sniffed->extent_count; i++)
        free(sniffed->extents[i].name);
    free(sniffed->extents);
    *sniffed = (struct vt_sniffed) { .backing = NULL };
}

/* ------------------------------------------------------------- reading */

static int
read_format(struct vt_json_reader *reader, const char *key, char ret[16],
            struct vtopo_error *err)
{
    const char *text;

    if (vt_json_read_string(reader, key, &text, err) < 0)
        return -1;
    if (!vt_format_is_known(text))
        return vt_fail(err, VTOPO_BAD_INPUT, "'%s' is no format", text);
    (void)strncpy(ret, text, 15);
    return 0;
}

static int
read_name(struct vt_json_reader *reader, const char *key, char **ret_name,
          struct vtopo_error *err)
{
    const char *text;
    char *name;

    if (vt_json_read_null(reader))
        return 0;
    if (vt_json_read_string(reader, key, &text, err) < 0)
        return -1;
    name = strdup(text);
    if (name == NULL)
        return vt_fail_memory(err);
    free(*ret_name);
    *ret_name = name;
    return 0;
}

static int
read_size(struct vt_json_reader *reader, const char *key,
          struct vt_sniffed *sniffed, struct vtopo_error *err)
{
    char digits[24];

    if (vt_json_read_null(reader))
        return 0;
    if (vt_json_read_number_text(reader, key, digits, sizeof(digits), err) < 0)
        return -1;
    sniffed->virtual_size = strtoull(digits, NULL, 10);
    sniffed->has_virtual_size = true;
    return 0;
}

static int
read_extent_member(struct vt_json_reader *reader, const char *key, void *to,
                   struct vtopo_error *err)
{
    struct vt_sniffed_extent *extent = to;

    if (strcmp(key, "name") == 0)
        return read_name(reader, key, &extent->name, err);
    if (strcmp(key, "flat") == 0)
        return vt_json_read_bool(reader, key, &extent->flat, err);
    return vt_json_skip(reader, err);
}

static int
read_extent(struct vt_json_reader *reader, struct vt_sniffed_extent *extent,
            struct vtopo_error *err)
{
    if (vt_json_read_object(reader, read_extent_member, extent, err) < 0)
        return -1;
    if (extent->name == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT, "an extent has no name");
    return 0;
}

static int
add_extent(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct vt_sniffed *sniffed = to;
    struct vt_sniffed_extent extent = { .name = NULL };
    struct vt_sniffed_extent *extents;

    if (sniffed->extent_count == VT_IMAGE_EXTENTS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT, "more than %u extents are named",
                       VT_IMAGE_EXTENTS_MAX);
    extents = realloc(sniffed->extents,
                      (sniffed->extent_count + 1) * sizeof(*extents));
    if (extents == NULL)
        return vt_fail_memory(err);
    sniffed->extents = extents;
    if (read_extent(reader, &extent, err) < 0) {
        free(extent.name);
        return -1;
    }
    extents[sniffed->extent_count++] = extent;
    return 0;
}

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct vt_sniffed *sniffed = to;

    if (strcmp(key, "format") == 0)
        return read_format(reader, key, sniffed->format, err);
    if (strcmp(key, "seen") == 0)
        return read_format(reader, key, sniffed->seen, err);
    if (strcmp(key, "virtual_size") == 0)
        return read_size(reader, key, sniffed, err);
    if (strcmp(key, "encrypted") == 0)
        return vt_json_read_bool(reader, key, &sniffed->encrypted, err);
    if (strcmp(key, "dirty") == 0)
        return vt_json_read_bool(reader, key, &sniffed->dirty, err);
    if (strcmp(key, "can_be_dirty") == 0)
        return vt_json_read_bool(reader, key, &sniffed->can_be_dirty, err);
    if (strcmp(key, "differencing") == 0)
        return vt_json_read_bool(reader, key, &sniffed->differencing, err);
    if (strcmp(key, "external_data") == 0)
        return vt_json_read_bool(reader, key, &sniffed->external_data, err);
    if (strcmp(key, "backing") == 0)
        return read_name(reader, key, &sniffed->backing, err);
    if (strcmp(key, "backing_format") == 0)
        return read_name(reader, key, &sniffed->backing_format, err);
    if (strcmp(key, "data_file") == 0)
        return read_name(reader, key, &sniffed->data_file, err);
    if (strcmp(key, "extents") == 0)
        return vt_json_read_array(reader, add_extent, sniffed, err);
    return vt_json_skip(reader, err);
}

int
vt_sniffed_parse(char *text, size_t length, struct vt_sniffed *ret_sniffed,
                 struct vtopo_error *err)
{
    vt_auto(vt_sniffed_clear) struct vt_sniffed sniffed = { .backing = NULL };
    struct vt_json_reader reader;

    vt_json_reader_start(&reader, text, length);
    if (vt_json_read_object(&reader, read_member, &sniffed, err) < 0
        || vt_json_finish(&reader, err) < 0)
        return -1;
    if (sniffed.format[0] == '\0' || sniffed.seen[0] == '\0')
        return vt_fail(err, VTOPO_BAD_INPUT, "no format is named");
    *ret_sniffed = sniffed;
    sniffed = (struct vt_sniffed) { .backing = NULL };
    return 0;
}

/* -------------------------------------------------------------- asking */

int
vt_sniff(struct vt_image *image, int fd, const char *format,
         struct vt_sniffed *ret_sniffed, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf request = VT_BUF_INIT;
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    struct vt_json json = VT_JSON_INIT(&request);

    vt_json_open(&json, '{');
    vt_json_key(&json, "sniff");
    vt_json_open(&json, '{');
    vt_json_key(&json, "fd");
    vt_json_uint(&json, 0);
    vt_json_key(&json, "format");
    vt_json_string_or_null(&json, format);
    vt_json_close(&json, '}');
    vt_json_close(&json, '}');
    if (vt_image_question(image, &request, &fd, 1, &answer, err) < 0)
        return -1;
    if (!vt_buf_reserve(&answer, 1))
        return vt_fail_memory(err);
    return vt_sniffed_parse(answer.data, answer.length, ret_sniffed, err);
}
