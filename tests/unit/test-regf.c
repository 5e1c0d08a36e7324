/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-regf.c - keys and values are found in any hive that Windows writes,
 * and what is broken breaks nothing else
 */

#include "base/error.h"
#include "open-hive.h"

/* ----------------------------------------------------------------- keys */

static void
keys_are_found_in_lists_of_every_kind(void **state)
{
    static const char *const names[] = { "Alpha", "b", "Control", "\xc3\xa4" };

    (void)state;
    for (const char *kind = "ifh"; *kind != '\0'; kind++) {
        vt_auto(hive_clear) struct hive_builder builder;
        vt_auto(close_hive) struct open_hive open;
        struct vw_hive *hive;
        uint32_t keys[4];
        uint32_t root;

        hive_start(&builder);
        root = hive_key(&builder, "ROOT");
        for (unsigned i = 0; i < 4; i++)
            keys[i] = hive_key(&builder, names[i]);
        hive_adopt(&builder, root, hive_list(&builder, *kind, keys, 4), 4);
        hive_finish(&builder, root, 1, 1);
        hive = open_sound(&builder, &open);
        assert_true(has_key(hive, ""));
        assert_true(has_key(hive, "Alpha"));
        assert_true(has_key(hive, "aLPHA"));
        assert_true(has_key(hive, "B"));
        assert_true(has_key(hive, "control\\"));
        assert_true(has_key(hive, "\xc3\x84"));
        assert_false(has_key(hive, "Alph"));
        assert_false(has_key(hive, "Alphab"));
        assert_false(has_key(hive, "ROOT"));
        assert_false(has_key(hive, "Alpha\\b"));
        assert_false(has_key(hive, "Alpha\\\\"));
        assert_false(has_key(hive, "\xff"));
    }
}

static void
names_may_be_wide(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(close_hive) struct open_hive open;
    vt_autofree char *name = NULL;
    struct vw_hive *hive;
    struct vw_key key;
    uint32_t keys[2];
    uint32_t root;
    bool found;

    (void)state;
    hive_start(&builder);
    root = hive_key(&builder, "ROOT");
    keys[0] = hive_key_wide(&builder, "Stra\xc3\x9f" "e", true);
    keys[1] = hive_key_wide(&builder, "\xf0\x9f\x90\x9f", true);
    hive_adopt(&builder, root, hive_list(&builder, 'i', keys, 2), 2);
    hive_finish(&builder, root, 1, 1);
    hive = open_sound(&builder, &open);
    assert_true(has_key(hive, "sTRA\xc3\x9f" "E"));
    assert_int_equal(vw_hive_lookup_path(hive, "\xf0\x9f\x90\x9f", &key,
                                         &found, &err), 0);
    assert_true(found);
    assert_int_equal(key.written, 0x0123456789abcdefu);
    UNIT_RESULT(vw_key_name(hive, &key, &name, &err), &err, NULL);
    assert_string_equal(name, "\xf0\x9f\x90\x9f");
}

/* An index of two leaves, walked in order; one path goes on below it. */
static void
an_index_joins_leaves(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(close_hive) struct open_hive open;
    struct vw_children children;
    struct vw_key root_key;
    struct vw_key child;
    uint32_t keys[4];
    uint32_t leaves[2];
    uint32_t root;
    bool more;

    (void)state;
    hive_start(&builder);
    root = hive_key(&builder, "ROOT");
    for (unsigned i = 0; i < 4; i++)
        keys[i] = hive_key(&builder, i == 0 ? "A" : i == 1 ? "B"
                                     : i == 2 ? "C" : "D");
    leaves[0] = hive_list(&builder, 'h', keys, 2);
    leaves[1] = hive_list(&builder, 'f', keys + 2, 1);
    hive_adopt(&builder, root, hive_list(&builder, 'r', leaves, 2), 3);
    hive_adopt(&builder, keys[2], hive_list(&builder, 'i', keys + 3, 1), 1);
    hive_finish(&builder, root, 1, 1);
    assert_true(has_key(open_sound(&builder, &open), "C\\D"));
    assert_int_equal(vw_hive_root(open.hive, &root_key, &err), 0);
    children = (struct vw_children)VW_CHILDREN_INIT(root_key);
    for (unsigned i = 0; i < 4; i++) {
        UNIT_RESULT(vw_children_next(open.hive, &children, &child, &more,
                                     &err), &err, NULL);
        assert_int_equal(more, i < 3);
        if (more)
            assert_int_equal(child.cell, keys[i]);
    }
}

