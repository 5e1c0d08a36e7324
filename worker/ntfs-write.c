/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ntfs-write.c - put files into an NTFS volume (see ntfs.h)
 *
 * The library changes the volume, and the sink gets what it writes.  What it
 * leaves as it was is right that way:
 *
 * - $LogFile.  Its driver empties the journal when it mounts a volume to be
 *   written; we tell it not to, for that would be 4 to 64 MiB to write and to
 *   take back.  Only a volume that Windows has left in order is written to:
 *   the last restart area of its journal then names no transaction and no
 *   dirty page, so there is nothing that a later Windows could do again over
 *   what we wrote.  The numbers in the journal (LSN) stay above those in the
 *   records, too, which an empty one would begin anew.
 * - $UsnJrnl, quotas and object ids.  They are about what happened while
 *   Windows ran; none is needed to use a file.
 */

#include <stdio.h>

#include "ntfs-parts.h"

/* What a new file takes after its model, beside the name. */
#define MODEL_ATTRIBUTES (FILE_ATTR_READONLY | FILE_ATTR_HIDDEN              \
                          | FILE_ATTR_SYSTEM | FILE_ATTR_ARCHIVE)
#define DESCRIPTOR_MAX   65536      /* no ACL is larger */

/* Clusters that records and the index of a folder may need, beside the data:
 * as many as these bytes, and these at least.
 */
#define MARGIN_BYTES     65536u
#define MARGIN_CLUSTERS  8u

/* ------------------------------------------------------------- room */

/* Count the free clusters, but stop when there are @enough. */
static int
count_free(struct vw_ntfs *ntfs, uint64_t enough, uint64_t *ret_free,
           struct vtopo_error *err)
{
    uint64_t clusters = (uint64_t)ntfs->volume->nr_clusters;
    unsigned char piece[32768];
    uint64_t available = 0;

    for (uint64_t at = 0; at < clusters && available < enough;) {
        uint64_t bits = clusters - at;
        s64 size;

        if (bits > sizeof(piece) * 8)
            bits = sizeof(piece) * 8;
        size = (s64)((bits + 7) / 8);
        if (ntfs_attr_pread(ntfs->volume->lcnbmp_na, (s64)(at / 8), size,
                            piece) != size)
            return vw_ntfs_fail(ntfs, "count free clusters", err);
        for (uint64_t i = 0; i < bits; i++)
            available += (piece[i / 8] >> i % 8 & 1) == 0;
        at += bits;
    }
    *ret_free = available;
    return 0;
}

/* Whether there is room for @size bytes where @inode holds fewer, or, when it
 * is NULL, for a new file.
 */
static int
check_room(struct vw_ntfs *ntfs, ntfs_inode *inode, ntfs_attr *data,
           size_t size, struct vtopo_error *err)
{
    uint64_t cluster = ntfs->volume->cluster_size;
    uint64_t needed = (size + cluster - 1) / cluster;
    uint64_t margin = MARGIN_BYTES / cluster;
    uint64_t available = 0, has = 0;

    if (inode != NULL && NAttrNonResident(data)) {
        has = (uint64_t)data->allocated_size / cluster;
    } else if (inode != NULL) {
        uint32_t used = le32_to_cpu(inode->mrec->bytes_in_use);
        uint32_t record = le32_to_cpu(inode->mrec->bytes_allocated);

        if (used + size + 8 <= record + (uint64_t)data->data_size)
            needed = 0;         /* it stays in its record */
    }
    if (needed <= has)
        return 0;
    needed += (margin > MARGIN_CLUSTERS ? margin : MARGIN_CLUSTERS) - has;
    if (count_free(ntfs, needed, &available, err) < 0)
        return -1;
    return available >= needed ? 0
           : vw_file_fail_room(needed * cluster, available * cluster, err);
}

/* ------------------------------------------------------------ create */

/* What a new file has in common with another. */
struct model {
    le32 security;              /* its number in $Secure, or 0: */
    void *descriptor;           /* owned: what it has itself, or NULL */
    s64 descriptor_size;
    u32 attributes;
};

static void
clear_model(struct model *model)
{
    free(model->descriptor);
}

