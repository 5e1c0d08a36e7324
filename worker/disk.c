/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * disk.c - the disk that a question is about (see disk.h)
 */

#include <stdio.h>
#include <string.h>

#include "blocks.h"
#include "disk.h"

int
vw_read_text(struct vt_json_reader *reader, const char *key, char *text,
             size_t size, struct vtopo_error *err)
{
    const char *value;

    if (vt_json_read_null(reader))
        return 0;
    if (vt_json_read_string(reader, key, &value, err) < 0)
        return -1;
    (void)snprintf(text, size, "%s", value);
    return 0;
}

struct reading {
    const struct vw_message *message;
    struct vw_disk_source *source;
};

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    const struct reading *reading = to;
    struct vw_disk_source *source = reading->source;
    char kind[8] = "";

    if (strcmp(key, "fd") == 0)
        return vw_message_read_fd(reading->message, reader, key, &source->fd,
                                  err);
    if (strcmp(key, "export") == 0)
        return vw_read_text(reader, key, source->export,
                            sizeof(source->export), err);
    if (strcmp(key, "kind") != 0)
        return vt_json_skip(reader, err);
    if (vw_read_text(reader, key, kind, sizeof(kind), err) < 0)
        return -1;
    source->is_nbd = strcmp(kind, "nbd") == 0;
    return 0;
}

int
vw_disk_read(const struct vw_message *message, struct vt_json_reader *reader,
             struct vw_disk_source *ret_source, struct vtopo_error *err)
{
    struct reading reading = { .message = message, .source = ret_source };

    if (vt_json_read_null(reader))
        return 0;
    ret_source->is_given = true;
    ret_source->fd = -1;
    return vt_json_read_object(reader, read_member, &reading, err);
}

int
vw_disk_use(const struct vw_disk_source *source, vw_use_disk *use,
            void *context, struct vtopo_error *err)
{
    struct vw_bytes disk;
    struct vt_nbd nbd;
    int rc;

    if (!source->is_nbd)
        return vw_raw_open(source->fd, &disk, err) < 0 ? -1
               : use(&disk, context, err);
    if (vt_nbd_open(source->fd, source->export, &nbd, err) < 0)
        return -1;
    disk = vw_nbd_bytes(&nbd);
    rc = use(&disk, context, err);
    vt_nbd_leave(&nbd);
    return rc;
}
