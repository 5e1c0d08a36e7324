/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * facts-boot.c - boot entries in one form, from a boot store or a boot.ini
 *
 * Each option says where it stands, for a person to look and for a repair to
 * find it.
 */

#include <stdio.h>
#include <string.h>

#include "facts-parts.h"

static void
open_option(struct vt_json *json, const char *key)
{
    vt_json_key(json, key);
    vt_json_open(json, '{');
}

static void
close_option(struct vt_json *json, const char *source)
{
    vw_write_text(json, "source", source);
    vt_json_close(json, '}');
}

static void
write_number_option(struct vt_json *json, const char *key, uint64_t number,
                    const char *source)
{
    open_option(json, key);
    vw_write_uint(json, "value", number < 0x7fffffff ? number : 0x7fffffff);
    close_option(json, source);
}

static void
write_text_option(struct vt_json *json, const char *key, const char *text,
                  const char *source)
{
    open_option(json, key);
    vw_write_text(json, "value", text);
    close_option(json, source);
}

/* ------------------------------------------------------------- boot store */

/* An element, or where there is none the word among the load options. */
static void
write_bcd_number(struct vt_json *json, const char *key,
                 const struct vw_bcd_loader *loader,
                 enum vw_bcd_element element, const enum vw_switch_id *word)
{
    const struct vw_bcd_fact *fact = &loader->facts[element];
    const struct vw_switch *given = word != NULL
        ? vw_switches_find(&loader->load_switches, *word) : NULL;
    char source[96];

    if (fact->state == VW_BCD_GIVEN) {
        (void)snprintf(source, sizeof(source), "%s\\%s (%s)", fact->object,
                       fact->key, vw_bcd_element_name(element));
        write_number_option(json, key, fact->number, source);
    } else if (given != NULL && (given->has_number
                                 || *word == VW_SWITCH_ONECPU)) {
        (void)snprintf(source, sizeof(source), "%s\\%s (loadoptions)",
                       loader->facts[VW_BCD_LOADOPTIONS].object,
                       loader->facts[VW_BCD_LOADOPTIONS].key);
        write_number_option(json, key, *word == VW_SWITCH_ONECPU
                            ? 1 : given->number, source);
    } else {
        vw_write_null(json, key);
    }
}

static void
write_bcd_text(struct vt_json *json, const char *key,
               const struct vw_bcd_loader *loader,
               enum vw_bcd_element element)
{
    const struct vw_bcd_fact *fact = &loader->facts[element];
    char source[96];

    if (fact->state != VW_BCD_GIVEN) {
        vw_write_null(json, key);
        return;
    }
    (void)snprintf(source, sizeof(source), "%s\\%s (%s)", fact->object,
                   fact->key, vw_bcd_element_name(element));
    write_text_option(json, key, fact->text, source);
}

static const char *
plain_text(const struct vw_bcd_fact *fact)
{
    return fact->state == VW_BCD_GIVEN ? fact->text : NULL;
}

static void
write_loader(struct vt_json *json, const struct vw_bcd_loader *loader)
{
    static const enum vw_switch_id numproc = VW_SWITCH_NUMPROC;
    static const enum vw_switch_id onecpu = VW_SWITCH_ONECPU;
    const struct vw_bcd_fact *pae = &loader->facts[VW_BCD_PAE];

    vw_write_text(json, "description",
                  plain_text(&loader->facts[VW_BCD_DESCRIPTION]));
    write_bcd_number(json, "numproc", loader, VW_BCD_NUMPROC, &numproc);
    write_bcd_number(json, "onecpu", loader, VW_BCD_ONECPU, &onecpu);
    write_bcd_number(json, "groupsize", loader, VW_BCD_GROUPSIZE, NULL);
    write_bcd_text(json, "hal", loader, VW_BCD_HAL);
    write_bcd_text(json, "kernel", loader, VW_BCD_KERNEL);
    if (pae->state == VW_BCD_GIVEN)
        vw_write_bool(json, "pae", pae->number == 1);
    else
        vw_write_null(json, "pae");
    vw_write_text(json, "loadoptions",
                  plain_text(&loader->facts[VW_BCD_LOADOPTIONS]));
    write_bcd_number(json, "hypervisorlaunchtype", loader,
                     VW_BCD_HYPERVISORLAUNCHTYPE, NULL);
    write_bcd_number(json, "hypervisornumproc", loader,
                     VW_BCD_HYPERVISORNUMPROC, NULL);
    write_bcd_number(json, "hypervisorrootproc", loader,
                     VW_BCD_HYPERVISORROOTPROC, NULL);
    vw_write_null(json, "maxprocspercluster");
}

