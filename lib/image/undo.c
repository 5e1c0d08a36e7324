/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * undo.c - the way back from a repair (see undo.h)
 *
 * The file, numbers with the lowest byte first:
 *
 *    0  "vtopo-undo\n", a zero byte
 *   12  version, 1
 *   16  size of the disk
 *   24  count of blocks
 *   28  state: one of the letters of enum vt_undo_state; three zero bytes
 *   32  when the image was last changed by us, in seconds (8) and nanoseconds
 *       (4) since 1970; zero (4)
 *   48  for each block: offset (8), size (4), sum of the old (4) and of the
 *       new bytes (4), zero (4)
 *       the old bytes of each block, one after the other
 *       sum of all before, the state and the time being zero (4)
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/crc32.h"
#include "base/error.h"
#include "base/file.h"
#include "image/undo.h"

#define MAGIC      "vtopo-undo\n"
#define HEAD_SIZE  48u
#define ROW_SIZE   24u
#define STATE_AT   28
#define TIME_AT    32
#define TIME_SIZE  12u
#define SECTOR     512u         /* what a disk writes whole or not at all */
#define FILE_MAX   (VT_UNDO_BYTES_MAX + HEAD_SIZE                           \
                    + VT_UNDO_BLOCKS_MAX * ROW_SIZE + 4u)

void
vt_undo_clear(struct vt_undo *undo)
{
    for (size_t i = 0; i < undo->count; i++) {
        free(undo->blocks[i].old);
        free(undo->blocks[i].new);
    }
    free(undo->blocks);
    *undo = (struct vt_undo)VT_UNDO_INIT;
}

char *
vt_undo_name(const char *image)
{
    struct stat info;
    vt_autofree char *target = NULL;
    char *name;

    /* Whatever an image is called, its undo file is beside the file itself. */
    if (lstat(image, &info) == 0 && S_ISLNK(info.st_mode))
        target = realpath(image, NULL);
    if (asprintf(&name, "%s.vtopo-undo", target != NULL ? target : image) < 0)
        return NULL;
    return name;
}

/* How many sectors @block touches. */
static size_t
count_sectors(const struct vt_undo_block *block)
{
    return (size_t)((block->offset + block->size - 1) / SECTOR
                    - block->offset / SECTOR + 1);
}

static unsigned char *
copy_of(const unsigned char *data, size_t size)
{
    struct vt_buf copy = VT_BUF_INIT;

    vt_buf_add(&copy, (const char *)data, size);
    if (!copy.failed)
        return (unsigned char *)copy.data;
    vt_buf_clear(&copy);
    return NULL;
}

/* Cut the sector at @at out of @block. */
static int
cut(const struct vt_undo_block *block, uint32_t at, struct vt_undo *to)
{
    struct vt_undo_block *piece = &to->blocks[to->count++];
    uint32_t left = block->size - at;
    uint32_t size = SECTOR - (uint32_t)((block->offset + at) % SECTOR);

    size = size < left ? size : left;
    *piece = (struct vt_undo_block) {
        .offset = block->offset + at, .size = size,
        .new_crc = vt_crc32(0, block->new + at, size),
        .old = copy_of(block->old + at, size),
        .new = copy_of(block->new + at, size),
    };
    return piece->old == NULL || piece->new == NULL ? -1 : 0;
}

/* A disk that loses its power may have written a part of a block: only what
 * lies in one sector is old or new.
 */
static int
split(struct vt_undo *undo, struct vtopo_error *err)
{
    vt_auto(vt_undo_clear) struct vt_undo whole = VT_UNDO_INIT;
    size_t count = 0;

    for (size_t i = 0; i < undo->count; i++)
        count += count_sectors(&undo->blocks[i]);
    if (count > VT_UNDO_BLOCKS_MAX)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "%zu sectors would be changed, at most %u can be",
                       count, VT_UNDO_BLOCKS_MAX);
    whole.blocks = undo->blocks;
    whole.count = undo->count;
    undo->count = 0;
    undo->blocks = calloc(count + 1, sizeof(*undo->blocks));
    if (undo->blocks == NULL)
        return vt_fail_memory(err);
    for (size_t i = 0; i < whole.count; i++) {
        const struct vt_undo_block *block = &whole.blocks[i];

        for (uint32_t at = 0; at < block->size;) {
            if (cut(block, at, undo) < 0)
                return vt_fail_memory(err);
            at += undo->blocks[undo->count - 1].size;
        }
    }
    return 0;
}

