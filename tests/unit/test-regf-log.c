/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-regf-log.c - a hive is opened only where it is one, is what its logs
 * make of it, and is read no further than need be
 */

#include "base/error.h"
#include "open-hive.h"

/* ---------------------------------------------------------- base blocks */

/* A small hive with "v" = 1 and, behind it, a page that no one needs. */
static void
make_small(struct hive_builder *builder, uint32_t primary,
           uint32_t secondary)
{
    uint32_t root;
    uint32_t value;

    hive_start(builder);
    root = hive_key(builder, "ROOT");
    value = hive_value(builder, "v", VW_REG_DWORD, "\1\0\0\0", 4);
    hive_give(builder, root, &value, 1);
    (void)hive_cell(builder, NULL, 4000);
    hive_finish(builder, root, primary, secondary);
}

static void
what_is_no_hive_is_refused(void **state)
{
    static const struct {
        const char *says;
        size_t size;            /* 0: as it is */
        unsigned at;
        uint32_t value;
        const char *want;
    } rows[] = {
        { "empty, nearly", 4096, 0, 0x66676572,
          "4096 bytes are too few for a registry hive" },
        { "no signature", 0, 0, 0x66676573,
          "this is no registry hive: it does not begin with 'regf'" },
        { "a log", 0, 28, 6,
          "this is the log of a registry hive, or a hive of unknown type 6" },
        { "version 1.1", 0, 24, 1,
          "the hive has version 1.1, not 1.2 to 1.6" },
        { "version 2.5", 0, 20, 2,
          "the hive has version 2.5, not 1.2 to 1.6" },
        { "no bins", 0, 40, 0,
          "the hive claims a size of 0 bytes, which is no multiple of 4096 up"
          " to 2147483648" },
        { "an odd size", 0, 40, 4097,
          "the hive claims a size of 4097 bytes, which is no multiple of 4096"
          " up to 2147483648" },
        { "beyond 2 GiB", 0, 40, 0x80001000,
          "the hive claims a size of 2147487744 bytes, which is no multiple of"
          " 4096 up to 2147483648" },
        { "a root nowhere", 0, 36, VW_NOWHERE,
          "root of the hive: a key is at 0xffffffff, where no cell can be" },
        { "no bin", 0, 4096, 0,
          "the hive has no bins: 'hbin' is missing" },
        { "a bin of the wrong size", 0, 4096 + 8, 4096,
          "the hive is damaged: its 8192 bytes do not end in a bin" },
        { "a bin elsewhere", 0, 4096 + 4, 4096,
          "the hive is damaged: its 8192 bytes do not end in a bin" },
        { "its end missing", 8192, 0, 0x66676572,
          "the hive is cut short: nothing is left at 8192" },
        { "larger than the file", 0, 40, 0x80000000,
          "the hive is cut short: nothing is left at 12288" },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(hive_clear) struct hive_builder builder;
        vt_auto(close_hive) struct open_hive open;

        UNIT_ROW(i, rows[i].says);
        make_small(&builder, 1, 1);
        put32(builder.image + rows[i].at, rows[i].value);
        hive_sum(builder.image);
        if (rows[i].size != 0)
            builder.size = rows[i].size;
        UNIT_RESULT(open_with_logs(&builder, NULL, 0, &open, &err), &err,
                    rows[i].want);
        assert_null(open.hive);
    }
}

static void
the_state_is_what_the_hive_says(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(close_hive) struct open_hive open;
    const struct vw_hive_state *said;

    (void)state;
    make_small(&builder, 6, 5);
    UNIT_RESULT(open_with_logs(&builder, NULL, 0, &open, &err), &err, NULL);
    said = vw_hive_state(open.hive);
    assert_int_equal(said->major, 1);
    assert_int_equal(said->minor, 5);
    assert_int_equal(said->primary_sequence, 6);
    assert_int_equal(said->secondary_sequence, 5);
    assert_true(said->checksum_ok);
    assert_true(said->dirty);
    assert_int_equal(said->replayed, 0);
    assert_string_equal(said->log_problem, "no log goes with the hive");
    assert_string_equal(said->name, "SYSTEM");
    assert_int_equal(value_v(open.hive), 1);
}

