/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ntfs.c - read NTFS by libntfs-3g (see ntfs.h)
 *
 * The device that the library reads from is in ntfs-device.c, and what
 * changes a volume in ntfs-write.c.
 */

#include "ntfs-parts.h"

#define TAG_WOF 0x80000017u     /* IO_REPARSE_TAG_WOF */

/* ----------------------------------------------------------- volume */

/* Mount the volume, read-only unless there is a sink.  Then, too, mounting
 * itself changes nothing: the journal is neither replayed nor emptied.
 */
static int
mount(struct vw_ntfs *ntfs, struct vtopo_error *err)
{
    struct ntfs_device *device;

    vw_ntfs_begin(ntfs);
    device = vw_ntfs_device(ntfs);
    if (device == NULL)
        return vt_fail_memory(err);
    ntfs->volume = ntfs_device_mount(device, ntfs->sink.write == NULL
                                     ? NTFS_MNT_RDONLY : NTFS_MNT_FORENSIC);
    if (ntfs->volume == NULL) {
        int why = errno;

        (void)ntfs_device_free(device);
        errno = why;
        return vw_ntfs_fail(ntfs, "open an NTFS volume", err);
    }
    return 0;
}

/* Mount the volume as it is, else without regard to its mirror. */
static int
mount_somehow(struct vw_ntfs *ntfs, struct vtopo_error *err)
{
    struct vtopo_error first = VTOPO_ERROR_INIT;

    if (mount(ntfs, &first) == 0)
        return 0;
    if (first.code != VTOPO_BAD_INPUT) {
        *err = first;
        return -1;
    }
    vtopo_error_clear(&first);
    if (vw_mirror_read(&ntfs->bytes, &ntfs->mirror, err) < 0)
        return -1;
    return mount(ntfs, err);
}

/* The library takes memory for a record of whatever size the boot sector
 * states; Windows makes them of 1 or 4 KiB, for files and for indexes.
 */
#define RECORD_MAX 65536u

/* A size in clusters, or below zero as a power of two in bytes. */
static uint64_t
record_size(unsigned char stated, uint64_t cluster)
{
    if (stated < 0x80)
        return stated * cluster;
    return UINT64_C(1) << ((256u - stated) & 63);
}

static int
check_boot_sector(const struct vw_bytes *bytes, struct vtopo_error *err)
{
    unsigned char boot[512];
    unsigned per_cluster;
    uint64_t cluster;

    if (vw_bytes_read(bytes, 0, boot, sizeof(boot), err) < 0)
        return -1;
    /* From 0x81 on, sectors a cluster are a negative power of two. */
    per_cluster = boot[13] <= 0x80 ? boot[13] : 1u << ((256u - boot[13]) & 31);
    cluster = (uint64_t)vw_le16(boot + 11) * per_cluster;
    if (record_size(boot[0x40], cluster) > RECORD_MAX
        || record_size(boot[0x44], cluster) > RECORD_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT, "cannot open an NTFS volume: its "
                       "records are larger than %u bytes", RECORD_MAX);
    return 0;
}

static int
open_volume(const struct vw_bytes *bytes, const struct vw_sink *sink,
            struct vw_ntfs **ret_ntfs, struct vtopo_error *err)
{
    vt_auto(vw_ntfs_closep) struct vw_ntfs *ntfs = calloc(1, sizeof(*ntfs));

    if (ntfs == NULL)
        return vt_fail_memory(err);
    if (check_boot_sector(bytes, err) < 0)
        return -1;
    ntfs->bytes = *bytes;
    if (sink != NULL)
        ntfs->sink = *sink;
    ntfs_log_set_handler(ntfs_log_handler_null);
    /* With a mirror that is out of date nothing is written. */
    if ((sink != NULL ? mount(ntfs, err) : mount_somehow(ntfs, err)) < 0)
        return -1;
    if (ntfs_set_shown_files(ntfs->volume, FALSE, TRUE, FALSE) != 0
        || ntfs_set_ignore_case(ntfs->volume) != 0)
        return vt_fail_memory(err);
    *ret_ntfs = vt_steal(&ntfs);
    return 0;
}

int
vw_ntfs_open(const struct vw_bytes *bytes, struct vw_ntfs **ret_ntfs,
             struct vtopo_error *err)
{
    return open_volume(bytes, NULL, ret_ntfs, err);
}

int
vw_ntfs_open_to_write(const struct vw_bytes *bytes,
                      const struct vw_sink *sink, struct vw_ntfs **ret_ntfs,
                      struct vtopo_error *err)
{
    return open_volume(bytes, sink, ret_ntfs, err);
}

