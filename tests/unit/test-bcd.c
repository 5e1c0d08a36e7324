/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-bcd.c - bcd.c, bcd-device.c: what a boot store says, and where
 *
 * The stores are made here, so that each thing that can be wrong with one is
 * wrong in one.
 */

#include <stdio.h>

#include "bcd.h"
#include "hive-builder.h"
#include "unit.h"

/* ------------------------------------------------------- making a store */

struct element {
    const char *key;            /* NOWHERE: a key that leads nowhere */
    uint32_t type;
    const void *data;           /* NULL: the value is missing */
    size_t size;
};

#define NOWHERE ""

#define TEXT(name, text) { (name), VW_REG_SZ, u"" text, sizeof(u"" text) }
#define LIST(name, text) \
    { (name), VW_REG_MULTI_SZ, u"" text "\0", sizeof(u"" text "\0") }
#define BYTES(name, ...) \
    { (name), VW_REG_BINARY, (const unsigned char[]){ __VA_ARGS__ }, \
      sizeof((const unsigned char[]){ __VA_ARGS__ }) }
#define YES(name) BYTES(name, 1)

#define LOADER 0x10200003u
#define BOOTMGR_TYPE 0x10100002u
#define SETTINGS 0x20200003u

#define BOOTMGR "{9dea862c-5cdd-4e70-acc1-f32b344d4795}"
#define LOADER_SETTINGS "{6efb52bf-1766-41db-a6b3-0ee5eff72bd7}"
#define GLOBAL_SETTINGS "{7ea2e1ac-2e61-4728-aaa3-896d9d0a9f0e}"
#define A "{aaaaaaaa-0000-0000-0000-000000000001}"
#define B "{bbbbbbbb-0000-0000-0000-000000000002}"
#define C "{cccccccc-0000-0000-0000-000000000003}"

#define CHILDREN_MAX 128
#define ELEMENTS_MAX 8
#define OBJECTS_MAX 6

struct object {
    const char *guid;
    uint32_t type;
    struct element elements[ELEMENTS_MAX];
};

/* A key with children, and with a value where @value is not 0. */
static uint32_t
add_key(struct hive_builder *hive, const char *name,
        const uint32_t *children, unsigned count, uint32_t value)
{
    uint32_t key = hive_key(hive, name);

    if (count > 0)
        hive_adopt(hive, key, hive_list(hive, 'i', children, count), count);
    if (value != 0)
        hive_give(hive, key, &value, 1);
    return key;
}

static uint32_t
add_object(struct hive_builder *hive, const struct object *object)
{
    uint32_t elements[ELEMENTS_MAX];
    unsigned char type[4];
    uint32_t parts[2];
    unsigned count = 0;

    for (; count < ELEMENTS_MAX && object->elements[count].key != NULL;
         count++) {
        const struct element *element = &object->elements[count];
        uint32_t value = element->data == NULL ? 0
                         : hive_value(hive, "Element", element->type,
                                      element->data, element->size);

        elements[count] = strcmp(element->key, NOWHERE) != 0
                          ? add_key(hive, element->key, NULL, 0, value)
                          : 0x7ffffff0;
    }
    put32(type, object->type);
    parts[0] = add_key(hive, "Description", NULL, 0,
                       hive_value(hive, "Type", VW_REG_DWORD, type, 4));
    parts[1] = add_key(hive, "Elements", elements, count, 0);
    return add_key(hive, object->guid, parts, 2, 0);
}

static struct hive_builder
make_store(const struct object *objects, size_t max)
{
    struct hive_builder hive;
    uint32_t keys[CHILDREN_MAX];
    uint32_t key;
    unsigned count = 0;

    hive_start(&hive);
    for (; count < max && objects[count].guid != NULL; count++)
        keys[count] = add_object(&hive, &objects[count]);
    key = add_key(&hive, "Objects", keys, count, 0);
    hive_finish(&hive, add_key(&hive, "NewStoreRoot", &key, 1, 0), 1, 1);
    return hive;
}

