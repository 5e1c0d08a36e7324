/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair-bootini.c - take limits out of boot.ini (see repair-parts.h)
 *
 * Switches are cut out, with the blanks before them; every other byte of the
 * file stays, in its order.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "repair-parts.h"

/* The switches of @entry, and the blanks before them. */
static struct vw_span
switches_of(const struct vw_bootini_entry *entry)
{
    const struct vw_switches *switches = &entry->switches;
    uint32_t end = entry->whole.offset + entry->whole.length;
    struct vw_span span = { end, 0, entry->whole.line };

    if (switches->count > 0) {
        span.offset = entry->description.offset + entry->description.length;
        span.length = end - span.offset;
    }
    return span;
}

bool
vw_bootini_is_default(const struct vw_bootini *bootini, unsigned index)
{
    if (bootini->choice == VW_BOOTINI_LISTED)
        return bootini->default_index == index;
    /* A path that is in no entry is started without any. */
    return bootini->choice == VW_BOOTINI_NO_DEFAULT && bootini->seen == 1;
}

static int
note(struct vw_repair *repair, const char *where, const char *text,
     unsigned index, const struct vw_cut *cut, struct vtopo_error *err)
{
    char before[256];
    char what[64];

    (void)snprintf(what, sizeof(what), "entry %u, line %u: /%s", index,
                   (unsigned)cut->word.line, cut->row->word);
    return vw_repair_change(repair, where, what,
                            vw_span_copy(text, cut->word, before,
                                         sizeof(before)),
                            NULL, cut->row->why, err);
}

/* Move what stands behind @gone forward; *@size and *@shift follow. */
static void
cut_out(char *text, size_t *size, struct vw_span gone, size_t *shift)
{
    size_t at = gone.offset - *shift;

    memmove(text + at, text + at + gone.length, *size - at - gone.length);
    *size -= gone.length;
    *shift += gone.length;
}

static int
edit_entry(struct vw_repair *repair, const char *where, const char *old,
           const struct vw_bootini *bootini, unsigned index, char *text,
           size_t *size, size_t *shift, struct vtopo_error *err)
{
    const struct vw_bootini_entry *entry = &bootini->entries[index];
    struct vw_span span = switches_of(entry);
    struct vw_cut cuts[VW_CUTS_MAX];
    unsigned count;

    /* Behind a description in quotes, the closing one. */
    if (span.length > 0 && old[span.offset] == '"') {
        span.offset++;
        span.length--;
    }
    count = vw_cuts_find(old, span, true, cuts);
    for (unsigned i = 0; i < count; i++) {
        if (note(repair, where, old, index, &cuts[i], err) < 0)
            return -1;
        cut_out(text, size, cuts[i].gone, shift);
    }
    return 0;
}

int
vw_repair_bootini(struct vw_repair *repair, const char *where, char *text,
                  size_t *size, struct vtopo_error *err)
{
    vt_autofree struct vw_bootini *bootini = calloc(1, sizeof(*bootini));
    vt_autofree char *old = malloc(*size + 1);
    bool any_default = false;
    size_t shift = 0;

    if (bootini == NULL || old == NULL)
        return vt_fail_memory(err);
    memcpy(old, text, *size);
    if (vw_bootini_parse(old, *size, bootini, err) < 0)
        return -1;
    if (bootini->seen > bootini->count)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "boot.ini has %u entries, of which %u can be read",
                       bootini->seen, bootini->count);
    for (unsigned i = 0; i < bootini->count; i++) {
        char name[12];

        (void)snprintf(name, sizeof(name), "%u", i);
        any_default = any_default || vw_bootini_is_default(bootini, i);
        if (vw_choice_has(&repair->choice, name,
                          vw_bootini_is_default(bootini, i))
            && edit_entry(repair, where, old, bootini, i, text, size, &shift,
                          err) < 0)
            return -1;
    }
    if (!any_default && !repair->choice.all && !repair->choice.is_list)
        vw_repair_refuse(repair, VW_REFUSED_NO_DEFAULT,
                         "%s does not say which of its %u entries is the "
                         "default", where, bootini->count);
    return 0;
}
