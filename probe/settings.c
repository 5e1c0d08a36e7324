/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * settings.c - read the words of settings.h, and print them
 */

#include <stddef.h>

#include "output.h"
#include "settings.h"

#define NUMBER_MAX 65535u

/* A key with a few words as values: the place of the word is the value. */
struct choice {
    const char *key;
    uint32_t field;
    const char *words[6];
};

#define FIELD(name) (uint32_t)offsetof(struct settings, name)

static const struct choice choices[] = {
    { "mode", FIELD(mode), { "default", "32", "pae", "64" } },
    { "idle", FIELD(idle), { "hlt", "mwait", "poll" } },
    { "arithmetic", FIELD(arithmetic),
      { "cores-pow2", "cores", "htt-mask", "htt-divide", "logical" } },
    { "onecpu", FIELD(onecpu), { "no", "yes" } },
    { "hal", FIELD(up_hal), { "mp", "up" } },
    { "left", FIELD(park), { "never", "parked" } },
    { "report", FIELD(serial), { "debug", "serial" } },
    { "after", FIELD(exit), { "stay", "exit" } },
};

#define CHOICES (sizeof(choices) / sizeof(choices[0]))

static const char *const licences[] = { "none", "packages", "logical" };

static uint32_t *
field_of(struct settings *settings, uint32_t offset)
{
    return (uint32_t *)(void *)((char *)settings + offset);
}

int
settings_is_end(char character)
{
    return character == '\0' || character == ' ' || character == '\t'
        || character == '\n' || character == '\r';
}

/* Skip @expected in @text; NULL when something else stands there. */
static const char *
skip(const char *text, const char *expected)
{
    while (*expected != '\0')
        if (*text++ != *expected++)
            return NULL;
    return text;
}

/* Whether the rest of a word is just @expected. */
static int
is_word(const char *text, const char *expected)
{
    const char *end = skip(text, expected);

    return end != NULL && settings_is_end(*end);
}

/* Read a number; NULL where there is none. */
static const char *
read_number(const char *text, uint32_t *ret_number)
{
    uint32_t number = 0;

    if (*text < '0' || *text > '9')
        return NULL;
    for (; *text >= '0' && *text <= '9'; text++) {
        number = number * 10 + (uint32_t)(*text - '0');
        if (number > NUMBER_MAX)
            return NULL;
    }
    *ret_number = number;
    return text;
}

/* Read the number that a word ends with, 1 or more; 0 on success. */
static int
read_count(const char *text, uint32_t *ret_number)
{
    uint32_t number;
    const char *end = read_number(text, &number);

    if (end == NULL || number == 0 || !settings_is_end(*end))
        return -1;
    *ret_number = number;
    return 0;
}

static int
read_licence(const char *text, struct settings *settings)
{
    const char *number;

    if (is_word(text, "none")) {
        settings->licence = LICENCE_NONE;
        return 0;
    }
    for (uint32_t i = LICENCE_PACKAGES; i <= LICENCE_LOGICAL; i++) {
        number = skip(text, licences[i]);
        if (number == NULL || *number != ':')
            continue;
        settings->licence = i;
        return read_count(number + 1, &settings->licence_count);
    }
    return -1;
}

static int
set_offline(struct settings *settings, uint32_t first, uint32_t last)
{
    if (first == 0 || last < first || last >= OFFLINE_WORDS * 32)
        return -1;              /* the boot processor stays */
    for (uint32_t i = first; i <= last; i++)
        settings->offline[i / 32] |= 1u << i % 32;
    return 0;
}

static int
read_offline(const char *text, struct settings *settings)
{
    uint32_t first;
    uint32_t last;

    for (uint32_t i = 0; i < OFFLINE_WORDS; i++)
        settings->offline[i] = 0;
    if (is_word(text, "none"))
        return 0;
    for (;; text++) {
        text = read_number(text, &first);
        last = first;
        if (text != NULL && *text == '-')
            text = read_number(text + 1, &last);
        if (text == NULL || set_offline(settings, first, last) != 0)
            return -1;
        if (settings_is_end(*text))
            return 0;
        if (*text != ',')
            return -1;
    }
}

static int
read_choice(const struct choice *choice, const char *value,
            struct settings *settings)
{
    for (uint32_t i = 0; i < 6 && choice->words[i] != NULL; i++) {
        if (!is_word(value, choice->words[i]))
            continue;
        *field_of(settings, choice->field) = i;
        return 0;
    }
    return -1;
}

static const char *
value_of(const char *word, const char *key)
{
    const char *rest = skip(word, key);

    return rest != NULL && *rest == '=' ? rest + 1 : NULL;
}

static int
read_word(struct settings *settings, const char *word)
{
    const char *value;

    if (is_word(word, "onecpu")) {
        settings->onecpu = 1;
        return 0;
    }
    for (uint32_t i = 0; i < CHOICES; i++) {
        value = value_of(word, choices[i].key);
        if (value != NULL)
            return read_choice(&choices[i], value, settings);
    }
    if ((value = value_of(word, "licence")) != NULL)
        return read_licence(value, settings);
    if ((value = value_of(word, "ceiling")) != NULL)
        return read_count(value, &settings->ceiling);
    if ((value = value_of(word, "numproc")) != NULL)
        return read_count(value, &settings->numproc);
    if ((value = value_of(word, "offline")) != NULL)
        return read_offline(value, settings);
    return -1;
}

const char *
settings_read(struct settings *settings, const char *text, uint32_t size)
{
    const char *end = text + size;

    while (text < end && *text != '\0') {
        if (settings_is_end(*text)) {
            text++;
            continue;
        }
        if (read_word(settings, text) != 0)
            return text;
        while (text < end && !settings_is_end(*text))
            text++;
    }
    return NULL;
}

static void
print_offline(const struct settings *settings)
{
    const char *separator = "";

    print_text(",\"offline\":[");
    for (uint32_t i = 0; i < OFFLINE_WORDS * 32; i++) {
        if ((settings->offline[i / 32] >> i % 32 & 1) == 0)
            continue;
        print_text(separator);
        print_number(i);
        separator = ",";
    }
    print_text("]");
}

static void
print_limit(const char *key, uint32_t limit)
{
    print_text(key);
    if (limit != 0)
        print_number(limit);
    else
        print_text("null");
}

void
settings_print(const struct settings *settings)
{
    print_text("{\"licence\":\"");
    print_text(licences[settings->licence]);
    if (settings->licence != LICENCE_NONE) {
        print_text(":");
        print_number(settings->licence_count);
    }
    print_text("\"");
    for (uint32_t i = 0; i < CHOICES; i++) {
        const char *at = (const char *)settings + choices[i].field;

        print_text(",\"");
        print_text(choices[i].key);
        print_text("\":\"");
        print_text(choices[i].words[*(const uint32_t *)(const void *)at]);
        print_text("\"");
    }
    print_limit(",\"ceiling\":", settings->ceiling);
    print_limit(",\"numproc\":", settings->numproc);
    print_offline(settings);
    print_text("}");
}
