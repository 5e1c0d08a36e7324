/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair-bcd.c - take limits out of a boot store (see repair-parts.h)
 *
 * First the store is read, and what is to be deleted or shortened is listed;
 * then it is edited.  An object that an entry inherits from is changed for
 * all who do: a limit there is one of theirs, too.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "regf-edit.h"
#include "repair-parts.h"
#include "utf16.h"

#define ELEMENT_INHERIT 0x14000006u
#define ELEMENT_LOADOPTIONS 0x12000030u
#define OPTIONS_MAX (VW_BCD_TEXT_MAX / 2u)
#define OBJECTS_MAX 256u        /* that chosen entries inherit from */

/* What is done to one element. */
struct edit {
    uint32_t elements;          /* the key above it */
    uint32_t element;
    unsigned char *data;        /* owned: what is left; NULL: it is deleted */
    size_t size;
};

struct work {
    struct vw_repair *repair;
    const char *where;
    struct vw_hive *hive;
    struct vw_key objects;
    char guids[OBJECTS_MAX][VW_BCD_GUID_SIZE];
    unsigned guids_count;
    struct edit edits[VW_CHANGES_MAX];
    unsigned edits_count;

    /* Load options: a character for each unit; and as UTF-8. */
    char text[OPTIONS_MAX + 1];
    char before[VW_UTF8_SIZE(OPTIONS_MAX)];
    char after[VW_UTF8_SIZE(OPTIONS_MAX)];
};

static void
clear_work(struct work *work)
{
    for (unsigned i = 0; i < work->edits_count; i++)
        free(work->edits[i].data);
    vw_hive_close(work->hive);
}

static void
free_work(struct work **work)
{
    if (*work != NULL)
        clear_work(*work);
    free(*work);
}

/* --------------------------------------------------------------- objects */

static int
add_object(struct work *work, const char *guid, struct vtopo_error *err)
{
    for (unsigned i = 0; i < work->guids_count; i++) {
        if (strcasecmp(work->guids[i], guid) == 0)
            return 0;
    }
    if (work->guids_count == OBJECTS_MAX || strlen(guid) >= VW_BCD_GUID_SIZE)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "entries inherit from more than %u objects, or from "
                       "'%s'", OBJECTS_MAX, guid);
    strcpy(work->guids[work->guids_count++], guid);
    return 0;
}

/* Note an edit of the element at @element; @data is taken over. */
static int
add_edit(struct work *work, const struct vw_key *elements,
         const struct vw_key *element, unsigned char *data, size_t size,
         struct vtopo_error *err)
{
    if (work->edits_count == VW_CHANGES_MAX) {
        free(data);
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "there is more to change than %u things",
                       VW_CHANGES_MAX);
    }
    work->edits[work->edits_count++] = (struct edit) {
        .elements = elements->cell, .element = element->cell,
        .data = data, .size = size,
    };
    return 0;
}

static int
note(struct work *work, const char *guid, const char *name,
     const char *before, const char *after, const char *why,
     struct vtopo_error *err)
{
    const char *alias = vw_bcd_object_alias(guid);
    char what[96];

    (void)snprintf(what, sizeof(what), "%s %s", alias != NULL ? alias : guid,
                   name);
    return vw_repair_change(work->repair, work->where, what, before, after,
                            why, err);
}

/* -------------------------------------------------------------- elements */

/* Delete an element that is a limit as a whole. */
static int
delete_limit(struct work *work, const char *guid,
             const struct vw_key *elements, const struct vw_key *element,
             const struct vw_value *value, const struct vw_limit_row *row,
             struct vtopo_error *err)
{
    uint64_t number = 0;
    char before[24];

    if (vw_value_number(work->hive, value, &number, err) < 0)
        return -1;
    if (row->is_flag && number == 0)
        return 0;
    (void)snprintf(before, sizeof(before), "%" PRIu64, number);
    if (add_edit(work, elements, element, NULL, 0, err) < 0)
        return -1;
    return note(work, guid, row->name, before, NULL, row->why, err);
}