static void
a_wrong_checksum_makes_a_hive_dirty_but_not_unreadable(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(close_hive) struct open_hive open;

    (void)state;
    make_small(&builder, 5, 5);
    builder.image[508] ^= 1;
    UNIT_RESULT(open_with_logs(&builder, NULL, 0, &open, &err), &err, NULL);
    assert_false(vw_hive_state(open.hive)->checksum_ok);
    assert_true(vw_hive_state(open.hive)->dirty);
    assert_int_equal(value_v(open.hive), 1);
}

/* ----------------------------------------------------------------- logs */

#define LOG_ROOM 65536u

struct made_logs {
    struct hive_builder builder;
    unsigned char data[2][LOG_ROOM];
    size_t size[2];
};

/* The first page of the hive, but with "v" = @value. */
static void
page_with(const struct hive_builder *builder, uint32_t value,
          unsigned char *page)
{
    uint32_t list = vw_le32(hive_at(builder, 32 + 4 + 40));
    uint32_t node = vw_le32(hive_at(builder, list + 4));

    memcpy(page, hive_at(builder, 0), VW_HIVE_PAGE);
    put32(page + node + 12, value);
}

/* A log whose entries @first to @last set "v" to their own number. */
static void
make_log(struct made_logs *made, unsigned which, uint32_t first,
         uint32_t last)
{
    unsigned char page[VW_HIVE_PAGE];
    unsigned char *log = made->data[which];
    size_t at = 512;

    hive_log_base(&made->builder, log, VW_BASE_NEW_LOG, first);
    for (uint32_t i = first; i <= last; i++) {
        page_with(&made->builder, i, page);
        at += hive_entry(log + at, i, 8192, 0, page, VW_HIVE_PAGE);
    }
    made->size[which] = at;
}

/* What becomes of "v" with these logs. */
static uint32_t
replay(const struct made_logs *made, size_t count, const char *problem,
       unsigned replayed)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(close_hive) struct open_hive open;
    struct log logs[2] = { { made->data[0], made->size[0] },
                           { made->data[1], made->size[1] } };

    UNIT_RESULT(open_with_logs(&made->builder, logs, count, &open, &err),
                &err, NULL);
    assert_string_equal(vw_hive_state(open.hive)->log_problem, problem);
    assert_int_equal(vw_hive_state(open.hive)->replayed, replayed);
    return value_v(open.hive);
}

static void
clear_made(struct made_logs **made)
{
    hive_clear(&(*made)->builder);
    free(*made);
}

static struct made_logs *
new_made(uint32_t primary, uint32_t secondary)
{
    struct made_logs *made = calloc(1, sizeof(*made));

    assert_non_null(made);
    make_small(&made->builder, primary, secondary);
    return made;
}

static void
logs_are_replayed_in_the_order_of_their_numbers(void **state)
{
    static const struct {
        const char *says;
        uint32_t log[2][2];     /* first and last number; 0: no log */
        uint32_t value;
        const char *problem;
    } rows[] = {
        { "one log", { { 11, 12 }, { 0, 0 } }, 12, "" },
        { "two logs", { { 11, 12 }, { 13, 15 } }, 15, "" },
        { "the second begins", { { 13, 15 }, { 11, 12 } }, 15, "" },
        { "with a number not used yet", { { 100, 101 }, { 0, 0 } }, 101, "" },
        { "with the last one written", { { 10, 11 }, { 0, 0 } }, 11, "" },
        { "a gap", { { 11, 12 }, { 14, 15 } }, 12,
          "the second log does not go on where the first ends" },
        { "the same twice", { { 11, 12 }, { 11, 13 } }, 12,
          "the second log does not go on where the first ends" },
        { "one is old", { { 5, 9 }, { 11, 12 } }, 12, "" },
        { "both are old", { { 5, 9 }, { 2, 3 } }, 1,
          "no log goes with the hive" },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_auto(clear_made) struct made_logs *made = new_made(11, 10);
        unsigned replayed = 0;

        UNIT_ROW(i, rows[i].says);
        for (unsigned j = 0; j < 2; j++) {
            if (rows[i].log[j][0] != 0)
                make_log(made, j, rows[i].log[j][0], rows[i].log[j][1]);
        }
        replayed = rows[i].value == 1 ? 0
                   : rows[i].value - (i == 3 ? 99 : i == 4 ? 9 : 10);
        assert_int_equal(replay(made, 2, rows[i].problem, replayed),
                         rows[i].value);
    }
}