/* Read @made, which is released. */
static int
read_hive(struct hive_builder made, struct vw_bcd_store *ret_store,
          struct vtopo_error *err)
{
    vt_auto(hive_clear) struct hive_builder owned = made;
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;
    struct vw_memory memory = { owned.image, owned.size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);

    if (vw_hive_open(&bytes, NULL, 0, &hive, err) < 0)
        return -1;
    return vw_bcd_read(hive, ret_store, err);
}

static struct vw_bcd_store
read_objects(const struct object *objects, size_t max)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_bcd_store store = VW_BCD_STORE_INIT;

    UNIT_RESULT(read_hive(make_store(objects, max), &store, &err), &err,
                NULL);
    return store;
}

#define ONE_LOADER(...) \
    { BOOTMGR, BOOTMGR_TYPE, { TEXT("23000003", A) } }, \
    { A, LOADER, { __VA_ARGS__ } }

/* --------------------------------------------------------------- facts */

struct fact_row {
    const char *says;
    struct object objects[OBJECTS_MAX];
    enum vw_bcd_element element;
    enum vw_bcd_state state;
    uint64_t number;
    const char *text;
    const char *object;         /* where it stands */
    const char *key;
};

static const struct fact_row fact_rows[] = {
    { "its own number",
      { ONE_LOADER(BYTES("25000061", 2, 0, 0, 0, 0, 0, 0, 0)) },
      VW_BCD_NUMPROC, VW_BCD_GIVEN, 2, NULL, A, "25000061" },
    { "none", { ONE_LOADER(YES("26000062")) },
      VW_BCD_NUMPROC, VW_BCD_ABSENT, 0, NULL, "", "" },
    { "one byte", { ONE_LOADER(BYTES("25000061", 200)) },
      VW_BCD_NUMPROC, VW_BCD_GIVEN, 200, NULL, A, "25000061" },
    { "three bytes", { ONE_LOADER(BYTES("25000061", 1, 2, 3)) },
      VW_BCD_NUMPROC, VW_BCD_GIVEN, 0x030201, NULL, A, "25000061" },
    { "all of eight bytes",
      { ONE_LOADER(BYTES("25000061", 1, 0, 0, 0, 0, 0, 0, 0x80)) },
      VW_BCD_NUMPROC, VW_BCD_GIVEN, UINT64_C(0x8000000000000001), NULL, A,
      "25000061" },
    { "nine bytes",
      { ONE_LOADER(BYTES("25000061", 2, 0, 0, 0, 0, 0, 0, 0, 0)) },
      VW_BCD_NUMPROC, VW_BCD_UNKNOWN, 0, NULL, A, "25000061" },
    { "no byte", { ONE_LOADER({ "25000061", VW_REG_BINARY, "", 0 }) },
      VW_BCD_NUMPROC, VW_BCD_UNKNOWN, 0, NULL, A, "25000061" },
    { "no value", { ONE_LOADER({ .key = "25000061" }) },
      VW_BCD_NUMPROC, VW_BCD_UNKNOWN, 0, NULL, A, "25000061" },
    { "a text for a number", { ONE_LOADER(TEXT("25000061", "2")) },
      VW_BCD_NUMPROC, VW_BCD_UNKNOWN, 0, NULL, A, "25000061" },
    { "yes", { ONE_LOADER(YES("26000060")) },
      VW_BCD_ONECPU, VW_BCD_GIVEN, 1, NULL, A, "26000060" },
    { "another yes", { ONE_LOADER(BYTES("26000060", 0, 2)) },
      VW_BCD_ONECPU, VW_BCD_GIVEN, 1, NULL, A, "26000060" },
    { "no", { ONE_LOADER(BYTES("26000060", 0)) },
      VW_BCD_ONECPU, VW_BCD_GIVEN, 0, NULL, A, "26000060" },
    { "names in capitals", { ONE_LOADER(BYTES("250000FA", 3)) },
      VW_BCD_HYPERVISORNUMPROC, VW_BCD_GIVEN, 3, NULL, A, "250000FA" },
    { "names in small letters", { ONE_LOADER(BYTES("250000fa", 3)) },
      VW_BCD_HYPERVISORNUMPROC, VW_BCD_GIVEN, 3, NULL, A, "250000fa" },
    { "a text", { ONE_LOADER(TEXT("22000012", "h\u00e4l.dll")) },
      VW_BCD_HAL, VW_BCD_GIVEN, 0, "h\u00e4l.dll", A, "22000012" },
    { "a number for a text", { ONE_LOADER(BYTES("22000012", 1, 2)) },
      VW_BCD_HAL, VW_BCD_UNKNOWN, 0, NULL, A, "22000012" },
    { "inherited",
      { ONE_LOADER(LIST("14000006", LOADER_SETTINGS)),
        { LOADER_SETTINGS, SETTINGS, { BYTES("25000061", 4) } } },
      VW_BCD_NUMPROC, VW_BCD_GIVEN, 4, NULL, LOADER_SETTINGS, "25000061" },
    { "inherited from what is inherited",
      { ONE_LOADER(LIST("14000006", LOADER_SETTINGS)),
        { LOADER_SETTINGS, SETTINGS,
          { LIST("14000006", B "\0" GLOBAL_SETTINGS) } },
        { GLOBAL_SETTINGS, SETTINGS, { BYTES("25000061", 5) } } },
      VW_BCD_NUMPROC, VW_BCD_GIVEN, 5, NULL, GLOBAL_SETTINGS, "25000061" },
    { "its own before what is inherited",
      { ONE_LOADER(LIST("14000006", LOADER_SETTINGS), BYTES("25000061", 1)),
        { LOADER_SETTINGS, SETTINGS, { BYTES("25000061", 4) } } },
      VW_BCD_NUMPROC, VW_BCD_GIVEN, 1, NULL, A, "25000061" },
    { "an own one that cannot be read hides the inherited",
      { ONE_LOADER(LIST("14000006", LOADER_SETTINGS), { .key = "25000061" }),
        { LOADER_SETTINGS, SETTINGS, { BYTES("25000061", 4) } } },
      VW_BCD_NUMPROC, VW_BCD_UNKNOWN, 0, NULL, A, "25000061" },
    { "the first of two parents",
      { ONE_LOADER(LIST("14000006", B "\0" C)),
        { B, SETTINGS, { BYTES("25000061", 6) } },
        { C, SETTINGS, { BYTES("25000061", 7) } } },
      VW_BCD_NUMPROC, VW_BCD_GIVEN, 6, NULL, B, "25000061" },
    { "the second parent before a grandparent",
      { ONE_LOADER(LIST("14000006", B "\0" C)),
        { B, SETTINGS, { LIST("14000006", GLOBAL_SETTINGS) } },
        { C, SETTINGS, { BYTES("25000061", 7) } },
        { GLOBAL_SETTINGS, SETTINGS, { BYTES("25000061", 8) } } },
      VW_BCD_NUMPROC, VW_BCD_GIVEN, 7, NULL, C, "25000061" },
    { "a ring ends",
      { ONE_LOADER(LIST("14000006", B)),
        { B, SETTINGS, { LIST("14000006", C "\0" A) } },
        { C, SETTINGS, { LIST("14000006", B), YES("26000060") } } },
      VW_BCD_ONECPU, VW_BCD_GIVEN, 1, NULL, C, "26000060" },
    { "and what is not in it is absent",
      { ONE_LOADER(LIST("14000006", A "\0" B)),
        { B, SETTINGS, { LIST("14000006", B) } } },
      VW_BCD_ONECPU, VW_BCD_ABSENT, 0, NULL, "", "" },
    { "a parent that is not there has nothing",
      { ONE_LOADER(LIST("14000006", B)) },
      VW_BCD_ONECPU, VW_BCD_ABSENT, 0, NULL, "", "" },
    { "a parent that is no object may have anything",
      { ONE_LOADER(LIST("14000006", "{x}\\..")) },
      VW_BCD_ONECPU, VW_BCD_UNKNOWN, 0, NULL, "", "" },
    { "parents that cannot be read may have anything",
      { ONE_LOADER(BYTES("14000006", 1, 2, 3)) },
      VW_BCD_ONECPU, VW_BCD_UNKNOWN, 0, NULL, "", "" },
    { "a key that leads nowhere may be anything",
      { ONE_LOADER(BYTES("25000061", 2), { .key = NOWHERE }) },
      VW_BCD_ONECPU, VW_BCD_UNKNOWN, 0, NULL, "", "" },
    { "but what is read is read",
      { ONE_LOADER({ .key = NOWHERE }, BYTES("25000061", 2)) },
      VW_BCD_NUMPROC, VW_BCD_GIVEN, 2, NULL, A, "25000061" },
    { "also in what is inherited",
      { ONE_LOADER(LIST("14000006", B)),
        { B, SETTINGS, { { .key = NOWHERE } } } },
      VW_BCD_ONECPU, VW_BCD_UNKNOWN, 0, NULL, "", "" },
    { "what is no element is passed over",
      { ONE_LOADER(YES("2600006"), YES("x6000060"), YES("026000060"),
                   YES("36000060")) },
      VW_BCD_ONECPU, VW_BCD_ABSENT, 0, NULL, "", "" },
};

