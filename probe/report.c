/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * report.c - JSON lines on what the probe is and what it found
 */

#include "cpu.h"
#include "output.h"
#include "report.h"

#define BANNER "vtopo stand-in guest, not Windows"
#define SCREEN ((volatile uint16_t *)(HIGH_HALF + 0xb8000))

static const char *const fates[] = { "used", "parked", "never-started" };
static const char *const modes[] = { "", "32", "pae", "64" };

static void
print_member(const char *key, uint32_t number)
{
    print_text(key);
    print_number(number);
}

void
report_banner(void)
{
    print_text("{\"banner\":\"" BANNER "\",\"mode\":\"");
    print_text(modes[BOOT->settings.mode]);
    print_text("\",\"settings\":");
    settings_print(&BOOT->settings);
    print_text("}\n");
    if (BOOT->has_screen)
        screen_line(SCREEN, 0, BANNER, NO_NUMBER);
}

static void
print_hex(uint32_t number)
{
    char digits[9];
    char *at = digits + 8;

    *at = '\0';
    do {
        *--at = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number != 0);
    print_text(at);
}

/* Leaves with subleaves have both in their name. */
static int
has_subleaves(uint32_t number)
{
    return number == 4 || number == 0xb || number == 0x1f
        || number == 0x8000001d;
}

static void
print_leaf(const struct leaf *leaf)
{
    print_text("\"");
    print_hex(leaf->number);
    if (has_subleaves(leaf->number)) {
        print_text(".");
        print_hex(leaf->subleaf);
    }
    print_text("\":[");
    for (uint32_t i = 0; i < 4; i++)
        print_member(i > 0 ? "," : "", leaf->value[i]);
    print_text("]");
}

static void
print_leaves(const struct cpu *cpu)
{
    print_text(",\"leaves\":{");
    for (uint32_t i = 0; i < cpu->leaf_count; i++) {
        if (i > 0)
            print_text(",");
        print_leaf(&cpu->leaves[i]);
    }
    print_text("}");
}

/* One that should have started and did not has an error in its line. */
static void
print_cpu(const struct cpu *cpu)
{
    int started = cpu->state != STATE_WAITING;

    print_member("{\"cpu\":", cpu->index);
    print_member(",\"apic_id\":", cpu->apic_id);
    print_text(started ? ",\"started\":true" : ",\"started\":false");
    print_text(",\"fate\":\"");
    print_text(fates[started ? cpu->fate : FATE_NEVER_STARTED]);
    print_member("\",\"package\":", cpu->package);
    print_member(",\"core\":", cpu->core);
    print_member(",\"thread\":", cpu->thread);
    if (cpu->node != NO_NODE)
        print_member(",\"node\":", cpu->node);
    if (started)
        print_leaves(cpu);
    else if (cpu->fate != FATE_NEVER_STARTED)
        print_text(",\"error\":\"it did not start\"");
    print_text("}\n");
}

static uint32_t
count_fate(enum fate fate)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < BOOT->cpu_count; i++)
        count += cpu_at(i)->state != STATE_WAITING && cpu_at(i)->fate == fate;
    return count;
}

static void
show_counts(uint32_t used, uint32_t parked)
{
    screen_line(SCREEN, 1, "present: ", BOOT->cpu_count);
    screen_line(SCREEN, 2, "started: ", used + parked);
    screen_line(SCREEN, 3, "used: ", used);
    screen_line(SCREEN, 4, "parked: ", parked);
    screen_line(SCREEN, 5, "never started: ",
                BOOT->cpu_count - used - parked);
}

void
report_cpus(void)
{
    uint32_t used = count_fate(FATE_USED);
    uint32_t parked = count_fate(FATE_PARKED);

    for (uint32_t i = 0; i < BOOT->cpu_count; i++)
        print_cpu(cpu_at(i));
    print_member("{\"present\":", BOOT->cpu_count);
    print_member(",\"started\":", used + parked);
    print_member(",\"used\":", used);
    print_member(",\"parked\":", parked);
    print_member(",\"never_started\":", BOOT->cpu_count - used - parked);
    print_text("}\n");
    if (BOOT->has_screen)
        show_counts(used, parked);
}

void
report_offline(uint32_t count)
{
    print_member("{\"offline\":", count);
    print_text("}\n");
}
