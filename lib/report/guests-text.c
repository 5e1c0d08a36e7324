/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * guests-text.c - the guest tables for people (see guests-text.h)
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/guests-text.h"

#define COLUMNS 80u
#define LABEL 14u               /* width of the words before a value */
#define SHORT_SIZE 24

/* A page on one row: the text so far, and the sources it has cited. */
struct page {
    struct vt_buf *out;         /* borrowed */
    struct vt_buf cited;        /* source texts, with "; " between */
};

/* ---------------------------------------------------------------- words */

static void
add_blanks(struct vt_buf *out, size_t count)
{
    while (count-- > 0)
        vt_buf_add_char(out, ' ');
}

/* Add @text broken at blanks, from column @column on; further lines begin
 * at column @indent.  Ends the line.
 */
static void
add_wrapped(struct vt_buf *out, size_t column, size_t indent,
            const char *text)
{
    bool fresh = true;          /* no word on this line yet */

    while (*text != '\0') {
        size_t length = strcspn(text, " ");

        if (!fresh && column + 1 + length > COLUMNS) {
            vt_buf_add_char(out, '\n');
            add_blanks(out, indent);
            column = indent;
            fresh = true;
        }
        if (!fresh)
            vt_buf_add_char(out, ' ');
        vt_buf_add(out, text, length);
        column += length + (fresh ? 0 : 1);
        fresh = false;
        text += length;
        text += strspn(text, " ");
    }
    vt_buf_add_char(out, '\n');
}

/* "  label       text", wrapped. */
static void
add_line(struct page *page, const char *label, const char *text)
{
    vt_buf_printf(page->out, "  %-*s", (int)LABEL, label);
    add_wrapped(page->out, 2 + LABEL, 2 + LABEL, text);
}

/* What a source text says behind a tag that only repeats how sure it is. */
static const char *
without_tag(const char *text)
{
    static const char *const tags[] = { "INFERRED: ", "MEMORY: ", "NONE: " };

    for (size_t i = 0; i < VT_COUNT(tags); i++) {
        if (strncmp(text, tags[i], strlen(tags[i])) == 0)
            return text + strlen(tags[i]);
    }
    return text;
}

/* Where the fact of the line above comes from. */
static void
add_note(struct page *page, const struct vt_source *source)
{
    vt_auto(vt_buf_clear) struct vt_buf note = VT_BUF_INIT;
    const char *sure = vt_confidence_name(source->confidence);
    const char *said;

    if (source->text == NULL)
        return;
    if (vt_source_is_none(source))
        sure = "no source";
    said = without_tag(source->text);
    vt_buf_printf(&note, "[%s: %s]", sure, said);
    add_blanks(page->out, 2 + LABEL);
    add_wrapped(page->out, 2 + LABEL, 2 + LABEL + 1, vt_buf_string(&note));
    vt_buf_printf(&page->cited, "%s%s",
                  page->cited.length != 0 ? "; " : "", said);
}

static void
add_fact(struct page *page, const char *label, const char *text,
         const struct vt_source *source)
{
    add_line(page, label, text);
    add_note(page, source);
}

static void
add_tag(struct vt_buf *out, const struct vt_source_tag *tag)
{
    vt_buf_printf(out, "  %-10s", tag->tag);
    add_wrapped(out, 12, 12, tag->meaning);
}

/* End the page: spell out the tags that it cites. */
static void
finish_page(struct page *page)
{
    const char *cited = vt_buf_string(&page->cited);

    vt_buf_add_string(page->out, "\nSources:\n");
    for (size_t i = 0; i < vt_source_tags_count; i++) {
        if (vt_source_has_tag(cited, &vt_source_tags[i]))
            add_tag(page->out, &vt_source_tags[i]);
    }
    page->out->failed = page->out->failed || page->cited.failed;
    vt_buf_clear(&page->cited);
}

/* --------------------------------------------------------------- limits */

/* "2", "2-4", "2+", "none" or "?". */
static const char *
range_text(unsigned least, unsigned most, char text[SHORT_SIZE])
{
    if (least == VTOPO_NO_LIMIT)
        return "none";
    if (least == 1 && most == VTOPO_NO_LIMIT)
        return "?";
    if (most == VTOPO_NO_LIMIT)
        (void)snprintf(text, SHORT_SIZE, "%u+", least);
    else if (least != most)
        (void)snprintf(text, SHORT_SIZE, "%u-%u", least, most);
    else
        (void)snprintf(text, SHORT_SIZE, "%u", least);
    return text;
}

