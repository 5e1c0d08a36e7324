/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair-parts.c - keep what a repair found (see repair-parts.h)
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "repair-parts.h"

/* Codes and what they do: Geoff Chappell, notes/windows/boot/bcd/elements.htm
 * and .../bcd/numproc.htm; Microsoft's BCDEdit /set for those of Hyper-V.
 */
const struct vw_limit_row vw_limit_rows[VW_LIMITS] = {
    { .element = 0x25000061, .name = "numproc", .word = "NUMPROC",
      .in_bootini = true,
      .why = "the system starts no more processors than that" },
    { .element = 0x26000060, .name = "onecpu", .word = "ONECPU",
      .is_flag = true, .in_bootini = true,
      .why = "the system uses one processor alone" },
    { .element = 0x25000066, .name = "groupsize", .word = "GROUPSIZE",
      .why = "the system puts no more processors than that into a group, "
             "and has few groups" },
    { .element = 0x250000fa, .name = "hypervisornumproc",
      .word = "HYPERVISORNUMPROC",
      .why = "the guest's hypervisor starts no more processors than that" },
    { .element = 0x25000113, .name = "hypervisorrootproc",
      .word = "HYPERVISORROOTPROC",
      .why = "the guest's hypervisor shows its system no more processors "
             "than that" },
    { .element = 0x250000fb, .name = "hypervisorrootprocpernode",
      .word = "HYPERVISORROOTPROCPERNODE",
      .why = "the guest's hypervisor shows its system no more processors "
             "of a node than that" },
};

const char *
vw_refusal_code(enum vw_refusal reason)
{
    static const char *const codes[] = {
#define CODE(constant, code) [VW_REFUSED_##constant] = code,
        VW_REFUSALS(CODE)
#undef CODE
    };

    return codes[reason];
}

bool
vw_choice_has(struct vw_choice *choice, const char *name, bool is_default)
{
    bool found = false;

    if (!choice->is_list)
        return choice->all || is_default;
    for (unsigned i = 0; i < choice->count; i++) {
        if (strcasecmp(choice->names[i], name) == 0)
            found = choice->met[i] = true;
    }
    return found;
}

int
vw_repair_change(struct vw_repair *repair, const char *where,
                 const char *what, const char *before, const char *after,
                 const char *why, struct vtopo_error *err)
{
    struct vw_change *change;

    if (repair->changes_count == VW_CHANGES_MAX)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "there is more to change than %u things",
                       VW_CHANGES_MAX);
    change = &repair->changes[repair->changes_count++];
    *change = (struct vw_change) { .why = why };
    (void)snprintf(change->where, sizeof(change->where), "%s", where);
    (void)snprintf(change->what, sizeof(change->what), "%s", what);
    change->before = before != NULL ? strdup(before) : NULL;
    change->after = after != NULL ? strdup(after) : NULL;
    if ((change->before == NULL) != (before == NULL)
        || (change->after == NULL) != (after == NULL))
        return vt_fail_memory(err);
    return 0;
}

void
vw_repair_forget(struct vw_repair *repair, unsigned count)
{
    while (repair->changes_count > count) {
        struct vw_change *last = &repair->changes[--repair->changes_count];

        free(last->before);
        free(last->after);
    }
}

void
vw_repair_refuse(struct vw_repair *repair, enum vw_refusal reason,
                 const char *fmt, ...)
{
    va_list args;

    if (repair->refused_count == VW_REFUSED_MAX)
        return;                 /* one is enough */
    va_start(args, fmt);
    (void)vsnprintf(repair->refused[repair->refused_count].text,
                    sizeof(repair->refused[0].text), fmt, args);
    va_end(args);
    repair->refused[repair->refused_count++].reason = reason;
}

void
vw_repair_advise(struct vw_repair *repair, const char *fmt, ...)
{
    va_list args;

    if (repair->advice_count == VW_ADVICE_MAX)
        return;
    va_start(args, fmt);
    (void)vsnprintf(repair->advice[repair->advice_count++],
                    sizeof(repair->advice[0]), fmt, args);
    va_end(args);
}
