/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * bcd.c - what the boot store of Windows says (see bcd.h)
 *
 * The store is built in a local and published last.  What the hive reader
 * calls bad input is about one key or value, and is counted; only memory,
 * reading, and our own limits end the whole.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "bcd.h"

#define BOOTMGR_GUID "{9dea862c-5cdd-4e70-acc1-f32b344d4795}"
#define TYPE_LOADER 0x10200003u

#define ELEMENT_INHERIT 0x14000006u
#define KEY_DEFAULT "Elements\\23000003"
#define KEY_SEQUENCE "Elements\\24000002"

enum kind {
    TEXT,
    NUMBER,
    BOOLEAN,
    DEVICE,
};

struct element_row {
    const char *name;
    uint32_t code;
    enum kind kind;
};

static const struct element_row element_rows[] = {
#define ROW(constant, word, element, type) \
    [VW_BCD_##constant] = { .name = (word), .code = (element), .kind = type },
    VW_BCD_ROWS(ROW)
#undef ROW
};

struct alias_row {
    const char *guid;
    const char *alias;
};

static const struct alias_row alias_rows[] = {
    { BOOTMGR_GUID, "{bootmgr}" },
    { "{6efb52bf-1766-41db-a6b3-0ee5eff72bd7}", "{bootloadersettings}" },
    { "{7ea2e1ac-2e61-4728-aaa3-896d9d0a9f0e}", "{globalsettings}" },
    { "{7ff607e0-4395-11db-b0de-0800200c9a66}", "{hypervisorsettings}" },
};

struct reader {
    struct vw_hive *hive;
    struct vw_key objects;
    unsigned steps;             /* children looked at */
    struct vw_bcd_store store;
};

const char *
vw_bcd_element_name(enum vw_bcd_element element)
{
    return element_rows[element].name;
}

const char *
vw_bcd_object_alias(const char *guid)
{
    for (size_t i = 0; i < VT_COUNT(alias_rows); i++)
        if (strcasecmp(guid, alias_rows[i].guid) == 0)
            return alias_rows[i].alias;
    return NULL;
}

static bool
is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
        || (c >= 'A' && c <= 'F');
}

/* Nothing else becomes a part of a path in the hive. */
static bool
is_guid(const char *text)
{
    static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";

    if (strlen(text) != sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < sizeof(form) - 1; i++)
        if (form[i] == 'x' ? !is_hex(text[i]) : text[i] != form[i])
            return false;
    return true;
}

/* ---------------------------------------------------------------- hive */

/* Whether the failure in @err is about one broken thing, which is then
 * counted and forgotten.
 */
static bool
forgive(struct reader *reader, struct vtopo_error *err)
{
    if (err->code != VTOPO_BAD_INPUT)
        return false;
    vtopo_error_clear(err);
    reader->store.broken++;
    return true;
}

/* The key at @path below @key; what is broken is not found. */
static int
descend(struct reader *reader, const struct vw_key *key, const char *path,
        struct vw_key *ret_key, bool *ret_found, struct vtopo_error *err)
{
    if (vw_key_descend(reader->hive, key, path, ret_key, ret_found, err) == 0)
        return 0;
    *ret_found = false;
    return forgive(reader, err) ? 0 : -1;
}

/* The value @name of @key; what is broken is not found. */
static int
value_of(struct reader *reader, const struct vw_key *key, const char *name,
         struct vw_value *ret_value, bool *ret_found, struct vtopo_error *err)
{
    if (vw_key_value(reader->hive, key, name, ret_value, ret_found, err) == 0)
        return 0;
    *ret_found = false;
    return forgive(reader, err) ? 0 : -1;
}

/* The next child with its name, which the caller frees and which is NULL
 * behind the last.  Broken ones are passed over.
 */
static int
next_child(struct reader *reader, struct vw_children *children,
           struct vw_key *ret_child, char **ret_name, struct vtopo_error *err)
{
    bool more;