static void
facts_are_read_and_placed(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(fact_rows); i++) {
        const struct fact_row *row = &fact_rows[i];
        vt_auto(vw_bcd_clear) struct vw_bcd_store store = VW_BCD_STORE_INIT;
        const struct vw_bcd_fact *fact;

        UNIT_ROW(i, row->says);
        store = read_objects(row->objects, OBJECTS_MAX);
        assert_int_equal(store.count, 1);
        assert_int_equal(store.default_index, 0);
        assert_string_equal(store.loaders[0].guid, A);
        fact = &store.loaders[0].facts[row->element];
        assert_int_equal(fact->state, row->state);
        assert_int_equal(fact->number, row->number);
        assert_true((fact->text != NULL) == (row->text != NULL));
        if (fact->text != NULL)
            assert_string_equal(fact->text, row->text);
        assert_string_equal(fact->object, row->object);
        assert_string_equal(fact->key, row->key);
        assert_int_equal(fact->is_inherited,
                         row->object[0] != '\0'
                         && strcmp(row->object, A) != 0);
    }
}

/* Beyond the longest chain, nothing is absent for sure. */
static void
long_chains_end_in_the_unknown(void **state)
{
    struct object objects[VW_BCD_CHAIN_MAX + 2] = { { .guid = NULL } };
    char guids[VW_BCD_CHAIN_MAX + 1][VW_BCD_GUID_SIZE];
    uint16_t lists[VW_BCD_CHAIN_MAX + 1][VW_BCD_GUID_SIZE + 1];

    (void)state;
    for (unsigned i = 0; i <= VW_BCD_CHAIN_MAX; i++) {
        (void)snprintf(guids[i], sizeof(guids[i]),
                       "{aaaaaaaa-0000-0000-0000-%012x}", i + 1);
        for (unsigned j = 0; j < VW_BCD_GUID_SIZE; j++)
            lists[i][j] = (unsigned char)guids[i][j];
        lists[i][VW_BCD_GUID_SIZE] = 0;
        objects[i].guid = guids[i];
        objects[i].type = i == 0 ? LOADER : SETTINGS;
        if (i > 0)
            objects[i - 1].elements[0] = (struct element) {
                "14000006", VW_REG_MULTI_SZ, lists[i], sizeof(lists[i])
            };
    }
    for (unsigned far = 0; far <= 1; far++) {
        vt_auto(vw_bcd_clear) struct vw_bcd_store store = VW_BCD_STORE_INIT;
        const struct vw_bcd_fact *facts;

        objects[VW_BCD_CHAIN_MAX - 1 + far].elements[1]
            = (struct element)BYTES("25000061", 9);
        if (far != 0)
            objects[VW_BCD_CHAIN_MAX - 1].elements[1].key = NULL;
        store = read_objects(objects, VT_COUNT(objects));
        facts = store.loaders[0].facts;
        assert_int_equal(facts[VW_BCD_NUMPROC].state,
                         far != 0 ? VW_BCD_UNKNOWN : VW_BCD_GIVEN);
        assert_int_equal(facts[VW_BCD_ONECPU].state, VW_BCD_UNKNOWN);
        assert_int_equal(store.system_index, -1);
    }
}

