/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-bootini.c - every span of a boot.ini is inside it and on one line;
 * cutting a switch out makes it one switch fewer, and changes nothing else;
 * a refusal has a reason
 */

#include "bootini.h"
#include "fuzz.h"

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
    return 0;
}