int
vt_undo_read_old(struct vt_undo *undo, struct vt_nbd *nbd,
                 struct vtopo_error *err)
{
    undo->disk_size = nbd->size;
    for (size_t i = 0; i < undo->count; i++) {
        struct vt_undo_block *block = &undo->blocks[i];

        if (block->offset > nbd->size
            || block->size > nbd->size - block->offset)
            return vt_fail(err, VTOPO_SYSTEM,
                           "a change lies outside of the disk");
        free(block->old);
        block->old = malloc(block->size);
        if (block->old == NULL)
            return vt_fail_memory(err);
        if (vt_nbd_read(nbd, block->offset, block->old, block->size,
                        err) < 0)
            return -1;
        if (block->has_old_crc
            && vt_crc32(0, block->old, block->size) != block->old_crc)
            return vt_fail(err, VTOPO_IMPOSSIBLE,
                           "the disk was changed while it was looked at");
    }
    return split(undo, err);
}

/* -------------------------------------------------------------- writing */

static void
add_number(struct vt_buf *out, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        vt_buf_add_char(out, (char)(value >> 8 * i));
}

static void
add_file(struct vt_buf *out, const struct vt_undo *undo)
{
    vt_buf_add(out, MAGIC, sizeof(MAGIC));
    add_number(out, 1, 4);
    add_number(out, undo->disk_size, 8);
    add_number(out, undo->count, 4);
    add_number(out, 0, 4);          /* the state, see below */
    add_number(out, 0, 8);
    add_number(out, 0, 8);
    for (size_t i = 0; i < undo->count; i++) {
        const struct vt_undo_block *block = &undo->blocks[i];

        add_number(out, block->offset, 8);
        add_number(out, block->size, 4);
        add_number(out, vt_crc32(0, block->old, block->size), 4);
        add_number(out, block->new_crc, 4);
        add_number(out, 0, 4);
    }
    for (size_t i = 0; i < undo->count; i++)
        vt_buf_add(out, (const char *)undo->blocks[i].old,
                   undo->blocks[i].size);
    if (out->failed)
        return;
    add_number(out, vt_crc32(0, (const unsigned char *)out->data,
                                out->length), 4);
    if (!out->failed)
        out->data[STATE_AT] = VT_UNDO_PENDING;
}

/* The file gets its name when it is whole, and never takes another's. */
static int
write_file(const struct vt_buf *text, const char *temporary,
           const char *name, struct vtopo_error *err)
{
    vt_autoclose int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL
                               | O_CLOEXEC, 0600);

    if (fd < 0)
        return vt_fail_errno(err, "cannot make '%s'", temporary);
    if (vt_write_all(fd, temporary, text->data, text->length, err) < 0)
        return -1;
    if (fsync(fd) < 0)
        return vt_fail_errno(err, "cannot write to %s", temporary);
    if (link(temporary, name) < 0) {
        (void)vt_fail_errno(err, "cannot make '%s'", name);
        return vt_hint(err, "an earlier repair left it: 'vtopo repair --undo' "
                       "takes that back; remove it to keep that repair");
    }
    return 0;
}

int
vt_undo_save(const struct vt_undo *undo, const char *name,
             struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_autofree char *temporary = NULL;
    int rc;

    add_file(&text, undo);
    if (vt_buf_check(&text, err) < 0)
        return -1;
    if (asprintf(&temporary, "%s.%d", name, (int)getpid()) < 0) {
        temporary = NULL;
        return vt_fail_memory(err);
    }
    rc = write_file(&text, temporary, name, err);
    (void)unlink(temporary);
    if (rc == 0 && vt_sync_folder(name, err) < 0) {
        (void)unlink(name);
        rc = -1;
    }
    return rc;
}