/* Before Windows 2000, and after an upgrade, a file has a descriptor of its
 * own in place of a number.
 */
static int
read_descriptor(struct vw_ntfs *ntfs, ntfs_inode *inode, struct model *model,
                struct vtopo_error *err)
{
    vt_auto(vw_ntfs_close_attributep) ntfs_attr *attribute =
        ntfs_attr_open(inode, AT_SECURITY_DESCRIPTOR, AT_UNNAMED, 0);
    s64 size;

    if (attribute == NULL && errno == ENOENT)
        return 0;
    if (attribute == NULL)
        return vw_ntfs_fail(ntfs, "read the protection of a file", err);
    size = attribute->data_size;
    if (size <= 0 || size > DESCRIPTOR_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the protection of a file has %lld bytes, not 1 to %d",
                       (long long)size, DESCRIPTOR_MAX);
    model->descriptor = malloc((size_t)size);
    if (model->descriptor == NULL)
        return vt_fail_memory(err);
    if (ntfs_attr_pread(attribute, 0, size, model->descriptor) != size)
        return vw_ntfs_fail(ntfs, "read the protection of a file", err);
    model->descriptor_size = size;
    return 0;
}

static int
read_model(struct vw_ntfs *ntfs, const char *folder, const char *like,
           struct model *model, struct vtopo_error *err)
{
    vt_auto(vw_ntfs_close_inodep) ntfs_inode *inode = NULL;
    vt_autofree char *path = NULL;

    if (like == NULL)
        return 0;
    if (asprintf(&path, "%s/%s", folder, like) < 0) {
        path = NULL;
        return vt_fail_memory(err);
    }
    if (vw_ntfs_find_inode(ntfs, path, &inode, err) < 0)
        return -1;
    if (inode == NULL || vw_ntfs_is_directory(inode))
        return vt_fail(err, VTOPO_BAD_INPUT, "there is no file %s", path);
    model->attributes = le32_to_cpu(inode->flags & MODEL_ATTRIBUTES);
    if (test_nino_flag(inode, v3_Extensions))
        model->security = inode->security_id;
    if (model->security != 0)
        return 0;
    return read_descriptor(ntfs, inode, model, err);
}

/* Give the new @inode what @model has. */
static int
dress(struct vw_ntfs *ntfs, ntfs_inode *inode, const struct model *model,
      bool has_model, struct vtopo_error *err)
{
    if (model->descriptor != NULL
        && (ntfs_attr_remove(inode, AT_SECURITY_DESCRIPTOR, AT_UNNAMED,
                             0) != 0
            || ntfs_attr_add(inode, AT_SECURITY_DESCRIPTOR, AT_UNNAMED, 0,
                             model->descriptor,
                             model->descriptor_size) != 0))
        return vw_ntfs_fail(ntfs, "protect a new file", err);
    if (has_model)
        inode->flags = (inode->flags & ~(u32)MODEL_ATTRIBUTES)
                       | cpu_to_le32(model->attributes);
    NInoFileNameSetDirty(inode);
    ntfs_inode_mark_dirty(inode);
    return 0;
}

static void
put_search(ntfs_attr_search_ctx **search)
{
    if (*search != NULL)
        ntfs_attr_put_search_ctx(*search);
}

static void
put_index(ntfs_index_context **index)
{
    if (*index != NULL)
        ntfs_index_ctx_put(*index);
}

/* ntfs_create() puts the name into the POSIX name space, where Windows keeps
 * none of its own files: it would offer no short name to those who ask for
 * it.  A name of DOS stands once, in the space of both Win32 and DOS, as
 * Windows writes "hal.dll"; the record says so, and the index of the folder.
 * ntfs_set_ntfs_dos_name() does the same, but on a damaged volume it may close
 * the folder twice.
 */
static int
share_name(struct vw_ntfs *ntfs, ntfs_inode *inode, ntfs_inode *folder,
           struct vtopo_error *err)
{
    vt_auto(put_search) ntfs_attr_search_ctx *search =
        ntfs_attr_get_search_ctx(inode, NULL);
    vt_auto(put_index) ntfs_index_context *index =
        ntfs_index_ctx_get(folder, NTFS_INDEX_I30, 4);
    FILE_NAME_ATTR *own, *listed;