void
vw_ntfs_close(struct vw_ntfs *ntfs)
{
    if (ntfs == NULL)
        return;
    vw_ntfs_begin(ntfs);
    if (ntfs->volume != NULL)
        (void)ntfs_umount(ntfs->volume, TRUE);
    vtopo_error_clear(&ntfs->trouble);
    free(ntfs);
}

/* ------------------------------------------------------------ paths */

/* The reference of entry @part in @directory, or (u64)-1 with errno set. */
static u64
look_up(ntfs_inode *directory, const char *part, size_t length)
{
    vt_autofree char *name = strndup(part, length);
    ntfschar *wide = NULL;
    u64 reference = (u64)-1;
    int units, why;

    if (name == NULL)
        return reference;
    units = ntfs_mbstoucs(name, &wide);
    if (units <= 0 || units > (int)VW_NAME_UNITS_MAX)
        errno = ENOENT;         /* no name of a file */
    else
        reference = ntfs_inode_lookup_by_name(directory, wide, units);
    why = errno;
    free(wide);
    errno = why;
    return reference;
}

/* Somewhere in a volume; no inode where a path led nowhere. */
struct place {
    struct vw_ntfs *ntfs;
    ntfs_inode *inode;          /* owned */
};

static void
leave(struct place *place)
{
    vw_ntfs_close_inodep(&place->inode);
}

/* Look for @part in a directory, and go there. */
static int
step(void *context, const char *part, size_t length, bool *ret_found,
     struct vtopo_error *err)
{
    struct place *place = context;
    vt_auto(vw_ntfs_close_inodep) ntfs_inode *directory =
        vt_steal(&place->inode);
    u64 reference;

    *ret_found = false;
    if (!vw_ntfs_is_directory(directory))
        return 0;
    reference = look_up(directory, part, length);
    if (reference == (u64)-1)
        return errno == ENOENT
            ? 0 : vw_ntfs_fail(place->ntfs, "look up a file", err);
    place->inode = ntfs_inode_open(place->ntfs->volume, MREF(reference));
    if (place->inode == NULL)
        return vw_ntfs_fail(place->ntfs, "open a file", err);
    *ret_found = true;
    return 0;
}

int
vw_ntfs_find_inode(struct vw_ntfs *ntfs, const char *path,
                   ntfs_inode **ret_inode, struct vtopo_error *err)
{
    vt_auto(leave) struct place place = { .ntfs = ntfs };
    bool found;

    place.inode = ntfs_inode_open(ntfs->volume, FILE_root);
    if (place.inode == NULL)
        return vw_ntfs_fail(ntfs, "open the root directory", err);
    if (vw_path_follow(path, step, &place, &found, err) < 0)
        return -1;
    *ret_inode = vt_steal(&place.inode);
    return 0;
}

/* ------------------------------------------------------------ files */

struct ntfs_file {
    struct vw_ntfs *ntfs;
    ntfs_inode *inode;
    ntfs_attr *data;            /* NULL: there is none, as of a directory */
    unsigned flags;
};

static void
close_file(void *context)
{
    struct ntfs_file *file = context;

    vw_ntfs_begin(file->ntfs);
    vw_ntfs_close_attributep(&file->data);
    vw_ntfs_close_inodep(&file->inode);
    free(file);
}

static void
close_filep(struct ntfs_file **file)
{
    if (*file != NULL)
        close_file(*file);
}

static int
read_file(void *context, uint64_t offset, void *buffer, size_t size,
          struct vtopo_error *err)
{
    struct ntfs_file *file = context;
    unsigned char *to = buffer;

