/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * output.h - text to whoever listens: the debug port, COM1, the screen
 */

#ifndef PROBE_OUTPUT_H
#define PROBE_OUTPUT_H

#include <stdint.h>

/* Look whether there is a debug port; with @serial set up COM1, too. */
void output_open(int serial);

void print_text(const char *text);
void print_number(uint32_t number);

/* Print a word up to a blank, with what JSON would not take as "?". */
void print_word(const char *word);

/* End QEMU with status 2 * @code + 1, where it has isa-debug-exit. */
void output_exit(uint8_t code);

/* One line of VGA text at 0xb8000, which is mapped at @screen. */
void screen_line(volatile uint16_t *screen, uint32_t row, const char *text,
                 uint32_t number);

#define NO_NUMBER 0xffffffffu

#endif
