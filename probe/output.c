/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * output.c - text to whoever listens: the debug port, COM1, the screen
 */

#include "io.h"
#include "output.h"
#include "settings.h"

#define DEBUG_PORT 0xe9         /* isa-debugcon, which reads as its number */
#define DEBUG_EXIT 0x501        /* isa-debug-exit */
#define COM1 0x3f8
#define COM1_DIVISOR 1          /* 115200 baud */
#define COM1_READY 0x20         /* of the line status */
#define COM1_PATIENCE 100000    /* polls for one byte */

#define COLUMNS 80
#define BRIGHT 0x1f00           /* white on blue */

static uint32_t has_debug_port;
static uint32_t has_serial;

static void
open_serial(void)
{
    write_port8(COM1 + 1, 0);           /* no interrupts */
    write_port8(COM1 + 3, 0x80);
    write_port8(COM1, COM1_DIVISOR);
    write_port8(COM1 + 1, 0);
    write_port8(COM1 + 3, 3);           /* 8 bits, no parity, 1 stop bit */
    write_port8(COM1 + 2, 7);           /* FIFO on and empty */
    write_port8(COM1 + 4, 3);           /* DTR, RTS */
    has_serial = read_port8(COM1 + 5) != 0xff;
}

void
output_open(int serial)
{
    has_debug_port = read_port8(DEBUG_PORT) == DEBUG_PORT;
    has_serial = 0;
    if (serial)
        open_serial();
}

static void
print_character(char character)
{
    uint32_t patience = COM1_PATIENCE;

    if (has_debug_port)
        write_port8(DEBUG_PORT, (uint8_t)character);
    if (!has_serial)
        return;
    while ((read_port8(COM1 + 5) & COM1_READY) == 0 && patience-- > 0)
        __asm__ volatile("pause");
    write_port8(COM1, (uint8_t)character);
}

void
print_text(const char *text)
{
    while (*text != '\0')
        print_character(*text++);
}

/* The digits of a number, in front of @end. */
static const char *
digits_of(uint32_t number, char *end)
{
    *end = '\0';
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    return end;
}

void
print_number(uint32_t number)
{
    char digits[12];

    print_text(digits_of(number, digits + sizeof(digits) - 1));
}

void
print_word(const char *word)
{
    for (; !settings_is_end(*word); word++)
        print_character(*word <= ' ' || *word > '~' || *word == '"'
                        || *word == '\\' ? '?' : *word);
}

void
output_exit(uint8_t code)
{
    write_port8(DEBUG_EXIT, code);
}

void
screen_line(volatile uint16_t *screen, uint32_t row, const char *text,
            uint32_t number)
{
    char digits[12];
    uint32_t column = 0;

    screen += row * COLUMNS;
    screen[column++] = BRIGHT | ' ';
    for (; *text != '\0' && column < COLUMNS; text++)
        screen[column++] = (uint16_t)(BRIGHT | (uint8_t)*text);
    if (number != NO_NUMBER) {
        text = digits_of(number, digits + sizeof(digits) - 1);
        for (; *text != '\0' && column < COLUMNS; text++)
            screen[column++] = (uint16_t)(BRIGHT | (uint8_t)*text);
    }
    while (column < COLUMNS)
        screen[column++] = BRIGHT | ' ';
}
