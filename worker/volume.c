/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * volume.c - one way to look for files (see volume.h)
 *
 * A further file system is one more row of readers.
 */

#include "base/cleanup.h"
#include "base/error.h"
#include "fat.h"
#include "iso.h"
#include "ntfs.h"
#include "volume.h"

struct vw_volume {
    struct vw_fat *fat;         /* one of the three */
    struct vw_iso *iso;
    struct vw_ntfs *ntfs;
};

/* What the contents without a reader are called in a sentence. */
static const struct {
    enum vw_content content;
    const char *says;
} others[] = {
    { VW_CONTENT_EMPTY, "nothing: it is all zeros" },
    { VW_CONTENT_EXFAT, "an exFAT file system" },
    { VW_CONTENT_REFS, "a ReFS file system" },
    { VW_CONTENT_BITLOCKER, "a volume that BitLocker encrypts" },
    { VW_CONTENT_LUKS, "a volume that LUKS encrypts" },
    { VW_CONTENT_EXT, "an ext2, ext3 or ext4 file system" },
    { VW_CONTENT_XFS, "an XFS file system" },
    { VW_CONTENT_BTRFS, "a Btrfs file system" },
    { VW_CONTENT_LVM, "a physical volume of LVM" },
    { VW_CONTENT_SWAP, "swap space" },
};

static int
fail_content(enum vw_content content, struct vtopo_error *err)
{
    const char *says = "no file system that is known";

    for (size_t i = 0; i < VT_COUNT(others); i++) {
        if (others[i].content == content)
            says = others[i].says;
    }
    return vt_fail(err, VTOPO_IMPOSSIBLE, "the partition holds %s", says);
}

int
vw_volume_open(const struct vw_bytes *partition,
               struct vw_volume **ret_volume,
               enum vw_content *ret_content, struct vtopo_error *err)
{
    vt_auto(vw_volume_closep) struct vw_volume *volume =
        calloc(1, sizeof(*volume));
    enum vw_content content;

    if (volume == NULL)
        return vt_fail_memory(err);
    if (vw_content_probe(partition, &content, err) < 0)
        return -1;
    *ret_content = content;
    if (content == VW_CONTENT_FAT) {
        if (vw_fat_open(partition, &volume->fat, err) < 0)
            return -1;
    } else if (content == VW_CONTENT_ISO9660) {
        if (vw_iso_open(partition, &volume->iso, err) < 0)
            return -1;
    } else if (content == VW_CONTENT_NTFS) {
        if (vw_ntfs_open(partition, &volume->ntfs, err) < 0)
            return -1;
    } else {
        return fail_content(content, err);
    }
    *ret_volume = vt_steal(&volume);
    return 0;
}

void
vw_volume_close(struct vw_volume *volume)
{
    if (volume == NULL)
        return;
    vw_fat_close(volume->fat);
    vw_iso_close(volume->iso);
    vw_ntfs_close(volume->ntfs);
    free(volume);
}

const char *
vw_volume_name(const struct vw_volume *volume)
{
    unsigned bits;

    if (volume->ntfs != NULL)
        return "ntfs";
    if (volume->iso != NULL)
        return "iso9660";
    bits = vw_fat_bits(volume->fat);
    return bits == 12 ? "fat12" : bits == 16 ? "fat16" : "fat32";
}

int
vw_volume_state(struct vw_volume *volume, struct vw_volume_state *ret_state,
                struct vtopo_error *err)
{
    struct vw_volume_state state = { .dirty = false };

    if (volume->ntfs != NULL)
        return vw_ntfs_state(volume->ntfs, ret_state, err);
    /* An ISO 9660 image is written once, as a whole: it is always clean. */
    if (volume->fat != NULL
        && vw_fat_is_dirty(volume->fat, &state.dirty, err) < 0)
        return -1;
    *ret_state = state;
    return 0;
}

int
vw_volume_find(struct vw_volume *volume, const char *path,
               struct vw_file *ret_file, bool *ret_found,
               struct vtopo_error *err)
{
    if (volume->ntfs != NULL)
        return vw_ntfs_find(volume->ntfs, path, ret_file, ret_found, err);
    if (volume->iso != NULL)
        return vw_iso_find(volume->iso, path, ret_file, ret_found, err);
    return vw_fat_find(volume->fat, path, ret_file, ret_found, err);
}

int
vw_volume_list(struct vw_volume *volume, const char *path, vw_visit *visit,
               void *context, bool *ret_found, struct vtopo_error *err)
{
    if (volume->ntfs != NULL)
        return vw_ntfs_list(volume->ntfs, path, visit, context, ret_found,
                            err);
    if (volume->iso != NULL)
        return vw_iso_list(volume->iso, path, visit, context, ret_found, err);
    return vw_fat_list(volume->fat, path, visit, context, ret_found, err);
}

static int
put_fat(const struct vw_bytes *partition, const struct vw_sink *sink,
        const char *path, const char *like, const unsigned char *data,
        size_t size, struct vtopo_error *err)
{
    vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;

    if (vw_fat_open(partition, &fat, err) < 0)
        return -1;
    return vw_fat_put(fat, sink, path, like, data, size, err);
}

static int
put_ntfs(const struct vw_bytes *partition, const struct vw_sink *sink,
         const char *path, const char *like, const unsigned char *data,
         size_t size, struct vtopo_error *err)
{
    vt_auto(vw_ntfs_closep) struct vw_ntfs *ntfs = NULL;

    if (vw_ntfs_open_to_write(partition, sink, &ntfs, err) < 0
        || vw_ntfs_put(ntfs, path, like, data, size, err) < 0)
        return -1;
    return vw_ntfs_finish(&ntfs, err);
}

int
vw_volume_put(const struct vw_bytes *partition, const struct vw_sink *sink,
              const char *path, const char *like, const unsigned char *data,
              size_t size, struct vtopo_error *err)
{
    enum vw_content content;

    if (vw_content_probe(partition, &content, err) < 0)
        return -1;
    if (content == VW_CONTENT_FAT)
        return put_fat(partition, sink, path, like, data, size, err);
    if (content == VW_CONTENT_NTFS)
        return put_ntfs(partition, sink, path, like, data, size, err);
    if (content == VW_CONTENT_ISO9660)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the files of an ISO 9660 image are not written");
    return fail_content(content, err);
}
