/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * commands.h - every command; one cmd-*.c file defines each
 *
 * A new command also needs a line in main.c's table and in meson.build.
 */

#ifndef VT_COMMANDS_H
#define VT_COMMANDS_H

#include "options.h"

extern const struct command command_guests;
extern const struct command command_repair;
extern const struct command command_run;
extern const struct command command_verify;
extern const struct command command_inspect;
extern const struct command command_plan;
extern const struct command command_predict;

#endif /* VT_COMMANDS_H */
