/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * io.h - the instructions that C has no words for
 */

#ifndef PROBE_IO_H
#define PROBE_IO_H

#include <stdint.h>

static inline void
write_port8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void
write_port16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t
read_port8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t
read_port16(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void
read_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t value[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(value[0]), "=b"(value[1]), "=c"(value[2]),
                       "=d"(value[3])
                     : "a"(leaf), "c"(subleaf));
}

static inline uint64_t
read_msr(uint32_t number)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return (uint64_t)high << 32 | low;
}

static inline void
write_msr(uint32_t number, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t)value),
                     "d"((uint32_t)(value >> 32)) : "memory");
}

/* Interrupts off, and sleep for ever; an NMI only wakes it to sleep again. */
__attribute__((noreturn)) static inline void
stop(void)
{
    for (;;)
        __asm__ volatile("cli; hlt" : : : "memory");
}

#endif
