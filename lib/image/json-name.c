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
read_file(struct vt_json_reader *reader, struct json_name *name,
          struct vtopo_error *err)
{
    const char *key;

    if (vt_json_enter(reader, '{', err) < 0
        || vt_json_next_key(reader, &key, err) < 0)
        return -1;
    while (key != NULL) {
        const char **to = strcmp(key, "driver") == 0 ? &name->protocol
                          : strcmp(key, "filename") == 0 ? &name->filename
                          : NULL;

        if (to == NULL)
            return refuse(key, err);
        if (vt_json_read_string(reader, key, to, err) < 0
            || vt_json_next_key(reader, &key, err) < 0)
            return -1;
    }
    return 0;
}

static int
read_tree(struct vt_json_reader *reader, struct json_name *name,
          struct vtopo_error *err)
{
    const char *key;

    if (vt_json_enter(reader, '{', err) < 0
        || vt_json_next_key(reader, &key, err) < 0)
        return -1;
    while (key != NULL) {
        int rc;

        if (strcmp(key, "file") == 0 && vt_json_peek(reader) == '{')
            rc = read_file(reader, name, err);
        else if (strcmp(key, "driver") == 0)
            rc = vt_json_read_string(reader, key, &name->format, err);
        else if (strcmp(key, "file.driver") == 0)
            rc = vt_json_read_string(reader, key, &name->protocol, err);
        else if (strcmp(key, "file.filename") == 0)
            rc = vt_json_read_string(reader, key, &name->filename, err);
        else
            rc = refuse(key, err);
        if (rc < 0 || vt_json_next_key(reader, &key, err) < 0)
            return -1;
    }
    return vt_json_finish(reader, err);
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
    if (read_tree(&reader, &name, err) < 0)
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