    if (file->data == NULL || (file->flags & VW_FILE_UNREADABLE) != 0)
        return vw_file_refuse(file->flags, err);
    vw_ntfs_begin(file->ntfs);
    while (size > 0) {
        s64 got = ntfs_attr_pread(file->data, (s64)offset, (s64)size, to);

        if (got <= 0 || got > (s64)size)
            return vw_ntfs_fail(file->ntfs, "read a file", err);
        to += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return 0;
}

/* What the reparse point of @inode makes of it. */
static unsigned
reparse_flags(ntfs_inode *inode)
{
    vt_auto(vw_ntfs_close_attributep) ntfs_attr *point = NULL;
    unsigned char tag[4];

    point = ntfs_attr_open(inode, AT_REPARSE_POINT, AT_UNNAMED, 0);
    if (point == NULL || point->data_size < (s64)sizeof(tag)
        || ntfs_attr_pread(point, 0, sizeof(tag), tag) != (s64)sizeof(tag))
        return VW_FILE_REPARSE;
    return vw_le32(tag) == TAG_WOF ? VW_FILE_WOF : VW_FILE_REPARSE;
}

/* A file of "compact OS" has a hole for data, and the data beside it. */
static bool
has_wof_stream(ntfs_inode *inode)
{
    static const char name[] = "WofCompressedData";
    ntfschar wide[sizeof(name) - 1];

    for (size_t i = 0; i < VT_COUNT(wide); i++)
        wide[i] = cpu_to_le16((unsigned char)name[i]);
    return ntfs_attr_exist(inode, AT_DATA, wide, VT_COUNT(wide)) != 0;
}

unsigned
vw_ntfs_flags(ntfs_inode *inode, ntfs_attr *data)
{
    unsigned flags = vw_ntfs_is_directory(inode) ? VW_FILE_DIRECTORY : 0;

    if ((inode->flags & FILE_ATTR_REPARSE_POINT) != 0)
        flags |= reparse_flags(inode);
    if (data == NULL)
        return flags;
    if (NAttrCompressed(data))
        flags |= VW_FILE_COMPRESSED;
    if (NAttrEncrypted(data))
        flags |= VW_FILE_ENCRYPTED;
    if (NAttrSparse(data)) {
        flags |= VW_FILE_SPARSE;
        if (has_wof_stream(inode))
            flags |= VW_FILE_WOF;
    }
    return flags;
}

/* Make a file of *@inode, which it takes over when this succeeds. */
static int
open_file(struct vw_ntfs *ntfs, ntfs_inode **inode, struct vw_file *ret_file,
          struct vtopo_error *err)
{
    vt_auto(close_filep) struct ntfs_file *file = calloc(1, sizeof(*file));
    uint64_t size = 0;

    if (file == NULL)
        return vt_fail_memory(err);
    file->ntfs = ntfs;
    if (!vw_ntfs_is_directory(*inode)) {
        file->data = ntfs_attr_open(*inode, AT_DATA, AT_UNNAMED, 0);
        if (file->data == NULL || file->data->data_size < 0)
            return vw_ntfs_fail(ntfs, "open the data of a file", err);
        size = (uint64_t)file->data->data_size;
    }
    file->flags = vw_ntfs_flags(*inode, file->data);
    file->inode = vt_steal(inode);
    *ret_file = (struct vw_file) {
        .bytes = { .size = size, .read = read_file, .context = file },
        .flags = file->flags,
        .attributes = le32_to_cpu(file->inode->flags),
        .close = close_file,
        .context = file,
    };
    (void)vt_steal(&file);
    return 0;
}

int
vw_ntfs_find(struct vw_ntfs *ntfs, const char *path, struct vw_file *ret_file,
             bool *ret_found, struct vtopo_error *err)
{
    vt_auto(vw_ntfs_close_inodep) ntfs_inode *inode = NULL;

    vw_ntfs_begin(ntfs);
    if (vw_ntfs_find_inode(ntfs, path, &inode, err) < 0)
        return -1;
    if (inode == NULL) {
        *ret_found = false;
        return 0;
    }
    if (open_file(ntfs, &inode, ret_file, err) < 0)
        return -1;
    *ret_found = true;
    return 0;
}

/* ------------------------------------------------------ directories */

struct listing {
    vw_visit *visit;
    void *context;
    unsigned seen;
    bool stopped;               /* by the visitor, or by the limit */
    bool too_many;
};

static int
list_entry(void *context, const ntfschar *wide, const int units,
           const int kind, const s64 position, const MFT_REF reference,
           const unsigned type)
{
    struct listing *listing = context;
    char name[VW_NAME_SIZE];

    (void)position;
    (void)reference;
    /* The short name of a file that also has a long one. */
    if ((kind & FILE_NAME_WIN32_AND_DOS) == FILE_NAME_DOS || units <= 0)
        return 0;
    listing->too_many = listing->seen++ == VW_DIR_ENTRIES_MAX;
    vw_name_from_utf16((const unsigned char *)wide, (unsigned)units, name);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    listing->stopped = listing->too_many
                       || !listing->visit(listing->context,
                                          &(struct vw_entry) {
        .name = name,
        .is_directory = type == NTFS_DT_DIR,
    });
    return listing->stopped ? 1 : 0;
}

/* The library walks the bitmap of a directory bit by bit, holes and all. */
static int
check_bitmap(struct vw_ntfs *ntfs, ntfs_inode *inode, struct vtopo_error *err)
{
    vt_auto(vw_ntfs_close_attributep) ntfs_attr *bitmap = NULL;

    bitmap = ntfs_attr_open(inode, AT_BITMAP, NTFS_INDEX_I30, 4);
    if (bitmap == NULL && errno != ENOENT)
        return vw_ntfs_fail(ntfs, "list a directory", err);
    if (bitmap != NULL && bitmap->data_size > VW_NTFS_DIR_BITMAP_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a directory has a bitmap of %lld bytes, more than %d",
                       (long long)bitmap->data_size, VW_NTFS_DIR_BITMAP_MAX);
    return 0;
}

int
vw_ntfs_list(struct vw_ntfs *ntfs, const char *path, vw_visit *visit,
             void *context, bool *ret_found, struct vtopo_error *err)
{
    vt_auto(vw_ntfs_close_inodep) ntfs_inode *inode = NULL;
    struct listing listing = { .visit = visit, .context = context };
    s64 position = 0;
    int rc;

    vw_ntfs_begin(ntfs);
    if (vw_ntfs_find_inode(ntfs, path, &inode, err) < 0)
        return -1;
    if (inode == NULL || !vw_ntfs_is_directory(inode)) {
        *ret_found = false;
        return 0;
    }
    if (check_bitmap(ntfs, inode, err) < 0)
        return -1;
    /* Else the library hands out names in lower case. */
    NVolSetCaseSensitive(ntfs->volume);
    rc = ntfs_readdir(inode, &position, &listing, list_entry);
    ntfs->volume->state &= ~(1ul << NV_CaseSensitive);
    if (listing.too_many)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a directory has more than %u entries",
                       VW_DIR_ENTRIES_MAX);
    if (rc != 0 && !listing.stopped)
        return vw_ntfs_fail(ntfs, "list a directory", err);
    *ret_found = true;
    return 0;
}