    if (search == NULL || index == NULL
        || ntfs_attr_lookup(AT_FILE_NAME, AT_UNNAMED, 0, CASE_SENSITIVE, 0,
                            NULL, 0, search) != 0)
        return vw_ntfs_fail(ntfs, "name a file", err);
    own = (FILE_NAME_ATTR *)((u8 *)search->attr
                             + le16_to_cpu(search->attr->value_offset));
    if (ntfs_index_lookup(own, (int)le32_to_cpu(search->attr->value_length),
                          index) != 0
        || index->data == NULL || index->data_len < sizeof(*listed))
        return vw_ntfs_fail(ntfs, "name a file", err);
    listed = index->data;
    own->file_name_type = FILE_NAME_WIN32_AND_DOS;
    listed->file_name_type = FILE_NAME_WIN32_AND_DOS;
    ntfs_inode_mark_dirty(inode);
    ntfs_index_entry_mark_dirty(index);
    return 0;
}

/* Make an empty file in *@folder, which is closed in any case: before the
 * file is, which opens its folder again.
 */
static int
make_file(struct vw_ntfs *ntfs, ntfs_inode **folder, const char *name,
          size_t length, const struct model *model, bool has_model,
          struct vtopo_error *err)
{
    vt_auto(vw_ntfs_close_inodep) ntfs_inode *inode = NULL;
    vt_auto(vw_ntfs_close_inodep) ntfs_inode *parent = vt_steal(folder);
    ntfschar wide[12];

    for (size_t i = 0; i < length && i < VT_COUNT(wide); i++)
        wide[i] = cpu_to_le16((unsigned char)name[i]);
    inode = ntfs_create(parent, model->security, wide, (u8)length, S_IFREG);
    if (inode == NULL)
        return vw_ntfs_fail(ntfs, "make a file", err);
    if (dress(ntfs, inode, model, has_model, err) < 0
        || share_name(ntfs, inode, parent, err) < 0)
        return -1;
    ntfs_inode_update_times(parent, NTFS_UPDATE_MCTIME);
    if (ntfs_inode_close(vt_steal(&parent)) != 0
        || ntfs_inode_close(vt_steal(&inode)) != 0)
        return vw_ntfs_fail(ntfs, "finish a new file", err);
    return 0;
}

static int
create(struct vw_ntfs *ntfs, const char *path, const char *like, size_t size,
       struct vtopo_error *err)
{
    vt_auto(vw_ntfs_close_inodep) ntfs_inode *folder = NULL;
    vt_auto(clear_model) struct model model = { .descriptor = NULL };
    vt_autofree char *folder_path = NULL;
    const char *name = NULL;
    size_t length = 0;

    if (vw_path_split(path, &folder_path, &name, &length, err) < 0
        || vw_name_check_dos(name, length, err) < 0
        || vw_ntfs_find_inode(ntfs, folder_path, &folder, err) < 0)
        return -1;
    if (folder == NULL || !vw_ntfs_is_directory(folder)
        || (folder->flags & FILE_ATTR_REPARSE_POINT) != 0)
        return vt_fail(err, VTOPO_BAD_INPUT, "there is no folder for %s",
                       path);
    if (read_model(ntfs, folder_path, like, &model, err) < 0
        || check_room(ntfs, NULL, NULL, size, err) < 0)
        return -1;
    return make_file(ntfs, &folder, name, length, &model, like != NULL, err);
}

/* -------------------------------------------------------------- fill */

/* Whether the data of a file are bytes in clusters, or in its record. */
static int
check_plain(ntfs_inode *inode, ntfs_attr *data, struct vtopo_error *err)
{
    unsigned flags = vw_ntfs_flags(inode, data);

    if ((flags & (VW_FILE_UNREADABLE | VW_FILE_DIRECTORY)) != 0)
        return vw_file_refuse(flags, err);
    if ((flags & (VW_FILE_COMPRESSED | VW_FILE_SPARSE)) != 0)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the file is compressed or sparse, and such files are "
                       "not written");
    return 0;
}