static const struct vt_generation *
generation_of(const char *id)
{
    return id != NULL ? vt_generation_lookup(id) : NULL;
}

static const struct vt_generation *
any_generation(const struct vt_system *row)
{
    return generation_of(row->x86_64 != NULL ? row->x86_64 : row->x86);
}

static bool
counts_logical(const struct vt_system *row)
{
    const struct vt_generation *generation = any_generation(row);

    return generation != NULL
           && generation->counting == VTOPO_COUNT_LOGICAL;
}

/* "2 sockets", "1 socket", "2-4 sockets", "8 processors", "none". */
static const char *
limit_text(const struct vt_system *row, char text[2 * SHORT_SIZE])
{
    char number[SHORT_SIZE];
    const char *range = range_text(row->least, row->most, number);

    if (range != number)
        return range;           /* a word, not a number */
    (void)snprintf(text, 2 * SHORT_SIZE, "%s %s%s", range,
                   counts_logical(row) ? "processor" : "socket",
                   row->most == 1 ? "" : "s");
    return text;
}

/* The most processors of one build: by edition, else by generation. */
static const char *
build_text(const char *id, unsigned by_edition, char text[SHORT_SIZE])
{
    const struct vt_generation *generation = generation_of(id);

    if (generation == NULL)
        return "-";
    if (by_edition != 0)
        return range_text(by_edition, by_edition, text);
    return range_text(generation->logical_least, generation->logical_max,
                      text);
}

/* -------------------------------------------------------------- systems */

static const char *
counting_text(enum vtopo_counting counting)
{
    switch (counting) {
    case VTOPO_COUNT_NOTHING:
        return "no licence by processor";
    case VTOPO_COUNT_LOGICAL:
        return "counts every logical processor";
    case VTOPO_COUNT_HTT_MASK:
        return "counts sockets, by APIC id and CPUID 1";
    case VTOPO_COUNT_HTT_DIVIDE:
        return "counts sockets, as processors divided by CPUID 1";
    case VTOPO_COUNT_CORE_MASK:
        return "counts sockets, by APIC id and cores";
    case VTOPO_COUNT_CORE_MASK_POW2:
        return "counts sockets, by APIC id and cores rounded up";
    }
    return "";
}

/* "Windows XP: 32-bit counts ..., 64-bit counts ...", wrapped. */
static void
add_release(struct vt_buf *out, const struct vt_system *rows, size_t count)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    const struct vt_generation *x86 = NULL;
    const struct vt_generation *x86_64 = NULL;

    for (size_t i = 0; i < count; i++) {
        if (rows[i].x86 != NULL)
            x86 = generation_of(rows[i].x86);
        if (rows[i].x86_64 != NULL)
            x86_64 = generation_of(rows[i].x86_64);
    }
    vt_buf_printf(&text, "%s: ", rows->release);
    if (x86 != NULL && x86_64 != NULL && x86->counting != x86_64->counting)
        vt_buf_printf(&text, "32-bit %s; 64-bit %s",
                      counting_text(x86->counting),
                      counting_text(x86_64->counting));
    else if (x86 != NULL || x86_64 != NULL)
        vt_buf_add_string(&text, counting_text(x86_64 != NULL
                                               ? x86_64->counting
                                               : x86->counting));
    add_wrapped(out, 0, 2, vt_buf_string(&text));
}

/* The rows of a release with editions are named by them; others by the id
 * and the name.
 */
static void
add_row(struct vt_buf *out, const struct vt_system *row)
{
    char limit[2 * SHORT_SIZE];
    char x86[SHORT_SIZE];
    char x86_64[SHORT_SIZE];
    char id[64];

    if (row->edition[0] != '\0')
        (void)snprintf(id, sizeof(id), "%s/%s", row->osinfo, row->edition);
    else
        (void)snprintf(id, sizeof(id), "%s (%s)", row->osinfo, row->name);
    vt_buf_printf(out, "%-33s%-13s %5s %9s  %s\n", id,
                  limit_text(row, limit),
                  build_text(row->x86, row->logical_x86, x86),
                  build_text(row->x86_64, row->logical_x86_64, x86_64),
                  vt_confidence_name(row->source.confidence));
}

