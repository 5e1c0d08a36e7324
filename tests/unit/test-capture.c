/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-capture.c - a capture shows what was written, keeps the disk as it is,
 * and proposes just the sectors that differ
 */

#include "base/error.h"
#include "capture.h"
#include "raw-bytes.h"
#include "unit.h"

#define DISK (1024u * 1024 + 100)       /* it ends inside a sector */

/* A disk in memory, a capture over it, and what it proposes. */
struct bench {
    unsigned char *disk;        /* owned */
    unsigned char *whole;       /* owned: what should be read */
    struct vw_memory memory;
    struct vw_bytes bytes;
    struct vw_capture *capture;
    struct vw_stretch all;
    unsigned unit;
    struct vw_write writes[64];
    unsigned count;
};

static void
start(struct bench *bench, unsigned unit)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    memset(bench, 0, sizeof(*bench));
    bench->disk = malloc(DISK);
    bench->whole = malloc(DISK);
    assert_true(bench->disk != NULL && bench->whole != NULL);
    for (unsigned i = 0; i < DISK; i++)
        bench->disk[i] = (unsigned char)(i * 7 + i / 512);
    memcpy(bench->whole, bench->disk, DISK);
    bench->memory = (struct vw_memory) { bench->disk, DISK };
    bench->bytes = vw_bytes_memory(&bench->memory);
    bench->unit = unit;
    UNIT_RESULT(vw_capture_new(&bench->bytes, unit, &bench->capture, &err),
                &err, NULL);
    bench->all = (struct vw_stretch) { bench->capture, 0, DISK };
}

static void
finish(struct bench *bench)
{
    vw_capture_free(bench->capture);
    free(bench->disk);
    free(bench->whole);
}

/* Write @size bytes of @fill, and read all of the disk. */
static void
write_bytes(struct bench *bench, uint64_t offset, size_t size, int fill)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree unsigned char *data = malloc(DISK);
    struct vw_sink sink = vw_stretch_sink(&bench->all);
    struct vw_bytes bytes = vw_stretch_bytes(&bench->all);

    assert_non_null(data);
    memset(data, fill, size);
    memset(bench->whole + offset, fill, size);
    UNIT_RESULT(sink.write(sink.context, offset, data, size, &err), &err,
                NULL);
    UNIT_RESULT(vw_bytes_read(&bytes, 0, data, DISK, &err), &err, NULL);
    assert_memory_equal(data, bench->whole, DISK);
}

/* Check one proposal, and make it on the disk that is compared last. */
static void
take(void *context, const struct vw_write *write)
{
    struct bench *bench = context;

    assert_true(bench->count < VT_COUNT(bench->writes));
    assert_int_equal(write->offset % bench->unit, 0);
    assert_true(write->size % bench->unit == 0
                || write->offset + write->size == DISK);
    assert_true(write->size <= VW_CAPTURE_PIECE);
    assert_int_equal(write->old_crc32,
                     crc32_of(bench->disk + write->offset, write->size));
    assert_memory_equal(write->data, bench->whole + write->offset,
                        write->size);
    bench->writes[bench->count++] = *write;
}

static void
list(struct bench *bench)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    bench->count = 0;
    UNIT_RESULT(vw_capture_list(bench->capture, take, bench, &err), &err,
                NULL);
    for (unsigned i = 0; i < bench->count; i++) {
        if (i > 0)
            assert_true(bench->writes[i - 1].offset
                        + bench->writes[i - 1].size
                        <= bench->writes[i].offset);
        memcpy(bench->disk + bench->writes[i].offset,
               bench->whole + bench->writes[i].offset, bench->writes[i].size);
    }
    assert_memory_equal(bench->disk, bench->whole, DISK);
}

static void
nothing_is_proposed_for_nothing(void **state)
{
    struct bench bench;

    (void)state;
    start(&bench, 512);
    list(&bench);
    assert_int_equal(bench.count, 0);
    /* What was there already is no change. */
    write_bytes(&bench, 1024, 512, 7);
    memcpy(bench.disk + 1024, bench.whole + 1024, 512);
    list(&bench);
    assert_int_equal(bench.count, 0);
    finish(&bench);
}