    for (;;) {
        if (reader->steps++ == VW_BCD_ELEMENTS_READ)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the boot store holds more than %u elements",
                           VW_BCD_ELEMENTS_READ);
        if (vw_children_next(reader->hive, children, ret_child, &more,
                             err) == 0
            && (!more
                || vw_key_name(reader->hive, ret_child, ret_name, err) == 0))
            return 0;
        if (!forgive(reader, err))
            return -1;
    }
}

/* ------------------------------------------------------------ elements */

/* A loader being put together from what it inherits. */
struct chain {
    struct vw_bcd_loader *loader;
    char guids[VW_BCD_CHAIN_MAX][VW_BCD_GUID_SIZE];
    unsigned count;
    bool is_incomplete;         /* there is, or may be, more */
};

static void
inherit(struct chain *chain, const char *guid)
{
    for (unsigned i = 0; i < chain->count; i++)
        if (strcasecmp(chain->guids[i], guid) == 0)
            return;
    if (chain->count == VW_BCD_CHAIN_MAX || !is_guid(guid)) {
        chain->is_incomplete = true;
        return;
    }
    memcpy(chain->guids[chain->count++], guid, VW_BCD_GUID_SIZE);
}

static int
read_inherit(struct reader *reader, const struct vw_value *value,
             struct chain *chain, struct vtopo_error *err)
{
    vt_auto(vw_strings_clear) struct vw_strings guids = VW_STRINGS_INIT;

    if (vw_value_strings(reader->hive, value, &guids, err) < 0) {
        chain->is_incomplete = true;
        return forgive(reader, err) ? 0 : -1;
    }
    for (size_t i = 0; i < guids.count; i++)
        inherit(chain, guids.strings[i]);
    return 0;
}

static int
read_text(struct reader *reader, const struct vw_value *value,
          struct vw_bcd_fact *fact, struct vtopo_error *err)
{
    if (value->size > VW_BCD_TEXT_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a text of %" PRIu32 " bytes is too long", value->size);
    return vw_value_string(reader->hive, value, &fact->text, err);
}

static int
read_device(struct reader *reader, const struct vw_value *value,
            struct vw_bcd_loader *loader, struct vtopo_error *err)
{
    vt_autofree unsigned char *data = NULL;
    size_t size;

    if (vw_value_data(reader->hive, value, VW_BCD_DEVICE_MAX, &data, &size,
                      err) < 0)
        return -1;
    loader->osdevice = vw_bcd_parse_device(data, size);
    if (loader->osdevice.kind == VW_BCD_DEVICE_UNREADABLE)
        return vt_fail(err, VTOPO_BAD_INPUT, "a device is cut short");
    return 0;
}

/* What @value is for @element of @loader. */
static int
read_value(struct reader *reader, const struct vw_value *value,
           enum vw_bcd_element element, struct vw_bcd_loader *loader,
           struct vtopo_error *err)
{
    struct vw_bcd_fact *fact = &loader->facts[element];

    switch (element_rows[element].kind) {
    case TEXT:
        return read_text(reader, value, fact, err);
    case DEVICE:
        return read_device(reader, value, loader, err);
    case NUMBER:
    case BOOLEAN:
        if (vw_value_number(reader->hive, value, &fact->number, err) < 0)
            return -1;
        if (element_rows[element].kind == BOOLEAN)
            fact->number = fact->number != 0;
        return 0;
    }
    return 0;
}

/* Take the element @name, in object number @at of the chain. */
static int
take_element(struct reader *reader, const struct vw_value *value,
             enum vw_bcd_element element, const char *name,
             struct chain *chain, unsigned at, struct vtopo_error *err)
{
    struct vw_bcd_fact *fact = &chain->loader->facts[element];

