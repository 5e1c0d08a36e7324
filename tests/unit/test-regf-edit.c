/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-regf-edit.c - what is deleted from a hive is gone, all else is as it
 * was, and a hive that is not sound is not edited
 */

#include "base/error.h"
#include "hive-builder.h"
#include "regf-edit.h"
#include "unit.h"

static struct vw_hive *
open_image(const struct hive_builder *builder, struct vw_memory *memory,
           struct vw_bytes *bytes)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_hive *hive = NULL;

    *memory = (struct vw_memory) { builder->image, builder->size };
    *bytes = vw_bytes_memory(memory);
    UNIT_RESULT(vw_hive_open(bytes, NULL, 0, &hive, &err), &err, NULL);
    return hive;
}

static struct vw_edit *
open_edit(const struct hive_builder *builder)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_edit *edit = NULL;

    UNIT_RESULT(vw_edit_open(builder->image, builder->size, &edit, &err),
                &err, NULL);
    return edit;
}

static bool
has_key(const struct hive_builder *builder, const char *path)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_memory memory;
    struct vw_bytes bytes;
    vt_auto(vw_hive_closep) struct vw_hive *hive =
        open_image(builder, &memory, &bytes);
    struct vw_key key;
    bool found = false;

    UNIT_RESULT(vw_hive_lookup_path(hive, path, &key, &found, &err), &err,
                NULL);
    return found;
}

static bool
is_free(const struct hive_builder *builder, uint32_t cell)
{
    return (vw_le32(hive_at(builder, cell)) & 0x80000000u) == 0;
}

static void
delete(struct vw_edit *edit, uint32_t parent, uint32_t child,
       const char *want)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    UNIT_RESULT(vw_edit_delete_key(edit, parent, child, &err), &err, want);
}

/* ---------------------------------------------------------------- delete */

static void
keys_go_from_lists_of_every_kind(void **state)
{
    static const char *const names[] = { "Alpha", "b", "Control", "zz" };

    (void)state;
    for (const char *kind = "ifh"; *kind != '\0'; kind++) {
        for (unsigned gone = 0; gone < 4; gone++) {
            vt_auto(hive_clear) struct hive_builder hive;
            vt_auto(vw_edit_closep) struct vw_edit *edit = NULL;
            uint32_t keys[4], root;

            UNIT_ROW(gone, kind);
            hive_start(&hive);
            root = hive_key(&hive, "ROOT");
            put32(hive_at(&hive, root + 4 + 44), VW_NOWHERE);
            for (unsigned i = 0; i < 4; i++) {
                keys[i] = hive_key(&hive, names[i]);
                put32(hive_at(&hive, keys[i] + 4 + 44), VW_NOWHERE);
            }
            hive_adopt(&hive, root, hive_list(&hive, *kind, keys, 4), 4);
            hive_finish(&hive, root, 7, 7);
            edit = open_edit(&hive);
            delete(edit, root, keys[gone], NULL);
            vw_edit_finish(edit, 0);
            for (unsigned i = 0; i < 4; i++)
                assert_int_equal(has_key(&hive, names[i]), i != gone);
            assert_true(is_free(&hive, keys[gone]));
            assert_int_equal(vw_le32(hive_at(&hive, root + 4 + 20)), 3);
            assert_int_equal(vw_le32(hive.image + 4), 8);
            assert_int_equal(vw_le32(hive.image + 8), 8);
            assert_int_equal(vw_le32(hive.image + 508),
                             vw_base_sum(hive.image));
        }
    }
}