static void
load_options_are_taken_apart(void **state)
{
    static const struct object objects[] = {
        ONE_LOADER(TEXT("12000030", "DDISABLE /NUMPROC=2 BOOTPROC=1"
                                    "/ONECPU")),
        { .guid = NULL },
    };
    vt_auto(vw_bcd_clear) struct vw_bcd_store store
        = read_objects(objects, VT_COUNT(objects));
    const struct vw_bcd_loader *loader = &store.loaders[0];
    const char *text = loader->facts[VW_BCD_LOADOPTIONS].text;
    const struct vw_switch *found;

    (void)state;
    assert_int_equal(loader->load_switches.seen, 4);
    found = vw_switches_find(&loader->load_switches, VW_SWITCH_NUMPROC);
    assert_non_null(found);
    assert_int_equal(found->number, 2);
    assert_memory_equal(text + found->whole.offset, "/NUMPROC=2",
                        found->whole.length);
    found = vw_switches_find(&loader->load_switches, VW_SWITCH_BOOTPROC);
    assert_non_null(found);
    assert_int_equal(found->number, 1);
    assert_non_null(vw_switches_find(&loader->load_switches,
                                     VW_SWITCH_ONECPU));
}

static void
elements_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(vw_bcd_element_name(VW_BCD_NUMPROC), "numproc");
    for (unsigned i = 0; i < VW_BCD_ELEMENTS; i++)
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(
                vw_bcd_element_name((enum vw_bcd_element)i),
                vw_bcd_element_name((enum vw_bcd_element)j));
    assert_string_equal(
        vw_bcd_object_alias("{7EA2E1AC-2E61-4728-AAA3-896D9D0A9F0E}"),
        "{globalsettings}");
    assert_null(vw_bcd_object_alias(A));
}

