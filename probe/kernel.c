/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * kernel.c - start processors, report, then be idle as a system would
 *
 * Processors are started one by one and nothing is locked: the boot processor
 * alone prints, and each of the others writes in its own struct cpu.
 */

#include "apic.h"
#include "cpu.h"
#include "io.h"
#include "output.h"
#include "report.h"

#define TICKS_PER_SECOND 10     /* of the boot processor */
#define INIT_TIME 10000         /* microseconds from INIT to start-up */
#define STARTUP_TIME 200        /* between start-ups */
#define PATIENCE 50000          /* times STARTUP_TIME: 10 s */
#define ACPI_PATIENCE 100000    /* polls for ACPI mode */

#define PM1_POWER_BUTTON 0x100u
#define PM1_ACPI_MODE 1u
#define PM1_SLEEP 0x2000u
#define ECX_MONITOR 8u          /* of CPUID 1 */

void kernel_main(uint32_t index);
void interrupt(uint32_t vector, const uintptr_t *frame);

/* Of entry.S: who is expected there next. */
uintptr_t next_stack = HIGH_HALF + STACKS_BASE + STACK_SIZE;
uint32_t next_cpu;

static uint32_t ticks;

/* ----------------------------------------------------------------- idle */

__attribute__((noreturn)) static void
idle_monitored(void)
{
    static uint32_t watched;

    for (;;) {
        __asm__ volatile("sti; monitor" : : "a"(&watched), "c"(0), "d"(0));
        __asm__ volatile("mwait" : : "a"(0), "c"(0) : "memory");
    }
}

__attribute__((noreturn)) static void
idle(enum idle how)
{
    if (how == IDLE_MWAIT)
        idle_monitored();
    for (;;) {
        if (how == IDLE_HLT)
            __asm__ volatile("sti; hlt" : : : "memory");
        else
            __asm__ volatile("sti; pause" : : : "memory");
    }
}

/* A processor without MONITOR idles by HLT. */
static void
check_idle(struct settings *settings)
{
    if (settings->idle == IDLE_MWAIT
        && (cpu_leaf(cpu_at(0), 1, 0)[2] & ECX_MONITOR) == 0)
        settings->idle = IDLE_HLT;
}

/* --------------------------------------------------------------- power */

static uint16_t
port(uint32_t number)
{
    return (uint16_t)number;
}

/* The button is noted only in ACPI mode, and when it may interrupt; nobody
 * hears that interrupt.
 */
static void
watch_power_button(void)
{
    if (BOOT->pm1_event == 0)
        return;
    if ((read_port16(port(BOOT->pm1_control)) & PM1_ACPI_MODE) == 0
        && BOOT->smi_command != 0)
        write_port8(port(BOOT->smi_command), (uint8_t)BOOT->acpi_enable);
    for (uint32_t i = 0; i < ACPI_PATIENCE; i++)
        if ((read_port16(port(BOOT->pm1_control)) & PM1_ACPI_MODE) != 0)
            break;
    write_port16(port(BOOT->pm1_event), PM1_POWER_BUTTON);
    write_port16(port(BOOT->pm1_enable), PM1_POWER_BUTTON);
}

static void
poll_power_button(void)
{
    uint32_t control;

    if (BOOT->pm1_event == 0
        || (read_port16(port(BOOT->pm1_event)) & PM1_POWER_BUTTON) == 0)
        return;
    write_port16(port(BOOT->pm1_event), PM1_POWER_BUTTON);
    print_text("{\"power_button\":true}\n");
    control = read_port16(port(BOOT->pm1_control)) & PM1_ACPI_MODE;
    write_port16(port(BOOT->pm1_control),
                 (uint16_t)(control | BOOT->sleep_type << 10 | PM1_SLEEP));
}

/* ------------------------------------------------------------- offline */

static int
is_to_leave(const struct cpu *cpu)
{
    return cpu->fate == FATE_USED && cpu->state == STATE_ARRIVED
        && cpu->index < OFFLINE_WORDS * 32
        && (BOOT->settings.offline[cpu->index / 32] >> cpu->index % 32 & 1);
}

/* Take down those that the settings name; how many there were. */
static uint32_t
take_down(void)
{
    uint32_t count = 0;

    for (uint32_t i = 1; i < BOOT->cpu_count; i++) {
        struct cpu *cpu = cpu_at(i);

        if (!is_to_leave(cpu))
            continue;
        cpu->must_leave = 1;
        apic_send(cpu->apic_id, VECTOR_LEAVE);
        for (uint32_t wait = 0; wait < PATIENCE; wait++) {
            if (cpu->state == STATE_OFFLINE)
                break;
            delay(STARTUP_TIME);
        }
        count += cpu->state == STATE_OFFLINE;
    }
    return count;
}

static int
has_offline(void)
{
    uint32_t any = 0;

    for (uint32_t i = 0; i < OFFLINE_WORDS; i++)
        any |= BOOT->settings.offline[i];
    return any != 0;
}