/* Give @attribute @size bytes, in clusters and without holes, which a boot
 * loader may not know.
 *
 * The library takes one piece, or few, from each 32,768 clusters in a row
 * before it says that there is no room.  Where free clusters are scattered it
 * finds all of them when it is asked for less at a time.
 */
static int
set_size(struct vw_ntfs *ntfs, ntfs_attr *attribute, s64 size,
         struct vtopo_error *err)
{
    s64 cluster = ntfs->volume->cluster_size;
    s64 step = size;

    while (attribute->data_size != size) {
        s64 before = attribute->data_size;
        s64 next = size > before && size - before > step ? before + step
                                                         : size;

        if (ntfs_attr_truncate_solid(attribute, next) == 0
            && attribute->data_size == next)
            continue;
        if (errno != ENOSPC || next < before || step <= cluster)
            return vw_ntfs_fail(ntfs, "change the size of a file", err);
        step = (step / 2 + cluster - 1) / cluster * cluster;
    }
    return 0;
}

/* Make @attribute hold @data, whose size it has. */
static int
write_data(struct vw_ntfs *ntfs, ntfs_attr *attribute,
           const unsigned char *data, size_t size, struct vtopo_error *err)
{
    for (size_t at = 0; at < size;) {
        s64 put = ntfs_attr_pwrite(attribute, (s64)at, (s64)(size - at),
                                   data + at);

        if (put <= 0 || put > (s64)(size - at))
            return vw_ntfs_fail(ntfs, "write a file", err);
        at += (size_t)put;
    }
    return 0;
}

/* Make *@inode hold @data, and close it in any case. */
static int
fill(struct vw_ntfs *ntfs, ntfs_inode **inode, const unsigned char *data,
     size_t size, struct vtopo_error *err)
{
    vt_auto(vw_ntfs_close_inodep) ntfs_inode *file = vt_steal(inode);
    vt_auto(vw_ntfs_close_attributep) ntfs_attr *attribute = NULL;
    bool resized;

    if (vw_ntfs_is_directory(file))
        return vw_file_refuse(VW_FILE_DIRECTORY, err);
    attribute = ntfs_attr_open(file, AT_DATA, AT_UNNAMED, 0);
    if (attribute == NULL)
        return vw_ntfs_fail(ntfs, "open the data of a file", err);
    resized = attribute->data_size != (s64)size;
    if (check_plain(file, attribute, err) < 0
        || check_room(ntfs, file, attribute, size, err) < 0
        || set_size(ntfs, attribute, (s64)size, err) < 0
        || write_data(ntfs, attribute, data, size, err) < 0)
        return -1;
    if (resized)
        ntfs_inode_update_times(file, NTFS_UPDATE_MCTIME);
    ntfs_attr_close(vt_steal(&attribute));
    if (ntfs_inode_close(vt_steal(&file)) != 0)
        return vw_ntfs_fail(ntfs, "finish a file", err);
    return 0;
}

int
vw_ntfs_put(struct vw_ntfs *ntfs, const char *path, const char *like,
            const unsigned char *data, size_t size, struct vtopo_error *err)
{
    ntfs_inode *inode = NULL;

    vw_ntfs_begin(ntfs);
    if (vw_ntfs_find_inode(ntfs, path, &inode, err) < 0)
        return -1;
    if (inode == NULL
        && (create(ntfs, path, like, size, err) < 0
            || vw_ntfs_find_inode(ntfs, path, &inode, err) < 0))
        return -1;
    if (inode == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%s was made, and is not found", path);
    return fill(ntfs, &inode, data, size, err);
}

int
vw_ntfs_finish(struct vw_ntfs **ntfs, struct vtopo_error *err)
{
    vt_auto(vw_ntfs_closep) struct vw_ntfs *ending = vt_steal(ntfs);
    ntfs_volume *volume = vt_steal(&ending->volume);

    vw_ntfs_begin(ending);
    if (ntfs_umount(volume, FALSE) != 0 || ending->trouble.code != VTOPO_OK)
        return vw_ntfs_fail(ending, "finish an NTFS volume", err);
    return 0;
}
