/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * main.c - find the command, run it, report how it went
 *
 * The only file that prints errors, and the only one that decides the exit
 * status: 0 done, 1 it could not be done or told, 2 done and the answer is no
 * (see vtopo(1), EXIT STATUS).  A new command is a line in the table below.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "commands.h"
#include "output.h"

static const struct command *const commands[] = {
    &command_inspect,
    &command_predict,
    &command_plan,
    &command_repair,
    &command_run,
    &command_verify,
    &command_guests,
    NULL,
};

static const struct command *
find_command(const char *name, struct vtopo_error *err)
{
    struct nearest nearest = NEAREST_INIT(name, strlen(name));

    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
        nearest_offer(&nearest, commands[i]->name);
    }
    nearest_offer(&nearest, "help");
    (void)vt_fail(err, VTOPO_BAD_INPUT, "unknown %s '%s'",
                  name[0] == '-' ? "option" : "command", name);
    if (nearest.name != NULL)
        (void)vt_hint(err, "did you mean 'vtopo %s'?", nearest.name);
    else
        (void)vt_hint(err, "run 'vtopo --help' for the commands");
    return NULL;
}

static void
add_usage(struct vt_buf *out)
{
    vt_buf_add_string(out,
        "Usage: vtopo COMMAND [OPTION]... [OPERAND]...\n"
        "\n"
        "Make the guest of a virtual machine use every vCPU it is given.\n"
        "\n"
        "Commands:\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        vt_buf_printf(out, "  %-10s %s\n",
                      commands[i]->name, commands[i]->summary);
    vt_buf_add_string(out,
        "  help       print this, or the help of a command\n"
        "\n"
        "Options:\n"
        "  -h, --help  print this help\n"
        "  --version   print the release and what is built in\n"
        "\n"
        "Exit status: 0 done, 1 error, 2 done and the answer is no.\n"
        "\n"
        "See vtopo(1).\n");
}

static void
add_names(struct vt_buf *out, const char *before, const char *after)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        vt_buf_printf(out, "%s%s%s", before, commands[i]->name, after);
}

static void
add_version(struct vt_buf *out)
{
    vt_buf_printf(out, "vtopo %s\nbuilt in:", vtopo_version());
    add_names(out, " ", "");
    vt_buf_add_char(out, '\n');
}

/* "vtopo help [COMMAND]" */
static int
help(int argc, char **argv, struct vt_buf *out, struct vtopo_error *err)
{
    const struct command *command;

    if (argc > 2)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "help: explains one command, not %d", argc - 1);
    if (argc < 2 || strcmp(argv[1], "help") == 0) {
        add_usage(out);
        return 0;
    }
    command = find_command(argv[1], err);
    if (command == NULL)
        return vt_wrap(err, "help");
    options_add_help(out, command);
    return 0;
}

static int
run_command(int argc, char **argv, struct vt_buf *out, int *ret_status,
            struct vtopo_error *err)
{
    const struct command *command = find_command(argv[0], err);

    if (command == NULL)
        return -1;
    if (argc == 2 && strcmp(argv[1], "--long-options") == 0)
        options_add_names(out, command);
    else if (options_ask_help(command, argc, argv))
        options_add_help(out, command);
    else
        return command->run(command, argc, argv, out, ret_status, err);
    return 0;
}

/* What comes before any command, and then the command. */
static int
dispatch(int argc, char **argv, struct vt_buf *out, int *ret_status,
         struct vtopo_error *err)
{
    if (argc < 2) {
        (void)vt_fail(err, VTOPO_BAD_INPUT, "no command was given");
        return vt_hint(err, "run 'vtopo --help' for the commands");
    }
    if (strcmp(argv[1], "help") == 0)
        return help(argc - 1, argv + 1, out, err);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        add_usage(out);
    else if (strcmp(argv[1], "--version") == 0)
        add_version(out);
    else if (strcmp(argv[1], "--list-commands") == 0)
        add_names(out, "", "\n");
    else
        return run_command(argc - 1, argv + 1, out, ret_status, err);
    return 0;
}

/* Write the result.  Closing tells of failures that a file server keeps to
 * itself until then.
 */
static int
finish(const struct vt_buf *out, struct vtopo_error *err)
{
    if (vt_buf_check(out, err) < 0
        || vt_write_all(STDOUT_FILENO, "standard output", out->data,
                        out->length, err) < 0)
        return -1;
    if (close(STDOUT_FILENO) < 0 && errno != EBADF)
        return vt_fail_errno(err, "cannot write to standard output");
    return 0;
}

static int
report(const struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

    /* A reader that has seen enough and left is told nothing. */
    if (err->errnum == EPIPE)
        return 1;
    vt_buf_add_string(&text, "vtopo: error: ");
    output_add_escaped(&text, err->message);
    vt_buf_add_char(&text, '\n');
    if (err->hint != NULL) {
        vt_buf_add_string(&text, "vtopo: hint: ");
        output_add_escaped(&text, err->hint);
        vt_buf_add_char(&text, '\n');
    }
    (void)fwrite(text.data, 1, text.length, stderr);
    return 1;
}

int
main(int argc, char **argv)
{
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    int status = 0;

    (void)signal(SIGPIPE, SIG_IGN);     /* write() then says EPIPE */
    if (dispatch(argc, argv, &out, &status, &err) < 0
        || finish(&out, &err) < 0)
        return report(&err);
    return status;
}
