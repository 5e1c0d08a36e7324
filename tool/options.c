/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * options.c - read and describe options from a table (see options.h)
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/num.h"
#include "options.h"
#include "output.h"

/* The width of the left column of --help, and where its text starts. */
#define LEFT_MAX 26u

/* Names longer than this are never taken for a slip of the finger. */
#define NEAREST_LENGTH_MAX 32u

static const struct option_row help_row = {
    .letter = 'h', .name = "help", .kind = OPTION_FLAG,
    .help = "print this help",
};

/* One option with its value, or (no row) an operand. */
struct item {
    const struct option_row *row;
    char *text;
};

/* A walk along the command line. */
struct walk {
    const struct command *command;
    int argc;
    char **argv;
    int at;                     /* the next word */
    char *letters;              /* the rest of a word like -abc, or NULL */
    bool ended;                 /* "--" was seen */
};

static size_t
smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

/* How many letters must be added, removed or replaced (Levenshtein). */
static size_t
edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t row[NEAREST_LENGTH_MAX + 1];

    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t above = row[j];

            row[j] = smallest(above + 1, row[j - 1] + 1,
                              diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_length];
}

void
nearest_offer(struct nearest *nearest, const char *name)
{
    size_t length = strlen(name);
    size_t distance;

    if (length > NEAREST_LENGTH_MAX || nearest->length > NEAREST_LENGTH_MAX
        || nearest->length == 0)
        return;
    if (strncmp(name, nearest->word, nearest->length) == 0)
        distance = 1;           /* cut short */
    else
        distance = edit_distance(nearest->word, nearest->length, name, length);
    if (distance > nearest->length / 4 + 1
        || (distance >= nearest->length && nearest->length > 1)
        || (nearest->name != NULL && distance >= nearest->distance))
        return;
    nearest->name = name;
    nearest->distance = distance;
}

static const struct option_row *
find_name(const struct command *command, const char *name, size_t length)
{
    const struct option_row *row = command->options;

    for (; row->name != NULL; row++) {
        if (strncmp(row->name, name, length) == 0 && row->name[length] == '\0')
            return row;
    }
    if (length == strlen(help_row.name)
        && strncmp(help_row.name, name, length) == 0)
        return &help_row;
    return NULL;
}

static const struct option_row *
find_letter(const struct command *command, char letter)
{
    const struct option_row *row = command->options;

    for (; row->name != NULL; row++) {
        if (row->letter == letter)
            return row;
    }
    return letter == help_row.letter ? &help_row : NULL;
}

static int
unknown_name(const struct command *command, const char *name, size_t length,
             struct vtopo_error *err)
{
    struct nearest nearest = NEAREST_INIT(name, length);

    for (const struct option_row *row = command->options; row->name; row++)
        nearest_offer(&nearest, row->name);
    nearest_offer(&nearest, help_row.name);
    (void)vt_fail(err, VTOPO_BAD_INPUT, "unknown option '--%.*s'",
                  (int)length, name);
    if (nearest.name != NULL)
        return vt_hint(err, "did you mean --%s?", nearest.name);
    return vt_hint(err, "run 'vtopo %s --help' for its options",
                   command->name);
}

/* Give @row its value: @attached ("=4", "4" of -n4), else the next word. */
static int
take_value(struct walk *walk, const struct option_row *row, char *attached,
           struct item *ret_item, struct vtopo_error *err)
{
    if (row->kind == OPTION_FLAG) {
        if (attached != NULL)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "--%s takes no value, but '%s' was given",
                           row->name, attached);
    } else if (attached == NULL) {
        if (walk->at >= walk->argc)
            return vt_fail(err, VTOPO_BAD_INPUT, "--%s needs a value (%s)",
                           row->name, row->arg);
        attached = walk->argv[walk->at++];
    }
    *ret_item = (struct item) { .row = row, .text = attached };
    return 0;
}

static int
next_long(struct walk *walk, char *name, struct item *ret_item,
          struct vtopo_error *err)
{
    size_t length = strcspn(name, "=");
    const struct option_row *row = find_name(walk->command, name, length);

    if (row == NULL)
        return unknown_name(walk->command, name, length, err);
    return take_value(walk, row, name[length] == '=' ? name + length + 1 : NULL,
                      ret_item, err);
}

static int
next_letter(struct walk *walk, struct item *ret_item, struct vtopo_error *err)
{
    char *letters = walk->letters;
    const struct option_row *row = find_letter(walk->command, letters[0]);
    char *attached = NULL;

    walk->letters = NULL;
    if (row == NULL) {
        (void)vt_fail(err, VTOPO_BAD_INPUT, "unknown option '-%s'", letters);
        return vt_hint(err, "run 'vtopo %s --help' for its options",
                       walk->command->name);
    }
    if (row->kind == OPTION_FLAG)
        walk->letters = letters[1] != '\0' ? letters + 1 : NULL;
    else if (letters[1] != '\0')
        attached = letters + 1;
    return take_value(walk, row, attached, ret_item, err);
}

/* Step to the next option or operand; *ret_more is false behind the last. */
static int
next_item(struct walk *walk, struct item *ret_item, bool *ret_more,
          struct vtopo_error *err)
{
    char *word;

    *ret_more = true;
    if (walk->letters != NULL)
        return next_letter(walk, ret_item, err);
    if (walk->at < walk->argc && !walk->ended
        && strcmp(walk->argv[walk->at], "--") == 0) {
        walk->ended = true;
        walk->at++;
    }
    if (walk->at >= walk->argc) {
        *ret_more = false;
        return 0;
    }
    word = walk->argv[walk->at++];
    if (walk->ended || word[0] != '-' || word[1] == '\0') {
        *ret_item = (struct item) { .row = NULL, .text = word };
        return 0;
    }
    if (word[1] == '-')
        return next_long(walk, word + 2, ret_item, err);
    walk->letters = word + 1;
    return next_letter(walk, ret_item, err);
}