    if (fact->state != VW_BCD_ABSENT)
        return 0;               /* a nearer object has it */
    fact->state = VW_BCD_UNKNOWN;
    fact->is_inherited = at > 0;
    memcpy(fact->object, chain->guids[at], sizeof(fact->object));
    (void)snprintf(fact->key, sizeof(fact->key), "%s", name);
    if (value == NULL)
        return 0;
    if (read_value(reader, value, element, chain->loader, err) < 0)
        return forgive(reader, err) ? 0 : -1;
    fact->state = VW_BCD_GIVEN;
    return 0;
}

/* The key of an element: eight hexadecimal digits, of either case. */
static bool
parse_code(const char *name, uint32_t *ret_code)
{
    if (strlen(name) != 8)
        return false;
    for (size_t i = 0; i < 8; i++)
        if (!is_hex(name[i]))
            return false;
    *ret_code = (uint32_t)strtoul(name, NULL, 16);
    return true;
}

static int
read_element(struct reader *reader, const struct vw_key *key,
             const char *name, struct chain *chain, unsigned at,
             struct vtopo_error *err)
{
    struct vw_value value;
    unsigned element = 0;
    uint32_t code;
    bool found;

    if (!parse_code(name, &code))
        return 0;
    while (element < VW_BCD_ELEMENTS && element_rows[element].code != code)
        element++;
    if (element == VW_BCD_ELEMENTS && code != ELEMENT_INHERIT)
        return 0;

    if (value_of(reader, key, "Element", &value, &found, err) < 0)
        return -1;
    if (code != ELEMENT_INHERIT)
        return take_element(reader, found ? &value : NULL,
                            (enum vw_bcd_element)element, name, chain, at,
                            err);
    if (!found) {
        chain->is_incomplete = true;
        return 0;
    }
    return read_inherit(reader, &value, chain, err);
}

static int
read_elements(struct reader *reader, const struct vw_key *elements,
              struct chain *chain, unsigned at, struct vtopo_error *err)
{
    struct vw_children children = VW_CHILDREN_INIT(*elements);
    struct vw_key key;

    for (;;) {
        vt_autofree char *name = NULL;

        if (next_child(reader, &children, &key, &name, err) < 0)
            return -1;
        if (name == NULL)
            return 0;
        if (read_element(reader, &key, name, chain, at, err) < 0)
            return -1;
    }
}

/* Take what object number @at of the chain has and nearer ones have not. */
static int
read_object(struct reader *reader, struct chain *chain, unsigned at,
            struct vtopo_error *err)
{
    struct vw_key elements;
    unsigned broken = reader->store.broken;
    char path[VW_BCD_GUID_SIZE + sizeof("\\Elements")];
    bool found;

    (void)snprintf(path, sizeof(path), "%s\\Elements", chain->guids[at]);
    if (descend(reader, &reader->objects, path, &elements, &found, err) < 0
        || (found && read_elements(reader, &elements, chain, at, err) < 0))
        return -1;
    /* Whatever was broken here may have been an element that matters. */
    if (reader->store.broken != broken)
        chain->is_incomplete = true;
    return 0;
}

/* Put @loader together: its own elements, then those of the objects that it
 * inherits from, the nearest first.
 */
static int
read_loader(struct reader *reader, struct vw_bcd_loader *loader,
            struct vtopo_error *err)
{
    struct chain chain = { .loader = loader };
    const struct vw_bcd_fact *options = &loader->facts[VW_BCD_LOADOPTIONS];

    inherit(&chain, loader->guid);
    for (unsigned at = 0; at < chain.count; at++)
        if (read_object(reader, &chain, at, err) < 0)
            return -1;
    for (unsigned i = 0; chain.is_incomplete && i < VW_BCD_ELEMENTS; i++)
        if (loader->facts[i].state == VW_BCD_ABSENT)
            loader->facts[i].state = VW_BCD_UNKNOWN;