static void
writes_are_whole_sectors_in_order(void **state)
{
    static const unsigned units[] = { 512, 4096 };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(units); i++) {
        struct bench bench;

        UNIT_ROW(units[i], "bytes a sector");
        start(&bench, units[i]);
        write_bytes(&bench, 100000, 1, 1);
        write_bytes(&bench, 4095, 2, 2);        /* across a border */
        write_bytes(&bench, DISK - 1, 1, 3);    /* the last byte */
        write_bytes(&bench, 4095, 1, 4);        /* again */
        list(&bench);
        assert_int_equal(bench.count, 3);
        assert_int_equal(bench.writes[0].size, 2 * units[i]);
        assert_int_equal(bench.writes[1].size, units[i]);
        assert_int_equal(bench.writes[2].size, DISK % units[i]);
        finish(&bench);
    }
}

static void
writes_that_touch_are_one_up_to_a_limit(void **state)
{
    struct bench bench;

    (void)state;
    start(&bench, 512);
    for (unsigned i = 0; i < 300; i++)  /* the last first */
        write_bytes(&bench, 512u * (300 - i), 512, (int)i);
    list(&bench);
    assert_int_equal(bench.count, 3);
    assert_int_equal(bench.writes[0].offset, 512);
    assert_int_equal(bench.writes[0].size, VW_CAPTURE_PIECE);
    assert_int_equal(bench.writes[1].size, VW_CAPTURE_PIECE);
    assert_int_equal(bench.writes[2].size,
                     300 * 512 - 2 * VW_CAPTURE_PIECE);
    finish(&bench);
}

static void
nothing_is_written_beyond_a_stretch(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_sink sink;
    struct bench bench;

    (void)state;
    start(&bench, 512);
    bench.all = (struct vw_stretch) { bench.capture, 1000, 24 };
    sink = vw_stretch_sink(&bench.all);
    UNIT_RESULT(sink.write(sink.context, 0, "x", 1, &err), &err, NULL);
    bench.whole[1000] = 'x';
    UNIT_RESULT(sink.write(sink.context, 23, "xy", 2, &err), &err,
                "2 bytes at 23 would be written beyond the end of the "
                "partition");
    vtopo_error_clear(&err);
    UNIT_RESULT(sink.write(sink.context, UINT64_MAX, "xy", 2, &err), &err,
                "2 bytes at 18446744073709551615 would be written beyond the "
                "end of the partition");
    vtopo_error_clear(&err);
    bench.all.size = DISK;      /* a table that promises too much */
    UNIT_RESULT(sink.write(sink.context, DISK - 1001, "xy", 2, &err), &err,
                "2 bytes at 1048675 would be written beyond the end of the "
                "disk");
    list(&bench);
    assert_int_equal(bench.count, 1);
    finish(&bench);
}

/* Zeros without end. */
static int
read_zeros(void *context, uint64_t offset, void *buffer, size_t size,
           struct vtopo_error *err)
{
    (void)context;
    (void)offset;
    (void)err;
    memset(buffer, 0, size);
    return 0;
}

static void
no_more_is_kept_than_is_allowed(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_bytes zeros = { .size = UINT64_C(1) << 50, .read = read_zeros };
    vt_auto(vw_capture_freep) struct vw_capture *capture = NULL;
    struct vw_stretch stretch = { .size = zeros.size };
    struct vw_sink sink;

    (void)state;
    UNIT_RESULT(vw_capture_new(&zeros, 512, &capture, &err), &err, NULL);
    stretch.capture = capture;
    sink = vw_stretch_sink(&stretch);
    for (unsigned i = 0; i < VW_CAPTURE_MAX / 512; i++)
        UNIT_RESULT(sink.write(sink.context, i * UINT64_C(1000000), "x", 1,
                               &err), &err, NULL);
    UNIT_RESULT(sink.write(sink.context, UINT64_C(1) << 49, "x", 1, &err),
                &err, "more than 16777216 bytes would have to be written");
}

