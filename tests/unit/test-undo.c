/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-undo.c - the way back is whole or refused
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/crc32.h"
#include "image/undo.h"
#include "unit.h"

static char folder[] = "/tmp/test-undo-XXXXXX";
static char name[64];

static int
make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(name, sizeof(name), "%s/x.vtopo-undo", folder);
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    (void)unlink(name);
    return rmdir(folder);
}

/* Two blocks of a disk of 4,096 bytes. */
static void
make_undo(struct vt_undo *undo)
{
    *undo = (struct vt_undo) { .disk_size = 4096, .count = 2 };
    undo->blocks = calloc(2, sizeof(*undo->blocks));
    assert_non_null(undo->blocks);
    for (unsigned i = 0; i < 2; i++) {
        struct vt_undo_block *block = &undo->blocks[i];

        *block = (struct vt_undo_block) {
            .offset = 512 * (i + 1), .size = 512 - i, .new_crc = 7 + i,
            .old = malloc(512),
        };
        assert_non_null(block->old);
        memset(block->old, (int)('a' + i), 512);
    }
}

static void
save(void)
{
    vt_auto(vt_undo_clear) struct vt_undo undo = VT_UNDO_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    (void)unlink(name);
    make_undo(&undo);
    UNIT_RESULT(vt_undo_save(&undo, name, &err), &err, NULL);
}

static void
what_is_saved_is_read_back(void **state)
{
    vt_auto(vt_undo_clear) struct vt_undo undo = VT_UNDO_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    enum vt_undo_state seen;

    (void)state;
    save();
    UNIT_RESULT(vt_undo_load(name, &undo, &err), &err, NULL);
    assert_int_equal(undo.disk_size, 4096);
    assert_int_equal(undo.state, VT_UNDO_PENDING);
    assert_int_equal(undo.count, 2);
    assert_int_equal(undo.blocks[1].offset, 1024);
    assert_int_equal(undo.blocks[1].size, 511);
    assert_int_equal(undo.blocks[1].new_crc, 8);
    assert_int_equal(undo.blocks[1].old[510], 'b');
    assert_true(vt_undo_look(name, &seen));
    assert_int_equal(seen, VT_UNDO_PENDING);
}

static void
a_note_leaves_it_whole(void **state)
{
    static const struct timespec when = { 1234567890123, 987654321 };
    vt_auto(vt_undo_clear) struct vt_undo undo = VT_UNDO_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    (void)state;
    save();
    UNIT_RESULT(vt_undo_note(name, VT_UNDO_DONE, &when, &err), &err, NULL);
    UNIT_RESULT(vt_undo_load(name, &undo, &err), &err, NULL);
    assert_int_equal(undo.state, VT_UNDO_DONE);
    assert_int_equal(undo.changed.tv_sec, when.tv_sec);
    assert_int_equal(undo.changed.tv_nsec, when.tv_nsec);
}

static void
a_second_one_is_refused(void **state)
{
    vt_auto(vt_undo_clear) struct vt_undo undo = VT_UNDO_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    (void)state;
    save();
    make_undo(&undo);
    assert_int_equal(vt_undo_save(&undo, name, &err), -1);
    assert_int_equal(err.errnum, EEXIST);
    assert_non_null(err.hint);
}

