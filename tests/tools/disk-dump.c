/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * disk-dump.c - show what the worker's readers make of a disk
 *
 *   disk-dump DISK table              how it is divided, and what is in it
 *   disk-dump DISK list PART PATH     the names in a directory
 *   disk-dump DISK stat PART PATH...  size, flags and attributes of files
 *   disk-dump DISK cat PART PATH      the bytes of a file
 *   disk-dump DISK state PART         how a volume was left behind
 *
 * DISK is a raw file, or "nbd:N" for a connected NBD socket at descriptor N.
 * PART is the number of a partition, 0 the whole disk.  What was read from
 * the disk is said on standard error.  For tests alone; the output is for
 * their eyes.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "blocks.h"
#include "partition.h"
#include "volume.h"

#define PIECE 65536u

struct disk {
    int fd;
    struct vt_nbd nbd;
    struct vw_blocks *blocks;
    struct vw_bytes bytes;
};

static int
open_disk(const char *name, struct disk *disk, struct vtopo_error *err)
{
    struct vw_bytes raw;

    if (strncmp(name, "nbd:", 4) == 0) {
        if (vt_nbd_open(atoi(name + 4), "", &disk->nbd, err) < 0)
            return -1;
        raw = vw_nbd_bytes(&disk->nbd);
    } else {
        disk->fd = open(name, O_RDONLY | O_CLOEXEC);
        if (disk->fd < 0)
            return vt_fail_errno(err, "cannot open '%s'", name);
        if (vw_raw_open(disk->fd, &raw, err) < 0)
            return -1;
    }
    if (vw_blocks_new(&raw, &disk->blocks, err) < 0)
        return -1;
    disk->bytes = vw_blocks_bytes(disk->blocks);
    return 0;
}

static void
close_disk(struct disk *disk)
{
    vw_blocks_free(disk->blocks);
    if (disk->fd >= 0)
        (void)close(disk->fd);
}

static int
print_partition(const struct disk *disk, const struct vw_partitions *list,
                const struct vw_partition *part, struct vtopo_error *err)
{
    struct vw_slice slice = vw_partition_slice(&disk->bytes, part);
    struct vw_bytes bytes = vw_slice_bytes(&slice);
    char type[VW_GUID_TEXT_SIZE], guid[VW_GUID_TEXT_SIZE];
    enum vw_content content;

    if (vw_content_probe(&bytes, &content, err) < 0)
        return -1;
    vw_guid_format(part->type_guid, type);
    vw_guid_format(part->guid, guid);
    printf("partition number=%u offset=%" PRIu64 " size=%" PRIu64
           " active=%d logical=%d cut=%d content=%s", part->number,
           part->offset, part->size, part->active, part->logical,
           part->cut_short, vw_content_name(content));
    if (list->table == VW_TABLE_GPT)
        printf(" type=%s guid=%s\n", type, guid);
    else
        printf(" type=%02x\n", part->type);
    return 0;
}

static int
print_table(const struct disk *disk, const struct vw_partitions *list,
            struct vtopo_error *err)
{
    static const char *const tables[] = { "none", "mbr", "gpt" };
    char guid[VW_GUID_TEXT_SIZE];

    vw_guid_format(list->disk_guid, guid);
    printf("table kind=%s content=%s sector=%u signature=%08x guid=%s "
           "backup=%d damaged=%d more=%d count=%u\n", tables[list->table],
           vw_content_name(list->content), list->sector_size,
           (unsigned)list->disk_signature, guid, list->from_backup,
           list->damaged, list->more, list->count);
    for (unsigned i = 0; i < list->count; i++) {
        if (print_partition(disk, list, &list->entry[i], err) < 0)
            return -1;
    }
    return 0;
}

static bool
print_name(void *context, const struct vw_entry *entry)
{
    (void)context;
    printf("%s%s\n", entry->name, entry->is_directory ? "/" : "");
    return true;
}

static int
list_directory(struct vw_volume *volume, const char *path,
               struct vtopo_error *err)
{
    bool found;

    if (vw_volume_list(volume, path, print_name, NULL, &found, err) < 0)
        return -1;
    if (!found)
        puts("not found");
    return 0;
}