void
vt_guests_text_systems(struct vt_buf *out)
{
    bool others = false;        /* what has no editions is in one group */
    size_t count;

    vt_buf_printf(out, "%-33s%-13s %5s %9s  %s\n", "ID/EDITION", "LICENSED",
                  "32BIT", "64BIT", "LICENCE IS");
    for (size_t i = 0; i < vt_systems_count; i += count) {
        const struct vt_system *rows =
            vt_systems_lookup(vt_systems[i].osinfo, &count);

        if (!others)
            vt_buf_add_char(out, '\n');
        if (rows[0].edition[0] != '\0')
            add_release(out, rows, count);
        else if (!others)
            vt_buf_add_string(out, "Other systems\n");
        others = rows[0].edition[0] == '\0';
        for (size_t j = 0; j < count; j++)
            add_row(out, &rows[j]);
    }
    vt_buf_add_string(out,
        "\n"
        "32BIT, 64BIT: the most logical processors of that build; -: no such "
        "build.\n"
        "2-4: in between; 2+: at least; ?: not known.\n"
        "'vtopo guests ID' tells more of one, and the sources.\n");
}

/* ------------------------------------------------------- one in full */

static void
add_edition(struct page *page, const struct vt_system *row)
{
    char limit[2 * SHORT_SIZE];
    char most[SHORT_SIZE];
    char text[128];

    vt_buf_add_char(page->out, '\n');
    if (row->edition[0] != '\0') {
        vt_buf_printf(page->out, "%s\n", row->name);
        add_line(page, "edition", row->edition);
    }
    if (row->also[0] != '\0')
        add_line(page, "also", row->also);
    add_fact(page, "licensed", limit_text(row, limit), &row->source);
    if (row->apart)
        add_line(page, "", "not among the editions that a system of unknown "
                 "edition may be");
    if (row->logical_x86 != 0) {
        (void)snprintf(text, sizeof(text), "%s on 32-bit",
                       build_text(row->x86, row->logical_x86, most));
        add_fact(page, "processors", text, &row->logical_source);
    }
    if (row->logical_x86_64 != 0) {
        (void)snprintf(text, sizeof(text), "%s on 64-bit",
                       build_text(row->x86_64, row->logical_x86_64, most));
        add_fact(page, "processors", text, &row->logical_source);
    }
    if (row->x86 == NULL || row->x86_64 == NULL)
        add_line(page, "builds", row->x86 == NULL ? "64-bit only"
                                                 : "32-bit only");
}

static const char *
numproc_text(enum vt_numproc numproc)
{
    switch (numproc) {
    case VT_NUMPROC_NONE:
        return "no numproc";
    case VT_NUMPROC_TOTAL:
        return "numproc caps logical processors";
    case VT_NUMPROC_UNCERTAIN:
        return "numproc caps logical processors or sockets: not certain";
    }
    return "";
}

static const char *
left_text(enum vtopo_left left)
{
    switch (left) {
    case VTOPO_LEFT_UNKNOWN:
        return "not known whether it is started";
    case VTOPO_LEFT_NEVER_STARTED:
        return "never started";
    case VTOPO_LEFT_PARKED:
        return "started, turned down and left halted";
    }
    return "";
}

/* One fact of a generation, ready to print. */
struct fact {
    const char *label;
    char text[96];
    const struct vt_source *source;
};

#define FACTS_MAX 9

static void
set_fact(struct fact *fact, const char *label, const char *text,
         const struct vt_source *source)
{
    fact->label = label;
    (void)snprintf(fact->text, sizeof(fact->text), "%s", text);
    fact->source = source;
}

/* @yes or @no, or that it is not known. */
static void
set_bool(struct fact *fact, const char *label, bool value, const char *yes,
         const char *no, const struct vt_source *source)
{
    set_fact(fact, label, vt_source_is_none(source) ? "not known"
                          : value ? yes : no, source);
}

static void
set_ceiling(struct fact *fact, const struct vt_generation *generation)
{
    char number[SHORT_SIZE];

    set_fact(fact, "processors", "", &generation->logical_source);
    (void)snprintf(fact->text, sizeof(fact->text), "takes %s",
                   range_text(generation->logical_least,
                              generation->logical_max, number));
}

static void
set_cores(struct fact *fact, const struct vt_generation *generation)
{
    set_fact(fact, "cores", "no bound of cores in a socket is known",
             &generation->socket_cores_source);
    if (generation->socket_cores_max != 0)
        (void)snprintf(fact->text, sizeof(fact->text),
                       "takes %u in a socket", generation->socket_cores_max);
}

