/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * registers.c - what QEMU's monitor prints of a vCPU (see registers.h)
 *
 * A block is lines of NAME=HEX and of segments, "CS =0010 0000 ffff 00af".
 * Every name is a row of a table, with both spellings; names that no row
 * knows are passed over, so that new lines of a new QEMU do no harm.
 */

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "verdict/registers.h"

/* Without these there is nothing to judge by. */
enum { SAW_IP = 1, SAW_FLAGS = 2, SAW_CPL = 4, SAW_HALTED = 8, SAW_CR0 = 16,
       SAW_CS = 32, SAW_TR = 64, SAW_GDT = 128, SAW_ALL = 255 };

struct name {
    const char *name;
    size_t field;
    unsigned size;
    unsigned saw;
};

#define ROW(text, into, bit)                                            \
    { .name = text, .field = offsetof(struct vt_registers, into),       \
      .size = sizeof(((struct vt_registers *)0)->into), .saw = (bit) }
#define GENERAL(number, wide, narrow)                                   \
    ROW(wide, general[number], 0), ROW(narrow, general[number], 0)

static const struct name names[] = {
    GENERAL(0, "RAX", "EAX"), GENERAL(1, "RBX", "EBX"),
    GENERAL(2, "RCX", "ECX"), GENERAL(3, "RDX", "EDX"),
    GENERAL(4, "RSI", "ESI"), GENERAL(5, "RDI", "EDI"),
    GENERAL(6, "RBP", "EBP"), GENERAL(7, "RSP", "ESP"),
    ROW("R8", general[8], 0), ROW("R9", general[9], 0),
    ROW("R10", general[10], 0), ROW("R11", general[11], 0),
    ROW("R12", general[12], 0), ROW("R13", general[13], 0),
    ROW("R14", general[14], 0), ROW("R15", general[15], 0),
    ROW("RIP", ip, SAW_IP), ROW("EIP", ip, SAW_IP),
    ROW("RFL", flags, SAW_FLAGS), ROW("EFL", flags, SAW_FLAGS),
    ROW("CPL", cpl, SAW_CPL), ROW("II", inhibit, 0), ROW("A20", a20, 0),
    ROW("SMM", smm, 0), ROW("HLT", halted, SAW_HALTED),
    ROW("CR0", cr0, SAW_CR0), ROW("CR2", cr2, 0), ROW("CR3", cr3, 0),
    ROW("CR4", cr4, 0), ROW("EFER", efer, 0),
};

/* Segments have a selector and a base, the tables a base alone. */
struct segment {
    const char *name;
    bool has_selector;
    size_t selector, base;
    unsigned saw;
};

#define NOWHERE SIZE_MAX

static const struct segment segments[] = {
    { "CS", true, offsetof(struct vt_registers, cs),
      offsetof(struct vt_registers, cs_base), SAW_CS },
    { "TR", true, offsetof(struct vt_registers, tr), NOWHERE, SAW_TR },
    { "GDT", false, NOWHERE, offsetof(struct vt_registers, gdt), SAW_GDT },
    { "IDT", false, NOWHERE, offsetof(struct vt_registers, idt), 0 },
};

/* ---------------------------------------------------------------- numbers */