/* Two leaves under an index: of one key, and of two. */
static void
empty_lists_go_with_their_last_key(void **state)
{
    static const char *const names[] = { "a", "b", "c" };
    vt_auto(hive_clear) struct hive_builder hive;
    vt_auto(vw_edit_closep) struct vw_edit *edit = NULL;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    uint32_t keys[3], leaves[2], root, index;

    (void)state;
    hive_start(&hive);
    root = hive_key(&hive, "ROOT");
    put32(hive_at(&hive, root + 4 + 44), VW_NOWHERE);
    put32(hive_at(&hive, root + 4 + 52), 0xa50001);
    for (unsigned i = 0; i < 3; i++) {
        keys[i] = hive_key(&hive, names[i]);
        put32(hive_at(&hive, keys[i] + 4 + 44), VW_NOWHERE);
    }
    leaves[0] = hive_list(&hive, 'h', keys, 1);
    leaves[1] = hive_list(&hive, 'f', keys + 1, 2);
    index = hive_list(&hive, 'r', leaves, 2);
    hive_adopt(&hive, root, index, 3);
    hive_finish(&hive, root, 1, 1);
    edit = open_edit(&hive);

    delete(edit, root, keys[0], NULL);
    assert_true(is_free(&hive, leaves[0]));
    assert_false(is_free(&hive, index));
    assert_false(has_key(&hive, "a"));
    assert_true(has_key(&hive, "b") && has_key(&hive, "c"));
    delete(edit, root, keys[2], NULL);
    assert_true(has_key(&hive, "b"));
    delete(edit, root, keys[1], NULL);
    assert_true(is_free(&hive, leaves[1]) && is_free(&hive, index));
    assert_int_equal(vw_le32(hive_at(&hive, root + 4 + 28)), VW_NOWHERE);
    /* The longest name is none; the flags behind it stay. */
    assert_int_equal(vw_le32(hive_at(&hive, root + 4 + 52)), 0xa50000);
    assert_int_equal(vw_edit_delete_key(edit, root, keys[1], &err), -1);
}

/* A key with a class, a shared security and values of every size. */
static void
all_that_a_key_has_is_freed(void **state)
{
    static const unsigned char big[40000] = { 1 };
    vt_auto(hive_clear) struct hive_builder hive;
    vt_auto(vw_edit_closep) struct vw_edit *edit = NULL;
    unsigned char security[20] = "sk";
    uint32_t values[3], root, key, class, sk, list;

    (void)state;
    hive_start(&hive);
    root = hive_key(&hive, "ROOT");
    key = hive_key(&hive, "key");
    put32(security + 12, 2);
    sk = hive_cell(&hive, security, sizeof(security));
    class = hive_cell(&hive, "c\0l", 4);
    put32(hive_at(&hive, root + 4 + 44), sk);
    put32(hive_at(&hive, key + 4 + 44), sk);
    put32(hive_at(&hive, key + 4 + 48), class);
    put16(hive_at(&hive, key + 4 + 74), 4);
    values[0] = hive_value(&hive, "small", VW_REG_DWORD, big, 4);
    values[1] = hive_value(&hive, "middle", VW_REG_BINARY, big, 100);
    values[2] = hive_value(&hive, "big", VW_REG_BINARY, big, sizeof(big));
    hive_give(&hive, key, values, 3);
    list = hive_list(&hive, 'h', &key, 1);
    hive_adopt(&hive, root, list, 1);
    hive_finish(&hive, root, 1, 1);

    edit = open_edit(&hive);
    delete(edit, root, key, NULL);
    assert_int_equal(vw_le32(hive_at(&hive, sk + 4 + 12)), 1);
    for (uint32_t at = 32; at < hive.size - VW_BINS_START;) {
        uint32_t size = vw_le32(hive_at(&hive, at));
        bool used = (size & 0x80000000u) != 0;

        assert_int_equal(used, at == root || at == sk);
        at += used ? 0u - size : size;
    }
}

