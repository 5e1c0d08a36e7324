/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * sector.S - the probe on a disk: boot sector, settings, loader
 *
 * This is the file to put over the first sectors of a disk, but for bytes 440
 * to 511 of the first, which are the disk's: signature, partition table and
 * the mark of a boot sector.  All of it must end before the first partition.
 * The boot sector reads the rest with the BIOS, below 1 MiB, and copies it to
 * where it runs.
 */

#include "boot.h"

        .set    SECTOR, 512
        .set    BUFFER, 0x10000         /* where the loader is read to */
        .set    SETTINGS, 0x7e00        /* behind the boot sector */
        .set    AT_ONCE, 64             /* sectors of one read */

        .text
        .code16
        .globl  sector_start
sector_start:
        jmp     1f
        nop
1:
        cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x7c00, %sp
        ljmp    $0, $2f
2:
        sti
        movb    %dl, drive
        call    read                    /* the settings, as the packet says */
        movw    $0, packet_offset
        movw    $(BUFFER >> 4), packet_segment
        movl    $2, packet_block
        movw    $PAYLOAD_SECTORS, %bx   /* still to read */
3:
        movw    $AT_ONCE, %ax
        cmpw    %ax, %bx
        jae     4f
        movw    %bx, %ax
4:
        movw    %ax, packet_count
        pushw   %ax
        call    read
        popw    %ax
        addw    $(AT_ONCE * SECTOR >> 4), packet_segment
        addl    $AT_ONCE, packet_block
        subw    %ax, %bx
        jnz     3b

        movw    $0x2401, %ax            /* address line 20, both ways */
        int     $0x15
        inb     $0x92, %al
        orb     $2, %al
        andb    $0xfe, %al
        outb    %al, $0x92

        cli
        lgdtl   gdt_register
        movl    %cr0, %eax
        orl     $1, %eax
        movl    %eax, %cr0
        ljmpl   $8, $protected

/* Fill the packet's memory from the drive. */
read:
        movb    $0x42, %ah
        movb    drive, %dl
        movw    $packet, %si
        int     $0x13
        jc      5f
        ret
5:
        movw    $message, %si
6:
        lodsb
        testb   %al, %al
        jz      7f
        movb    $0x0e, %ah
        movw    $7, %bx
        int     $0x10
        jmp     6b
7:
        hlt
        jmp     7b

        .code32
protected:
        movw    $16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $BUFFER, %esi
        movl    $LOADER_BASE, %edi
        movl    $(PAYLOAD_SECTORS * SECTOR / 4), %ecx
        rep movsl
        movl    $BY_DISK, %eax
        movl    $SETTINGS, %ebx
        movl    $LOADER_BASE, %ecx
        jmp     *%ecx

        .balign 4
packet:
        .word   16
packet_count:
        .word   1
packet_offset:
        .word   SETTINGS
packet_segment:
        .word   0
packet_block:
        .long   1
        .long   0

        .balign 8
gdt:
        .quad   0
        .quad   0x00cf9b000000ffff      /* 8: flat code */
        .quad   0x00cf93000000ffff      /* 16: flat data */
gdt_register:
        .word   . - gdt - 1
        .long   gdt
drive:
        .byte   0
message:
        .asciz  "vtopo stand-in guest: the disk cannot be read"

        .org    440, 0                  /* from here on it is the disk's */
        .org    510, 0
        .byte   0x55, 0xaa

        .ascii  SETTINGS_MAGIC
        .org    1024, 0

payload:
        .incbin PAYLOAD
        .balign SECTOR, 0
payload_end:
        .set    PAYLOAD_SECTORS, (payload_end - payload) / SECTOR

        .section .note.GNU-stack, "", @progbits
