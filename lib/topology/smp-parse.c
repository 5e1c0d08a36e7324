/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * smp-parse.c - read the text of an -smp option
 *
 * Follows QEMU's own reading: any order of keys, the first element may be a
 * bare number, a later duplicate wins, numbers in C notation.  What QEMU
 * reads as 64 bits and then cuts to 32 is refused here instead.
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "topology/level.h"

/* Longer keys and numbers than any that mean something are shown cut. */
#define SHOWN 40

struct slice {
    const char *text;
    size_t length;
};

static int
fail_number(struct slice key, const char *value, struct vtopo_error *err)
{
    (void)vt_fail(err, VTOPO_SMP_NOT_A_NUMBER,
                  "'%.*s' of -smp must be a whole number, not '%.*s'",
                  (int)key.length, key.text, SHOWN, value);
    return vt_hint(err, "write it without a suffix, such as 4, 0x4 or 04");
}

/* Read @value as QEMU does, and bound it as QEMU does not. */
static int
read_count(struct slice key, const char *value, unsigned *ret_count,
           bool *ret_octal, struct vtopo_error *err)
{
    const char *digits = value;
    unsigned long long count;
    bool negative;
    char *end;

    while (isspace((unsigned char)*digits))
        digits++;
    negative = *digits == '-';
    if (*digits == '-' || *digits == '+')
        digits++;
    if (!isdigit((unsigned char)*digits))
        return fail_number(key, value, err);
    errno = 0;
    count = strtoull(digits, &end, 0);
    if (*end != '\0')
        return fail_number(key, value, err);
    if (errno == ERANGE || (negative && count != 0) || count > VTOPO_CPUS_MAX)
        return vt_fail(err, VTOPO_SMP_OUT_OF_RANGE,
                       "'%.*s' of -smp must be between 0 and %u, not '%.*s'",
                       (int)key.length, key.text, VTOPO_CPUS_MAX,
                       SHOWN, value);
    if (digits[0] == '0' && isdigit((unsigned char)digits[1]) && count > 7)
        *ret_octal = true;
    *ret_count = (unsigned)count;
    return 0;
}

static int
fail_key(struct slice key, const struct vtopo_dialect *dialect,
         struct vtopo_error *err)
{
    char known[96] = "cpus, maxcpus";
    int length = key.length < SHOWN ? (int)key.length : SHOWN;

    for (unsigned i = 0; i < VTOPO_LEVELS; i++) {
        if ((dialect->known & VTOPO_LEVEL_BIT(i)) != 0) {
            strcat(known, ", ");
            strcat(known, vt_levels[i].name);
        }
    }
    (void)vt_fail(err, VTOPO_SMP_UNKNOWN_KEY,
                  "-smp has no '%.*s' here", length, key.text);
    return vt_hint(err, "QEMU %u.%u knows %s", dialect->qemu / 100,
                   dialect->qemu % 100, known);
}

static int
set_key(struct vtopo_smp *smp, struct slice key, const char *value,
        const struct vtopo_dialect *dialect, struct vtopo_error *err)
{
    unsigned count = 0;
    int level = vt_level_find(key.text, key.length);
    bool is_cpus = key.length == 4 && memcmp(key.text, "cpus", 4) == 0;
    bool is_max = key.length == 7 && memcmp(key.text, "maxcpus", 7) == 0;

    if (!is_cpus && !is_max
        && (level < 0 || (dialect->known & VTOPO_LEVEL_BIT(level)) == 0))
        return fail_key(key, dialect, err);
    if (read_count(key, value, &count, &smp->octal, err) < 0)
        return -1;
    if (is_cpus) {
        smp->has_cpus = true;
        smp->cpus = count;
    } else if (is_max) {
        smp->has_maxcpus = true;
        smp->maxcpus = count;
    } else {
        smp->has_level |= VTOPO_LEVEL_BIT(level);
        smp->level[level] = count;
    }
    return 0;
}

int
vtopo_smp_set(struct vtopo_smp *smp, const char *key, const char *value,
              const struct vtopo_dialect *dialect, struct vtopo_error *err)
{
    struct slice name = { key, strlen(key) };

    return set_key(smp, name, value, dialect, err);
}

/* --------------------------------------------------- splitting the text */

/* More elements than any sane option has. */
#define ELEMENTS_MAX 32

struct element {
    struct slice key;           /* points into the text */
    char value[64];             /* with ",," made "," */
    bool has_value;             /* an equals sign was there */
};

/* Copy the value at @at up to the comma that ends it; with @escapes a double
 * comma stands for one.  Returns where the text goes on.  A value that does
 * not fit is cut: it can be no number anyway.
 */
static const char *
take_value(const char *at, bool escapes, struct element *element)
{
    size_t length = 0;

    for (; *at != '\0'; at++) {
        if (*at == ',') {
            if (!escapes || at[1] != ',')
                break;
            at++;
        }
        if (length < sizeof(element->value) - 1)
            element->value[length++] = *at;
    }
    element->value[length] = '\0';
    return *at == ',' ? at + 1 : at;
}