static void
what_is_no_child_or_has_some_stays(void **state)
{
    vt_auto(hive_clear) struct hive_builder hive;
    vt_auto(vw_edit_closep) struct vw_edit *edit = NULL;
    unsigned char *before;
    uint32_t root, above, below;
    char want[80];

    (void)state;
    hive_start(&hive);
    root = hive_key(&hive, "ROOT");
    above = hive_key(&hive, "above");
    below = hive_key(&hive, "below");
    for (const uint32_t *key = (uint32_t[]) { root, above, below, 0 };
         *key != 0; key++)
        put32(hive_at(&hive, *key + 4 + 44), VW_NOWHERE);
    hive_adopt(&hive, above, hive_list(&hive, 'h', &below, 1), 1);
    hive_adopt(&hive, root, hive_list(&hive, 'h', &above, 1), 1);
    hive_finish(&hive, root, 1, 1);
    before = malloc(hive.size);
    assert_non_null(before);
    memcpy(before, hive.image, hive.size);

    edit = open_edit(&hive);
    (void)snprintf(want, sizeof(want), "the key at 0x%x has keys below it",
                   above);
    delete(edit, root, above, want);
    (void)snprintf(want, sizeof(want),
                   "the key at 0x%x is none below that at 0x%x", below, root);
    delete(edit, root, below, want);
    delete(edit, root, 8, "the hive is damaged: at 0x8 there is no key");
    delete(edit, 0xfffffff8, below,
           "the hive is damaged: at 0xfffffff8 there is no key");
    assert_memory_equal(before, hive.image, hive.size);
    free(before);
}

/* --------------------------------------------------------------- shorten */

static void
values_are_shortened_in_their_place(void **state)
{
    static const struct {
        const char *says;
        size_t old, new;
        const char *want;       /* NULL: it can be done */
    } rows[] = {
        { "in its cell", 40, 20, NULL },
        { "by nothing", 40, 40, NULL },
        { "into the value", 40, 4, NULL },
        { "to nothing", 40, 0, NULL },
        { "in the value", 4, 2, NULL },
        { "never longer", 20, 22,
          "the value 'Element' cannot take 22 bytes in its place" },
        { "never longer in the value", 2, 4,
          "the value 'Element' cannot take 4 bytes in its place" },
        { "not in segments", 20000, 20,
          "the value 'Element' cannot take 20 bytes in its place" },
    };
    static const unsigned char old[20000] = { 9, 9, 9 };
    static const unsigned char new[40] = "what the value shall be, in 40 bytes";

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(hive_clear) struct hive_builder hive;
        vt_auto(vw_edit_closep) struct vw_edit *edit = NULL;
        vt_auto(vw_hive_closep) struct vw_hive *reader = NULL;
        vt_autofree unsigned char *data = NULL;
        struct vw_memory memory;
        struct vw_bytes bytes;
        struct vw_value value;
        struct vw_key key;
        uint32_t values[2], root;
        size_t size;
        bool found;

        UNIT_ROW(i, rows[i].says);
        hive_start(&hive);
        root = hive_key(&hive, "ROOT");
        put32(hive_at(&hive, root + 4 + 44), VW_NOWHERE);
        values[0] = hive_value(&hive, "other", VW_REG_BINARY, old, 8);
        values[1] = hive_value(&hive, "element", VW_REG_SZ, old, rows[i].old);
        hive_give(&hive, root, values, 2);
        hive_finish(&hive, root, 1, 1);
        edit = open_edit(&hive);
        UNIT_RESULT(vw_edit_shorten(edit, root, "Element", new, rows[i].new,
                                    &err), &err, rows[i].want);
        vtopo_error_clear(&err);
        if (rows[i].want != NULL)
            continue;
        vw_edit_finish(edit, 0);
        vw_edit_close(vt_steal(&edit));
        edit = open_edit(&hive);        /* it is sound again */
        reader = open_image(&hive, &memory, &bytes);
        UNIT_RESULT(vw_hive_root(reader, &key, &err), &err, NULL);
        UNIT_RESULT(vw_key_value(reader, &key, "Element", &value, &found,
                                 &err), &err, NULL);
        UNIT_RESULT(vw_value_data(reader, &value, 4096, &data, &size, &err),
                    &err, NULL);
        assert_int_equal(size, rows[i].new);
        assert_int_equal(value.resident, size <= 4);
        assert_memory_equal(data, new, size);
    }
}