/* ------------------------------------------------------------ state */

static int
read_log_state(struct vw_ntfs *ntfs, bool *ret_unclean,
               struct vtopo_error *err)
{
    vt_auto(vw_ntfs_close_inodep) ntfs_inode *inode = NULL;
    vt_auto(vw_ntfs_close_attributep) ntfs_attr *data = NULL;
    RESTART_PAGE_HEADER *page = NULL;

    inode = ntfs_inode_open(ntfs->volume, FILE_LogFile);
    if (inode == NULL)
        return vw_ntfs_fail(ntfs, "open the journal", err);
    data = ntfs_attr_open(inode, AT_DATA, AT_UNNAMED, 0);
    if (data == NULL)
        return vw_ntfs_fail(ntfs, "open the journal", err);
    *ret_unclean = !ntfs_check_logfile(data, &page)
                   || !ntfs_is_logfile_clean(data, page);
    free(page);
    return 0;
}

static int
read_hibernation(struct vw_ntfs *ntfs, enum vw_hibernation *ret_hibernation,
                 struct vtopo_error *err)
{
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    char head[4];
    bool found;

    *ret_hibernation = VW_HIBERNATION_NONE;
    if (vw_ntfs_find(ntfs, "hiberfil.sys", &file, &found, err) < 0)
        return -1;
    if (!found || file.bytes.size < sizeof(head))
        return 0;
    if (vw_bytes_read(&file.bytes, 0, head, sizeof(head), err) < 0)
        return -1;
    if (memcmp(head, "wake", 4) == 0 || memcmp(head, "WAKE", 4) == 0)
        *ret_hibernation = VW_HIBERNATION_RESUMED;
    else if (memcmp(head, "\0\0\0", 4) != 0)
        /* "hibr", "HIBR", "RSTR" and whatever else is not nothing. */
        *ret_hibernation = VW_HIBERNATION_ASLEEP;
    return 0;
}

int
vw_ntfs_state(struct vw_ntfs *ntfs, struct vw_volume_state *ret_state,
              struct vtopo_error *err)
{
    struct vw_volume_state state = {
        .dirty = (ntfs->volume->flags & VOLUME_IS_DIRTY) != 0
                 || ntfs->mirror.covered,
    };

    vw_ntfs_begin(ntfs);
    if (read_log_state(ntfs, &state.log_unclean, err) < 0
        || read_hibernation(ntfs, &state.hibernation, err) < 0)
        return -1;
    *ret_state = state;
    return 0;
}
