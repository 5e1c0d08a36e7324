/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * options.h - one table per command, for everything said about its options
 *
 * Reading the command line, --help, the shell completion and the check of
 * the manual all use the same rows, so an option cannot exist in one of them
 * and be missing from another.
 *
 * Options and operands may come in any order; "--" ends the options.  Names
 * are never abbreviated.  When an option is given twice, the last one wins.
 * Every command has --help (-h), which needs no row.
 */

#ifndef VT_OPTIONS_H
#define VT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "vtopo.h"

enum option_kind {
    OPTION_FLAG,                /* bool */
    OPTION_TEXT,                /* const char *, as given */
    OPTION_COUNT,               /* unsigned, min to max */
    OPTION_CHOICE,              /* const char *, one of choices */
};

struct option_row {
    char letter;                /* 0 when there is none */
    const char *name;           /* without the dashes */
    const char *arg;            /* "N", "FILE"; NULL for a flag only */
    const char *help;           /* lower case, no full stop */
    enum option_kind kind;
    size_t field;               /* offsetof() in the command's arguments */
    unsigned min, max;          /* for OPTION_COUNT */
    const char *const *choices; /* for OPTION_CHOICE; ends in NULL */
};

struct command {
    const char *name;
    const char *operands;       /* "IMAGE", or "" */
    const char *summary;        /* one line, lower case, no full stop */
    const char *description;    /* sentences, wrapped by us; blank line: a
                                 * new paragraph.  May be NULL. */
    const struct option_row *options;   /* ends in a row without a name */
    const char *examples;       /* lines of at most 78 columns, which get
                                 * two blanks in front; or NULL */

    /* Do the work.  What belongs on standard output goes to @out, which is
     * written when this returns 0; *ret_status is the exit status then: 0,
     * 2 for "done, and the answer is no", or 1 for "done, and it cannot be
     * told".  It is 0 when not set.
     */
    int (*run)(const struct command *self, int argc, char **argv,
               struct vt_buf *out, int *ret_status, struct vtopo_error *err);
};

/* Read argv[1] and what follows into the struct at @args, which holds the
 * defaults.  Operands are moved to the front: on success they are argv[1] to
 * argv[*ret_operands], in their order.  @args then points into @argv.
 *
 * Fails with VTOPO_BAD_INPUT, the command's name in front.  @args may then
 * have been changed in part.
 */
int options_parse(const struct command *command, int argc, char **argv,
                  void *args, int *ret_operands, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Whether --help or -h is among the options. */
bool options_ask_help(const struct command *command, int argc, char **argv);

/* The text of "vtopo COMMAND --help". */
void options_add_help(struct vt_buf *out, const struct command *command);

/* A line an option, for scripts: "--json", "--vcpus=N", "--for=qemu|xen". */
void options_add_names(struct vt_buf *out, const struct command *command);

/* Finds the name that a misspelt word was most likely meant to be.  Start
 * with NEAREST_INIT, offer every name, then take .name (NULL: none is near).
 */
struct nearest {
    const char *word;           /* as given; need not end after length */
    size_t length;
    const char *name;
    size_t distance;
};

#define NEAREST_INIT(word, length) { (word), (length), NULL, 0 }

void nearest_offer(struct nearest *nearest, const char *name);

#endif /* VT_OPTIONS_H */