/* One mistake in the second entry, at 512 + 4608, of a log with two. */
static void
replay_stops_at_the_first_bad_entry(void **state)
{
    static const struct {
        const char *says;
        unsigned at;
        uint32_t value;
        bool hash;              /* put right again */
        uint32_t want;          /* of "v" */
        const char *problem;
    } rows[] = {
        { "a wrong hash of pages", 100, 0x12345678, false, 11,
          "log entry 12 has a wrong hash" },
        { "a wrong hash of the header", 8, 1, false, 11,
          "the header of log entry 12 has a wrong hash" },
        { "another number", 12, 13, true, 11, "" },
        { "no entry", 0, 0, false, 11, "" },
        { "a size of the hive of 0", 16, 0, true, 11,
          "log entry 12 wants an impossible size of the hive, 0" },
        { "an odd size of the hive", 16, 4097, true, 11,
          "log entry 12 wants an impossible size of the hive, 4097" },
        { "a page beyond the hive", 40, 0x100000, true, 11,
          "log entry 12 has a page of 4096 bytes for 0x100000" },
        { "a page across the end", 40, 8192 - 512, true, 11,
          "log entry 12 has a page of 4096 bytes for 0x1e00" },
        { "a page that is not there", 44, 8192, true, 11,
          "log entry 12 has a page of 8192 bytes for 0x0" },
        { "a page at no sector", 40, 8, true, 11,
          "log entry 12 has a page of 4096 bytes for 0x8" },
        { "pages without number", 20, 0x20000000, true, 11,
          "log entry 12 has an impossible size, 4608" },
        { "no mistake", 8, 1, true, 12, "" },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_auto(clear_made) struct made_logs *made = new_made(11, 10);
        unsigned char *entry = made->data[0] + 512 + 4608;

        UNIT_ROW(i, rows[i].says);
        make_log(made, 0, 11, 12);
        put32(entry + rows[i].at, rows[i].value);
        if (rows[i].hash)
            hive_hash(entry);
        assert_int_equal(replay(made, 1, rows[i].problem,
                                rows[i].want - 10), rows[i].want);
    }
}

static void
logs_cut_anywhere_fail_nothing(void **state)
{
    vt_auto(clear_made) struct made_logs *made = new_made(11, 10);

    (void)state;
    make_log(made, 0, 11, 12);
    for (size_t size = 0; size < 512 + 2 * 4608; size += 100) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(close_hive) struct open_hive open;
        struct log log = { made->data[0], size };

        UNIT_RESULT(open_with_logs(&made->builder, &log, 1, &open, &err),
                    &err, NULL);
        assert_int_equal(value_v(open.hive),
                         size < 512 + 4608 ? 1 : 11);
    }
}

static void
a_bad_first_log_does_not_let_the_second_in(void **state)
{
    vt_auto(clear_made) struct made_logs *made = new_made(11, 10);

    (void)state;
    make_log(made, 0, 11, 12);
    make_log(made, 1, 13, 14);
    made->data[0][512 + 200] ^= 1;
    assert_int_equal(replay(made, 2, "log entry 11 has a wrong hash", 0), 1);
}

static void
a_clean_hive_wants_no_logs(void **state)
{
    vt_auto(clear_made) struct made_logs *made = new_made(11, 11);

    (void)state;
    make_log(made, 0, 11, 12);
    assert_int_equal(replay(made, 1, "", 0), 1);
}

static void
a_broken_base_block_comes_from_the_latest_log(void **state)
{
    vt_auto(clear_made) struct made_logs *made = new_made(11, 11);

    (void)state;
    make_log(made, 0, 21, 22);
    make_log(made, 1, 11, 12);
    put32(made->builder.image + 36, 0x12345678);   /* the root */
    assert_int_equal(replay(made, 2, "", 2), 22);
}

/* A log may add a page behind the end of the file, and the list of values
 * may go there.
 */