    if (options->state == VW_BCD_GIVEN) {
        struct vw_span all = {
            .length = (uint32_t)strlen(options->text),
            .line = 1,
        };

        vw_switches_parse(options->text, all, &loader->load_switches);
    }
    return 0;
}

/* ------------------------------------------------------------- objects */

static int
add_loader(struct reader *reader, const char *guid, struct vtopo_error *err)
{
    struct vw_bcd_store *store = &reader->store;
    struct vw_bcd_loader *loaders;

    if (store->count == VW_BCD_LOADERS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the boot store holds more than %u systems",
                       VW_BCD_LOADERS_MAX);
    loaders = realloc(store->loaders, (store->count + 1) * sizeof(*loaders));
    if (loaders == NULL)
        return vt_fail_memory(err);
    store->loaders = loaders;
    memset(&loaders[store->count], 0, sizeof(*loaders));
    memcpy(loaders[store->count].guid, guid, VW_BCD_GUID_SIZE);
    store->count++;
    return 0;
}

static int
read_type(struct reader *reader, const struct vw_key *object,
          uint32_t *ret_type, struct vtopo_error *err)
{
    struct vw_value value;
    struct vw_key key;
    bool found;

    *ret_type = 0;
    if (descend(reader, object, "Description", &key, &found, err) < 0
        || (found && value_of(reader, &key, "Type", &value, &found, err) < 0))
        return -1;
    if (found && vw_value_dword(reader->hive, &value, ret_type, err) < 0)
        return forgive(reader, err) ? 0 : -1;
    return 0;
}

static int
list_loaders(struct reader *reader, struct vtopo_error *err)
{
    struct vw_children children = VW_CHILDREN_INIT(reader->objects);
    struct vw_key object;
    uint32_t type;

    for (;;) {
        vt_autofree char *name = NULL;

        if (next_child(reader, &children, &object, &name, err) < 0)
            return -1;
        if (name == NULL)
            return 0;
        if (!is_guid(name))
            continue;
        if (reader->store.objects++ == VW_BCD_OBJECTS_MAX)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the boot store holds more than %u objects",
                           VW_BCD_OBJECTS_MAX);
        if (read_type(reader, &object, &type, err) < 0
            || (type == TYPE_LOADER && add_loader(reader, name, err) < 0))
            return -1;
    }
}

/* ------------------------------------------------------------- bootmgr */

/* Take @guid, where it is one. */
static enum vw_bcd_state
take_guid(const char *guid, char ret_guid[VW_BCD_GUID_SIZE])
{
    if (!is_guid(guid))
        return VW_BCD_UNKNOWN;
    memcpy(ret_guid, guid, VW_BCD_GUID_SIZE);
    return VW_BCD_GIVEN;
}

static int
read_default(struct reader *reader, const struct vw_value *value,
             struct vtopo_error *err)
{
    vt_autofree char *guid = NULL;

    if (vw_value_string(reader->hive, value, &guid, err) < 0)
        return -1;
    reader->store.default_state = take_guid(guid, reader->store.default_guid);
    return 0;
}

static int
read_sequence(struct reader *reader, const struct vw_value *value,
              struct vtopo_error *err)
{
    vt_auto(vw_strings_clear) struct vw_strings guids = VW_STRINGS_INIT;
    struct vw_bcd_store *store = &reader->store;

    if (vw_value_strings(reader->hive, value, &guids, err) < 0)
        return -1;
    if (guids.count > VW_BCD_SEQUENCE_MAX)
        return 0;
    store->sequence_state = VW_BCD_ABSENT;
    store->sequence_count = (unsigned)guids.count;
    if (guids.count > 0)
        store->sequence_state = take_guid(guids.strings[0],
                                          store->sequence_guid);
    return 0;
}

typedef int value_reader(struct reader *reader, const struct vw_value *value,
                         struct vtopo_error *err);

/* Have @read_it read the element at @path of the boot manager, if any. */
static int
read_of_bootmgr(struct reader *reader, const struct vw_key *bootmgr,
                const char *path, value_reader *read_it,
                enum vw_bcd_state *state, struct vtopo_error *err)
{
    unsigned broken = reader->store.broken;
    struct vw_value value;
    struct vw_key key;
    bool found;