/* Bytes that are as the disk has them take no room in the end. */
static void
what_is_as_it_was_makes_room(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree unsigned char *zeros = calloc(1, VW_CAPTURE_MAX);
    struct vw_bytes disk = { .size = UINT64_C(1) << 50, .read = read_zeros };
    vt_auto(vw_capture_freep) struct vw_capture *capture = NULL;
    struct vw_stretch stretch = { .size = disk.size };
    struct vw_sink sink;
    unsigned char got[3] = "";
    struct vw_bytes bytes;

    (void)state;
    assert_non_null(zeros);
    UNIT_RESULT(vw_capture_new(&disk, 512, &capture, &err), &err, NULL);
    stretch.capture = capture;
    sink = vw_stretch_sink(&stretch);
    bytes = vw_stretch_bytes(&stretch);
    UNIT_RESULT(sink.write(sink.context, 511, "ab", 2, &err), &err, NULL);
    for (unsigned i = 1; i <= 4; i++)
        UNIT_RESULT(sink.write(sink.context, (uint64_t)i * VW_CAPTURE_MAX,
                               zeros, VW_CAPTURE_MAX, &err), &err, NULL);
    UNIT_RESULT(vw_bytes_read(&bytes, 511, got, 3, &err), &err, NULL);
    assert_memory_equal(got, "ab", 3);
}

/* Whatever the order, units are found, and listed by rising offsets. */
static void
any_order_is_put_in_order(void **state)
{
    static const unsigned factors[] = { 1, 2047, 1021, 3 };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(factors); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vw_sink sink;
        struct bench bench;

        UNIT_ROW(factors[i], "units from one write to the next");
        start(&bench, 512);
        sink = vw_stretch_sink(&bench.all);
        /* Every second unit of 2,048, in the order of the factor. */
        for (unsigned n = 0; n < 50; n++) {
            unsigned at = n * factors[i] % 1024 * 2 * 512;

            memset(bench.whole + at, (int)n + 1, 512);
            UNIT_RESULT(sink.write(sink.context, at, bench.whole + at, 512,
                                   &err), &err, NULL);
        }
        list(&bench);
        assert_int_equal(bench.count, 50);
        finish(&bench);
    }
}

/* A disk that cannot be read. */
static int
read_nothing(void *context, uint64_t offset, void *buffer, size_t size,
             struct vtopo_error *err)
{
    (void)context;
    (void)offset;
    (void)buffer;
    (void)size;
    return vt_fail(err, VTOPO_SYSTEM, "the disk is gone");
}

static void
whole_units_are_not_read_before(void **state)
{
    static const unsigned char data[1024] = "data";
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_bytes disk = { .size = 1u << 20, .read = read_nothing };
    vt_auto(vw_capture_freep) struct vw_capture *capture = NULL;
    struct vw_stretch stretch = { .size = disk.size };
    struct vw_sink sink;

    (void)state;
    UNIT_RESULT(vw_capture_new(&disk, 512, &capture, &err), &err, NULL);
    stretch.capture = capture;
    sink = vw_stretch_sink(&stretch);
    UNIT_RESULT(sink.write(sink.context, 512, data, 1024, &err), &err, NULL);
    UNIT_RESULT(sink.write(sink.context, 512, data, 100, &err), &err, NULL);
    UNIT_RESULT(sink.write(sink.context, 2048, data, 511, &err), &err,
                "the disk is gone");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(nothing_is_proposed_for_nothing),
    cmocka_unit_test(writes_are_whole_sectors_in_order),
    cmocka_unit_test(writes_that_touch_are_one_up_to_a_limit),
    cmocka_unit_test(nothing_is_written_beyond_a_stretch),
    cmocka_unit_test(no_more_is_kept_than_is_allowed),
    cmocka_unit_test(what_is_as_it_was_makes_room),
    cmocka_unit_test(any_order_is_put_in_order),
    cmocka_unit_test(whole_units_are_not_read_before),
};

UNIT_MAIN(tests)