/* A hive whose root has the children A, B and C in a list of kind @kind. */
static uint32_t
make_three(struct hive_builder *builder, char kind, uint32_t *keys)
{
    uint32_t root;
    uint32_t list;

    hive_start(builder);
    root = hive_key(builder, "ROOT");
    keys[0] = hive_key(builder, "A");
    keys[1] = hive_key(builder, "B");
    keys[2] = hive_key(builder, "C");
    list = hive_list(builder, kind, keys, 3);
    hive_adopt(builder, root, list, 3);
    hive_finish(builder, root, 1, 1);
    return list;
}

static void
a_wrong_hash_hides_a_key_as_in_windows(void **state)
{
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(close_hive) struct open_hive open;
    uint32_t keys[3];
    uint32_t list;

    (void)state;
    list = make_three(&builder, 'h', keys);
    /* B's hash on A, and none on B: a hash is no proof either. */
    put32(hive_at(&builder, list + 8 + 4), 'B');
    put32(hive_at(&builder, list + 8 + 12), 'X');
    assert_false(has_key(open_sound(&builder, &open), "A"));
    assert_false(has_key(open.hive, "B"));
    assert_false(has_key(open.hive, "X"));
    assert_true(has_key(open.hive, "C"));
}

/* One mistake in the hive with A, B and C in a plain list: what becomes of a
 * look-up of C, and of one of Z, which is not there.
 */
static void
broken_keys_do_not_hide_their_sisters(void **state)
{
    static const struct {
        const char *says;
        unsigned key;           /* whose cell; 3: the list */
        unsigned at;            /* in the cell */
        uint32_t value;
        bool found;             /* C is */
        const char *want;       /* for Z */
    } rows[] = {
        { "a sister is no key", 0, 4, 0x0020786e, true,
          "key 'Z': there is no key at 0x78" },
        { "a sister is free", 1, 0, 88, true,
          "key 'Z': a key is at 0xd0, which is free" },
        { "a sister has a long name", 1, 4 + 72, 300, true,
          "key 'Z': the key at 0xd0 has an impossible name of 300 bytes" },
        { "a sister is too large", 0, 0, 0x80000008, true,
          "key 'Z': a key at 0x78 has an impossible size, 2147483640" },
        { "a sister is too small", 0, 0, 0u - 8, true,
          "key 'Z': the key at 0x78 is cut short" },
        { "the list leads out of the hive", 3, 8, 0x1000, true,
          "key 'Z': a key is at 0x1000, where no cell can be" },
        { "the list leads nowhere", 3, 8, VW_NOWHERE, true,
          "key 'Z': a key is at 0xffffffff, where no cell can be" },
        { "the list leads to no cell", 3, 8, 0x7c, true,
          "key 'Z': a key is at 0x7c, where no cell can be" },
        { "the list has too many", 3, 4, 0x5696c, false,
          "key 'Z': the list of keys at 0x180 is too short for 5 of them" },
        { "the list is none", 3, 4, 0x3786c, false,
          "key 'Z': there is no list of keys at 0x180" },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(hive_clear) struct hive_builder builder;
        vt_auto(close_hive) struct open_hive open;
        struct vw_key key = { .cell = 99 };
        uint32_t cells[4];
        bool found = false;

        UNIT_ROW(i, rows[i].says);
        cells[3] = make_three(&builder, 'i', cells);
        put32(hive_at(&builder, cells[rows[i].key] + rows[i].at),
              rows[i].value);
        (void)open_sound(&builder, &open);
        if (rows[i].found)
            assert_true(has_key(open.hive, "C"));
        UNIT_RESULT(vw_hive_lookup_path(open.hive, "Z", &key, &found, &err),
                    &err, rows[i].want);
        assert_false(found);
        assert_int_equal(key.cell, 99);
    }
}

/* Walk all children of the root; how many there are, and the last trouble. */
static unsigned
count_children(struct vw_hive *hive, unsigned *ret_broken,
               struct vtopo_error *ret_last)
{
    struct vw_children children;
    struct vw_key key;
    unsigned count = 0;
    bool more = true;

