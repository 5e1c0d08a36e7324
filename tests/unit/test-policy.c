/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-policy.c - the licence is read to the letter, or refused with a reason
 */

#include "bytes.h"
#include "policy.h"
#include "unit.h"

struct blob {
    unsigned char data[512];
    size_t size;
};

static void
put16(struct blob *blob, unsigned value)
{
    blob->data[blob->size++] = (unsigned char)value;
    blob->data[blob->size++] = (unsigned char)(value >> 8);
}

static void
put32(struct blob *blob, uint32_t value)
{
    put16(blob, value & 0xffff);
    put16(blob, value >> 16);
}

static void
start(struct blob *blob)
{
    memset(blob, 0, sizeof(*blob));
    for (unsigned i = 0; i < 4; i++)
        put32(blob, 0);
    put32(blob, 1);
}

static void
add(struct blob *blob, const char *name, unsigned type,
    const void *data, unsigned size)
{
    unsigned name_size = (unsigned)strlen(name) * 2;
    unsigned whole = (16 + name_size + size + 2 + 3) & ~3u;
    size_t end = blob->size + whole;

    put16(blob, whole);
    put16(blob, name_size);
    put16(blob, type);
    put16(blob, size);
    put32(blob, 2);
    put32(blob, 0);
    for (const char *at = name; *at != '\0'; at++)
        put16(blob, (unsigned char)*at);
    memcpy(blob->data + blob->size, data, size);
    blob->size = end;
}

static void
set32(struct blob *blob, size_t at, uint32_t value)
{
    size_t size = blob->size;

    blob->size = at;
    put32(blob, value);
    blob->size = size;
}

static void
finish(struct blob *blob)
{
    put32(blob, 0x45);
    set32(blob, 0, (uint32_t)blob->size);
    set32(blob, 4, (uint32_t)blob->size - 24);
    set32(blob, 8, 4);
}

/* Two processors, an edition, a byte. */
static void
make(struct blob *blob)
{
    start(blob);
    add(blob, "Telemetry-ProcessorModeAllowed", 4, "\1\0\0\0", 4);
    add(blob, "Kernel-RegisteredProcessors", 4, "\2\0\0\0", 4);
    add(blob, "Kernel-EditionName", 1, "E\0d\0\0\0x\0", 8);
    add(blob, "one-byte", 3, "x", 1);
    finish(blob);
}

static int
find(const struct blob *blob, const char *name,
     struct vw_policy_value *ret_value, bool *ret_found,
     struct vtopo_error *err)
{
    return vw_policy_find(blob->data, blob->size, name, ret_value, ret_found,
                          err);
}

static void
values_are_found_by_their_whole_names(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    static const struct { const char *name; unsigned type; size_t size; }
    rows[] = {
        { "Kernel-RegisteredProcessors", VW_POLICY_DWORD, 4 },
        { "Kernel-EditionName", VW_POLICY_STRING, 8 },
        { "one-byte", VW_POLICY_BINARY, 1 },
        { "Kernel-RegisteredProcessor", 0, 0 },
        { "Kernel-RegisteredProcessorsX", 0, 0 },
        { "ProcessorModeAllowed", 0, 0 },
        { "kernel-registeredprocessors", 0, 0 },
        { "", 0, 0 },
    };
    struct blob blob;

    (void)state;
    make(&blob);
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        struct vw_policy_value value = { .type = 0 };
        bool found = false;

        UNIT_ROW(i, rows[i].name);
        UNIT_RESULT(find(&blob, rows[i].name, &value, &found, &err), &err,
                    NULL);
        assert_int_equal(found, rows[i].type != 0);
        assert_int_equal(value.type, rows[i].type);
        assert_int_equal(value.size, rows[i].size);
        if (found)
            assert_int_equal(value.flags, 2);
    }
}

static void
types_are_kept_apart(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree char *text = NULL;
    struct vw_policy_value number;
    struct vw_policy_value string;
    uint32_t got = 0;
    struct blob blob;
    bool found;

    (void)state;
    make(&blob);
    assert_int_equal(find(&blob, "Kernel-RegisteredProcessors", &number,
                          &found, &err), 0);
    assert_int_equal(find(&blob, "Kernel-EditionName", &string, &found, &err),
                     0);
    UNIT_RESULT(vw_policy_dword(&number, "N", &got, &err), &err, NULL);
    assert_int_equal(got, 2);
    UNIT_RESULT(vw_policy_string(&string, "N", &text, &err), &err, NULL);
    assert_string_equal(text, "Ed");
    UNIT_RESULT(vw_policy_dword(&string, "N", &got, &err), &err,
                "'N' in the licence has type 1 with 8 bytes, not a dword's 4");
    vtopo_error_clear(&err);
    number.size = 2;
    UNIT_RESULT(vw_policy_dword(&number, "N", &got, &err), &err,
                "'N' in the licence has type 4 with 2 bytes, not a dword's 4");
    vtopo_error_clear(&err);
    UNIT_RESULT(vw_policy_string(&number, "N", &text, &err), &err,
                "'N' in the licence has type 4, not a string");
    assert_int_equal(got, 2);
    assert_string_equal(text, "Ed");
}