/* Add the choices of @row as "a, b or c". */
static void
add_choices(struct vt_buf *out, const struct option_row *row,
            const char *quote)
{
    for (const char *const *choice = row->choices; *choice; choice++) {
        if (choice != row->choices)
            vt_buf_add_string(out, choice[1] != NULL ? ", " : " or ");
        vt_buf_printf(out, "%s%s%s", quote, *choice, quote);
    }
}

static int
store_choice(const struct option_row *row, const char *text,
             const char **ret_choice, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf known = VT_BUF_INIT;

    for (const char *const *choice = row->choices; *choice; choice++) {
        if (strcmp(*choice, text) == 0) {
            *ret_choice = *choice;
            return 0;
        }
    }
    add_choices(&known, row, "'");
    return vt_fail(err, VTOPO_BAD_INPUT, "--%s must be %s, not '%s'",
                   row->name, vt_buf_string(&known), text);
}

static int
store(const struct option_row *row, const char *text, void *args,
      struct vtopo_error *err)
{
    char *field = (char *)args + row->field;
    char what[NEAREST_LENGTH_MAX + 3];

    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)field = text;
        return 0;
    case OPTION_COUNT:
        (void)snprintf(what, sizeof(what), "--%s", row->name);
        return vt_parse_uint(text, what, row->min, row->max,
                             (unsigned *)field, err);
    case OPTION_CHOICE:
        return store_choice(row, text, (const char **)field, err);
    }
    return vt_fail(err, VTOPO_SYSTEM, "the row of --%s is of no known kind",
                   row->name);
}

int
options_parse(const struct command *command, int argc, char **argv,
              void *args, int *ret_operands, struct vtopo_error *err)
{
    struct walk walk = {
        .command = command, .argc = argc, .argv = argv, .at = 1,
    };
    int operands = 0;

    for (;;) {
        struct item item;
        bool more;

        if (next_item(&walk, &item, &more, err) < 0)
            return vt_wrap(err, "%s", command->name);
        if (!more)
            break;
        if (item.row == NULL)
            argv[++operands] = item.text;
        else if (item.row != &help_row
                 && store(item.row, item.text, args, err) < 0)
            return vt_wrap(err, "%s", command->name);
    }
    *ret_operands = operands;
    return 0;
}

bool
options_ask_help(const struct command *command, int argc, char **argv)
{
    struct walk walk = {
        .command = command, .argc = argc, .argv = argv, .at = 1,
    };

    for (;;) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct item item = { .row = NULL };
        bool more;

        /* Whoever mistypes an option and asks for help wants the help. */
        if (next_item(&walk, &item, &more, &err) < 0)
            continue;
        if (!more)
            return false;
        if (item.row == &help_row)
            return true;
    }
}

static void
add_row(struct vt_buf *out, const struct option_row *row)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    size_t start = out->length;
    size_t width;

    if (row->letter != '\0')
        vt_buf_printf(out, "  -%c, --%s", row->letter, row->name);
    else
        vt_buf_printf(out, "      --%s", row->name);
    if (row->arg != NULL)
        vt_buf_printf(out, " %s", row->arg);
    width = out->length - start;
    if (width > LEFT_MAX - 2) {
        vt_buf_add_char(out, '\n');
        width = 0;
    }
    output_add_blanks(out, LEFT_MAX - width);

    vt_buf_add_string(&text, row->help);
    if (row->kind == OPTION_CHOICE) {
        vt_buf_add_string(&text, ": ");
        add_choices(&text, row, "");
    }
    output_add_wrapped(out, LEFT_MAX, LEFT_MAX, vt_buf_string(&text));
}

void
options_add_help(struct vt_buf *out, const struct command *command)
{
    vt_buf_printf(out, "Usage: vtopo %s [OPTION]...%s%s\n\n", command->name,
                  command->operands[0] != '\0' ? " " : "", command->operands);
    if (command->description != NULL)
        output_add_wrapped(out, 0, 0, command->description);
    else
        output_add_wrapped(out, 0, 0, command->summary);

    vt_buf_add_string(out, "\nOptions:\n");
    for (const struct option_row *row = command->options; row->name; row++)
        add_row(out, row);
    add_row(out, &help_row);

    if (command->examples != NULL) {
        vt_buf_add_string(out, "\nExamples:\n");
        for (const char *at = command->examples; *at != '\0';) {
            size_t length = strcspn(at, "\n");

            vt_buf_printf(out, "  %.*s\n", (int)length, at);
            at += length + (at[length] == '\n');
        }
    }
    vt_buf_printf(out, "\nSee vtopo-%s(1).\n", command->name);
}

void
options_add_names(struct vt_buf *out, const struct command *command)
{
    for (const struct option_row *row = command->options; row->name; row++) {
        vt_buf_printf(out, "--%s", row->name);
        if (row->kind == OPTION_CHOICE) {
            for (const char *const *choice = row->choices; *choice; choice++)
                vt_buf_printf(out, "%c%s",
                              choice == row->choices ? '=' : '|', *choice);
        } else if (row->arg != NULL) {
            vt_buf_printf(out, "=%s", row->arg);
        }
        vt_buf_add_char(out, '\n');
    }
    vt_buf_printf(out, "--%s\n", help_row.name);
}