/* Split off one element.  The first may be a bare value of cpus; there a
 * double comma is an escape only up to QEMU 6.0.
 */
static const char *
take_element(const char *at, bool first, bool old, struct element *element)
{
    size_t length = strcspn(at, "=,");

    *element = (struct element) { .key = { at, length } };
    if (at[length] == '=') {
        element->has_value = true;
        return take_value(at + length + 1, true, element);
    }
    if (first && (length != 0 || old)) {
        element->key = (struct slice) { "cpus", 4 };
        element->has_value = true;
        return take_value(at, old, element);
    }
    return at[length] == ',' ? at + length + 1 : at + length;
}

static bool
is_known(struct slice key, const struct vtopo_dialect *dialect)
{
    int level = vt_level_find(key.text, key.length);

    return (key.length == 4 && memcmp(key.text, "cpus", 4) == 0)
        || (key.length == 7 && memcmp(key.text, "maxcpus", 7) == 0)
        || (level >= 0 && (dialect->known & VTOPO_LEVEL_BIT(level)) != 0);
}

static bool
same_key(struct slice a, struct slice b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

/* An element without an equals sign where one is due. */
static int
fail_bare(struct slice key, const struct vtopo_dialect *dialect,
          struct vtopo_error *err)
{
    if (key.length == 0 || !isalpha((unsigned char)key.text[0]))
        return fail_key(key, dialect, err);
    (void)vt_fail(err, VTOPO_SMP_SYNTAX,
                  "-smp needs a value after '%.*s'",
                  key.length < SHOWN ? (int)key.length : SHOWN, key.text);
    return vt_hint(err, "write '%.*s=N'; only the first element may be a "
                   "number alone",
                   key.length < SHOWN ? (int)key.length : SHOWN, key.text);
}

/* Up to QEMU 6.0 a bare word switches the key on, and no count is "on". */
static int
fail_bare_old(struct slice key, const struct vtopo_dialect *dialect,
              struct vtopo_error *err)
{
    struct slice positive = key;

    if (key.length > 2 && memcmp(key.text, "no", 2) == 0)
        positive = (struct slice) { key.text + 2, key.length - 2 };
    if (is_known(positive, dialect))
        return fail_number(positive, "", err);
    return fail_key(key, dialect, err);
}

/* ------------------------------------------------- the two ways to check */

/* Up to 6.0: each element as it comes. */
static int
take_all_old(struct vtopo_smp *smp, const struct element *elements,
             unsigned count, const struct vtopo_dialect *dialect,
             struct vtopo_error *err)
{
    for (unsigned i = 0; i < count; i++) {
        const struct element *element = &elements[i];

        if (!element->has_value)
            return fail_bare_old(element->key, dialect, err);
        if (set_key(smp, element->key, element->value, dialect, err) < 0)
            return -1;
    }
    return 0;
}

static bool
is_overridden(const struct element *elements, unsigned index, unsigned count)
{
    for (unsigned i = index + 1; i < count; i++) {
        if (same_key(elements[i].key, elements[index].key))
            return true;
    }
    return false;
}

/* From 6.1: the form of all first, then the numbers of known keys that no
 * later element replaces, then unknown keys.
 */
static int
take_all(struct vtopo_smp *smp, const struct element *elements,
         unsigned count, const struct vtopo_dialect *dialect,
         struct vtopo_error *err)
{
    for (unsigned i = 0; i < count; i++) {
        struct slice key = elements[i].key;

        if (!elements[i].has_value)
            return fail_bare(key, dialect, err);
        if (key.length == 0 || !isalpha((unsigned char)key.text[0]))
            return fail_key(key, dialect, err);
    }
    for (unsigned i = 0; i < count; i++) {
        if (is_known(elements[i].key, dialect)
            && !is_overridden(elements, i, count)
            && set_key(smp, elements[i].key, elements[i].value,
                       dialect, err) < 0)
            return -1;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!is_known(elements[i].key, dialect))
            return fail_key(elements[i].key, dialect, err);
    }
    return 0;
}

int
vtopo_smp_parse(const char *text, const struct vtopo_dialect *dialect,
                struct vtopo_smp *ret_smp, struct vtopo_error *err)
{
    struct element elements[ELEMENTS_MAX];
    struct vtopo_smp smp = { 0 };
    bool old = dialect->qemu < VTOPO_RELEASE(6, 1);
    unsigned count = 0;

    for (const char *at = text; *at != '\0'; count++) {
        if (count == ELEMENTS_MAX)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "-smp takes at most %d elements", ELEMENTS_MAX);
        at = take_element(at, count == 0, old, &elements[count]);
    }
    if ((old ? take_all_old : take_all)(&smp, elements, count,
                                        dialect, err) < 0)
        return -1;
    *ret_smp = smp;
    return 0;
}