static void
a_hive_grows_as_its_log_says(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(clear_made) struct made_logs *made = new_made(11, 10);
    vt_auto(close_hive) struct open_hive open;
    unsigned char page[VW_HIVE_PAGE] = "hbin";
    unsigned char *log = made->data[0];
    struct log given = { log, 0 };
    uint32_t list = vw_le32(hive_at(&made->builder, 32 + 4 + 40));

    (void)state;
    put32(page + 4, 8192);
    put32(page + 8, VW_HIVE_PAGE);
    put32(page + 32, 0u - 8);
    memcpy(page + 36, hive_at(&made->builder, list + 4), 4);
    hive_log_base(&made->builder, log, VW_BASE_NEW_LOG, 11);
    given.size = 512;
    given.size += hive_entry(log + 512, 11, 12288, 8192, page, VW_HIVE_PAGE);
    memcpy(page, hive_at(&made->builder, 0), VW_HIVE_PAGE);
    put32(page + 32 + 4 + 40, 8192 + 32);
    given.size += hive_entry(log + given.size, 12, 12288, 0, page,
                             VW_HIVE_PAGE);
    UNIT_RESULT(open_with_logs(&made->builder, &given, 1, &open, &err), &err,
                NULL);
    assert_int_equal(vw_hive_state(open.hive)->size, 12288);
    assert_int_equal(value_v(open.hive), 1);
}

/* ------------------------------------------------------------- old logs */

/* An old-style log that sets "v" to 7: one sector, of a hive of 16. */
static void
make_old_log(struct made_logs *made)
{
    unsigned char page[VW_HIVE_PAGE];
    unsigned char *log = made->data[0];

    page_with(&made->builder, 7, page);
    hive_log_base(&made->builder, log, VW_BASE_OLD_LOG, 12);
    memcpy(log + 512, "DIRT", 4);
    log[516] = 1;
    memcpy(log + 1024, page, 512);
    made->size[0] = 1536;
}

static void
old_logs_are_a_map_and_sectors(void **state)
{
    static const struct {
        const char *says;
        size_t size;
        unsigned at;
        uint32_t value;
        uint32_t want;          /* of "v" */
        const char *problem;
    } rows[] = {
        { "no mistake", 1536, 32, 1, 7, "" },
        { "of Windows 2000", 1536, 28, 2, 7, "" },
        { "of another time", 1536, 12, 0x78, 1,
          "no log goes with the hive" },
        { "itself unfinished", 1536, 8, 11, 1,
          "the log was not finished itself" },
        { "of unknown type", 1536, 28, 5, 1, "a log is of unknown type" },
        { "no map", 1536, 512, 0, 1,
          "the log has no map of what is dirty" },
        { "a sector too few", 1535, 32, 1, 1, "the log is cut short" },
        { "no sectors", 600, 32, 1, 1, "the log is cut short" },
        { "no map at all", 512, 32, 1, 1,
          "4 bytes at 512 are beyond the end, 512" },
        { "no cluster", 1536, 44, 0, 1, "a log has a bad header" },
        { "of a large hive", 1536, 40, 0x80000000, 1,
          "the log is cut short" },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_auto(clear_made) struct made_logs *made = new_made(11, 10);

        UNIT_ROW(i, rows[i].says);
        make_old_log(made);
        put32(made->data[0] + rows[i].at, rows[i].value);
        hive_sum(made->data[0]);
        made->size[0] = rows[i].size;
        assert_int_equal(replay(made, 1, rows[i].problem,
                                rows[i].want == 7), rows[i].want);
    }
}

/* --------------------------------------------------------------- bounds */

/* A hive of 64 MiB and more, of which next to nothing exists: a reader that
 * is asked for much of it fails.
 */
struct sparse {
    const struct hive_builder *builder;
    const unsigned char *log;   /* its first bytes; zeros behind */
    size_t log_size;
    uint64_t most;              /* bytes that may be asked for */
    bool broken;                /* every read fails */
};

static int
read_sparse(void *context, uint64_t offset, void *buffer, size_t size,
            struct vtopo_error *err)
{
    struct sparse *sparse = context;
    const unsigned char *from = sparse->log != NULL ? sparse->log
                                                    : sparse->builder->image;
    size_t there = sparse->log != NULL ? sparse->log_size
                                       : sparse->builder->size;

    if (sparse->broken)
        return vt_fail(err, VTOPO_SYSTEM, "the disk is gone");
    assert_true(size <= sparse->most);
    sparse->most -= size;
    memset(buffer, 0, size);
    if (offset < there)
        memcpy(buffer, from + offset, size < there - offset
                                      ? size : (size_t)(there - offset));
    return 0;
}

