/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * blocks.c - a disk behind a small cache (see blocks.h)
 *
 * The cache is set-associative: block n lives in one of the VW_BLOCKS_WAYS
 * slots of set n % VW_BLOCKS_SETS, and the slot of that set that was used
 * least recently makes room.  So nothing has to be searched or rehashed, and
 * memory is bounded whatever is read.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "blocks.h"

struct slot {
    uint64_t block;
    uint64_t used;              /* when; 0: holds nothing */
};

struct vw_blocks {
    struct vw_bytes disk;
    struct vw_blocks_counts count;
    uint64_t clock;
    uint64_t next;              /* the block behind the last request */
    unsigned char *request;     /* VW_BLOCKS_REQUEST blocks */
    unsigned char *store;       /* a block for each slot; costs when used */
    struct slot slot[VW_BLOCKS_SETS * VW_BLOCKS_WAYS];
};

/* The slots that @block may live in. */
static struct slot *
set_of(struct vw_blocks *blocks, uint64_t block)
{
    return blocks->slot + (size_t)(block % VW_BLOCKS_SETS) * VW_BLOCKS_WAYS;
}

static struct slot *
find_block(struct vw_blocks *blocks, uint64_t block)
{
    struct slot *set = set_of(blocks, block);

    for (unsigned i = 0; i < VW_BLOCKS_WAYS; i++) {
        if (set[i].used != 0 && set[i].block == block) {
            set[i].used = ++blocks->clock;
            return &set[i];
        }
    }
    return NULL;
}

/* Where the block of @slot is kept. */
static unsigned char *
data_of(struct vw_blocks *blocks, const struct slot *slot)
{
    size_t index = (size_t)(slot - blocks->slot);

    return blocks->store + index * VW_BLOCK_SIZE;
}

/* Keep one block that was read; @size is below a block at the disk's end. */
static void
keep_block(struct vw_blocks *blocks, uint64_t block,
           const unsigned char *data, size_t size)
{
    struct slot *set = set_of(blocks, block);
    struct slot *oldest = &set[0];

    for (unsigned i = 1; i < VW_BLOCKS_WAYS; i++) {
        if (set[i].used < oldest->used)
            oldest = &set[i];
    }
    memcpy(data_of(blocks, oldest), data, size);
    oldest->block = block;
    oldest->used = ++blocks->clock;
}

/* How many blocks to ask for at @block, when the caller wants @wanted. */
static unsigned
choose_count(struct vw_blocks *blocks, uint64_t block, uint64_t wanted)
{
    uint64_t last = (blocks->disk.size - 1) / VW_BLOCK_SIZE;
    unsigned count = 1;
    unsigned most = wanted < VW_BLOCKS_REQUEST ? (unsigned)wanted
                                               : VW_BLOCKS_REQUEST;

    if (block == blocks->next && most < VW_BLOCKS_AHEAD)
        most = VW_BLOCKS_AHEAD;
    while (count < most && block + count <= last
           && find_block(blocks, block + count) == NULL)
        count++;
    return count;
}

/* Read @count blocks from @first on into the cache, with one request. */
static int
fill(struct vw_blocks *blocks, uint64_t first, unsigned count,
     struct vtopo_error *err)
{
    uint64_t offset = first * VW_BLOCK_SIZE;
    uint64_t left = blocks->disk.size - offset;
    size_t size = (size_t)count * VW_BLOCK_SIZE;

    if (size > left)
        size = (size_t)left;
    blocks->count.requests++;
    if (vw_bytes_read(&blocks->disk, offset, blocks->request, size, err) < 0)
        return -1;
    blocks->count.bytes += size;
    blocks->next = first + count;
    for (size_t at = 0; at < size; at += VW_BLOCK_SIZE) {
        size_t piece = size - at < VW_BLOCK_SIZE ? size - at : VW_BLOCK_SIZE;

        keep_block(blocks, first + at / VW_BLOCK_SIZE, blocks->request + at,
                   piece);
    }
    return 0;
}

