/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * bootini.c - what boot.ini of Windows NT says (see bootini.h)
 *
 * Spans are taken apart into smaller spans until they are facts; no byte is
 * read but through peek(), which keeps to the span.
 */

#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "bootini.h"

#define CTRL_Z 0x1a

struct switch_row {
    const char *name;
    enum vw_switch_id id;
};

/* The switches that bear on processors, and those that choose the files. */
static const struct switch_row switch_rows[] = {
    { "NUMPROC", VW_SWITCH_NUMPROC },
    { "ONECPU", VW_SWITCH_ONECPU },
    { "HAL", VW_SWITCH_HAL },
    { "KERNEL", VW_SWITCH_KERNEL },
    { "PAE", VW_SWITCH_PAE },
    { "NOPAE", VW_SWITCH_NOPAE },
    { "NOEXECUTE", VW_SWITCH_NOEXECUTE },
    { "MAXPROCSPERCLUSTER", VW_SWITCH_MAXPROCSPERCLUSTER },
    { "BOOTPROC", VW_SWITCH_BOOTPROC },
    { "MAXPROC", VW_SWITCH_MAXPROC },
};

/* --------------------------------------------------------------- spans */

static char
fold(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The first character of @span, or 0 where it is empty. */
static char
peek(const char *text, struct vw_span span)
{
    return span.length > 0 ? text[span.offset] : '\0';
}

static void
skip(struct vw_span *span, uint32_t length)
{
    span->offset += length;
    span->length -= length;
}

static struct vw_span
trim(const char *text, struct vw_span span)
{
    while (is_blank(peek(text, span)))
        skip(&span, 1);
    while (span.length > 0 && is_blank(text[span.offset + span.length - 1]))
        span.length--;
    return span;
}

/* What is before the first of @stops, which is left at the head of @span. */
static struct vw_span
take_until(const char *text, struct vw_span *span, const char *stops)
{
    struct vw_span taken = *span;

    taken.length = 0;
    while (span->length > 0 && strchr(stops, peek(text, *span)) == NULL) {
        taken.length++;
        skip(span, 1);
    }
    return taken;
}

static bool
same(const char *text, struct vw_span a, struct vw_span b)
{
    if (a.length != b.length)
        return false;
    for (uint32_t i = 0; i < a.length; i++)
        if (fold(text[a.offset + i]) != fold(text[b.offset + i]))
            return false;
    return true;
}

bool
vw_span_is(const char *text, struct vw_span span, const char *word)
{
    if (span.length != strlen(word))
        return false;
    for (uint32_t i = 0; i < span.length; i++)
        if (fold(text[span.offset + i]) != fold(word[i]))
            return false;
    return true;
}

const char *
vw_span_copy(const char *text, struct vw_span span, char *buffer, size_t size)
{
    size_t length = span.length < size ? span.length : size - 1;

    if (size == 0)
        return "";
    if (length > 0)
        memcpy(buffer, text + span.offset, length);
    buffer[length] = '\0';
    return buffer;
}

static int
digit_of(char c, unsigned base)
{
    int digit = -1;

    if (c >= '0' && c <= '9')
        digit = c - '0';
    else if (fold(c) >= 'A' && fold(c) <= 'F')
        digit = fold(c) - 'A' + 10;
    return digit < (int)base ? digit : -1;
}

/* The whole of @span as a number of 32 bits. */
static bool
read_number(const char *text, struct vw_span span, unsigned base,
            uint32_t *ret_number)
{
    uint32_t number = 0;

    if (span.length == 0)
        return false;
    for (; span.length > 0; skip(&span, 1)) {
        int digit = digit_of(peek(text, span), base);

        if (digit < 0 || __builtin_mul_overflow(number, base, &number)
            || __builtin_add_overflow(number, (uint32_t)digit, &number))
            return false;
    }
    *ret_number = number;
    return true;
}

/* ------------------------------------------------------------ switches */

static enum vw_switch_id
switch_id(const char *text, struct vw_span name)
{
    for (size_t i = 0; i < VT_COUNT(switch_rows); i++)
        if (vw_span_is(text, name, switch_rows[i].name))
            return switch_rows[i].id;
    return VW_SWITCH_OTHER;
}

const char *
vw_switch_name(enum vw_switch_id id)
{
    for (size_t i = 0; i < VT_COUNT(switch_rows); i++)
        if (switch_rows[i].id == id)
            return switch_rows[i].name;
    return "";
}

/* Take one switch off the head of @span, which is not blank. */
static struct vw_switch
take_switch(const char *text, struct vw_span *span)
{
    struct vw_switch taken = { .whole = *span };
    struct vw_span name;
    struct vw_span rest;

    /* "/a/b" is two switches, with or without a blank between. */
    skip(span, 1);
    taken.whole.length = 1 + take_until(text, span, " \t/").length;

    rest = taken.whole;
    if (peek(text, rest) == '/' || peek(text, rest) == '-')
        skip(&rest, 1);
    name = take_until(text, &rest, "=:");
    taken.id = switch_id(text, name);
    if (rest.length > 0) {
        skip(&rest, 1);
        taken.value = rest;
        taken.has_number = read_number(text, rest, 10, &taken.number);
    }
    return taken;
}

void
vw_switches_parse(const char *text, struct vw_span span,
                  struct vw_switches *ret_switches)
{
    ret_switches->count = 0;
    ret_switches->seen = 0;
    for (span = trim(text, span); span.length > 0; span = trim(text, span)) {
        struct vw_switch taken = take_switch(text, &span);

        ret_switches->seen++;
        if (ret_switches->count < VW_SWITCHES_MAX)
            ret_switches->list[ret_switches->count++] = taken;
    }
}

const struct vw_switch *
vw_switches_find(const struct vw_switches *switches, enum vw_switch_id id)
{
    for (unsigned i = 0; i < switches->count; i++)
        if (switches->list[i].id == id)
            return &switches->list[i];
    return NULL;
}

/* --------------------------------------------------------------- paths */

struct arc_row {
    const char *name;
    unsigned base;              /* of its number */
    size_t to;                  /* where in struct vw_arc */
    enum vw_arc_kind kind;      /* that it makes the path */
};

#define ARC_ROW(word, digits, field, makes)                                 \
    { .name = (word), .base = (digits),                                     \
      .to = offsetof(struct vw_arc, field), .kind = (makes) }

static const struct arc_row arc_rows[] = {
    ARC_ROW("multi", 10, adapter, VW_ARC_MULTI),
    ARC_ROW("scsi", 10, adapter, VW_ARC_SCSI),
    ARC_ROW("signature", 16, signature, VW_ARC_SIGNATURE),
    ARC_ROW("disk", 10, disk, VW_ARC_UNREADABLE),
    ARC_ROW("rdisk", 10, rdisk, VW_ARC_UNREADABLE),
    ARC_ROW("partition", 10, partition, VW_ARC_UNREADABLE),
};

static const struct arc_row *
lookup_arc(const char *text, struct vw_span name)
{
    for (size_t i = 0; i < VT_COUNT(arc_rows); i++)
        if (vw_span_is(text, name, arc_rows[i].name))
            return &arc_rows[i];
    return NULL;
}

/* One "name(number)" of a path; false where @span begins otherwise. */
static bool
take_arc_part(const char *text, struct vw_span *span, struct vw_arc *arc)
{
    const struct arc_row *row = lookup_arc(text,
                                           take_until(text, span, "()\\"));
    struct vw_span digits;
    uint32_t number = 0;

    if (row == NULL || peek(text, *span) != '(')
        return false;
    skip(span, 1);
    digits = take_until(text, span, "()\\");
    if (peek(text, *span) != ')')
        return false;
    skip(span, 1);
    /* "multi()" is "multi(0)". */
    if (digits.length > 0 && !read_number(text, digits, row->base, &number))
        return false;
    memcpy((char *)arc + row->to, &number, sizeof(number));
    if (row->kind != VW_ARC_UNREADABLE)
        arc->kind = row->kind;
    return true;
}

static bool
is_drive(const char *text, struct vw_span path)
{
    return path.length >= 2 && fold(text[path.offset]) >= 'A'
        && fold(text[path.offset]) <= 'Z' && text[path.offset + 1] == ':';
}

static struct vw_arc
parse_arc(const char *text, struct vw_span path)
{
    static const struct vw_arc unreadable = { .kind = VW_ARC_UNREADABLE };
    struct vw_arc arc = unreadable;
    unsigned parts = 0;

    if (is_drive(text, path)) {
        arc.kind = VW_ARC_DRIVE;
        arc.drive = fold(text[path.offset]);
        skip(&path, 2);
    } else {
        while (peek(text, path) != '\\' && path.length > 0)
            if (parts++ == VW_ARC_PARTS_MAX
                || !take_arc_part(text, &path, &arc))
                return unreadable;
    }
    if (path.length > 0)
        arc.directory = path;
    return arc;
}

/* --------------------------------------------------------------- lines */

struct cursor {
    const char *text;
    uint32_t at;
    uint32_t end;
    uint32_t line;
};

/* The next line, less its end and the blanks around it. */
static bool
next_line(struct cursor *cursor, struct vw_span *ret_line)
{
    const char *text = cursor->text;
    struct vw_span line = { cursor->at, 0, ++cursor->line };

    if (cursor->at == cursor->end)
        return false;
    while (cursor->at < cursor->end && text[cursor->at] != '\n'
           && text[cursor->at] != '\r')
        cursor->at++;
    line.length = cursor->at - line.offset;

    if (cursor->at < cursor->end && text[cursor->at++] == '\r'
        && cursor->at < cursor->end && text[cursor->at] == '\n')
        cursor->at++;
    *ret_line = trim(text, line);
    return true;
}

static void
read_timeout(const char *text, struct vw_span value,
             struct vw_bootini *bootini)
{
    struct vw_span digits = value;
    bool negative = peek(text, value) == '-';
    uint32_t number;

    if (vw_span_is_given(bootini->timeout))
        return;
    bootini->timeout = value;
    if (negative)
        skip(&digits, 1);
    if (!read_number(text, digits, 10, &number) || number > INT32_MAX)
        return;
    bootini->has_timeout = true;
    bootini->timeout_seconds = negative ? -(int32_t)number : (int32_t)number;
}

/* A line of [boot loader]. */
static void
read_setting(const char *text, struct vw_span line, struct vw_bootini *bootini)
{
    struct vw_span value = line;
    struct vw_span key = trim(text, take_until(text, &value, "="));

    if (value.length == 0)
        return;
    skip(&value, 1);
    value = trim(text, value);
    if (vw_span_is(text, key, "timeout"))
        read_timeout(text, value, bootini);
    if (vw_span_is(text, key, "default") && bootini->defaults_seen++ == 0)
        bootini->default_path = value;
}

/* What stands between the quotes; or, without them, before the switches.
 * The rest is left in @rest.
 */
static struct vw_span
take_description(const char *text, struct vw_span *rest)
{
    struct vw_span taken;

    if (peek(text, *rest) == '"') {
        skip(rest, 1);
        taken = take_until(text, rest, "\"");
        if (rest->length > 0)
            skip(rest, 1);
        return taken;
    }

    /* The slash of "OS/2" begins no switch. */
    taken = *rest;
    taken.length = 0;
    while (rest->length > 0
           && !(peek(text, *rest) == '/'
                && (taken.length == 0 || is_blank(text[rest->offset - 1])))) {
        taken.length++;
        skip(rest, 1);
    }
    return trim(text, taken);
}

/* A line of [operating systems]. */
static void
read_entry(const char *text, struct vw_span line, struct vw_bootini *bootini)
{
    struct vw_span rest = line;
    struct vw_span path = trim(text, take_until(text, &rest, "="));
    struct vw_bootini_entry *entry;

    if (rest.length == 0 || path.length == 0)
        return;
    bootini->seen++;
    if (bootini->count == VW_BOOTINI_ENTRIES_MAX)
        return;
    entry = &bootini->entries[bootini->count++];

    skip(&rest, 1);
    rest = trim(text, rest);
    entry->whole = line;
    entry->path = path;
    entry->arc = parse_arc(text, path);
    entry->description = take_description(text, &rest);
    vw_switches_parse(text, rest, &entry->switches);
}

static void
choose_default(const char *text, struct vw_bootini *bootini)
{
    if (bootini->defaults_seen == 0) {
        bootini->choice = VW_BOOTINI_NO_DEFAULT;
        return;
    }
    for (unsigned i = 0; i < bootini->count; i++) {
        if (!same(text, bootini->entries[i].path, bootini->default_path))
            continue;
        bootini->choice = VW_BOOTINI_LISTED;
        bootini->default_index = i;
        return;
    }
    bootini->choice = bootini->seen > bootini->count ? VW_BOOTINI_CUT
                                                     : VW_BOOTINI_NOT_LISTED;
}

typedef void line_reader(const char *text, struct vw_span line,
                         struct vw_bootini *bootini);

/* Who reads the lines below the header @line; NULL for a foreign section. */
static line_reader *
reader_of_section(const char *text, struct vw_span line)
{
    struct vw_span name;

    skip(&line, 1);
    name = trim(text, take_until(text, &line, "]"));
    if (vw_span_is(text, name, "boot loader"))
        return read_setting;
    if (vw_span_is(text, name, "operating systems"))
        return read_entry;
    return NULL;
}

/* Where the text begins and ends. */
static struct cursor
start(const char *text, size_t size, bool *ret_bom)
{
    struct cursor cursor = { .text = text };

    *ret_bom = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
    cursor.at = *ret_bom ? 3 : 0;
    cursor.end = cursor.at;
    while (cursor.end < size && text[cursor.end] != '\0'
           && text[cursor.end] != CTRL_Z)
        cursor.end++;
    return cursor;
}

int
vw_bootini_parse(const char *text, size_t size,
                 struct vw_bootini *ret_bootini, struct vtopo_error *err)
{
    line_reader *read_line = NULL;
    struct cursor cursor;
    struct vw_span line;

    if (size > VW_BOOTINI_SIZE_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "boot.ini has %zu bytes, more than %u are not read",
                       size, VW_BOOTINI_SIZE_MAX);
    if (size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0
                      || memcmp(text, "\xfe\xff", 2) == 0))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "boot.ini is UTF-16, which no NTLDR reads");

    memset(ret_bootini, 0, sizeof(*ret_bootini));
    cursor = start(text, size, &ret_bootini->has_bom);
    while (next_line(&cursor, &line)) {
        if (peek(text, line) == '[')
            read_line = reader_of_section(text, line);
        else if (read_line != NULL && line.length > 0
                 && peek(text, line) != ';')
            read_line(text, line, ret_bootini);
    }
    choose_default(text, ret_bootini);
    return 0;
}