/* Every byte but those of state and time is under the sum. */
static void
a_changed_byte_is_seen(void **state)
{
    (void)state;
    for (off_t at = 0; at < 48 + 2 * 24 + 1023 + 4; at += at < 96 ? 1 : 31) {
        vt_auto(vt_undo_clear) struct vt_undo undo = VT_UNDO_INIT;
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autoclose int fd = -1;
        char byte;

        if (at >= 32 && at < 44)
            continue;
        save();
        fd = open(name, O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte = (char)(byte ^ 0x55);
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        assert_int_equal(vt_undo_load(name, &undo, &err), -1);
        assert_int_equal(err.code, VTOPO_BAD_INPUT);
    }
}

static void
a_short_one_is_seen(void **state)
{
    (void)state;
    for (off_t size = 0; size < 48 + 2 * 24 + 1023 + 4; size += 37) {
        vt_auto(vt_undo_clear) struct vt_undo undo = VT_UNDO_INIT;
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

        save();
        assert_int_equal(truncate(name, size), 0);
        assert_int_equal(vt_undo_load(name, &undo, &err), -1);
        assert_int_equal(err.code, VTOPO_BAD_INPUT);
    }
}

/* Taking it back again no longer asks when the image was changed. */
static void
a_note_without_a_time_leaves_that(void **state)
{
    static const struct timespec when = { 1234567890123, 987654321 };
    vt_auto(vt_undo_clear) struct vt_undo undo = VT_UNDO_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    (void)state;
    save();
    UNIT_RESULT(vt_undo_note(name, VT_UNDO_DONE, &when, &err), &err, NULL);
    UNIT_RESULT(vt_undo_note(name, VT_UNDO_BACK, NULL, &err), &err, NULL);
    UNIT_RESULT(vt_undo_load(name, &undo, &err), &err, NULL);
    assert_int_equal(undo.state, VT_UNDO_BACK);
    assert_int_equal(undo.changed.tv_nsec, when.tv_nsec);
    UNIT_RESULT(vt_undo_remove(name, &err), &err, NULL);
    assert_int_equal(access(name, F_OK), -1);
}

/* What cannot be read may be the way back: it is never "nothing there". */
static void
one_that_cannot_be_read_is_there(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    enum vt_undo_state seen = VT_UNDO_DONE;

    (void)state;
    save();
    assert_int_equal(truncate(name, 20), 0);
    assert_true(vt_undo_look(name, &seen));
    assert_int_equal(seen, VT_UNDO_PENDING);
    UNIT_RESULT(vt_undo_remove(name, &err), &err, NULL);
    assert_false(vt_undo_look(name, &seen));
}

/* ---------------------------------------------------- on a disk, behind NBD */

#define DISK_SIZE 4096u

/* As the protocol has it, highest byte first. */
struct request {
    unsigned char magic[4], flags[2], type[2], handle[8], offset[8], size[4];
};

/* Answer reads, writes and flushes of a disk in memory until the other side
 * closes, in a process of its own; all is taken on trust, it is our own.
 */
static void
serve(int socket, unsigned char *disk)
{
    struct request request;

    while (recv(socket, &request, sizeof(request), MSG_WAITALL)
           == (ssize_t)sizeof(request)) {
        size_t at = (size_t)request.offset[6] << 8 | request.offset[7];
        size_t size = (size_t)request.size[2] << 8 | request.size[3];
        unsigned char answer[16] = { 0x67, 0x44, 0x66, 0x98 };

        memcpy(answer + 8, request.handle, 8);
        if (request.type[1] == 1
            && recv(socket, disk + at, size, MSG_WAITALL) != (ssize_t)size)
            break;
        if (send(socket, answer, sizeof(answer), 0) != (ssize_t)sizeof(answer)
            || (request.type[1] == 0
                && send(socket, disk + at, size, 0) != (ssize_t)size))
            break;
    }
    _exit(0);
}

struct disk {
    struct vt_nbd nbd;
    unsigned char *bytes;       /* shared with the server */
    pid_t server;
};

static void
start_disk(struct disk *disk)
{
    int ends[2];

    disk->bytes = mmap(NULL, DISK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(disk->bytes, MAP_FAILED);
    memset(disk->bytes, 'o', DISK_SIZE);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    disk->server = fork();
    assert_true(disk->server >= 0);
    if (disk->server == 0) {
        (void)close(ends[0]);
        serve(ends[1], disk->bytes);
    }
    (void)close(ends[1]);
    disk->nbd = (struct vt_nbd) {
        .socket = ends[0], .size = DISK_SIZE, .largest = DISK_SIZE,
        .can_flush = true,
    };
}

static void
stop_disk(struct disk *disk)
{
    (void)close(disk->nbd.socket);
    assert_int_equal(waitpid(disk->server, NULL, 0), disk->server);
    assert_int_equal(munmap(disk->bytes, DISK_SIZE), 0);
}

/* What is to be written, from 300 on: a part of sector 0, sectors 1 and 2
 * whole, a part of sector 3.
 */
#define NEW_AT   300u
#define NEW_SIZE 1300u

static void
make_change(struct vt_undo *undo)
{
    unsigned char *new = malloc(NEW_SIZE);

    *undo = (struct vt_undo) { .count = 1 };
    undo->blocks = calloc(1, sizeof(*undo->blocks));
    assert_non_null(new);
    assert_non_null(undo->blocks);
    memset(new, 'n', NEW_SIZE);
    undo->blocks[0] = (struct vt_undo_block) {
        .offset = NEW_AT, .size = NEW_SIZE, .new = new,
        .new_crc = vt_crc32(0, new, NEW_SIZE),
    };
}

/* What a loss of power left: which sectors of the four are new, or have
 * something else in them; how far the file says it is; may it be taken back?
 */
static const struct left {
    const char *says;
    unsigned is_new, is_other;  /* a bit for each sector */
    enum vt_undo_state state;
    const char *want;
} lefts[] = {
    { "nothing was written", 0, 0, VT_UNDO_PENDING, NULL },
    { "all was", 15, 0, VT_UNDO_PENDING, NULL },
    { "a block is torn at its end", 1, 0, VT_UNDO_PENDING, NULL },
    { "and at its head", 14, 0, VT_UNDO_PENDING, NULL },
    { "and in the middle", 5, 0, VT_UNDO_PENDING, NULL },
    { "an undo that stopped half-way", 10, 0, VT_UNDO_BACK, NULL },
    { "a whole repair", 15, 0, VT_UNDO_DONE, NULL },
    { "a whole repair is not half there", 7, 0, VT_UNDO_DONE,
      "somebody has written to the disk since the repair: 64 bytes at 1536 are "
      "not what it left" },
    { "somebody else's sector", 7, 4, VT_UNDO_PENDING,
      "somebody has written to the disk since the repair: 512 bytes at 1024 "
      "are not what it left" },
    { "and in an undo", 1, 2, VT_UNDO_BACK,
      "somebody has written to the disk since the repair: 512 bytes at 512 are "
      "not what it left" },
};

/* The disk as @left has it. */
static void
lose_power(const struct left *left, unsigned char *disk)
{
    for (unsigned at = NEW_AT; at < NEW_AT + NEW_SIZE; at++) {
        unsigned bit = 1u << at / 512;

        disk[at] = (left->is_other & bit) != 0 ? 'x'
                   : (left->is_new & bit) != 0 ? 'n' : 'o';
    }
}

static void
play(const struct left *left, struct disk *disk)
{
    static const struct timespec when = { 1, 2 };
    vt_auto(vt_undo_clear) struct vt_undo change = VT_UNDO_INIT;
    vt_auto(vt_undo_clear) struct vt_undo undo = VT_UNDO_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    unsigned char before[DISK_SIZE];
    int rc;

    make_change(&change);
    UNIT_RESULT(vt_undo_read_old(&change, &disk->nbd, &err), &err, NULL);
    assert_int_equal(change.count, 4);
    (void)unlink(name);
    UNIT_RESULT(vt_undo_save(&change, name, &err), &err, NULL);
    UNIT_RESULT(vt_undo_apply(&change, &disk->nbd, &err), &err, NULL);
    UNIT_RESULT(vt_undo_note(name, left->state, &when, &err), &err, NULL);
    lose_power(left, disk->bytes);
    memcpy(before, disk->bytes, DISK_SIZE);
    UNIT_RESULT(vt_undo_load(name, &undo, &err), &err, NULL);
    rc = vt_undo_check(&undo, &disk->nbd, &err);
    UNIT_RESULT(rc, &err, left->want);
    assert_memory_equal(disk->bytes, before, DISK_SIZE);
    if (rc < 0)
        return;
    UNIT_RESULT(vt_undo_revert(&undo, &disk->nbd, &err), &err, NULL);
    memset(before, 'o', DISK_SIZE);
    assert_memory_equal(disk->bytes, before, DISK_SIZE);
}

static void
sectors_are_old_or_new(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lefts) / sizeof(lefts[0]); i++) {
        struct disk disk;

        UNIT_ROW(i, lefts[i].says);
        start_disk(&disk);
        play(&lefts[i], &disk);
        stop_disk(&disk);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_saved_is_read_back),
    cmocka_unit_test(a_note_leaves_it_whole),
    cmocka_unit_test(a_second_one_is_refused),
    cmocka_unit_test(a_changed_byte_is_seen),
    cmocka_unit_test(a_short_one_is_seen),
    cmocka_unit_test(a_note_without_a_time_leaves_that),
    cmocka_unit_test(one_that_cannot_be_read_is_there),
    cmocka_unit_test(sectors_are_old_or_new),
};

UNIT_MAIN_WITHIN(tests, make_folder, remove_folder)
