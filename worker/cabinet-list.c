/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cabinet-list.c - what a cabinet holds (see cabinet-list.h)
 *
 * After the published format.
 */

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cabinet-list.h"
#include "file.h"

#define FROM_PREVIOUS  0xfffdu      /* and above: no number of a folder */
#define TO_NEXT        0xfffeu      /* 0xffff is both */

/* ------------------------------------------------------------ reading */

int
vw_view_read(struct vw_view *view, uint64_t at, void *buffer, size_t size,
             size_t *ret_got, struct vtopo_error *err)
{
    uint64_t left = at < view->bytes->size ? view->bytes->size - at : 0;
    unsigned char *to = buffer;

    if (size > left)
        size = (size_t)left;
    *ret_got = size;
    while (size > 0) {
        size_t piece, inside;

        if (at < view->start || at - view->start >= view->length) {
            left = view->bytes->size - at;
            view->length = 0;
            piece = left < VW_VIEW_SIZE ? (size_t)left : VW_VIEW_SIZE;
            if (vw_bytes_read(view->bytes, at, view->data, piece, err) < 0)
                return -1;
            view->start = at;
            view->length = piece;
        }
        inside = (size_t)(at - view->start);
        piece = view->length - inside;
        if (piece > size)
            piece = size;
        memcpy(to, view->data + inside, piece);
        to += piece;
        at += piece;
        size -= piece;
    }
    return 0;
}

/* --------------------------------------------------- the list of files */

int
vw_cabinet_header(const struct vw_bytes *bytes,
                  struct vw_cabinet_header *ret_header,
                  struct vtopo_error *err)
{
    unsigned char raw[VW_CABINET_HEADER_SIZE];
    struct vw_cabinet_header header;

    if (bytes->size < sizeof(raw))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%" PRIu64 " bytes are no cabinet", bytes->size);
    if (vw_bytes_read(bytes, 0, raw, sizeof(raw), err) < 0)
        return -1;
    if (memcmp(raw, "MSCF", 4) != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "it does not begin as a cabinet does");
    if (vw_le32(raw + 8) > bytes->size)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a cabinet of %" PRIu32 " bytes is cut short after %"
                       PRIu64, vw_le32(raw + 8), bytes->size);
    header = (struct vw_cabinet_header) {
        .files_at = vw_le32(raw + 16),
        .folders = vw_le16(raw + 26),
        .files = vw_le16(raw + 28),
    };
    if (header.files > VW_CABINET_FILES_MAX
        || header.folders > VW_CABINET_FOLDERS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a cabinet lists %u files in %u folders, at most %u "
                       "in %u are read", header.files, header.folders,
                       VW_CABINET_FILES_MAX, VW_CABINET_FOLDERS_MAX);
    *ret_header = header;
    return 0;
}

/* Read the record at *@at, and step over it. */
static int
read_record(struct vw_view *view, uint64_t *at,
            struct vw_cabinet_record *record, struct vtopo_error *err)
{
    unsigned char raw[VW_CABINET_RECORD_SIZE];
    size_t got, length = 0;

    record->name[0] = '\0';
    if (vw_view_read(view, *at, raw, sizeof(raw), &got, err) < 0)
        return -1;
    if (got == sizeof(raw)
        && vw_view_read(view, *at + sizeof(raw), record->name,
                        VW_CABINET_NAME_SIZE, &length, err) < 0)
        return -1;
    if (got < sizeof(raw) || length == 0 || record->name[0] == '\0'
        || memchr(record->name, '\0', length) == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "file %u in the list of a cabinet has no name",
                       record->index + 1);
    record->size = vw_le32(raw);
    record->offset = vw_le32(raw + 4);
    record->folder = vw_le16(raw + 8);
    if (record->folder >= FROM_PREVIOUS && record->folder != TO_NEXT)
        record->late = true;
    *at += sizeof(raw) + strlen(record->name) + 1;
    return 0;
}

/* A name without the folders that it may have before it. */
static const char *
base_name(const char *name)
{
    const char *base = name;

    for (; *name != '\0'; name++) {
        if (*name == '\\' || *name == '/')
            base = name + 1;
    }
    return base;
}

int
vw_cabinet_find(const struct vw_bytes *bytes,
                const struct vw_cabinet_header *header, const char *name,
                struct vw_cabinet_record *record, bool *ret_found,
                struct vtopo_error *err)
{
    vt_autofree struct vw_view *view = calloc(1, sizeof(*view));
    uint64_t at = header->files_at;

    if (view == NULL)
        return vt_fail_memory(err);
    view->bytes = bytes;
    record->late = false;
    for (unsigned i = 0; i < header->files; i++) {
        record->index = i;
        if (read_record(view, &at, record, err) < 0)
            return -1;
        if (name == NULL
            || vw_name_is(base_name(record->name), name, strlen(name))) {
            *ret_found = true;
            return 0;
        }
    }
    *ret_found = false;
    return 0;
}

int
vw_cabinet_check(const struct vw_cabinet_record *record,
                 const struct vw_cabinet_header *header, size_t max,
                 const char *what, struct vtopo_error *err)
{
    uint64_t end = (uint64_t)record->offset + record->size;

    /* What is behind such a file in its folder needs it, too. */
    if (record->folder >= FROM_PREVIOUS
        || (record->folder == 0 && record->late))
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "a part of %s is in another cabinet of its set, and "
                       "one cabinet alone is read", what);
    if (record->folder >= header->folders)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%s is in folder %u of a cabinet that has %u", what,
                       record->folder, header->folders);
    if (record->size > max)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%s has %" PRIu32 " bytes, at most %zu are taken out",
                       what, record->size, max);
    if (end > VW_CABINET_UNPACK_MAX)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "%s ends %" PRIu64 " bytes into its folder, at most %u "
                       "are unpacked", what, end, VW_CABINET_UNPACK_MAX);
    return 0;
}