    assert_int_equal(vw_hive_root(hive, &key, ret_last), 0);
    children = (struct vw_children)VW_CHILDREN_INIT(key);
    *ret_broken = 0;
    while (more && !children.finished) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

        if (vw_children_next(hive, &children, &key, &more, &err) == 0) {
            count += more;
            continue;
        }
        (*ret_broken)++;
        vtopo_error_clear(ret_last);
        *ret_last = err;
        err = (struct vtopo_error)VTOPO_ERROR_INIT;
    }
    return count;
}

static void
a_walk_goes_on_behind_a_broken_child(void **state)
{
    vt_autoerror struct vtopo_error last = VTOPO_ERROR_INIT;
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(close_hive) struct open_hive open;
    unsigned broken;
    uint32_t keys[3];

    (void)state;
    (void)make_three(&builder, 'h', keys);
    put32(hive_at(&builder, keys[1]), 88);
    (void)open_sound(&builder, &open);
    assert_int_equal(count_children(open.hive, &broken, &last), 2);
    assert_int_equal(broken, 1);
    assert_string_equal(last.message, "a key is at 0xd0, which is free");
}

static void
an_index_of_itself_ends(void **state)
{
    vt_autoerror struct vtopo_error last = VTOPO_ERROR_INIT;
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(close_hive) struct open_hive open;
    uint32_t nothing[2] = { 0, 0 };
    unsigned broken;
    uint32_t index;
    uint32_t root;

    (void)state;
    hive_start(&builder);
    root = hive_key(&builder, "ROOT");
    index = hive_list(&builder, 'r', nothing, 2);
    put32(hive_at(&builder, index + 8), index);
    put32(hive_at(&builder, index + 12), index);
    hive_adopt(&builder, root, index, 2);
    hive_finish(&builder, root, 1, 1);
    (void)open_sound(&builder, &open);
    assert_int_equal(count_children(open.hive, &broken, &last), 0);
    assert_int_equal(broken, 2);
    assert_string_equal(last.message,
                        "the index at 0x78 holds another, at 0x78");
}

static void
a_child_of_itself_is_no_circle_for_a_path(void **state)
{
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(close_hive) struct open_hive open;
    uint32_t root;

    (void)state;
    hive_start(&builder);
    root = hive_key(&builder, "A");
    hive_adopt(&builder, root, hive_list(&builder, 'i', &root, 1), 1);
    hive_finish(&builder, root, 1, 1);
    assert_true(has_key(open_sound(&builder, &open), "A\\A\\A\\A\\A"));
    assert_false(has_key(open.hive, "A\\A\\B"));
}

/* An index of 100 times the same leaf of 4000 times the same key. */
static void
children_without_end_are_refused(void **state)
{
    vt_autoerror struct vtopo_error last = VTOPO_ERROR_INIT;
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(close_hive) struct open_hive open;
    static uint32_t keys[4000];
    uint32_t leaves[100];
    unsigned broken;
    uint32_t root;

    (void)state;
    hive_start(&builder);
    root = hive_key(&builder, "ROOT");
    keys[0] = hive_key(&builder, "A");
    for (size_t i = 1; i < VT_COUNT(keys); i++)
        keys[i] = keys[0];
    leaves[0] = hive_list(&builder, 'i', keys, VT_COUNT(keys));
    for (size_t i = 1; i < VT_COUNT(leaves); i++)
        leaves[i] = leaves[0];
    hive_adopt(&builder, root,
               hive_list(&builder, 'r', leaves, VT_COUNT(leaves)), 400000);
    hive_finish(&builder, root, 1, 1);
    (void)open_sound(&builder, &open);
    assert_in_range(count_children(open.hive, &broken, &last), 4000,
                    VW_HIVE_CHILDREN_MAX);
    assert_int_equal(broken, 1);
    assert_string_equal(last.message,
                        "the key at 0x20 has more than 262144 children");
    assert_true(vw_hive_state(open.hive)->bytes_read < 32768);
}

/* --------------------------------------------------------------- values */

/* A hive whose root has the @count values at @values. */
static struct vw_hive *
open_values(struct hive_builder *builder, uint32_t root,
            const uint32_t *values, unsigned count, struct open_hive *open)
{
    hive_give(builder, root, values, count);
    hive_finish(builder, root, 1, 1);
    return open_sound(builder, open);
}

