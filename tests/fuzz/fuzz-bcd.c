/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-bcd.c - no hive crashes the reader of boot stores or keeps it busy;
 * what it says has a place, and is the same when read again; a recovery
 * environment is never the system; a failure has a reason and touches nothing
 *
 * An input is the first 512 bytes of a hive, of which we put the checksum
 * right, and then its bins, to which we add zeros up to a whole page.
 */

#include "base/utf8.h"
#include "bcd.h"
#include "fuzz.h"

#define BASE 512u
#define PAGE 4096u

static void
check(bool promise)
{
    if (!promise)
        abort();
}

/* The hive in @data, as a file; the caller frees it. */
static unsigned char *
make_hive(const uint8_t *data, size_t size, size_t *ret_size)
{
    size_t bins = size > BASE ? (size - BASE + PAGE - 1) / PAGE * PAGE : 0;
    unsigned char *hive = calloc(1, PAGE + bins);
    uint32_t sum = 0;

    check(hive != NULL);
    if (size > 0)
        memcpy(hive, data, size < BASE ? size : BASE);
    if (size > BASE)
        memcpy(hive + PAGE, data + BASE, size - BASE);
    memcpy(hive, "regf", 4);
    for (unsigned i = 0; i < BASE - 4; i += 4)
        sum ^= vw_le32(hive + i);
    for (unsigned i = 0; i < 4; i++)
        hive[BASE - 4 + i] = (unsigned char)(sum >> (8 * i));
    *ret_size = PAGE + bins;
    return hive;
}

static void
check_utf8(const char *text)
{
    size_t length;

    for (; *text != '\0'; text += length) {
        length = vt_utf8_length(text);
        check(length > 0);
    }
}

static void
check_guid(const char *guid)
{
    check(strlen(guid) == VW_BCD_GUID_SIZE - 1 && guid[0] == '{'
          && strspn(guid + 1, "0123456789abcdefABCDEF-") == 36);
}

static void
check_fact(const struct vw_bcd_fact *fact)
{
    check((fact->object[0] != '\0') == (fact->key[0] != '\0'));
    check(fact->state != VW_BCD_ABSENT || fact->object[0] == '\0');
    check(fact->state == VW_BCD_GIVEN || fact->text == NULL);
    if (fact->object[0] != '\0') {
        check_guid(fact->object);
        check(strlen(fact->key) == 8);
    } else {
        check(fact->state != VW_BCD_GIVEN && !fact->is_inherited);
    }
    if (fact->text != NULL)
        check_utf8(fact->text);
}

static void
check_loader(const struct vw_bcd_loader *loader)
{
    const char *options = loader->facts[VW_BCD_LOADOPTIONS].text;

    check_guid(loader->guid);
    for (unsigned i = 0; i < VW_BCD_ELEMENTS; i++)
        check_fact(&loader->facts[i]);
    check((loader->facts[VW_BCD_OSDEVICE].state == VW_BCD_GIVEN)
          == (loader->osdevice.kind != VW_BCD_DEVICE_NONE
              && loader->osdevice.kind != VW_BCD_DEVICE_UNREADABLE));
    for (unsigned i = 0; i < loader->load_switches.count; i++) {
        struct vw_span whole = loader->load_switches.list[i].whole;

        check(options != NULL
              && (size_t)whole.offset + whole.length <= strlen(options));
    }
}

static void
check_store(const struct vw_bcd_store *store)
{
    check(store->count <= VW_BCD_LOADERS_MAX
          && store->objects <= VW_BCD_OBJECTS_MAX
          && store->count <= store->objects);
    check(store->default_index < (int)store->count
          && store->sequence_index < (int)store->count
          && store->system_index < (int)store->count);
    check(store->default_state == VW_BCD_GIVEN || store->default_index < 0);
    check(store->sequence_state == VW_BCD_GIVEN
          || store->sequence_index < 0);
    check((store->system_index >= 0)
          == (store->choice != VW_BCD_CHOICE_NONE));
    if (store->system_index >= 0)
        check(!vw_bcd_is_winpe(&store->loaders[store->system_index])
              && store->loaders[store->system_index]
                 .facts[VW_BCD_WINPE].state != VW_BCD_UNKNOWN);
    for (unsigned i = 0; i < store->count; i++)
        check_loader(&store->loaders[i]);
}

static bool
same_fact(const struct vw_bcd_fact *a, const struct vw_bcd_fact *b)
{
    return a->state == b->state && a->number == b->number
        && strcmp(a->object, b->object) == 0 && strcmp(a->key, b->key) == 0
        && (a->text == NULL) == (b->text == NULL)
        && (a->text == NULL || strcmp(a->text, b->text) == 0);
}

static void
check_same(const struct vw_bcd_store *a, const struct vw_bcd_store *b)
{
    check(a->count == b->count && a->objects == b->objects
          && a->broken == b->broken && a->system_index == b->system_index
          && a->choice == b->choice);
    for (unsigned i = 0; i < a->count; i++)
        for (unsigned j = 0; j < VW_BCD_ELEMENTS; j++)
            check(same_fact(&a->loaders[i].facts[j],
                            &b->loaders[i].facts[j]));
}

static int
read_store(struct vw_hive *hive, struct vw_bcd_store *ret_store)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    ret_store->broken = 77;
    if (vw_bcd_read(hive, ret_store, &err) == 0) {
        check(err.code == VTOPO_OK);
        return 0;
    }
    fuzz_check_failure(&err);
    check(err.code == VTOPO_BAD_INPUT && ret_store->broken == 77
          && ret_store->loaders == NULL);
    return -1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;
    vt_auto(vw_bcd_clear) struct vw_bcd_store store = VW_BCD_STORE_INIT;
    vt_auto(vw_bcd_clear) struct vw_bcd_store again = VW_BCD_STORE_INIT;
    struct vw_memory memory = { NULL, 0 };
    vt_autofree unsigned char *file = make_hive(data, size, &memory.size);
    struct vw_bytes bytes;
    int rc;

    memory.data = file;
    bytes = vw_bytes_memory(&memory);
    (void)vw_bcd_parse_device(data, size);
    if (vw_hive_open(&bytes, NULL, 0, &hive, &err) < 0) {
        fuzz_check_failure(&err);
        return 0;
    }
    rc = read_store(hive, &store);
    check(read_store(hive, &again) == rc);
    if (rc == 0) {
        check_store(&store);
        check_same(&store, &again);
    }
    return 0;
}