static void
set_groups(struct fact *fact, const struct vt_generation *generation)
{
    set_fact(fact, "groups", "no processor groups",
             &generation->group_source);
    if (generation->group_size != 0)
        (void)snprintf(fact->text, sizeof(fact->text),
                       "of %u processors; a process starts in %s",
                       generation->group_size,
                       generation->process_spans_groups ? "all" : "one");
}

/* Fill in @facts; returns how many there are. */
static size_t
list_facts(const struct vt_generation *generation,
           struct fact facts[FACTS_MAX])
{
    size_t count = 0;

    set_fact(&facts[count++], "counting",
             counting_text(generation->counting),
             &generation->counting_source);
    set_ceiling(&facts[count++], generation);
    set_cores(&facts[count++], generation);
    set_bool(&facts[count++], "AMD threads", generation->amd_topoext,
             "told by TopologyExtensions", "not told",
             &generation->topoext_source);
    if (generation->first_threads_only)
        set_fact(&facts[count++], "threads", "only the first of each core is "
                 "used, unless set otherwise", &generation->threads_source);
    set_bool(&facts[count++], "APIC ids", generation->x2apic,
             "above 254 too (x2APIC)", "up to 254",
             &generation->x2apic_source);
    set_groups(&facts[count++], generation);
    if (generation->counting != VTOPO_COUNT_NOTHING)
        set_fact(&facts[count++], "unlicensed",
                 left_text(generation->unlicensed_left),
                 &generation->left_source);
    set_fact(&facts[count++], "boot limit",
             numproc_text(generation->numproc), &generation->numproc_source);
    return count;
}

static bool
has_fact(const struct fact *facts, size_t count, const struct fact *fact)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(facts[i].label, fact->label) == 0
            && strcmp(facts[i].text, fact->text) == 0
            && strcmp(facts[i].source->text, fact->source->text) == 0)
            return true;
    }
    return false;
}

/* Tell all of @generation, less what is as in @told, if that is not NULL. */
static void
add_generation(struct page *page, const struct vt_generation *generation,
               const struct vt_generation *told)
{
    struct fact facts[FACTS_MAX];
    struct fact before[FACTS_MAX];
    size_t count;
    size_t before_count = 0;

    if (generation == NULL)
        return;
    count = list_facts(generation, facts);
    vt_buf_printf(page->out, "\nKernel: %s [%s]\n", generation->name,
                  generation->id);
    if (told != NULL) {
        before_count = list_facts(told, before);
        vt_buf_printf(page->out, "  as %s, but for\n", told->id);
    }
    for (size_t i = 0; i < count; i++) {
        if (!has_fact(before, before_count, &facts[i]))
            add_fact(page, facts[i].label, facts[i].text, facts[i].source);
    }
}

void
vt_guests_text_system(struct vt_buf *out, const struct vt_system *rows,
                      size_t count)
{
    struct page page = { .out = out, .cited = VT_BUF_INIT };
    const struct vt_generation *x86 = NULL;
    const struct vt_generation *x86_64 = NULL;

    vt_buf_printf(out, "%s (%s)\n", rows->release, rows->osinfo);
    for (size_t i = 0; i < count; i++) {
        add_edition(&page, &rows[i]);
        if (rows[i].x86 != NULL)
            x86 = generation_of(rows[i].x86);
        if (rows[i].x86_64 != NULL)
            x86_64 = generation_of(rows[i].x86_64);
    }
    add_generation(&page, x86, NULL);
    add_generation(&page, x86_64, x86);
    finish_page(&page);
}

/* ----------------------------------------------------------------- HALs */

static const char *
hal_count_text(unsigned count, char text[SHORT_SIZE])
{
    if (count == 0)
        return "-";
    if (count == VTOPO_NO_LIMIT)
        return "?";
    (void)snprintf(text, SHORT_SIZE, "%u", count);
    return text;
}

static const char *
idle_text(enum vt_idle idle)
{
    switch (idle) {
    case VT_IDLE_UNKNOWN:
        return "not known";
    case VT_IDLE_HALTS:
        return "halts, so the host CPU rests";
    case VT_IDLE_SPINS:
        return "spins, so the host CPU is busy all the time";
    case VT_IDLE_SPINS_FIRST:
        return "spins for some time before it halts";
    }
    return "";
}

