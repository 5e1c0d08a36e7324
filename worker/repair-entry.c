/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair-entry.c - a second line in boot.ini (see repair-parts.h)
 *
 * Both lines have the same path, and NTLDR starts the first of several with
 * the path of "default=" (from memory): so the new one stands before the old
 * one, which stays to fall back on, and no other byte changes.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "repair-parts.h"

/* NTLDR shows no more entries than this (bootini.h). */
#define SHOWN_MAX 10u

/* What a line of boot.ini may have; NTLDR's own limit is not known. */
#define LINE_MAX 1024u

#define DESCRIPTION_SUFFIX " (multiprocessor)"

bool
vw_entry_wants_pae(const char *text, const struct vw_bootini_entry *entry,
                   bool last_boot)
{
    const struct vw_switches *switches = &entry->switches;
    const struct vw_switch *noexecute =
        vw_switches_find(switches, VW_SWITCH_NOEXECUTE);

    if (vw_switches_find(switches, VW_SWITCH_PAE) != NULL)
        return true;
    /* No-execute needs the page tables of PAE, whatever /NOPAE says. */
    if (noexecute != NULL
        && !vw_span_is(text, noexecute->value, "AlwaysOff"))
        return true;
    if (vw_switches_find(switches, VW_SWITCH_NOPAE) != NULL
        || noexecute != NULL)
        return false;
    return last_boot;
}

/* Whether the new line has the switch @id another way. */
static bool
is_replaced(const struct vw_new_entry *entry, enum vw_switch_id id)
{
    return (entry->hal != NULL && id == VW_SWITCH_HAL)
           || (entry->kernel != NULL && id == VW_SWITCH_KERNEL)
           || (entry->pae
               && (id == VW_SWITCH_PAE || id == VW_SWITCH_NOPAE));
}

static void
add_span(struct vt_buf *line, const char *text, struct vw_span span)
{
    vt_buf_add(line, text + span.offset, span.length);
}

/* The new line, without its end. */
static void
write_line(struct vt_buf *line, const char *text,
           const struct vw_bootini_entry *old,
           const struct vw_new_entry *entry)
{
    add_span(line, text, old->path);
    vt_buf_add_string(line, "=\"");
    /* One without quotes around it may have some inside. */
    for (uint32_t i = 0; i < old->description.length; i++) {
        if (text[old->description.offset + i] != '"')
            vt_buf_add_char(line, text[old->description.offset + i]);
    }
    vt_buf_add_string(line, DESCRIPTION_SUFFIX "\"");
    for (unsigned i = 0; i < old->switches.count; i++) {
        if (is_replaced(entry, old->switches.list[i].id))
            continue;
        vt_buf_add_char(line, ' ');
        add_span(line, text, old->switches.list[i].whole);
    }
    /* Kernel and page tables must agree, whatever the processor has. */
    if (entry->pae)
        vt_buf_add_string(line, " /PAE");
    if (entry->kernel != NULL)
        vt_buf_printf(line, " /KERNEL=%s", entry->kernel);
    if (entry->hal != NULL)
        vt_buf_printf(line, " /HAL=%s", entry->hal);
}

/* Where the line with byte @at begins. */
static size_t
line_start(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n' && text[at - 1] != '\r')
        at--;
    return at;
}

/* How the lines of @text end: as the one with byte @at does, or the others. */
static const char *
line_end(const char *text, size_t size, size_t at)
{
    for (unsigned turn = 0; turn < 2; turn++, at = 0) {
        while (at < size && text[at] != '\n' && text[at] != '\r')
            at++;
        if (at + 1 < size && text[at] == '\r' && text[at + 1] == '\n')
            return "\r\n";
        if (at < size)
            return text[at] == '\r' ? "\r" : "\n";
    }
    return "\r\n";
}

static int
check(const struct vw_bootini *bootini, const struct vw_new_entry *entry,
      size_t size, const struct vt_buf *line, struct vtopo_error *err)
{
    const struct vw_bootini_entry *old = &bootini->entries[entry->index];

    if (bootini->seen >= SHOWN_MAX)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "boot.ini has %u entries, and no more than %u are "
                       "shown", bootini->seen, SHOWN_MAX);
    if (old->switches.seen > old->switches.count)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "entry %u of boot.ini has more than %u switches",
                       entry->index, VW_SWITCHES_MAX);
    if (line->length > LINE_MAX || size + line->length > VW_BOOTINI_SIZE_MAX)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "boot.ini has no room for a line of %zu bytes",
                       line->length);
    return 0;
}

static int
note(struct vw_repair *repair, const char *where,
     const struct vw_bootini_entry *old, struct vt_buf *line,
     struct vtopo_error *err)
{
    char what[64];

    (void)snprintf(what, sizeof(what), "a new entry before line %u",
                   (unsigned)old->whole.line);
    return vw_repair_change(repair, where, what, NULL, vt_buf_string(line),
                            "starts with the multiprocessor files; the old "
                            "entry stays to fall back on", err);
}

int
vw_repair_add_entry(struct vw_repair *repair, const char *where,
                    const struct vw_new_entry *entry, char **text,
                    size_t *size, struct vtopo_error *err)
{
    vt_autofree struct vw_bootini *bootini = calloc(1, sizeof(*bootini));
    vt_auto(vt_buf_clear) struct vt_buf line = VT_BUF_INIT;
    vt_auto(vt_buf_clear) struct vt_buf all = VT_BUF_INIT;
    const struct vw_bootini_entry *old;
    size_t start;

    if (bootini == NULL)
        return vt_fail_memory(err);
    if (vw_bootini_parse(*text, *size, bootini, err) < 0)
        return -1;
    if (entry->index >= bootini->count)
        return vt_fail(err, VTOPO_BAD_INPUT, "boot.ini has no entry %u",
                       entry->index);
    old = &bootini->entries[entry->index];
    write_line(&line, *text, old, entry);
    start = line_start(*text, old->whole.offset);
    vt_buf_add(&all, *text, start);
    vt_buf_add(&all, line.data, line.length);
    vt_buf_add_string(&all, line_end(*text, *size, old->whole.offset));
    vt_buf_add(&all, *text + start, *size - start);
    if (vt_buf_check(&line, err) < 0 || vt_buf_check(&all, err) < 0
        || check(bootini, entry, all.length, &line, err) < 0
        || note(repair, where, old, &line, err) < 0)
        return -1;
    free(*text);
    *size = all.length;
    *text = vt_steal(&all.data);
    return 0;
}