/* Each unit of @data as one character, so that spans are places in it. */
static void
flatten(const unsigned char *data, size_t units, char *text)
{
    for (size_t i = 0; i < units; i++) {
        unsigned unit = vw_le16(data + 2 * i);

        text[i] = unit < 0x80 ? (char)unit : '?';
    }
    text[units] = '\0';
}

/* Cut words of limits out of the @units units at @data. */
static size_t
cut_words(unsigned char *data, size_t units, const char *text,
          const struct vw_limit_row **ret_first)
{
    struct vw_span all = { .length = (uint32_t)units, .line = 1 };
    struct vw_cut cuts[VW_CUTS_MAX];
    unsigned count = vw_cuts_find(text, all, false, cuts);

    if (count > 0)
        *ret_first = cuts[0].row;
    for (unsigned i = count; i > 0; i--) {
        struct vw_span gone = cuts[i - 1].gone;
        size_t behind = (size_t)gone.offset + gone.length;

        memmove(data + (size_t)2 * gone.offset, data + 2 * behind,
                2 * (units - behind));
        units -= gone.length;
    }
    return units;
}

/* Take words of limits out of load options; options without a word go. */
static int
shorten_options(struct work *work, const char *guid,
                const struct vw_key *elements, const struct vw_key *element,
                const struct vw_value *value, struct vtopo_error *err)
{
    vt_autofree unsigned char *data = NULL;
    const struct vw_limit_row *row = NULL;
    size_t size, units, left;

    if (vw_value_data(work->hive, value, VW_BCD_TEXT_MAX, &data, &size, err)
        < 0)
        return -1;
    units = vw_utf16_length(data, size / 2);
    flatten(data, units, work->text);
    (void)vw_utf8_from_utf16(data, units, work->before);
    left = cut_words(data, units, work->text, &row);
    if (row == NULL)
        return 0;
    (void)vw_utf8_from_utf16(data, left, work->after);
    memset(data + 2 * left, 0, 2);
    if (add_edit(work, elements, element, left > 0 ? vt_steal(&data) : NULL,
                 2 * left + 2, err) < 0)
        return -1;
    return note(work, guid, "loadoptions", work->before,
                left > 0 ? work->after : NULL, row->why, err);
}

static int
take_parents(struct work *work, const struct vw_value *value,
             struct vtopo_error *err)
{
    vt_auto(vw_strings_clear) struct vw_strings guids = VW_STRINGS_INIT;

    if (vw_value_strings(work->hive, value, &guids, err) < 0)
        return -1;
    for (size_t i = 0; i < guids.count; i++) {
        if (add_object(work, guids.strings[i], err) < 0)
            return -1;
    }
    return 0;
}

/* The number that the key @name of an element stands for; 0 for none. */
static uint32_t
code_of(const char *name)
{
    if (strlen(name) != 8 || strspn(name, "0123456789abcdefABCDEF") != 8)
        return 0;
    return (uint32_t)strtoul(name, NULL, 16);
}

static int
look_at_element(struct work *work, const char *guid,
                const struct vw_key *elements, const struct vw_key *element,
                struct vtopo_error *err)
{
    vt_autofree char *name = NULL;
    struct vw_value value;
    uint32_t code;
    bool found;

    if (vw_key_name(work->hive, element, &name, err) < 0
        || vw_key_value(work->hive, element, "Element", &value, &found, err)
           < 0)
        return -1;
    code = code_of(name);
    if (!found || code == 0)
        return 0;
    if (code == ELEMENT_INHERIT)
        return take_parents(work, &value, err);
    if (code == ELEMENT_LOADOPTIONS)
        return value.type != VW_REG_SZ && value.type != VW_REG_EXPAND_SZ ? 0
               : shorten_options(work, guid, elements, element, &value, err);
    for (size_t i = 0; i < VW_LIMITS; i++) {
        if (vw_limit_rows[i].element == code)
            return delete_limit(work, guid, elements, element, &value,
                                &vw_limit_rows[i], err);
    }
    return 0;
}