static void
an_empty_licence_is_one(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_policy_value value;
    struct blob blob;
    bool found = true;

    (void)state;
    start(&blob);
    finish(&blob);
    UNIT_RESULT(find(&blob, "N", &value, &found, &err), &err, NULL);
    assert_false(found);
}

/* One change to a licence with the entry "N", a dword: at 20 the entry, 24
 * its type, 36 its name, 38 its data, 44 the end marker.
 */
static void
what_is_malformed_is_refused_with_a_reason(void **state)
{
    static const struct {
        const char *says;
        size_t at;
        unsigned char byte;
        size_t size;
        const char *want;
    } rows[] = {
        { "shorter than it claims", 0, 48, 46,
          "the licence claims 48 bytes, but has 46" },
        { "longer than it claims", 0, 48, 52,
          "the licence claims 48 bytes, but has 52" },
        { "no room for anything", 0, 23, 23,
          "the licence has 23 bytes, not 24 to 1048576" },
        { "entries of another size", 4, 20, 48,
          "the licence claims 20 bytes of entries, but has 24" },
        { "an end marker of another size", 8, 8, 48,
          "the licence has no end marker" },
        { "another end marker", 44, 0x44, 48,
          "the licence has no end marker" },
        { "another version", 16, 2, 48,
          "the licence has version 2, not 1" },
        { "an entry of no size", 20, 0, 48,
          "entry 0 of the licence has 0 bytes, with 2 of name, 4 of data,"
          " and 24 left" },
        { "an entry beyond the end", 20, 28, 48,
          "entry 0 of the licence has 28 bytes, with 2 of name, 4 of data,"
          " and 24 left" },
        { "a name beyond the entry", 22, 8, 48,
          "entry 0 of the licence has 24 bytes, with 8 of name, 4 of data,"
          " and 24 left" },
        { "data beyond the entry", 26, 5, 48,
          "entry 0 of the licence has 24 bytes, with 2 of name, 5 of data,"
          " and 24 left" },
        { "no name", 22, 0, 48,
          "entry 0 of the licence has an impossible name of 0 bytes" },
        { "half a letter", 22, 1, 48,
          "entry 0 of the licence has an impossible name of 1 bytes" },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vw_policy_value value = { .type = 99 };
        bool found = true;
        struct blob blob;

        UNIT_ROW(i, rows[i].says);
        start(&blob);
        add(&blob, "N", 4, "\2\0\0\0", 4);
        finish(&blob);
        assert_int_equal(blob.size, 48);
        blob.data[rows[i].at] = rows[i].byte;
        blob.size = rows[i].size;
        UNIT_RESULT(find(&blob, "N", &value, &found, &err), &err,
                    rows[i].want);
        assert_true(found);
        assert_int_equal(value.type, 99);
    }
}

static void
trouble_behind_the_value_counts(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_policy_value value;
    struct blob blob;
    size_t second;
    bool found;

    (void)state;
    start(&blob);
    add(&blob, "N", 4, "\2\0\0\0", 4);
    second = blob.size;
    add(&blob, "M", 4, "\2\0\0\0", 4);
    finish(&blob);
    blob.data[second] = 12;
    UNIT_RESULT(find(&blob, "N", &value, &found, &err), &err,
                "entry 1 of the licence has 12 bytes, with 2 of name, 4 of"
                " data, and 24 left");
}

static void
a_value_that_stands_twice_is_refused(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_policy_value value;
    struct blob blob;
    bool found;

    (void)state;
    start(&blob);
    add(&blob, "N", 4, "\2\0\0\0", 4);
    add(&blob, "N", 4, "\3\0\0\0", 4);
    finish(&blob);
    UNIT_RESULT(find(&blob, "N", &value, &found, &err), &err,
                "the licence says 'N' 2 times");
    vtopo_error_clear(&err);
    UNIT_RESULT(find(&blob, "M", &value, &found, &err), &err, NULL);
    assert_false(found);
}

/* No single byte can be changed, or the end cut off, such that reading goes
 * beyond the blob: the sanitizers watch.
 */
static void
every_byte_can_be_anything(void **state)
{
    struct blob blob;

    (void)state;
    make(&blob);
    for (size_t i = 0; i < blob.size; i++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
            vt_autofree unsigned char *copy = malloc(blob.size);
            struct vw_policy_value value;
            bool found;

            assert_non_null(copy);
            memcpy(copy, blob.data, blob.size);
            copy[i] = (unsigned char)byte;
            if (vw_policy_find(copy, blob.size, "one-byte", &value, &found,
                               &err) == 0 && found)
                assert_in_range(value.data - copy, 20,
                                blob.size - 4 - value.size);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(values_are_found_by_their_whole_names),
    cmocka_unit_test(types_are_kept_apart),
    cmocka_unit_test(an_empty_licence_is_one),
    cmocka_unit_test(what_is_malformed_is_refused_with_a_reason),
    cmocka_unit_test(trouble_behind_the_value_counts),
    cmocka_unit_test(a_value_that_stands_twice_is_refused),
    cmocka_unit_test(every_byte_can_be_anything),
};

UNIT_MAIN(tests)