/* Read up to 16 hexadecimal digits; NULL where there are none or more. */
static const char *
read_hex(const char *at, uint64_t *ret_value)
{
    uint64_t value = 0;
    unsigned digits = 0;

    for (; isxdigit((unsigned char)*at) && digits <= 16; at++, digits++) {
        int c = tolower((unsigned char)*at);

        value = value << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    if (digits == 0 || digits > 16)
        return NULL;
    *ret_value = value;
    return at;
}

static void
put(struct vt_registers *registers, size_t field, unsigned size,
    uint64_t value)
{
    char *at = (char *)registers + field;
    uint16_t half = (uint16_t)value;

    if (size == 1)
        *at = (char)(value & 0xff);
    else if (size == 2)
        memcpy(at, &half, sizeof(half));
    else
        memcpy(at, &value, sizeof(value));
}

/* ------------------------------------------------------------------ lines */

/* "CS =0010 00000000 ffffffff 00cf9b00 DPL=0 CS32 [-RA]" */
static bool
read_segment(const char *line, struct vt_registers *registers,
             unsigned *saw)
{
    const char *at;
    uint64_t value;

    for (size_t i = 0; i < VT_COUNT(segments); i++) {
        const struct segment *segment = &segments[i];
        size_t length = strlen(segment->name);

        if (strncmp(line, segment->name, length) != 0)
            continue;
        at = line + length + strspn(line + length, " ");
        if (*at++ != '=')
            continue;
        if (segment->has_selector) {
            at = read_hex(at, &value);
            if (at == NULL)
                return true;
            put(registers, segment->selector, sizeof(uint16_t), value);
        }
        at = read_hex(at + strspn(at, " "), &value);
        if (at == NULL)
            return true;
        if (segment->base != NOWHERE)
            put(registers, segment->base, sizeof(value), value);
        *saw |= segment->saw;
        return true;
    }
    return false;
}

/* The word after the attributes of CS says how wide code is. */
static void
read_code_bits(const char *line, size_t length,
               struct vt_registers *registers)
{
    static const struct { const char *word; uint8_t bits; } words[] = {
        { " CS64 ", 64 }, { " CS32 ", 32 }, { " CS16 ", 16 },
    };

    for (size_t i = 0; i < VT_COUNT(words); i++) {
        if (memmem(line, length, words[i].word, strlen(words[i].word)) != NULL)
            registers->code_bits = words[i].bits;
    }
}

static const struct name *
find_name(const char *text, size_t length)
{
    for (size_t i = 0; i < VT_COUNT(names); i++) {
        if (strlen(names[i].name) == length
            && memcmp(names[i].name, text, length) == 0)
            return &names[i];
    }
    return NULL;
}

/* Every NAME=HEX of a line; a name may be filled up with a blank. */
static void
read_values(const char *line, const char *end, struct vt_registers *registers,
            unsigned *saw)
{
    const char *at = line;
    const struct name *name;
    const char *after;
    uint64_t value;
    size_t length;

    while (at < end) {
        length = 0;
        while (isalnum((unsigned char)at[length]))
            length++;
        after = at + length + strspn(at + length, " ");
        if (length == 0 || *after != '=' || after >= end) {
            at += length == 0 ? 1 : length;
            continue;
        }
        name = find_name(at, length);
        at = read_hex(after + 1, &value);
        if (at == NULL) {
            at = after + 1;
        } else if (name != NULL) {
            put(registers, name->field, name->size, value);
            *saw |= name->saw;
        }
    }
}

static void
read_line(const char *line, const char *end, struct vt_registers *registers,
          unsigned *saw)
{
    if (!read_segment(line, registers, saw))
        read_values(line, end, registers, saw);
    else if (line[0] == 'C' && line[1] == 'S')
        read_code_bits(line, (size_t)(end - line), registers);
}

/* ----------------------------------------------------------------- blocks */

static const char *
line_end(const char *at)
{
    return at + strcspn(at, "\r\n");
}

/* "CPU#12": its number, or false. */
static bool
is_head(const char *line, const char *end, uint64_t *ret_index)
{
    const char *at = line + 4;
    uint64_t index = 0;

    if (strncmp(line, "CPU#", 4) != 0 || !isdigit((unsigned char)*at))
        return false;
    for (; at < end && isdigit((unsigned char)*at); at++) {
        if (index < VTOPO_CPUS_MAX)
            index = index * 10 + (unsigned)(*at - '0');
    }
    *ret_index = index;
    return true;
}

int
vt_registers_parse(const char *text, vt_registers_fn take, void *to,
                   struct vtopo_error *err)
{
    static const struct vt_registers nothing;
    struct vt_registers registers = nothing;
    uint64_t index = VTOPO_CPUS_MAX;
    uint64_t next = VTOPO_CPUS_MAX;
    unsigned saw = 0;
    bool more = true;

    while (more) {
        const char *end = line_end(text);
        bool head = is_head(text, end, &next);

        more = *end != '\0';
        if (!head)
            read_line(text, end, &registers, &saw);
        if ((head || !more) && saw == SAW_ALL && index < VTOPO_CPUS_MAX
            && take((unsigned)index, &registers, to, err) < 0)
            return -1;
        if (head && next >= VTOPO_CPUS_MAX)
            return vt_fail(err, VTOPO_BAD_INPUT, "registers of a vCPU are "
                           "given whose number is not below %u",
                           VTOPO_CPUS_MAX);
        if (head) {
            registers = nothing;
            index = next;
            saw = 0;
        }
        text = end + (more ? 1 : 0);
    }
    return 0;
}

bool
vt_lapic_parse(const char *text, unsigned *ret_spiv)
{
    const char *at = strstr(text, "SPIV");
    uint64_t value;

    if (at == NULL)
        return false;
    at += strlen("SPIV");
    at += strspn(at, " \t");
    if (strncmp(at, "0x", 2) != 0 || read_hex(at + 2, &value) == NULL)
        return false;
    *ret_spiv = (unsigned)value;
    return true;
}