    if (descend(reader, bootmgr, path, &key, &found, err) < 0)
        return -1;
    if (!found) {
        if (reader->store.broken != broken)
            *state = VW_BCD_UNKNOWN;
        return 0;
    }
    *state = VW_BCD_UNKNOWN;
    if (value_of(reader, &key, "Element", &value, &found, err) < 0)
        return -1;
    if (found && read_it(reader, &value, err) < 0)
        return forgive(reader, err) ? 0 : -1;
    return 0;
}

static int
read_bootmgr(struct reader *reader, struct vtopo_error *err)
{
    struct vw_bcd_store *store = &reader->store;
    struct vw_key bootmgr;

    if (descend(reader, &reader->objects, BOOTMGR_GUID, &bootmgr,
                &store->has_bootmgr, err) < 0)
        return -1;
    if (!store->has_bootmgr)
        return 0;
    if (read_of_bootmgr(reader, &bootmgr, KEY_DEFAULT, read_default,
                        &store->default_state, err) < 0)
        return -1;
    return read_of_bootmgr(reader, &bootmgr, KEY_SEQUENCE, read_sequence,
                           &store->sequence_state, err);
}

static int
find_loader(const struct vw_bcd_store *store, const char *guid)
{
    for (unsigned i = 0; i < store->count; i++)
        if (strcasecmp(store->loaders[i].guid, guid) == 0)
            return (int)i;
    return -1;
}

/* Which loader is the system that the guest is there for.  One that may be
 * Windows PE is not.
 */
static void
choose_system(struct vw_bcd_store *store)
{
    int others = 0;
    int other = -1;

    store->default_index = find_loader(store, store->default_guid);
    store->sequence_index = find_loader(store, store->sequence_guid);
    for (unsigned i = 0; i < store->count; i++) {
        if (vw_bcd_is_winpe(&store->loaders[i]))
            continue;
        others++;
        if (store->loaders[i].facts[VW_BCD_WINPE].state != VW_BCD_UNKNOWN)
            other = (int)i;
    }
    if (store->default_index >= 0
        && !vw_bcd_is_winpe(&store->loaders[store->default_index])
        && store->loaders[store->default_index].facts[VW_BCD_WINPE].state
           != VW_BCD_UNKNOWN) {
        store->choice = VW_BCD_CHOICE_DEFAULT;
        store->system_index = store->default_index;
    } else if (others == 1 && other >= 0) {
        store->choice = VW_BCD_CHOICE_ONLY;
        store->system_index = other;
    }
}

/* --------------------------------------------------------------- store */

void
vw_bcd_clear(struct vw_bcd_store *store)
{
    for (unsigned i = 0; i < store->count; i++)
        for (unsigned j = 0; j < VW_BCD_ELEMENTS; j++)
            free(store->loaders[i].facts[j].text);
    free(store->loaders);
    *store = (struct vw_bcd_store)VW_BCD_STORE_INIT;
}

static int
read_store(struct reader *reader, struct vtopo_error *err)
{
    bool found;

    if (vw_hive_lookup_path(reader->hive, "Objects", &reader->objects, &found,
                            err) < 0)
        return -1;
    if (!found)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the hive is no boot store: it has no key 'Objects'");
    if (list_loaders(reader, err) < 0 || read_bootmgr(reader, err) < 0)
        return -1;
    for (unsigned i = 0; i < reader->store.count; i++)
        if (read_loader(reader, &reader->store.loaders[i], err) < 0)
            return -1;
    choose_system(&reader->store);
    return 0;
}

int
vw_bcd_read(struct vw_hive *hive, struct vw_bcd_store *ret_store,
            struct vtopo_error *err)
{
    struct reader reader = { .hive = hive, .store = VW_BCD_STORE_INIT };

    if (read_store(&reader, err) < 0) {
        vw_bcd_clear(&reader.store);
        return -1;
    }
    *ret_store = reader.store;
    return 0;
}