static void
a_value_that_is_not_there_is_not_shortened(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(hive_clear) struct hive_builder hive;
    vt_auto(vw_edit_closep) struct vw_edit *edit = NULL;
    uint32_t root;

    (void)state;
    hive_start(&hive);
    root = hive_key(&hive, "ROOT");
    put32(hive_at(&hive, root + 4 + 44), VW_NOWHERE);
    hive_finish(&hive, root, 1, 1);
    edit = open_edit(&hive);
    UNIT_RESULT(vw_edit_shorten(edit, root, "x", hive.image, 0, &err), &err,
                "the key at 0x20 has no value 'x'");
}

/* ------------------------------------------------------------------ open */

/* The parts of a small sound hive, to be damaged. */
struct parts {
    struct hive_builder hive;
    uint32_t root, key[2], list, values, value, data;
};

static void
make_parts(struct parts *parts)
{
    struct hive_builder *hive = &parts->hive;

    hive_start(hive);
    parts->root = hive_key(hive, "ROOT");
    for (unsigned i = 0; i < 2; i++) {
        parts->key[i] = hive_key(hive, i == 0 ? "a" : "b");
        put32(hive_at(hive, parts->key[i] + 4 + 44), VW_NOWHERE);
    }
    put32(hive_at(hive, parts->root + 4 + 44), VW_NOWHERE);
    parts->list = hive_list(hive, 'h', parts->key, 2);
    hive_adopt(hive, parts->root, parts->list, 2);
    parts->data = hive->used;
    parts->value = hive_value(hive, "v", VW_REG_BINARY, "0123456789", 10);
    parts->values = hive->used;
    hive_give(hive, parts->key[0], &parts->value, 1);
    hive_finish(hive, parts->root, 3, 3);
}

/* Put @value where a row says, and the checksum right if it wants it. */
struct damage {
    const char *says;
    size_t part;                /* where in struct parts; 0: the base block */
    unsigned at;                /* behind the size of the cell, but for -4 */
    uint32_t value;
    bool right;
    const char *want;           /* how the message begins */
};

#define AT(member) offsetof(struct parts, member)

static const struct damage damages[] = {
    { "dirty", 0, 4, 4, true, "the hive is dirty" },
    { "a wrong checksum", 0, 12, 4, false, "the hive is dirty" },
    { "no hive", 0, 0, 4, true, "this is no registry hive" },
    { "a log", 0, 28, 1, true, "this is no registry hive" },
    { "too old", 0, 24, 2, true, "this is no registry hive" },
    { "larger than its file", 0, 40, 8192, true, "the hive is damaged: its" },
    { "no root", 0, 36, 8, true, "the hive is damaged: at 0x8 " },
    { "a bin of another size", 0, 4096 + 8, 8192, true,
      "the hive is damaged: at 0x0 there is no bin" },
    { "a cell of no size", AT(root), 0u - 4, 0, true,
      "the hive is damaged: at 0x20 a cell has" },
    { "a cell of an odd size", AT(root), 0u - 4, 0u - 84, true,
      "the hive is damaged: at 0x20 a cell has" },
    { "a cell behind its bin", AT(root), 0u - 4, 0u - 8192, true,
      "the hive is damaged: at 0x20 a cell has" },
    { "a child twice", AT(list), 12, 0x20 + 80, true,
      "the hive is damaged" },
    { "the root as its child", AT(list), 4, 0x20, true,
      "the hive is damaged: at 0x20 is a cell that two" },
    { "fewer children than it says", AT(root), 20, 3, true,
      "the hive is damaged: at 0x20 a key has fewer" },
    { "more children than it says", AT(root), 20, 1, true,
      "the hive is damaged" },
    { "no list", AT(list), 0, 0, true, "the hive is damaged" },
    { "a long list", AT(list), 0, 0xfff0686c, true, "the hive is damaged" },
    { "too many values", AT(key[0]), 36, 0x10001, true,
      "the hive is damaged" },
    { "more values than are listed", AT(key[0]), 36, 2, true,
      "the hive is damaged" },
    { "values that are a key", AT(key[0]), 40, 0x20, true,
      "the hive is damaged: at 0x20 is a cell that two" },
    { "no value", AT(value), 0, 0, true, "the hive is damaged" },
    { "data that is short", AT(value), 4, 100, true, "the hive is damaged" },
    { "data that needs segments", AT(value), 4, 20000, true,
      "the hive is damaged" },
    { "data of five bytes in the value", AT(value), 4, 0x80000005, true,
      "the hive is damaged" },
    { "data nowhere", AT(value), 8, VW_NOWHERE, true, "the hive is damaged" },
    { "no security", AT(root), 44, 0x40, true, "the hive is damaged" },
    { "a key as security", AT(root), 44, 0x20, true, "the hive is damaged" },
};