void
vt_guests_text_hals(struct vt_buf *out)
{
    char nt4[SHORT_SIZE];
    char later[SHORT_SIZE];

    vt_buf_printf(out, "%-13s%-13s%-7s%4s %5s  %s\n", "ID", "FILE",
                  "KERNEL", "NT4", "2000+", "NAME");
    for (size_t i = 0; i < vt_hals_count; i++) {
        const struct vt_hal *hal = &vt_hals[i];

        vt_buf_printf(out, "%-13s%-13s%-7s%4s %5s  ", hal->id, hal->file,
                      hal->kernels, hal_count_text(hal->cpus_nt4, nt4),
                      hal_count_text(hal->cpus, later));
        add_wrapped(out, 45, 45, hal->device_name != NULL ? hal->device_name
                                                          : hal->needs);
    }
    vt_buf_add_string(out,
        "\n"
        "NT4, 2000+: the most processors in NT 4.0 and before, and since "
        "2000;\n"
        "-: not part of it, ?: not known.  'vtopo guests ID' tells more of "
        "one.\n");
}

void
vt_guests_text_hal(struct vt_buf *out, const struct vt_hal *hal)
{
    struct page page = { .out = out, .cited = VT_BUF_INIT };
    char text[80];
    char nt4[SHORT_SIZE];
    char later[SHORT_SIZE];

    vt_buf_printf(out, "%s (%s)\n\n", hal->device_name != NULL
                                      ? hal->device_name : hal->id, hal->id);
    if (hal->also != NULL)
        add_line(&page, "also", hal->also);
    add_line(&page, "file", hal->file);
    if (hal->hal_name != NULL)
        add_line(&page, "calls itself", hal->hal_name);
    add_line(&page, "needs", hal->needs);
    add_line(&page, "beside it", hal->kernels[0] == 'M'
             ? "the multiprocessor kernel" : "the uniprocessor kernel");
    add_fact(&page, "part of", hal->releases, &hal->source);
    (void)snprintf(text, sizeof(text), "NT 4.0 and before: %s",
                   hal_count_text(hal->cpus_nt4, nt4));
    if (hal->cpus_nt4 != 0)
        add_line(&page, "processors", text);
    (void)snprintf(text, sizeof(text), "since 2000: %s",
                   hal_count_text(hal->cpus, later));
    if (hal->cpus != 0)
        add_line(&page, hal->cpus_nt4 != 0 ? "" : "processors", text);
    add_note(&page, &hal->cpus_source);
    add_fact(&page, "idle", idle_text(hal->idle), &hal->idle_source);
    finish_page(&page);
}

/* --------------------------------------------------------- applications */

static const char *
bound_text(unsigned bound, char text[SHORT_SIZE])
{
    return range_text(bound, bound, text);
}

void
vt_guests_text_apps(struct vt_buf *out)
{
    char sockets[SHORT_SIZE];
    char cores[SHORT_SIZE];

    vt_buf_printf(out, "%-25s%-8s%-6s%s\n", "ID", "SOCKETS", "CORES",
                  "NAME");
    for (size_t i = 0; i < vt_apps_count; i++) {
        const struct vt_app *app = &vt_apps[i];

        vt_buf_printf(out, "%-25s%7s %5s %s\n", app->id,
                      bound_text(app->sockets, sockets),
                      bound_text(app->cores, cores), app->name);
    }
    vt_buf_add_string(out,
        "\n"
        "The smaller of the two counts; in a virtual machine logical "
        "processors are\n"
        "counted as cores.  'vtopo guests ID' tells the source of one.\n");
}

void
vt_guests_text_app(struct vt_buf *out, const struct vt_app *app)
{
    struct page page = { .out = out, .cited = VT_BUF_INIT };
    char text[80];
    char sockets[SHORT_SIZE];
    char cores[SHORT_SIZE];

    vt_buf_printf(out, "%s (%s)\n\n", app->name, app->id);
    (void)snprintf(text, sizeof(text), "%s; none is no bound",
                   bound_text(app->sockets, sockets));
    add_line(&page, "sockets", text);
    (void)snprintf(text, sizeof(text), "%s; in a virtual machine logical "
                   "processors", bound_text(app->cores, cores));
    add_fact(&page, "cores", text, &app->source);
    finish_page(&page);
}

void
vt_guests_text_sources(struct vt_buf *out)
{
    for (size_t i = 0; i < vt_source_tags_count; i++)
        add_tag(out, &vt_source_tags[i]);
}
