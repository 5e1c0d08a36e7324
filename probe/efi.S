/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * efi.S - the headers of an EFI application, and what it carries
 *
 * They are written out here because that needs no linker that knows the
 * format: offsets in the file are offsets in memory, and the code works at
 * any address.
 */

#include "boot.h"

        .set    PAGE, 0x1000

        .section .header, "a"
        .ascii  "MZ"
        .org    0x3c
        .long   pe_header
        .org    0x40
pe_header:
        .ascii  "PE\0\0"
        .word   0x8664                  /* machine: x86-64 */
        .word   2                       /* sections */
        .long   0, 0, 0
        .word   optional_end - optional
        .word   0x0206                  /* executable, nothing to debug */
optional:
        .word   0x020b                  /* PE32+ */
        .word   0
        .long   text_size
        .long   data_size
        .long   0
        .long   efi_entry
        .long   text_start
        .quad   0                       /* preferred address: any */
        .long   PAGE, PAGE              /* alignment in memory, in the file */
        .word   0, 0, 0, 0, 0, 0
        .long   0
        .long   image_size
        .long   PAGE                    /* size of headers */
        .long   0
        .word   10                      /* subsystem: EFI application */
        .word   0x0100                  /* works with data not executable */
        .quad   0x10000, 0x10000, 0x10000, 0x10000
        .long   0
        .long   6                       /* directories, all empty */
        .quad   0, 0, 0, 0, 0, 0
optional_end:
        .ascii  ".text\0\0\0"
        .long   text_size, text_start, text_size, text_start
        .long   0, 0, 0
        .long   0x60000020              /* code, read, execute */
        .ascii  ".data\0\0\0"
        .long   data_size, data_start, data_size, data_start
        .long   0, 0, 0
        .long   0xc0000040              /* data, read, write */

        .section .text.start, "ax"
        .code64
/* load(entry, by, information): into the loader, in its own way of calling. */
        .globl  efi_load
efi_load:
        cli
        movl    %esi, %eax
        movl    %edx, %ebx
        jmp     *%rdi

        .section .data.payload, "aw"
        .globl  efi_settings, payload, payload_end
        .balign 16
efi_settings:
        .ascii  SETTINGS_MAGIC
        .org    SETTINGS_SIZE, 0
payload:
        .incbin PAYLOAD
payload_end:

        .section .note.GNU-stack, "", @progbits