static void
data_of_every_size_is_read_whole(void **state)
{
    static const uint32_t sizes[] = { 0, 1, 2, 3, 4, 5, 8, 4000, 16343, 16344,
                                      16345, 32688, 32689, 60480 };
    static unsigned char data[60480];
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(close_hive) struct open_hive open;
    uint32_t values[VT_COUNT(sizes)];
    uint32_t root;

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(i * 7 + i / 256);
    hive_start(&builder);
    root = hive_key(&builder, "ROOT");
    for (size_t i = 0; i < VT_COUNT(sizes); i++) {
        char name[8] = { (char)('a' + i), '\0' };

        values[i] = hive_value(&builder, name, VW_REG_BINARY, data, sizes[i]);
    }
    (void)open_values(&builder, root, values, VT_COUNT(sizes), &open);
    for (size_t i = 0; i < VT_COUNT(sizes); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autofree unsigned char *got = NULL;
        char name[8] = { (char)('A' + i), '\0' };
        struct vw_value value = root_value(open.hive, name);
        size_t size;

        UNIT_RESULT(vw_value_data(open.hive, &value, VW_HIVE_DATA_MAX, &got,
                                  &size, &err), &err, NULL);
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(got, data, size);
        assert_int_equal(got[size] | got[size + 1], 0);
    }
}

/* Make one mistake, then read "v", whose data is in two segments. */
static void
broken_data_is_refused_with_a_reason(void **state)
{
    enum { RECORD, LIST, SEGMENT, NODE };
    static const struct {
        const char *says;
        int where;
        unsigned at;
        uint32_t value;
        const char *want;
    } rows[] = {
        { "no record", RECORD, 4, 0x00027878,
          "value 'v': its data is not in the 2 segments that 20000 bytes"
          " need" },
        { "too few segments", RECORD, 4, 0x00016264,
          "value 'v': its data is not in the 2 segments that 20000 bytes"
          " need" },
        { "a list that is free", LIST, 0, 16,
          "value 'v': its list of segments is at 0x4ea8, which is free" },
        { "a segment nowhere", LIST, 8, VW_NOWHERE,
          "value 'v': a segment of its data is at 0xffffffff, where no cell"
          " can be" },
        { "a segment too small", SEGMENT, 0, 0u - 3000,
          "value 'v': a segment of its data is cut short" },
        { "a size beyond the limit", NODE, 8, 0x100001,
          "value 'v': 1048577 bytes are more than 1048576" },
        { "a size of 2 GiB", NODE, 8, 0x7fffffff,
          "value 'v': 2147483647 bytes are more than 1048576" },
        { "5 bytes in the place of 4", NODE, 8, 0x80000005,
          "value 'v': it claims 5 bytes in a place of 4" },
        { "data nowhere", NODE, 12, VW_NOWHERE,
          "value 'v': its data is at 0xffffffff, where no cell can be" },
        { "small data cut short", NODE, 8, 2000,
          "value 'v': its data is cut short: 12 bytes of 2000" },
    };
    static unsigned char data[20000];

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(hive_clear) struct hive_builder builder;
        vt_auto(close_hive) struct open_hive open;
        unsigned char *got = NULL;
        struct vw_value value;
        uint32_t cells[4];
        uint32_t root;
        size_t size = 99;

        UNIT_ROW(i, rows[i].says);
        hive_start(&builder);
        root = hive_key(&builder, "ROOT");
        cells[NODE] = hive_value(&builder, "v", VW_REG_BINARY, data, 20000);
        cells[RECORD] = vw_le32(hive_at(&builder, cells[NODE] + 12));
        cells[LIST] = vw_le32(hive_at(&builder, cells[RECORD] + 8));
        cells[SEGMENT] = vw_le32(hive_at(&builder, cells[LIST] + 8));
        put32(hive_at(&builder, cells[rows[i].where] + rows[i].at),
              rows[i].value);
        (void)open_values(&builder, root, &cells[NODE], 1, &open);
        value = root_value(open.hive, "v");
        UNIT_RESULT(vw_value_data(open.hive, &value, VW_HIVE_DATA_MAX, &got,
                                  &size, &err), &err, rows[i].want);
        assert_null(got);
        assert_int_equal(size, 99);
    }
}

