/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * apic.h - the local APIC: a timer, and how processors reach each other
 */

#ifndef PROBE_APIC_H
#define PROBE_APIC_H

#include <stdint.h>

#define VECTOR_TICK 0x40
#define VECTOR_LEAVE 0x41
#define VECTOR_SPURIOUS 0xff

/* Wait for @microseconds, at most 50000. */
void delay(uint32_t microseconds);

/* Once, on the boot processor: choose x2APIC where @highest_id needs it or
 * the firmware did, keep the interrupts of old away, measure the timer.
 */
void apic_open(uint32_t highest_id);

/* On every processor: software-enable it. */
void apic_enable(void);

/* Interrupt this processor @per_second times a second. */
void apic_start_timer(uint32_t per_second);

/* Software-disable it, on this processor. */
void apic_disable(void);

void apic_end_of_interrupt(void);

void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, uint32_t address);
void apic_send(uint32_t apic_id, uint32_t vector);

#endif