static int
read_blocks(void *context, uint64_t offset, void *buffer, size_t size,
            struct vtopo_error *err)
{
    struct vw_blocks *blocks = context;
    uint64_t last = (offset + size - 1) / VW_BLOCK_SIZE;
    unsigned char *to = buffer;

    while (size > 0) {
        uint64_t block = offset / VW_BLOCK_SIZE;
        size_t inside = (size_t)(offset % VW_BLOCK_SIZE);
        size_t piece = VW_BLOCK_SIZE - inside;
        struct slot *slot = find_block(blocks, block);

        if (slot == NULL) {
            if (fill(blocks, block,
                     choose_count(blocks, block, last - block + 1), err) < 0)
                return -1;
            slot = find_block(blocks, block);
            if (slot == NULL)   /* pushed out again: cannot be, see limits */
                return vt_fail(err, VTOPO_SYSTEM, "the cache is too small");
        }
        if (piece > size)
            piece = size;
        memcpy(to, data_of(blocks, slot) + inside, piece);
        to += piece;
        offset += piece;
        size -= piece;
    }
    return 0;
}

int
vw_blocks_new(const struct vw_bytes *disk, struct vw_blocks **ret_blocks,
              struct vtopo_error *err)
{
    vt_auto(vw_blocks_freep) struct vw_blocks *blocks =
        calloc(1, sizeof(*blocks));

    _Static_assert(VW_BLOCKS_REQUEST <= VW_BLOCKS_SETS,
                   "a request must not push out its own blocks");
    if (blocks == NULL)
        return vt_fail_memory(err);
    blocks->request = malloc((size_t)VW_BLOCKS_REQUEST * VW_BLOCK_SIZE);
    blocks->store = malloc((size_t)VW_BLOCKS_SETS * VW_BLOCKS_WAYS
                           * VW_BLOCK_SIZE);
    if (blocks->request == NULL || blocks->store == NULL)
        return vt_fail_memory(err);
    blocks->disk = *disk;
    blocks->next = UINT64_MAX;
    *ret_blocks = vt_steal(&blocks);
    return 0;
}

struct vw_bytes
vw_blocks_bytes(struct vw_blocks *blocks)
{
    return (struct vw_bytes) {
        .size = blocks->disk.size,
        .read = read_blocks,
        .context = blocks,
    };
}

struct vw_blocks_counts
vw_blocks_count(const struct vw_blocks *blocks)
{
    return blocks->count;
}

void
vw_blocks_free(struct vw_blocks *blocks)
{
    if (blocks == NULL)
        return;
    free(blocks->store);
    free(blocks->request);
    free(blocks);
}

/* ---------------------------------------------------------------- raw */

static int
read_raw(void *context, uint64_t offset, void *buffer, size_t size,
         struct vtopo_error *err)
{
    int fd = (int)(intptr_t)context;
    unsigned char *to = buffer;

    while (size > 0) {
        ssize_t got = pread(fd, to, size, (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vt_fail_errno(err, "cannot read the disk at %" PRIu64,
                                 offset);
        if (got == 0)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the image became shorter while it was read: it "
                           "ends before %" PRIu64, offset + size);
        to += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return 0;
}

int
vw_raw_open(int fd, struct vw_bytes *ret_disk, struct vtopo_error *err)
{
    /* lseek() tells the size of files and of block devices alike. */
    off_t end = lseek(fd, 0, SEEK_END);

    if (end < 0)
        return vt_fail_errno(err, "cannot tell the size of the disk");
    *ret_disk = (struct vw_bytes) {
        .size = (uint64_t)end,
        .read = read_raw,
        .context = (void *)(intptr_t)fd,
    };
    return 0;
}

/* ---------------------------------------------------------------- NBD */

static int
read_nbd(void *context, uint64_t offset, void *buffer, size_t size,
         struct vtopo_error *err)
{
    return vt_nbd_read(context, offset, buffer, size, err);
}

struct vw_bytes
vw_nbd_bytes(struct vt_nbd *nbd)
{
    return (struct vw_bytes) {
        .size = nbd->size,
        .read = read_nbd,
        .context = nbd,
    };
}