/* -------------------------------------------------------------- choice */

struct choice_row {
    const char *says;
    struct object objects[OBJECTS_MAX];
    unsigned count;             /* of loaders */
    enum vw_bcd_state default_state;
    int default_index;
    enum vw_bcd_state sequence_state;
    int sequence_index;
    enum vw_bcd_choice choice;
    int system_index;
};

#define PE(guid) { (guid), LOADER, { YES("26000022") } }
#define SYSTEM(guid) { (guid), LOADER, { TEXT("12000004", "Windows") } }
#define MANAGER(...) { BOOTMGR, BOOTMGR_TYPE, { __VA_ARGS__ } }

static const struct choice_row choice_rows[] = {
    { "the default", { MANAGER(TEXT("23000003", B)), SYSTEM(A), SYSTEM(B) },
      2, VW_BCD_GIVEN, 1, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_DEFAULT, 1 },
    { "in another case",
      { MANAGER(TEXT("23000003", "{AAAAAAAA-0000-0000-0000-000000000001}")),
        SYSTEM(A) },
      1, VW_BCD_GIVEN, 0, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_DEFAULT, 0 },
    { "recovery is no system",
      { MANAGER(TEXT("23000003", A)), SYSTEM(A), PE(B) },
      2, VW_BCD_GIVEN, 0, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_DEFAULT, 0 },
    { "not even as the default",
      { MANAGER(TEXT("23000003", A)), PE(A) },
      1, VW_BCD_GIVEN, 0, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_NONE, -1 },
    { "then the only other one",
      { MANAGER(TEXT("23000003", A)), PE(A), SYSTEM(B) },
      2, VW_BCD_GIVEN, 0, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_ONLY, 1 },
    { "no default, one system", { MANAGER(YES("26000060")), SYSTEM(A) },
      1, VW_BCD_ABSENT, -1, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_ONLY, 0 },
    { "no default, two systems", { SYSTEM(A), SYSTEM(B) },
      2, VW_BCD_ABSENT, -1, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_NONE, -1 },
    { "the default is not there",
      { MANAGER(TEXT("23000003", C)), SYSTEM(A), SYSTEM(B) },
      2, VW_BCD_GIVEN, -1, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_NONE, -1 },
    { "the default starts no system",
      { MANAGER(TEXT("23000003", C)), { .guid = C, .type = 0x10300006 },
        SYSTEM(A) },
      1, VW_BCD_GIVEN, -1, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_ONLY, 0 },
    { "the default is no GUID",
      { MANAGER(TEXT("23000003", "{default}")), SYSTEM(A), SYSTEM(B) },
      2, VW_BCD_UNKNOWN, -1, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_NONE, -1 },
    { "what may be recovery is no system",
      { MANAGER(TEXT("23000003", A)),
        { A, LOADER, { { .key = "26000022" } } } },
      1, VW_BCD_GIVEN, 0, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_NONE, -1 },
    { "a no is a no",
      { MANAGER(TEXT("23000003", A)),
        { A, LOADER, { BYTES("26000022", 0) } } },
      1, VW_BCD_GIVEN, 0, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_DEFAULT, 0 },
    { "once another",
      { MANAGER(TEXT("23000003", A), LIST("24000002", B "\0" A)),
        SYSTEM(A), PE(B) },
      2, VW_BCD_GIVEN, 0, VW_BCD_GIVEN, 1, VW_BCD_CHOICE_DEFAULT, 0 },
    { "once something that cannot be read",
      { MANAGER(TEXT("23000003", A), BYTES("24000002", 1)), SYSTEM(A) },
      1, VW_BCD_GIVEN, 0, VW_BCD_UNKNOWN, -1, VW_BCD_CHOICE_DEFAULT, 0 },
    { "an empty sequence is none",
      { MANAGER(TEXT("23000003", A), LIST("24000002", "")), SYSTEM(A) },
      1, VW_BCD_GIVEN, 0, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_DEFAULT, 0 },
    { "keys that are no GUIDs", { { .guid = "junk", .type = LOADER } },
      0, VW_BCD_ABSENT, -1, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_NONE, -1 },
    { "an empty store", { { .guid = NULL } },
      0, VW_BCD_ABSENT, -1, VW_BCD_ABSENT, -1, VW_BCD_CHOICE_NONE, -1 },
};