static void
only_what_is_needed_is_read(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;
    struct sparse sparse = { .builder = &builder, .most = 32768 };
    struct vw_bytes bytes = { .size = 4096 + (64u << 20),
                              .read = read_sparse, .context = &sparse };
    struct vw_value value;

    (void)state;
    make_small(&builder, 2, 1);     /* dirty: its end may be missing */
    put32(builder.image + 40, 64u << 20);
    hive_sum(builder.image);
    UNIT_RESULT(vw_hive_open(&bytes, NULL, 0, &hive, &err), &err, NULL);
    value = root_value(hive, "v");
    assert_int_equal(value.type, VW_REG_DWORD);
    assert_int_equal(vw_hive_state(hive)->bytes_read, 512 + 4096);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(value_v(hive), 1);
    assert_int_equal(vw_hive_state(hive)->bytes_read, 512 + 4096);
}

static void
failures_of_the_disk_are_passed_on(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;
    struct sparse sparse = { .builder = &builder, .broken = true };
    struct vw_bytes bytes = { .size = 12288, .read = read_sparse,
                              .context = &sparse };

    (void)state;
    make_small(&builder, 1, 1);
    UNIT_RESULT(vw_hive_open(&bytes, NULL, 0, &hive, &err), &err,
                "the disk is gone");
    assert_int_equal(err.code, VTOPO_SYSTEM);
    assert_null(hive);
}

/* An entry of one page more than the overlay takes: it is not applied at
 * all, the one before it is.
 */
static void
logs_beyond_the_limit_are_not_applied(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(clear_made) struct made_logs *made = new_made(11, 10);
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;
    uint32_t bins = (VW_HIVE_OVERLAY_MAX + 2) * VW_HIVE_PAGE;
    uint32_t size = VW_HIVE_OVERLAY_MAX * VW_HIVE_PAGE;
    struct sparse sparse = { .log = made->data[0], .log_size = 512 + 4608 + 48,
                             .most = UINT64_MAX };
    struct vw_memory memory = { made->builder.image, made->builder.size };
    struct vw_bytes primary = vw_bytes_memory(&memory);
    struct vw_bytes log = { .size = 512 + 4608 + 512 + size,
                            .read = read_sparse, .context = &sparse };
    const struct vw_bytes *logs[] = { NULL, &log };
    struct vw_marvin hash = vw_marvin_start();
    unsigned char *entry = made->data[0] + 512 + 4608;

    (void)state;
    make_log(made, 0, 11, 12);
    put32(entry + 4, size + 512);
    put32(entry + 16, bins);
    put32(entry + 40, VW_HIVE_PAGE);
    put32(entry + 44, size);
    memset(entry + 48, 0, VW_HIVE_PAGE);
    vw_marvin_add(&hash, entry + 40, 8);
    for (uint32_t done = 8; done < size + 512 - 40; done += 8)
        vw_marvin_add(&hash, entry + 48, 8);
    put64(entry + 24, vw_marvin_finish(hash, NULL, 0));
    put64(entry + 32, vw_marvin_finish(vw_marvin_start(), entry, 32));
    UNIT_RESULT(vw_hive_open(&primary, logs, 2, &hive, &err), &err, NULL);
    assert_string_equal(vw_hive_state(hive)->log_problem,
                        "up to log entry 12 more than 16384 pages change");
    assert_int_equal(vw_hive_state(hive)->replayed, 1);
    assert_int_equal(value_v(hive), 11);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_no_hive_is_refused),
    cmocka_unit_test(the_state_is_what_the_hive_says),
    cmocka_unit_test(a_wrong_checksum_makes_a_hive_dirty_but_not_unreadable),
    cmocka_unit_test(logs_are_replayed_in_the_order_of_their_numbers),
    cmocka_unit_test(replay_stops_at_the_first_bad_entry),
    cmocka_unit_test(logs_cut_anywhere_fail_nothing),
    cmocka_unit_test(a_bad_first_log_does_not_let_the_second_in),
    cmocka_unit_test(a_clean_hive_wants_no_logs),
    cmocka_unit_test(a_broken_base_block_comes_from_the_latest_log),
    cmocka_unit_test(a_hive_grows_as_its_log_says),
    cmocka_unit_test(old_logs_are_a_map_and_sectors),
    cmocka_unit_test(only_what_is_needed_is_read),
    cmocka_unit_test(failures_of_the_disk_are_passed_on),
    cmocka_unit_test(logs_beyond_the_limit_are_not_applied),
};

UNIT_MAIN(tests)