static void
what_is_not_sound_is_not_edited(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(damages); i++) {
        const struct damage *row = &damages[i];
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vw_edit *edit = NULL;
        struct parts parts;
        uint32_t cell;

        UNIT_ROW(i, row->says);
        make_parts(&parts);
        memcpy(&cell, (const char *)&parts + row->part, sizeof(cell));
        put32(row->part == 0 ? parts.hive.image + row->at
              : hive_at(&parts.hive, cell + 4 + row->at), row->value);
        if (row->right)
            hive_sum(parts.hive.image);
        assert_int_equal(vw_edit_open(parts.hive.image, parts.hive.size,
                                      &edit, &err), -1);
        assert_null(edit);
        if (strncmp(err.message, row->want, strlen(row->want)) != 0)
            assert_string_equal(err.message, row->want);
        hive_clear(&parts.hive);
    }
}

/* ------------------------------------------------------------------ logs */

static void
the_number_is_above_all_logs(void **state)
{
    static const struct {
        const char *says;
        uint32_t base, entry;
        bool broken;            /* the entry's hash is wrong */
        uint32_t want;
    } rows[] = {
        { "behind the hive", 2, 3, false, 4 },
        { "in the base block", 90, 3, false, 91 },
        { "in an entry", 2, 70, false, 71 },
        { "not in an entry that cannot be replayed", 2, 70, true, 4 },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vw_edit_closep) struct vw_edit *edit = NULL;
        static const unsigned char page[4096];
        unsigned char log[8192] = { 0 };
        struct vw_memory memory = { log, sizeof(log) };
        struct vw_bytes bytes = vw_bytes_memory(&memory);
        struct parts parts;
        uint32_t last = 7;

        UNIT_ROW(i, rows[i].says);
        make_parts(&parts);
        hive_log_base(&parts.hive, log, VW_BASE_NEW_LOG, rows[i].base);
        (void)hive_entry(log + 1024, rows[i].entry, 4096, 0, page, 4096);
        log[1024 + 12] ^= rows[i].broken ? 128 : 0;
        UNIT_RESULT(vw_log_last_sequence(&bytes, &last, &err), &err, NULL);
        edit = open_edit(&parts.hive);
        vw_edit_finish(edit, last);
        assert_int_equal(vw_le32(parts.hive.image + 4), rows[i].want);
        assert_int_equal(vw_le32(parts.hive.image + 8), rows[i].want);
        hive_clear(&parts.hive);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(keys_go_from_lists_of_every_kind),
    cmocka_unit_test(empty_lists_go_with_their_last_key),
    cmocka_unit_test(all_that_a_key_has_is_freed),
    cmocka_unit_test(what_is_no_child_or_has_some_stays),
    cmocka_unit_test(values_are_shortened_in_their_place),
    cmocka_unit_test(a_value_that_is_not_there_is_not_shortened),
    cmocka_unit_test(what_is_not_sound_is_not_edited),
    cmocka_unit_test(the_number_is_above_all_logs),
};

UNIT_MAIN(tests)