static void
the_system_is_chosen(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(choice_rows); i++) {
        const struct choice_row *row = &choice_rows[i];
        vt_auto(vw_bcd_clear) struct vw_bcd_store store = VW_BCD_STORE_INIT;

        UNIT_ROW(i, row->says);
        store = read_objects(row->objects, OBJECTS_MAX);
        assert_int_equal(store.count, row->count);
        assert_int_equal(store.default_state, row->default_state);
        assert_int_equal(store.default_index, row->default_index);
        assert_int_equal(store.sequence_state, row->sequence_state);
        assert_int_equal(store.sequence_index, row->sequence_index);
        assert_int_equal(store.choice, row->choice);
        assert_int_equal(store.system_index, row->system_index);
    }
}

/* ------------------------------------------------------------- devices */

#define ZEROS_8 0, 0, 0, 0, 0, 0, 0, 0
#define PARTITION 6, 0, 0, 0, 0, 0, 0, 0, 0x48, 0, 0, 0, 0, 0, 0, 0
#define OF_KIND(kind, size) ZEROS_8, ZEROS_8, \
    (kind), 0, 0, 0, 0, 0, 0, 0, (size), 0, 0, 0, 0, 0, 0, 0

struct device_row {
    const char *says;
    unsigned char data[88];
    size_t size;
    enum vw_bcd_device_kind kind;
    uint32_t signature;
    uint64_t offset;
    const char *disk;
    const char *partition;
};

