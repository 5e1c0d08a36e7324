/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-bootini.c - every span of a boot.ini is inside it and on one line;
 * cutting a switch out makes it one switch fewer, and changes nothing else;
 * a repair only takes bytes away, and none of a second one; a new entry is one
 * line more before its model, with the switches of that and those it is to
 * have; a refusal has a reason
 */

#include "bootini.h"
#include "fuzz.h"
#include "repair-parts.h"

struct text {
    const char *bytes;
    size_t size;
};

static void
check(bool promise)
{
    if (!promise)
        abort();
}

static void
check_span(struct text text, struct vw_span span)
{
    if (!vw_span_is_given(span)) {
        check(span.offset == 0 && span.length == 0);
        return;
    }
    check(span.offset <= text.size && span.length <= text.size - span.offset);
    for (uint32_t i = 0; i < span.length; i++) {
        char c = text.bytes[span.offset + i];

        check(c != '\r' && c != '\n' && c != '\0');
    }
}

static void
check_inside(struct vw_span outer, struct vw_span inner)
{
    check(inner.line == outer.line && inner.offset >= outer.offset
          && inner.offset - outer.offset <= outer.length
          && inner.length <= outer.length - (inner.offset - outer.offset));
}

static void
check_entry(struct text text, const struct vw_bootini_entry *entry)
{
    const struct vw_switches *switches = &entry->switches;
    uint32_t at = entry->whole.offset;

    check_span(text, entry->whole);
    check_span(text, entry->path);
    check_span(text, entry->arc.directory);
    check_span(text, entry->description);
    check(entry->path.length > 0);
    check_inside(entry->whole, entry->path);
    check_inside(entry->whole, entry->description);
    if (vw_span_is_given(entry->arc.directory))
        check_inside(entry->path, entry->arc.directory);

    check(switches->count <= switches->seen
          && switches->count <= VW_SWITCHES_MAX);
    for (unsigned i = 0; i < switches->count; i++) {
        const struct vw_switch *one = &switches->list[i];

        check_inside(entry->whole, one->whole);
        check(one->whole.length > 0 && one->whole.offset >= at);
        at = one->whole.offset + one->whole.length;
        if (vw_span_is_given(one->value))
            check_inside(one->whole, one->value);
        check(!one->has_number || one->value.length > 0);
    }
}

static struct vw_bootini *
parse(struct text text)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_bootini *bootini = malloc(sizeof(*bootini));

    check(bootini != NULL);
    if (vw_bootini_parse(text.bytes, text.size, bootini, &err) == 0)
        return bootini;
    fuzz_check_failure(&err);
    free(bootini);
    return NULL;
}

/* Cut the last switch of the last entry that has some. */
static void
check_cut(struct text text, const struct vw_bootini *before)
{
    const struct vw_bootini_entry *entry = NULL;
    vt_autofree struct vw_bootini *after = NULL;
    vt_autofree char *shorter = NULL;
    struct vw_span cut;
    unsigned index = 0;

    for (unsigned i = 0; i < before->count; i++) {
        if (before->entries[i].switches.count > 0) {
            entry = &before->entries[i];
            index = i;
        }
    }
    if (entry == NULL)
        return;
    cut = entry->switches.list[entry->switches.count - 1].whole;
    shorter = fuzz_text((const uint8_t *)text.bytes, text.size);
    memmove(shorter + cut.offset, shorter + cut.offset + cut.length,
            text.size - cut.offset - cut.length);
    after = parse((struct text) { shorter, text.size - cut.length });
    check(after != NULL && after->count == before->count
          && after->choice == before->choice
          && after->default_index == before->default_index
          && after->entries[index].switches.seen == entry->switches.seen - 1);
}

/* ---------------------------------------------------------------- repairs */

/* Whether all bytes of @less are in @more, in their order. */
static bool
is_part_of(struct text less, struct text more)
{
    size_t at = 0;

    for (size_t i = 0; i < more.size && at < less.size; i++)
        at += more.bytes[i] == less.bytes[at];
    return at == less.size;
}