static int
stat_file(struct vw_volume *volume, const char *path, struct vtopo_error *err)
{
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    bool found;

    if (vw_volume_find(volume, path, &file, &found, err) < 0)
        return -1;
    if (!found)
        puts("not found");
    else
        printf("size=%" PRIu64 " flags=%u attributes=%x\n", file.bytes.size,
               file.flags, file.attributes);
    return 0;
}

static int
copy_file(struct vw_volume *volume, const char *path, struct vtopo_error *err)
{
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    unsigned char piece[PIECE];
    bool found;

    if (vw_volume_find(volume, path, &file, &found, err) < 0)
        return -1;
    if (!found)
        return vt_fail(err, VTOPO_BAD_INPUT, "there is no '%s'", path);
    if (file.flags != 0 && file.bytes.size == 0)    /* to hear the reason */
        return file.bytes.read(file.bytes.context, 0, piece, 1, err);
    for (uint64_t at = 0; at < file.bytes.size; at += PIECE) {
        uint64_t left = file.bytes.size - at;
        size_t size = left < PIECE ? (size_t)left : PIECE;

        if (vw_bytes_read(&file.bytes, at, piece, size, err) < 0)
            return -1;
        (void)fwrite(piece, 1, size, stdout);
    }
    return 0;
}

static int
print_state(struct vw_volume *volume, struct vtopo_error *err)
{
    static const char *const sleeps[] = { "none", "resumed", "asleep" };
    struct vw_volume_state state;

    if (vw_volume_state(volume, &state, err) < 0)
        return -1;
    printf("volume=%s dirty=%d log_unclean=%d hibernation=%s\n",
           vw_volume_name(volume), state.dirty, state.log_unclean,
           sleeps[state.hibernation]);
    return 0;
}

static int
choose_part(const struct disk *disk, const struct vw_partitions *list,
            const char *text, struct vw_slice *slice, struct vtopo_error *err)
{
    unsigned number = (unsigned)atoi(text);

    *slice = (struct vw_slice) {
        .whole = disk->bytes, .size = disk->bytes.size,
    };
    if (number == 0)
        return 0;
    for (unsigned i = 0; i < list->count; i++) {
        if (list->entry[i].number == number) {
            *slice = vw_partition_slice(&disk->bytes, &list->entry[i]);
            return 0;
        }
    }
    return vt_fail(err, VTOPO_BAD_INPUT, "there is no partition %u", number);
}

static int
run_on_volume(const struct disk *disk, const struct vw_partitions *list,
              int argc, char **argv, struct vtopo_error *err)
{
    vt_auto(vw_volume_closep) struct vw_volume *volume = NULL;
    const char *verb = argv[2];
    enum vw_content content;
    struct vw_slice slice;
    struct vw_bytes bytes;

    if (choose_part(disk, list, argv[3], &slice, err) < 0)
        return -1;
    bytes = vw_slice_bytes(&slice);
    if (vw_volume_open(&bytes, &volume, &content, err) < 0)
        return -1;
    if (strcmp(verb, "state") == 0)
        return print_state(volume, err);
    for (int i = 4; i < argc; i++) {
        int rc = strcmp(verb, "list") == 0
                 ? list_directory(volume, argv[i], err)
                 : strcmp(verb, "stat") == 0
                 ? stat_file(volume, argv[i], err)
                 : copy_file(volume, argv[i], err);

        if (rc < 0)
            return -1;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(close_disk) struct disk disk = { .fd = -1 };
    vt_autofree struct vw_partitions *list = malloc(sizeof(*list));
    struct vw_blocks_counts count;
    int rc;

    if (argc < 3 || list == NULL) {
        fputs("usage: disk-dump DISK table|list|stat|cat|state ...\n",
              stderr);
        return EXIT_FAILURE;
    }
    rc = open_disk(argv[1], &disk, &err);
    if (rc == 0)
        rc = vw_partitions_read(&disk.bytes, list, &err);
    if (rc == 0)
        rc = argc == 3 ? print_table(&disk, list, &err)
                       : run_on_volume(&disk, list, argc, argv, &err);
    if (rc < 0) {
        fprintf(stderr, "error %s: %s\n", vtopo_code_name(err.code),
                err.message);
        return EXIT_FAILURE;
    }
    count = vw_blocks_count(disk.blocks);
    fprintf(stderr, "requests=%" PRIu64 " bytes=%" PRIu64 "\n",
            count.requests, count.bytes);
    return EXIT_SUCCESS;
}