static int
look_at_object(struct work *work, const char *guid, struct vtopo_error *err)
{
    char path[VW_BCD_GUID_SIZE + sizeof("\\Elements")];
    struct vw_key elements, element;
    bool more = true;

    (void)snprintf(path, sizeof(path), "%s\\Elements", guid);
    if (vw_key_descend(work->hive, &work->objects, path, &elements, &more,
                       err) < 0)
        return -1;
    if (!more)
        return 0;
    for (struct vw_children children = VW_CHILDREN_INIT(elements);;) {
        if (vw_children_next(work->hive, &children, &element, &more, err) < 0)
            return -1;
        if (!more)
            return 0;
        if (look_at_element(work, guid, &elements, &element, err) < 0)
            return -1;
    }
}

/* ----------------------------------------------------------------- store */

/* Whether @store starts loader @index unasked; it may be a Windows PE. */
static bool
is_default(const struct vw_bcd_store *store, unsigned index)
{
    if (store->default_state == VW_BCD_GIVEN)
        return store->default_index == (int)index;
    return store->system_index == (int)index;
}

static int
choose(struct work *work, const struct vw_bcd_store *store,
       struct vtopo_error *err)
{
    struct vw_repair *repair = work->repair;
    bool any = false;

    for (unsigned i = 0; i < store->count; i++) {
        any = any || is_default(store, i);
        if (vw_choice_has(&repair->choice, store->loaders[i].guid,
                          is_default(store, i))
            && add_object(work, store->loaders[i].guid, err) < 0)
            return -1;
    }
    if (any || repair->choice.all || repair->choice.is_list)
        return 0;
    if (store->default_state == VW_BCD_GIVEN && store->default_index < 0)
        vw_repair_advise(repair, "the default of %s is %s, which is no entry "
                         "of a Windows Vista or later", work->where,
                         store->default_guid);
    else
        vw_repair_refuse(repair, VW_REFUSED_NO_DEFAULT,
                         "%s does not say which of its %u entries is the "
                         "default", work->where, store->count);
    return 0;
}

/* List what there is to edit in the hive that is open. */
static int
look(struct work *work, struct vtopo_error *err)
{
    vt_auto(vw_bcd_clear) struct vw_bcd_store store = VW_BCD_STORE_INIT;
    bool found;

    if (vw_bcd_read(work->hive, &store, err) < 0
        || choose(work, &store, err) < 0)
        return -1;
    if (vw_hive_lookup_path(work->hive, "Objects", &work->objects, &found,
                            err) < 0)
        return -1;
    for (unsigned i = 0; found && i < work->guids_count; i++) {
        if (look_at_object(work, work->guids[i], err) < 0)
            return vt_wrap(err, "object %s", work->guids[i]);
    }
    return 0;
}

static int
make_edits(const struct work *work, unsigned char *image, size_t size,
           uint32_t logs_last, struct vtopo_error *err)
{
    vt_auto(vw_edit_closep) struct vw_edit *edit = NULL;

    if (vw_edit_open(image, size, &edit, err) < 0)
        return -1;
    for (unsigned i = 0; i < work->edits_count; i++) {
        const struct edit *one = &work->edits[i];

        if ((one->data != NULL
             ? vw_edit_shorten(edit, one->element, "Element", one->data,
                               one->size, err)
             : vw_edit_delete_key(edit, one->elements, one->element, err))
            < 0)
            return -1;
    }
    vw_edit_finish(edit, logs_last);
    return 0;
}

int
vw_repair_bcd(struct vw_repair *repair, const char *where,
              unsigned char *image, size_t size, uint32_t logs_last,
              struct vtopo_error *err)
{
    vt_auto(free_work) struct work *work = calloc(1, sizeof(*work));
    struct vw_memory memory = { .data = image, .size = size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);

    if (work == NULL)
        return vt_fail_memory(err);
    work->repair = repair;
    work->where = where;
    if (vw_hive_open(&bytes, NULL, 0, &work->hive, err) < 0
        || look(work, err) < 0)
        return -1;
    return work->edits_count == 0 ? 0
           : make_edits(work, image, size, logs_last, err);
}
