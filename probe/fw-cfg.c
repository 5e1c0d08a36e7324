/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fw-cfg.c - read a file that QEMU was given with -fw_cfg
 *
 * The device is read byte by byte through its ports, which every QEMU has.
 * Numbers in it are big-endian.
 */

#include "io.h"
#include "loader.h"

#define SELECTOR 0x510
#define DATA 0x511
#define SIGNATURE 0x0000
#define DIRECTORY 0x0019
#define FILES_MAX 4096u
#define NAME_SIZE 56

static uint32_t
read_big_endian(uint32_t bytes)
{
    uint32_t number = 0;

    while (bytes-- > 0)
        number = number << 8 | read_port8(DATA);
    return number;
}

/* Read a name from the device; whether it is @name. */
static int
reads_name(const char *name)
{
    int same = 1;
    int ended = 0;

    for (uint32_t i = 0; i < NAME_SIZE; i++) {
        char character = (char)read_port8(DATA);

        if (ended)
            continue;
        if (character != *name)
            same = 0;
        if (character == '\0' || *name == '\0')
            ended = 1;
        else
            name++;
    }
    return same;
}

/* Find a file; 0 when it is there. */
static int
find(const char *name, uint16_t *ret_selector, uint32_t *ret_size)
{
    uint32_t count;

    write_port16(SELECTOR, DIRECTORY);
    count = read_big_endian(4);
    for (uint32_t i = 0; i < count && i < FILES_MAX; i++) {
        uint32_t size = read_big_endian(4);
        uint16_t selector = (uint16_t)read_big_endian(2);

        (void)read_big_endian(2);       /* reserved */
        if (!reads_name(name))
            continue;
        *ret_selector = selector;
        *ret_size = size;
        return 0;
    }
    return -1;
}

uint32_t
fw_cfg_read(const char *name, char *text, uint32_t size)
{
    uint16_t selector;
    uint32_t file_size;
    uint32_t count;

    write_port16(SELECTOR, SIGNATURE);
    if (read_big_endian(4) != 0x51454d55)       /* "QEMU" */
        return 0;
    if (find(name, &selector, &file_size) != 0)
        return 0;
    write_port16(SELECTOR, selector);
    for (count = 0; count < file_size && count < size - 1; count++)
        text[count] = (char)read_port8(DATA);
    text[count] = '\0';
    return count;
}
