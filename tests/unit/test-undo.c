/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-undo.c - the way back is whole or refused
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_saved_is_read_back),
    cmocka_unit_test(a_note_leaves_it_whole),
    cmocka_unit_test(a_second_one_is_refused),
    cmocka_unit_test(a_changed_byte_is_seen),
    cmocka_unit_test(a_short_one_is_seen),
};

UNIT_MAIN_WITHIN(tests, make_folder, remove_folder)