static const struct device_row device_rows[] = {
    { "a partition of an MBR disk",
      { ZEROS_8, ZEROS_8, PARTITION, 0, 0, 0x10, 0, 1, 0, 0, 0, ZEROS_8,
        0, 0, 0, 0, 1, 0, 0, 0, 0xbb, 0x6b, 0xba, 0xdd },
      88, VW_BCD_DEVICE_MBR, 0xddba6bbb, UINT64_C(0x100100000), "", "" },
    { "a partition of a GPT disk",
      { ZEROS_8, ZEROS_8, PARTITION,
        0xb0, 0x7c, 0x4a, 0x9d, 0x9d, 0xab, 0x71, 0x4d,
        0x96, 0x1f, 0x50, 0xf1, 0xd9, 0xc9, 0x25, 0x2f,
        ZEROS_8,
        0x7d, 0xe8, 0x41, 0x55, 0xa5, 0x91, 0x2b, 0x4f,
        0xad, 0x43, 0xa0, 0x34, 0x5c, 0x19, 0x9e, 0x9b },
      88, VW_BCD_DEVICE_GPT, 0, 0,
      "{5541e87d-91a5-4f2b-ad43-a0345c199e9b}",
      "{9d4a7cb0-ab9d-4d71-961f-50f1d9c9252f}" },
    { "another style", { ZEROS_8, ZEROS_8, PARTITION, ZEROS_8, ZEROS_8,
                         0, 0, 0, 0, 2 },
      88, VW_BCD_DEVICE_OTHER, 0, 0, "", "" },
    { "a partition cut short", { ZEROS_8, ZEROS_8, PARTITION },
      87, VW_BCD_DEVICE_UNREADABLE, 0, 0, "", "" },
    { "a partition that says so", { OF_KIND(6, 0x40) },
      88, VW_BCD_DEVICE_UNREADABLE, 0, 0, "", "" },
    { "the boot device", { OF_KIND(5, 0x48) },
      88, VW_BCD_DEVICE_BOOT, 0, 0, "", "" },
    { "to be searched for", { OF_KIND(8, 0x1e) },
      46, VW_BCD_DEVICE_LOCATE, 0, 0, "", "" },
    { "a file", { OF_KIND(0, 0x48) },
      88, VW_BCD_DEVICE_OTHER, 0, 0, "", "" },
    { "larger than it is", { OF_KIND(5, 0x49) },
      88, VW_BCD_DEVICE_UNREADABLE, 0, 0, "", "" },
    { "too small for anything", { OF_KIND(5, 0) },
      27, VW_BCD_DEVICE_UNREADABLE, 0, 0, "", "" },
    { "nothing", { 0 }, 0, VW_BCD_DEVICE_UNREADABLE, 0, 0, "", "" },
};

