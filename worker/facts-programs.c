/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * facts-programs.c - which HAL and kernel a system starts with (see
 * facts-find.h)
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts-find.h"

int
vw_found_entry(const struct vw_found *found, const struct vw_system *system)
{
    const struct vw_store *store;
    int first = -1;

    if (system->store < 0)
        return -1;
    store = &found->stores[system->store];
    for (unsigned i = 0; i < VW_ENTRIES_MAX; i++) {
        bool is_default = store->kind == VW_STORE_BCD
            ? i < store->bcd.count && vw_facts_is_default(&store->bcd, i)
            : store->bootini->choice == VW_BOOTINI_LISTED
              && store->bootini->default_index == i;

        if (system->entries[i] && is_default)
            return (int)i;
        if (system->entries[i] && first < 0)
            first = (int)i;
    }
    return first;
}

/* Take @text for the name of a file in System32, or leave @name empty. */
static void
take_name(const char *text, char name[VW_PROGRAM_NAME_SIZE])
{
    if (strlen(text) < VW_PROGRAM_NAME_SIZE && strpbrk(text, "/\\:") == NULL)
        (void)snprintf(name, VW_PROGRAM_NAME_SIZE, "%s", text);
}

static void
take_switch(const struct vw_store *store, unsigned index,
            enum vw_switch_id id, char name[VW_PROGRAM_NAME_SIZE])
{
    const struct vw_switch *found =
        vw_switches_find(&store->bootini->entries[index].switches, id);
    char text[VW_PROGRAM_NAME_SIZE + 1];

    if (found == NULL || !vw_span_is_given(found->value)
        || found->value.length >= VW_PROGRAM_NAME_SIZE)
        return;
    take_name(vw_span_copy(store->text, found->value, text, sizeof(text)),
              name);
}

static void
take_fact(const struct vw_bcd_loader *loader, enum vw_bcd_element element,
          char name[VW_PROGRAM_NAME_SIZE])
{
    const struct vw_bcd_fact *fact = &loader->facts[element];

    if (fact->state == VW_BCD_GIVEN)
        take_name(fact->text, name);
}

void
vw_store_programs(const struct vw_store *store, unsigned entry,
                  struct vw_program_names *ret_names)
{
    *ret_names = (struct vw_program_names) { .hal = "" };
    if (store->kind == VW_STORE_BOOTINI) {
        take_switch(store, entry, VW_SWITCH_HAL, ret_names->hal);
        take_switch(store, entry, VW_SWITCH_KERNEL, ret_names->kernel);
    } else {
        take_fact(&store->bcd.loaders[entry], VW_BCD_HAL, ret_names->hal);
        take_fact(&store->bcd.loaders[entry], VW_BCD_KERNEL,
                  ret_names->kernel);
    }
}

void
vw_found_programs(const struct vw_found *found,
                  const struct vw_system *system,
                  struct vw_program_names *ret_names)
{
    int entry = vw_found_entry(found, system);

    *ret_names = (struct vw_program_names) { .hal = "" };
    if (entry >= 0)
        vw_store_programs(&found->stores[system->store], (unsigned)entry,
                          ret_names);
}
