/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * apic.c - the local APIC: a timer, and how processors reach each other
 */

#include "apic.h"
#include "boot.h"
#include "io.h"

#ifdef __x86_64__
#define REGISTERS (HIGH_HALF + 0xfee00000)
#else
#define REGISTERS 0xfee00000u
#endif

/* Offsets of registers in memory; their number as MSR is 0x800 + offset/16. */
#define TASK_PRIORITY 0x80
#define END_OF_INTERRUPT 0xb0
#define SPURIOUS 0xf0
#define COMMAND_LOW 0x300
#define COMMAND_HIGH 0x310
#define LOCAL_TIMER 0x320
#define LOCAL_PINS 0x350        /* LINT0; LINT1 is the next */
#define TIMER_INITIAL 0x380
#define TIMER_CURRENT 0x390
#define TIMER_DIVIDE 0x3e0

#define ENABLED 0x100u          /* in SPURIOUS */
#define MASKED 0x10000u         /* in LOCAL_* */
#define PERIODIC 0x20000u
#define DIVIDE_BY_16 3u

#define COMMAND_INIT 0x4500u
#define COMMAND_STARTUP 0x4600u
#define COMMAND_FIXED 0x4000u
#define COMMAND_PENDING 0x1000u

#define MSR_APIC_BASE 0x1b
#define BASE_X2APIC 0x400u
#define BASE_ENABLED 0x800u
#define MSR_X2APIC 0x800

#define PIT_CHANNEL_2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61
#define PIT_ONE_SHOT 0xb0       /* channel 2, both bytes, mode 0 */
#define PIT_OUTPUT 0x20
#define PIT_KILOHERTZ 1193u

static uint32_t uses_x2apic;
static uint32_t timer_rate;     /* counts in 10 ms */

void
delay(uint32_t microseconds)
{
    uint32_t count = microseconds * PIT_KILOHERTZ / 1000 + 1;
    uint8_t gate = read_port8(PIT_GATE) & 0xfc;

    write_port8(PIT_GATE, gate);
    write_port8(PIT_COMMAND, PIT_ONE_SHOT);
    write_port8(PIT_CHANNEL_2, (uint8_t)count);
    write_port8(PIT_CHANNEL_2, (uint8_t)(count >> 8));
    write_port8(PIT_GATE, gate | 1);
    while ((read_port8(PIT_GATE) & PIT_OUTPUT) == 0)
        __asm__ volatile("pause");
}

static volatile uint32_t *
register_at(uint32_t offset)
{
    return (volatile uint32_t *)(REGISTERS + offset);
}

static uint32_t
apic_read(uint32_t offset)
{
    if (uses_x2apic)
        return (uint32_t)read_msr(MSR_X2APIC + offset / 16);
    return *register_at(offset);
}

static void
apic_write(uint32_t offset, uint32_t value)
{
    if (uses_x2apic)
        write_msr(MSR_X2APIC + offset / 16, value);
    else
        *register_at(offset) = value;
}

/* Interrupts of old controllers stay away; what is polled needs none. */
static void
mask_old_interrupts(void)
{
    write_port8(0x21, 0xff);
    write_port8(0xa1, 0xff);
}

static void
measure_timer(void)
{
    apic_write(LOCAL_TIMER, MASKED);
    apic_write(TIMER_DIVIDE, DIVIDE_BY_16);
    apic_write(TIMER_INITIAL, 0xffffffff);
    delay(10000);
    timer_rate = 0xffffffff - apic_read(TIMER_CURRENT);
    apic_write(TIMER_INITIAL, 0);
}

void
apic_open(uint32_t highest_id)
{
    uses_x2apic = highest_id >= 0xff
        || (read_msr(MSR_APIC_BASE) & BASE_X2APIC) != 0;
    mask_old_interrupts();
    apic_enable();
    measure_timer();
}

void
apic_enable(void)
{
    uint64_t base = read_msr(MSR_APIC_BASE);

    if ((base & BASE_ENABLED) == 0)
        write_msr(MSR_APIC_BASE, base | BASE_ENABLED);
    if (uses_x2apic && (base & BASE_X2APIC) == 0)
        write_msr(MSR_APIC_BASE, base | BASE_ENABLED | BASE_X2APIC);
    apic_write(TASK_PRIORITY, 0);
    apic_write(LOCAL_TIMER, MASKED);
    apic_write(LOCAL_PINS, MASKED);
    apic_write(SPURIOUS, ENABLED | VECTOR_SPURIOUS);
}

void
apic_start_timer(uint32_t per_second)
{
    apic_write(TIMER_DIVIDE, DIVIDE_BY_16);
    apic_write(LOCAL_TIMER, PERIODIC | VECTOR_TICK);
    apic_write(TIMER_INITIAL, timer_rate / per_second * 100);
}

void
apic_disable(void)
{
    apic_write(LOCAL_TIMER, MASKED);
    apic_write(SPURIOUS, VECTOR_SPURIOUS);
}

void
apic_end_of_interrupt(void)
{
    apic_write(END_OF_INTERRUPT, 0);
}

static void
send(uint32_t apic_id, uint32_t command)
{
    if (uses_x2apic) {
        write_msr(MSR_X2APIC + COMMAND_LOW / 16,
                  (uint64_t)apic_id << 32 | command);
        return;
    }
    while ((apic_read(COMMAND_LOW) & COMMAND_PENDING) != 0)
        __asm__ volatile("pause");
    apic_write(COMMAND_HIGH, apic_id << 24);
    apic_write(COMMAND_LOW, command);
}

void
apic_send_init(uint32_t apic_id)
{
    send(apic_id, COMMAND_INIT);
}

void
apic_send_startup(uint32_t apic_id, uint32_t address)
{
    send(apic_id, COMMAND_STARTUP | address >> 12);
}

void
apic_send(uint32_t apic_id, uint32_t vector)
{
    send(apic_id, COMMAND_FIXED | vector);
}