/* Write these bytes of the file, and see them safe. */
static int
put(int fd, const char *name, const void *bytes, size_t size, off_t at,
    struct vtopo_error *err)
{
    ssize_t done = pwrite(fd, bytes, size, at);

    if (done >= 0 && (size_t)done != size)
        return vt_fail(err, VTOPO_SYSTEM, "cannot write '%s': %zd of %zu bytes "
                       "were taken", name, done, size);
    if (done < 0 || fsync(fd) < 0)
        return vt_fail_errno(err, "cannot write '%s'", name);
    return 0;
}

/* The time first: only with the state does it count. */
int
vt_undo_note(const char *name, enum vt_undo_state state,
             const struct timespec *changed, struct vtopo_error *err)
{
    vt_autoclose int fd = open(name, O_WRONLY | O_CLOEXEC);
    char letter = (char)state;
    unsigned char time[TIME_SIZE];

    if (fd < 0)
        return vt_fail_errno(err, "cannot open '%s'", name);
    for (unsigned i = 0; changed != NULL && i < TIME_SIZE; i++)
        time[i] = (unsigned char)(i < 8 ? (uint64_t)changed->tv_sec >> 8 * i
                                  : (uint64_t)changed->tv_nsec >> 8 * (i - 8));
    if (changed != NULL && put(fd, name, time, TIME_SIZE, TIME_AT, err) < 0)
        return -1;
    return put(fd, name, &letter, 1, STATE_AT, err);
}

int
vt_undo_remove(const char *name, struct vtopo_error *err)
{
    if (unlink(name) < 0)
        return vt_fail_errno(err, "cannot remove '%s'", name);
    return vt_sync_folder(name, err);
}

/* -------------------------------------------------------------- reading */

static uint64_t
get_number(const unsigned char *at, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = size; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

static int
fail_broken(const char *name, struct vtopo_error *err)
{
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "'%s' is no undo file, or is not whole", name);
}

static bool
is_state(int letter)
{
    return letter == VT_UNDO_PENDING || letter == VT_UNDO_DONE
           || letter == VT_UNDO_BACK;
}

/* Check the head and the sum; the state is taken out of the way. */
static bool
check_file(struct vt_buf *text, struct vt_undo *undo, size_t *ret_count)
{
    unsigned char *data = (unsigned char *)text->data;
    uint64_t count;

    if (text->length < HEAD_SIZE + 4 || memcmp(data, MAGIC, sizeof(MAGIC)) != 0
        || get_number(data + 12, 4) != 1 || !is_state(data[STATE_AT]))
        return false;
    undo->state = (enum vt_undo_state)data[STATE_AT];
    undo->changed.tv_sec = (time_t)get_number(data + TIME_AT, 8);
    undo->changed.tv_nsec = (long)get_number(data + TIME_AT + 8, 4);
    data[STATE_AT] = 0;
    memset(data + TIME_AT, 0, TIME_SIZE);
    undo->disk_size = get_number(data + 16, 8);
    count = get_number(data + 24, 4);
    *ret_count = (size_t)count;
    return count <= VT_UNDO_BLOCKS_MAX
           && text->length - HEAD_SIZE - 4 >= count * ROW_SIZE
           && vt_crc32(0, data, text->length - 4)
              == get_number(data + text->length - 4, 4);
}

/* Take the blocks out of a file that is whole; false where they are not as
 * such a file has them.
 */
static int
take_blocks(const struct vt_buf *text, size_t count, struct vt_undo *undo,
            bool *ret_good)
{
    const unsigned char *data = (const unsigned char *)text->data;
    size_t at = HEAD_SIZE + count * ROW_SIZE;

    *ret_good = false;
    undo->blocks = calloc(count + 1, sizeof(*undo->blocks));
    if (undo->blocks == NULL)
        return -1;
    undo->count = count;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *row = data + HEAD_SIZE + i * ROW_SIZE;
        struct vt_undo_block *block = &undo->blocks[i];

        block->offset = get_number(row, 8);
        block->size = (uint32_t)get_number(row + 8, 4);
        block->new_crc = (uint32_t)get_number(row + 16, 4);
        if (block->size == 0 || block->size > text->length - 4 - at
            || block->offset > undo->disk_size
            || block->size > undo->disk_size - block->offset
            || vt_crc32(0, data + at, block->size) != get_number(row + 12, 4))
            return 0;
        block->old = copy_of(data + at, block->size);
        if (block->old == NULL)
            return -1;
        at += block->size;
    }
    *ret_good = at == text->length - 4;
    return 0;
}