static void
check_repair(struct text text, const struct vw_bootini *before)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree struct vw_repair *repair = calloc(1, sizeof(*repair));
    vt_autofree char *copy = fuzz_text((const uint8_t *)text.bytes, text.size);
    vt_autofree struct vw_bootini *after = NULL;
    size_t size = text.size, again;
    unsigned changes;

    check(repair != NULL);
    repair->choice.all = true;
    if (vw_repair_bootini(repair, "boot.ini", copy, &size, &err) < 0) {
        fuzz_check_failure(&err);
        vw_repair_forget(repair, 0);
        return;
    }
    check((size == text.size) == (repair->changes_count == 0));
    check(is_part_of((struct text) { copy, size }, text));
    after = parse((struct text) { copy, size });
    check(after != NULL && after->seen == before->seen
          && after->choice == before->choice
          && after->default_index == before->default_index);
    changes = repair->changes_count;
    again = size;
    if (vw_repair_bootini(repair, "boot.ini", copy, &again, &err) == 0
        && changes < VW_CUTS_MAX)
        check(again == size && repair->changes_count == changes);
    vw_repair_forget(repair, 0);
}

/* The new entry has the switches of the @old one, less those it has another
 * way.
 */
static void
check_switches(struct text text, const struct vw_bootini_entry *new,
               const struct vw_bootini_entry *old, bool pae)
{
    const struct vw_switches *switches = &new->switches;
    unsigned at = 0, more = pae ? 3 : 2;

    for (unsigned i = 0; i < old->switches.count; i++) {
        const struct vw_switch *one = &old->switches.list[i];

        if (one->id == VW_SWITCH_HAL || one->id == VW_SWITCH_KERNEL
            || (pae && (one->id == VW_SWITCH_PAE
                        || one->id == VW_SWITCH_NOPAE)))
            continue;
        if (at < switches->count)
            check(switches->list[at].whole.length == one->whole.length
                  && memcmp(text.bytes + switches->list[at].whole.offset,
                            text.bytes + one->whole.offset,
                            one->whole.length) == 0);
        at++;
    }
    check(switches->seen == at + more);
    if (switches->seen > switches->count)
        return;
    check(switches->list[at + more - 2].id == VW_SWITCH_KERNEL
          && switches->list[at + more - 1].id == VW_SWITCH_HAL
          && (!pae || switches->list[at].id == VW_SWITCH_PAE));
}

static void
check_addition(struct text text, const struct vw_bootini *before,
               unsigned index)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree struct vw_repair *repair = calloc(1, sizeof(*repair));
    char *copy = fuzz_text((const uint8_t *)text.bytes, text.size);
    vt_autofree struct vw_bootini *after = NULL;
    const struct vw_new_entry entry = {
        .index = index, .kernel = "ntkrnlmp.exe", .hal = "halmacpi.dll",
        .pae = vw_entry_wants_pae(text.bytes, &before->entries[index], false),
    };
    struct text made;
    size_t size = text.size;

    check(repair != NULL);
    if (vw_repair_add_entry(repair, "boot.ini", &entry, &copy, &size,
                            &err) < 0) {
        fuzz_check_failure(&err);
        check(repair->changes_count == 0 && size == text.size
              && memcmp(copy, text.bytes, size) == 0);
        free(copy);
        return;
    }
    made = (struct text) { copy, size };
    check(repair->changes_count == 1 && size > text.size
          && is_part_of(text, made));
    after = parse(made);
    check(after != NULL && after->seen == before->seen + 1
          && after->choice == before->choice);
    if (before->choice == VW_BOOTINI_LISTED)
        check(after->default_index
              == before->default_index + (before->default_index > index));
    check_entry(made, &after->entries[index]);
    check_switches(made, &after->entries[index], &after->entries[index + 1],
                   entry.pae);
    vw_repair_forget(repair, 0);
    free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autofree char *copy = fuzz_text(data, size);
    struct text text = { copy, size };
    vt_autofree struct vw_bootini *bootini = parse(text);

    if (bootini == NULL)
        return 0;
    check_span(text, bootini->timeout);
    check_span(text, bootini->default_path);
    check(bootini->count <= bootini->seen
          && bootini->count <= VW_BOOTINI_ENTRIES_MAX);
    check(bootini->choice != VW_BOOTINI_LISTED
          || bootini->default_index < bootini->count);
    for (unsigned i = 0; i < bootini->count; i++)
        check_entry(text, &bootini->entries[i]);
    check_cut(text, bootini);
    check_repair(text, bootini);
    for (unsigned i = 0; i < bootini->count; i++)
        check_addition(text, bootini, i);
    return 0;
}