static void
one_broken_value_hides_no_other(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(hive_clear) struct hive_builder builder;
    vt_auto(close_hive) struct open_hive open;
    struct vw_value value;
    struct vw_key key;
    uint32_t values[2];
    uint32_t root;
    bool found = true;

    (void)state;
    hive_start(&builder);
    root = hive_key(&builder, "ROOT");
    values[0] = root;           /* a key is no value */
    values[1] = hive_value(&builder, "v", VW_REG_DWORD, "\5\0\0\0", 4);
    (void)open_values(&builder, root, values, 2, &open);
    assert_int_equal(value_v(open.hive), 5);
    assert_int_equal(vw_hive_root(open.hive, &key, &err), 0);
    UNIT_RESULT(vw_key_value(open.hive, &key, "w", &value, &found, &err),
                &err, "value 'w': there is no value at 0x20");
    vtopo_error_clear(&err);
    key.values = 3;
    key.values_list = values[1];
    assert_true(found);
    key.values = VW_HIVE_VALUES_MAX + 1;
    UNIT_RESULT(vw_key_value(open.hive, &key, "w", &value, &found, &err),
                &err,
                "value 'w': the key has 65537 values, more than 65536");
}

static void
strings_become_utf8(void **state)
{
    static const struct {
        const char *says;
        uint32_t type;
        const char *data;
        size_t size;
        const char *text;       /* NULL: refused */
    } rows[] = {
        { "ended by a zero", VW_REG_SZ, "a\0b\0\0", 6, "ab" },
        { "not ended", VW_REG_EXPAND_SZ, "a\0b\0", 4, "ab" },
        { "more behind the end", VW_REG_SZ, "a\0\0\0b\0", 6, "a" },
        { "nothing", VW_REG_SZ, "", 0, "" },
        { "half a letter", VW_REG_SZ, "a\0b", 3, "a" },
        { "beyond Latin-1", VW_REG_SZ, "\xe4\0\xac\x20", 4,
          "\xc3\xa4\xe2\x82\xac" },
        { "a pair", VW_REG_SZ, "\x3d\xd8\x1f\xdc", 4, "\xf0\x9f\x90\x9f" },
        { "pairs torn", VW_REG_SZ, "\x1f\xdc\x3d\xd8z\0\x3d\xd8", 8,
          "\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd" },
        { "binary", VW_REG_BINARY, "a\0b\0\0", 6, NULL },
        { "a list", VW_REG_MULTI_SZ, "a\0b\0\0", 6, NULL },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(hive_clear) struct hive_builder builder;
        vt_auto(close_hive) struct open_hive open;
        vt_autofree char *text = NULL;
        struct vw_value value;
        uint32_t cell;
        uint32_t root;
        int rc;

        UNIT_ROW(i, rows[i].says);
        hive_start(&builder);
        root = hive_key(&builder, "ROOT");
        cell = hive_value(&builder, "", rows[i].type, rows[i].data,
                          rows[i].size);
        (void)open_values(&builder, root, &cell, 1, &open);
        value = root_value(open.hive, "");
        rc = vw_value_string(open.hive, &value, &text, &err);
        assert_int_equal(rc, rows[i].text == NULL ? -1 : 0);
        if (rc == 0)
            assert_string_equal(text, rows[i].text);
    }
}

static void
lists_of_strings_end_at_an_empty_one(void **state)
{
    static const struct {
        const char *says;
        const char *data;
        size_t size;
        size_t count;
        const char *last;
    } rows[] = {
        { "none", "\0\0", 2, 0, NULL },
        { "no data", "", 0, 0, NULL },
        { "one", "a\0\0\0\0", 6, 1, "a" },
        { "two", "a\0\0\0b\0c\0\0\0\0", 12, 2, "bc" },
        { "not ended", "a\0\0\0b\0c\0", 8, 2, "bc" },
        { "ended once", "a\0\0\0b\0\0", 8, 2, "b" },
        { "more behind the end", "a\0\0\0\0\0b\0\0", 10, 1, "a" },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(hive_clear) struct hive_builder builder;
        vt_auto(close_hive) struct open_hive open;
        vt_auto(vw_strings_clear) struct vw_strings strings
            = VW_STRINGS_INIT;
        struct vw_value value;
        uint32_t cell;
        uint32_t root;

        UNIT_ROW(i, rows[i].says);
        hive_start(&builder);
        root = hive_key(&builder, "ROOT");
        cell = hive_value(&builder, "v", VW_REG_MULTI_SZ, rows[i].data,
                          rows[i].size);
        (void)open_values(&builder, root, &cell, 1, &open);
        value = root_value(open.hive, "v");
        UNIT_RESULT(vw_value_strings(open.hive, &value, &strings, &err), &err,
                    NULL);
        assert_int_equal(strings.count, rows[i].count);
        if (strings.count > 0)
            assert_string_equal(strings.strings[strings.count - 1],
                                rows[i].last);
    }
}