int
vt_undo_load(const char *name, struct vt_undo *ret_undo,
             struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_auto(vt_undo_clear) struct vt_undo undo = VT_UNDO_INIT;
    size_t count = 0;
    bool good;

    if (vt_read_file(name, FILE_MAX, &text, err) < 0)
        return -1;
    if (!check_file(&text, &undo, &count))
        return fail_broken(name, err);
    if (take_blocks(&text, count, &undo, &good) < 0)
        return vt_fail_memory(err);
    if (!good)
        return fail_broken(name, err);
    *ret_undo = undo;
    undo = (struct vt_undo)VT_UNDO_INIT;
    return 0;
}

bool
vt_undo_look(const char *name, enum vt_undo_state *ret_state)
{
    vt_autoclose int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char head[HEAD_SIZE];

    if (fd < 0 && errno == ENOENT)
        return false;
    /* One that cannot be read is not one that is not there. */
    *ret_state = VT_UNDO_PENDING;
    if (fd >= 0 && pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head)
        && memcmp(head, MAGIC, sizeof(MAGIC)) == 0
        && is_state(head[STATE_AT]))
        *ret_state = (enum vt_undo_state)head[STATE_AT];
    return true;
}

/* -------------------------------------------------------------- applying */

int
vt_undo_apply(const struct vt_undo *undo, struct vt_nbd *nbd,
              struct vtopo_error *err)
{
    for (size_t i = 0; i < undo->count; i++) {
        const struct vt_undo_block *block = &undo->blocks[i];

        if (vt_nbd_write(nbd, block->offset, block->new, block->size,
                         err) < 0)
            return -1;
        if (undo->tell != NULL)
            undo->tell(i + 1, undo->count);
    }
    return vt_nbd_flush(nbd, err);
}

/* Whether the block on the disk is one that we know. */
static int
check_block(const struct vt_undo *undo, const struct vt_undo_block *block,
            struct vt_nbd *nbd, struct vtopo_error *err)
{
    vt_autofree unsigned char *now = malloc(block->size);

    if (now == NULL)
        return vt_fail_memory(err);
    if (vt_nbd_read(nbd, block->offset, now, block->size, err) < 0)
        return -1;
    if (vt_crc32(0, now, block->size) == block->new_crc
        || (undo->state != VT_UNDO_DONE
            && memcmp(now, block->old, block->size) == 0))
        return 0;
    return vt_fail(err, VTOPO_IMPOSSIBLE,
                   "somebody has written to the disk since the repair: %"
                   PRIu32 " bytes at %" PRIu64 " are not what it left",
                   block->size, block->offset);
}

int
vt_undo_check(const struct vt_undo *undo, struct vt_nbd *nbd,
              struct vtopo_error *err)
{
    if (nbd->size != undo->disk_size)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the undo file is for a disk of %" PRIu64
                       " bytes, and this one has %" PRIu64, undo->disk_size,
                       nbd->size);
    for (size_t i = 0; i < undo->count; i++) {
        if (check_block(undo, &undo->blocks[i], nbd, err) < 0)
            return -1;
    }
    return 0;
}

int
vt_undo_revert(const struct vt_undo *undo, struct vt_nbd *nbd,
               struct vtopo_error *err)
{
    for (size_t i = 0; i < undo->count; i++) {
        const struct vt_undo_block *block = &undo->blocks[i];

        if (vt_nbd_write(nbd, block->offset, block->old, block->size,
                         err) < 0)
            return -1;
    }
    return vt_nbd_flush(nbd, err);
}
