/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-regf.c - keys and values are found in any hive that Windows writes,
 * and what is broken breaks nothing else
 *
 * Long: one test for one module, and its cases share the helpers above them.
 */

#include "base/error.h"
#include "hive-builder.h"
#include "unit.h"

/* A hive in memory, opened. */
struct open_hive {
    struct vw_memory memory[4];
    struct vw_bytes bytes[4];
    struct vw_hive *hive;
};

struct log {
    const unsigned char *data;
    size_t size;
};

static int
open_with_logs(const struct hive_builder *builder, const struct log *logs,
               size_t count, struct open_hive *open, struct vtopo_error *err)
{
    const struct vw_bytes *given[3] = { NULL, NULL, NULL };

    memset(open, 0, sizeof(*open));
    open->memory[0] = (struct vw_memory) { builder->image, builder->size };
    open->bytes[0] = vw_bytes_memory(&open->memory[0]);
    for (size_t i = 0; i < count; i++) {
        open->memory[i + 1] = (struct vw_memory) { logs[i].data,
                                                   logs[i].size };
        open->bytes[i + 1] = vw_bytes_memory(&open->memory[i + 1]);
        given[i] = &open->bytes[i + 1];
    }
    return vw_hive_open(&open->bytes[0], given, count, &open->hive, err);
}

static void
close_hive(struct open_hive *open)
{
    vw_hive_close(open->hive);
    open->hive = NULL;
}

static struct vw_hive *
open_sound(const struct hive_builder *builder, struct open_hive *open)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    UNIT_RESULT(open_with_logs(builder, NULL, 0, open, &err), &err, NULL);
    return open->hive;
}

static bool
has_key(struct vw_hive *hive, const char *path)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_key key;
    bool found = false;

    UNIT_RESULT(vw_hive_lookup_path(hive, path, &key, &found, &err), &err,
                NULL);
    return found;
}

static struct vw_value
root_value(struct vw_hive *hive, const char *name)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_value value = { .type = 0 };
    struct vw_key root;
    bool found = false;

    UNIT_RESULT(vw_hive_root(hive, &root, &err), &err, NULL);
    UNIT_RESULT(vw_key_value(hive, &root, name, &value, &found, &err), &err,
                NULL);
    assert_true(found);
    return value;
}

/* The dword of the root's value "v". */
static uint32_t
value_v(struct vw_hive *hive)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_value value = root_value(hive, "v");
    uint32_t number = 0;

    UNIT_RESULT(vw_value_dword(hive, &value, &number, &err), &err, NULL);
    return number;
}

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