bool
vw_facts_is_default(const struct vw_bcd_store *store, unsigned index)
{
    bool is_elsewhere = store->default_state == VW_BCD_GIVEN
        && store->default_index < 0;

    return store->system_index == (int)index && !is_elsewhere;
}

void
vw_facts_bcd_entries(struct vt_json *json, const struct vw_bcd_store *store,
                     const bool *this_one)
{
    vt_json_key(json, "entries");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < store->count && i < VW_ENTRIES_MAX; i++) {
        vt_json_open(json, '{');
        vw_write_bool(json, "default", vw_facts_is_default(store, i));
        vw_write_bool(json, "this", this_one[i]);
        write_loader(json, &store->loaders[i]);
        vt_json_close(json, '}');
    }
    vt_json_close(json, ']');
}

/* --------------------------------------------------------------- boot.ini */

static const struct vw_switch *
find(const struct vw_bootini_entry *entry, enum vw_switch_id id)
{
    return vw_switches_find(&entry->switches, id);
}

static void
say_line(const struct vw_switch *given, char *source, size_t size)
{
    (void)snprintf(source, size, "line %u (/%s)", (unsigned)given->whole.line,
                   vw_switch_name(given->id));
}

static void
write_ini_number(struct vt_json *json, const char *key,
                 const struct vw_bootini_entry *entry, enum vw_switch_id id)
{
    const struct vw_switch *given = find(entry, id);
    char source[64];

    if (given == NULL || (!given->has_number && id != VW_SWITCH_ONECPU)) {
        vw_write_null(json, key);
        return;
    }
    say_line(given, source, sizeof(source));
    write_number_option(json, key, id == VW_SWITCH_ONECPU ? 1
                                                          : given->number,
                        source);
}

static void
write_ini_text(struct vt_json *json, const char *key, const char *text,
               const struct vw_bootini_entry *entry, enum vw_switch_id id)
{
    const struct vw_switch *given = find(entry, id);
    char value[VW_FACTS_TEXT_MAX + 1];
    char source[64];

    if (given == NULL) {
        vw_write_null(json, key);
        return;
    }
    say_line(given, source, sizeof(source));
    write_text_option(json, key, vw_span_copy(text, given->value, value,
                                              sizeof(value)), source);
}

static void
write_ini_entry(struct vt_json *json, const char *text,
                const struct vw_bootini_entry *entry)
{
    char description[VW_FACTS_TEXT_MAX + 1];

    vw_write_text(json, "description",
                  vw_span_copy(text, entry->description, description,
                               sizeof(description)));
    write_ini_number(json, "numproc", entry, VW_SWITCH_NUMPROC);
    write_ini_number(json, "onecpu", entry, VW_SWITCH_ONECPU);
    vw_write_null(json, "groupsize");
    write_ini_text(json, "hal", text, entry, VW_SWITCH_HAL);
    write_ini_text(json, "kernel", text, entry, VW_SWITCH_KERNEL);
    if (find(entry, VW_SWITCH_PAE) != NULL)
        vw_write_bool(json, "pae", true);
    else if (find(entry, VW_SWITCH_NOPAE) != NULL)
        vw_write_bool(json, "pae", false);
    else
        vw_write_null(json, "pae");
    vw_write_null(json, "loadoptions");
    vw_write_null(json, "hypervisorlaunchtype");
    vw_write_null(json, "hypervisornumproc");
    vw_write_null(json, "hypervisorrootproc");
    write_ini_number(json, "maxprocspercluster", entry,
                     VW_SWITCH_MAXPROCSPERCLUSTER);
}

void
vw_facts_bootini_entries(struct vt_json *json, const char *text,
                         const struct vw_bootini *bootini,
                         const bool *this_one)
{
    vt_json_key(json, "entries");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < bootini->count && i < VW_ENTRIES_MAX; i++) {
        vt_json_open(json, '{');
        vw_write_bool(json, "default", bootini->choice == VW_BOOTINI_LISTED
                      && bootini->default_index == i);
        vw_write_bool(json, "this", this_one[i]);
        write_ini_entry(json, text, &bootini->entries[i]);
        vt_json_close(json, '}');
    }
    vt_json_close(json, ']');
}
