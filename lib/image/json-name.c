/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * json-name.c - the names of files that begin with "json:"
 *
 * QEMU takes a whole tree of block drivers for a name.  Of these only the
 * kind that libvirt writes into overlays is understood: a file, and the
 * format of what is in it.  Whatever else such a name says is refused, as it
 * would be QEMU that does it.
 */

#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json-read.h"
#include "image/internal.h"

#define PREFIX "json:"

struct json_name {
    const char *format;         /* "driver" at the top */
    const char *protocol;       /* "driver" of the file */
    const char *filename;
};

static int
refuse(const char *key, struct vtopo_error *err)
{
    return vt_fail(err, VTOPO_IMPOSSIBLE,
                   "the image asks for a 'json:' name with '%s', of which "
                   "only 'driver' and a 'file' with 'driver' and 'filename' "
                   "are allowed", key);
}

static int
read_file_member(struct vt_json_reader *reader, const char *key, void *to,
                 struct vtopo_error *err)
{
    struct json_name *name = to;

    if (strcmp(key, "driver") == 0)
        return vt_json_read_string(reader, key, &name->protocol, err);
    if (strcmp(key, "filename") == 0)
        return vt_json_read_string(reader, key, &name->filename, err);
    return refuse(key, err);
}

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct json_name *name = to;

    if (strcmp(key, "file") == 0 && vt_json_peek(reader) == '{')
        return vt_json_read_object(reader, read_file_member, name, err);
    if (strcmp(key, "driver") == 0)
        return vt_json_read_string(reader, key, &name->format, err);
    if (strcmp(key, "file.driver") == 0)
        return vt_json_read_string(reader, key, &name->protocol, err);
    if (strcmp(key, "file.filename") == 0)
        return vt_json_read_string(reader, key, &name->filename, err);
    return refuse(key, err);
}

bool
vt_json_name_is(const char *name)
{
    return strncmp(name, PREFIX, sizeof(PREFIX) - 1) == 0;
}

int
vt_json_name_parse(const char *text, char **ret_filename, char **ret_format,
                   struct vtopo_error *err)
{
    vt_autofree char *copy = strdup(text + sizeof(PREFIX) - 1);
    vt_autofree char *filename = NULL;
    vt_autofree char *format = NULL;
    struct json_name name = { .format = NULL };
    struct vt_json_reader reader;

    if (copy == NULL)
        return vt_fail_memory(err);
    vt_json_reader_start(&reader, copy, strlen(copy));
    if (vt_json_read_object(&reader, read_member, &name, err) < 0
        || vt_json_finish(&reader, err) < 0)
        return -1;
    if (name.filename == NULL || name.format == NULL
        || !vt_format_is_known(name.format)
        || (name.protocol != NULL && strcmp(name.protocol, "file") != 0
            && strcmp(name.protocol, "host_device") != 0))
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the image asks for a 'json:' name that is no file "
                       "with a known format");
    filename = strdup(name.filename);
    format = strdup(name.format);
    if (filename == NULL || format == NULL)
        return vt_fail_memory(err);
    *ret_filename = vt_steal(&filename);
    *ret_format = vt_steal(&format);
    return 0;
}