static void
devices_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(device_rows); i++) {
        const struct device_row *row = &device_rows[i];
        vt_autofree unsigned char *data = malloc(row->size + 1);
        struct vw_bcd_device device;

        UNIT_ROW(i, row->says);
        assert_non_null(data);
        memcpy(data, row->data, row->size);
        device = vw_bcd_parse_device(data, row->size);
        assert_int_equal(device.kind, row->kind);
        assert_int_equal(device.disk_signature, row->signature);
        assert_int_equal(device.partition_offset, row->offset);
        assert_string_equal(device.disk_guid, row->disk);
        assert_string_equal(device.partition_guid, row->partition);
    }
}

static void
devices_are_found_in_the_store(void **state)
{
    struct object objects[] = {
        ONE_LOADER({ "21000001", VW_REG_BINARY, device_rows[1].data, 88 }),
        { .guid = NULL },
    };

    (void)state;
    for (unsigned cut = 0; cut <= 1; cut++) {
        vt_auto(vw_bcd_clear) struct vw_bcd_store store = VW_BCD_STORE_INIT;

        objects[1].elements[0].size = cut != 0 ? 20 : 88;
        store = read_objects(objects, VT_COUNT(objects));
        assert_int_equal(store.loaders[0].osdevice.kind,
                         cut != 0 ? VW_BCD_DEVICE_UNREADABLE
                                  : VW_BCD_DEVICE_GPT);
        assert_int_equal(store.loaders[0].facts[VW_BCD_OSDEVICE].state,
                         cut != 0 ? VW_BCD_UNKNOWN : VW_BCD_GIVEN);
    }
}

/* -------------------------------------------------------------- limits */

static void
what_is_no_boot_store_is_refused(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_bcd_store store = { .broken = 77 };
    struct hive_builder hive;

    (void)state;
    hive_start(&hive);
    hive_finish(&hive, hive_key(&hive, "ROOT"), 1, 1);
    UNIT_RESULT(read_hive(hive, &store, &err), &err,
                "the hive is no boot store: it has no key 'Objects'");
    assert_int_equal(store.broken, 77);
}

static void
too_many_systems_are_refused(void **state)
{
    struct object objects[VW_BCD_LOADERS_MAX + 1] = { { .guid = NULL } };
    char guids[VW_BCD_LOADERS_MAX + 1][VW_BCD_GUID_SIZE];

    (void)state;
    for (unsigned i = 0; i <= VW_BCD_LOADERS_MAX; i++) {
        (void)snprintf(guids[i], sizeof(guids[i]),
                       "{aaaaaaaa-0000-0000-0000-%012x}", i);
        objects[i].guid = guids[i];
        objects[i].type = LOADER;
    }
    for (unsigned more = 0; more <= 1; more++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vw_bcd_clear) struct vw_bcd_store store = VW_BCD_STORE_INIT;

        UNIT_RESULT(read_hive(make_store(objects, VW_BCD_LOADERS_MAX + more),
                              &store, &err), &err,
                    more != 0 ? "the boot store holds more than 64 systems"
                              : NULL);
    }
}

static void
clearing_twice_is_harmless(void **state)
{
    static const struct object objects[] = {
        ONE_LOADER(TEXT("12000004", "Windows")),
        { .guid = NULL },
    };
    struct vw_bcd_store store = read_objects(objects, VT_COUNT(objects));

    (void)state;
    vw_bcd_clear(&store);
    vw_bcd_clear(&store);
    assert_null(store.loaders);
    assert_int_equal(store.system_index, -1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(facts_are_read_and_placed),
    cmocka_unit_test(long_chains_end_in_the_unknown),
    cmocka_unit_test(load_options_are_taken_apart),
    cmocka_unit_test(elements_have_their_names),
    cmocka_unit_test(the_system_is_chosen),
    cmocka_unit_test(devices_are_taken_apart),
    cmocka_unit_test(devices_are_found_in_the_store),
    cmocka_unit_test(what_is_no_boot_store_is_refused),
    cmocka_unit_test(too_many_systems_are_refused),
    cmocka_unit_test(clearing_twice_is_harmless),
};

UNIT_MAIN(tests)
