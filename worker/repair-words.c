/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair-words.c - find words of limits among switches (see repair-parts.h)
 */

#include <string.h>

#include "base/cleanup.h"
#include "repair-parts.h"

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The name in @whole, without the slash before and the value behind. */
static struct vw_span
name_of(const char *text, struct vw_span whole)
{
    uint32_t length = 0;

    if (whole.length > 0
        && (text[whole.offset] == '/' || text[whole.offset] == '-')) {
        whole.offset++;
        whole.length--;
    }
    while (length < whole.length && text[whole.offset + length] != '='
           && text[whole.offset + length] != ':')
        length++;
    whole.length = length;
    return whole;
}

static const struct vw_limit_row *
limit_of(const char *text, struct vw_span whole, bool is_bootini)
{
    struct vw_span name = name_of(text, whole);

    for (size_t i = 0; i < VW_LIMITS; i++) {
        if ((!is_bootini || vw_limit_rows[i].in_bootini)
            && vw_span_is(text, name, vw_limit_rows[i].word))
            return &vw_limit_rows[i];
    }
    return NULL;
}

/* What goes with @word: the blanks before it, where something else ends
 * behind it.  At the head of a text, those behind it as well: *@head is where
 * the text will begin, as long as all before it is gone.  What is not the
 * head of a text has NULL there.
 */
static struct vw_span
widen(const char *text, struct vw_span span, struct vw_span word,
      uint32_t *head)
{
    uint32_t least = head != NULL ? *head : span.offset;
    uint32_t end = span.offset + span.length;
    uint32_t start = word.offset;
    uint32_t behind = word.offset + word.length;
    bool ends = behind == end || is_blank(text[behind]);

    while (start > least && is_blank(text[start - 1]))
        start--;
    if (head != NULL && start == least) {
        while (behind < end && is_blank(text[behind]))
            behind++;
        *head = behind;
    } else if (!ends) {
        start = word.offset;    /* "/a /ONECPU/b" needs its blank */
    }
    return (struct vw_span) { start, behind - start, word.line };
}

unsigned
vw_cuts_find(const char *text, struct vw_span span, bool is_bootini,
             struct vw_cut cuts[VW_CUTS_MAX])
{
    struct vw_switches switches = { .seen = 1 };
    struct vw_span rest = span;
    uint32_t head = span.offset;
    unsigned count = 0;

    while (switches.seen > switches.count) {
        vw_switches_parse(text, rest, &switches);
        for (unsigned i = 0; i < switches.count; i++) {
            struct vw_span word = switches.list[i].whole;
            const struct vw_limit_row *row = limit_of(text, word, is_bootini);

            rest.offset = word.offset + word.length;
            rest.length = span.offset + span.length - rest.offset;
            if (row != NULL && count < VW_CUTS_MAX)
                cuts[count++] = (struct vw_cut) {
                    .row = row, .word = word,
                    .gone = widen(text, span, word,
                                  is_bootini ? NULL : &head),
                };
        }
    }
    return count;
}