static void
second_after_report(void)
{
    if (has_offline())
        report_offline(take_down());
    if (BOOT->settings.exit)
        output_exit(0);
}

/* ---------------------------------------------------------- interrupts */

static void
fault(uint32_t vector, const uintptr_t *frame)
{
    print_text("{\"error\":\"fault\",\"vector\":");
    print_number(vector);
    print_text(",\"frame\":[");
    for (uint32_t i = 0; i < 3; i++) {
        print_text(i > 0 ? "," : "");
        print_number((uint32_t)frame[i]);
    }
    print_text("]}\n");
    output_exit(1);
    stop();
}

/* Several times a second on the boot processor, once on the others. */
static void
tick(void)
{
    if (cpu_self() != cpu_at(0))
        return;
    ticks++;
    if (ticks == TICKS_PER_SECOND)
        second_after_report();
    poll_power_button();
}

/* One that is asked to leave says so and sleeps for good. */
static void
leave(void)
{
    struct cpu *cpu = cpu_self();

    if (!cpu->must_leave)
        return;
    apic_disable();
    cpu->state = STATE_OFFLINE;
    stop();
}

void
interrupt(uint32_t vector, const uintptr_t *frame)
{
    if (vector < 32)
        fault(vector, frame);
    if (vector == VECTOR_SPURIOUS)
        return;
    apic_end_of_interrupt();
    if (vector == VECTOR_LEAVE)
        leave();
    else if (vector == VECTOR_TICK)
        tick();
}

/* ------------------------------------------------------------ processors */

static int
has_arrived(const struct cpu *cpu, uint32_t polls)
{
    for (uint32_t i = 0; i < polls; i++) {
        if (cpu->state == STATE_ARRIVED)
            return 1;
        delay(STARTUP_TIME);
    }
    return cpu->state == STATE_ARRIVED;
}

/* The second start-up is for those who missed the first. */
static void
start(const struct cpu *cpu)
{
    next_cpu = cpu->index;
    next_stack = HIGH_HALF + STACKS_BASE
        + (cpu->index + 1) * (uintptr_t)STACK_SIZE;
    __asm__ volatile("" : : : "memory");
    apic_send_startup(cpu->apic_id, BOOT->trampoline);
    if (has_arrived(cpu, 1))
        return;
    apic_send_startup(cpu->apic_id, BOOT->trampoline);
    if (!has_arrived(cpu, PATIENCE))
        apic_send_init(cpu->apic_id);   /* it may not come late */
}

/* INIT goes to all who are to start, and to nobody else, so that its time is
 * waited for once.
 */
static void
start_others(void)
{
    for (uint32_t i = 1; i < BOOT->cpu_count; i++)
        if (cpu_at(i)->fate != FATE_NEVER_STARTED)
            apic_send_init(cpu_at(i)->apic_id);
    delay(INIT_TIME);
    for (uint32_t i = 1; i < BOOT->cpu_count; i++)
        if (cpu_at(i)->fate != FATE_NEVER_STARTED)
            start(cpu_at(i));
}

static void
other_main(struct cpu *cpu)
{
    cpu_load_tables(cpu);
    apic_enable();
    cpu_identify(cpu);
    __asm__ volatile("" : : : "memory");
    cpu->state = STATE_ARRIVED;
    if (cpu->fate == FATE_PARKED)
        stop();
    apic_start_timer(1);
    idle((enum idle)BOOT->settings.idle);
}

static void
make_cpus(void)
{
    for (uint32_t i = 0; i < BOOT->cpu_count; i++) {
        struct cpu *cpu = cpu_at(i);

        __builtin_memset(cpu, 0, sizeof(*cpu));
        cpu->index = i;
        cpu->apic_id = BOOT->cpus[i].apic_id;
        cpu->node = BOOT->cpus[i].node;
    }
}

static uint32_t
highest_apic_id(void)
{
    uint32_t highest = 0;

    for (uint32_t i = 0; i < BOOT->cpu_count; i++)
        if (BOOT->cpus[i].apic_id > highest)
            highest = BOOT->cpus[i].apic_id;
    return highest;
}

static void
boot_main(void)
{
    struct settings *settings = &BOOT->settings;

    output_open((int)settings->serial);
    make_cpus();
    cpu_make_idt();
    cpu_load_tables(cpu_at(0));
    apic_open(highest_apic_id());
    cpu_identify(cpu_at(0));
    cpu_at(0)->state = STATE_ARRIVED;
    check_idle(settings);
    report_banner();
    fate_decide(settings, BOOT->cpu_count);
    start_others();
    watch_power_button();
    report_cpus();
    if (settings->exit && !has_offline())
        output_exit(0);
    apic_start_timer(TICKS_PER_SECOND);
    idle((enum idle)settings->idle);
}

void
kernel_main(uint32_t index)
{
    if (index == 0)
        boot_main();
    else
        other_main(cpu_at(index));
}