static void
numbers_have_their_types(void **state)
{
    static const unsigned char data[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    static const struct {
        uint32_t type;
        size_t size;
        uint64_t dword;         /* 0: refused */
        uint64_t number;
        uint64_t time;
    } rows[] = {
        { VW_REG_DWORD, 4, 0x04030201, 0x04030201, 0 },
        { VW_REG_DWORD, 3, 0, 0, 0 },
        { VW_REG_DWORD, 8, 0, 0, 0x0807060504030201 },
        { VW_REG_DWORD_BIG_ENDIAN, 4, 0x01020304, 0, 0 },
        { VW_REG_QWORD, 8, 0, 0x0807060504030201, 0x0807060504030201 },
        { VW_REG_QWORD, 4, 0, 0, 0 },
        { VW_REG_BINARY, 0, 0, 0, 0 },
        { VW_REG_BINARY, 1, 0, 1, 0 },
        { VW_REG_BINARY, 3, 0, 0x030201, 0 },
        { VW_REG_BINARY, 8, 0, 0x0807060504030201, 0x0807060504030201 },
        { VW_REG_BINARY, 9, 0, 0, 0 },
        { 0xffff0010, 8, 0, 0, 0x0807060504030201 },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        struct vtopo_error errs[3] = { VTOPO_ERROR_INIT };
        vt_auto(hive_clear) struct hive_builder builder;
        vt_auto(close_hive) struct open_hive open;
        struct vw_value value;
        uint32_t dword = 0;
        uint64_t number = 0;
        uint64_t time = 0;
        uint32_t cell;
        uint32_t root;

        UNIT_ROW(i, "numbers");
        hive_start(&builder);
        root = hive_key(&builder, "ROOT");
        cell = hive_value(&builder, "v", rows[i].type, data, rows[i].size);
        (void)open_values(&builder, root, &cell, 1, &open);
        value = root_value(open.hive, "v");
        assert_int_equal(vw_value_dword(open.hive, &value, &dword, &errs[0]),
                         rows[i].dword == 0 ? -1 : 0);
        assert_int_equal(vw_value_number(open.hive, &value, &number,
                                         &errs[1]),
                         rows[i].number == 0 ? -1 : 0);
        assert_int_equal(vw_value_filetime(open.hive, &value, &time,
                                           &errs[2]),
                         rows[i].time == 0 ? -1 : 0);
        assert_int_equal(dword, rows[i].dword);
        assert_int_equal(number, rows[i].number);
        assert_int_equal(time, rows[i].time);
        for (unsigned j = 0; j < 3; j++)
            vtopo_error_clear(&errs[j]);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(keys_are_found_in_lists_of_every_kind),
    cmocka_unit_test(names_may_be_wide),
    cmocka_unit_test(an_index_joins_leaves),
    cmocka_unit_test(a_wrong_hash_hides_a_key_as_in_windows),
    cmocka_unit_test(broken_keys_do_not_hide_their_sisters),
    cmocka_unit_test(a_walk_goes_on_behind_a_broken_child),
    cmocka_unit_test(an_index_of_itself_ends),
    cmocka_unit_test(a_child_of_itself_is_no_circle_for_a_path),
    cmocka_unit_test(children_without_end_are_refused),
    cmocka_unit_test(data_of_every_size_is_read_whole),
    cmocka_unit_test(broken_data_is_refused_with_a_reason),
    cmocka_unit_test(one_broken_value_hides_no_other),
    cmocka_unit_test(strings_become_utf8),
    cmocka_unit_test(lists_of_strings_end_at_an_empty_one),
    cmocka_unit_test(numbers_have_their_types),
};

UNIT_MAIN(tests)
