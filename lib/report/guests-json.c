/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * guests-json.c - the guest tables as JSON (see guests-json.h)
 */

#include <string.h>

#include "base/cleanup.h"
#include "base/json-write.h"
#include "report/guests-json.h"

/* An object being written: so far, and the sources it has cited. */
struct page {
    struct vt_json json;
    struct vt_buf cited;        /* source texts, with "; " between */
};

#define PAGE_INIT(buffer)                                                   \
    { .json = VT_JSON_INIT(buffer), .cited = VT_BUF_INIT }

static void
add_string(struct page *page, const char *key, const char *text)
{
    vt_json_key(&page->json, key);
    vt_json_string_or_null(&page->json, text);
}

static void
add_bool(struct page *page, const char *key, bool value)
{
    vt_json_key(&page->json, key);
    vt_json_bool(&page->json, value);
}

static void
add_range(struct page *page, const char *key, unsigned least, unsigned most)
{
    struct vt_json *json = &page->json;

    vt_json_key(json, key);
    if (least == VTOPO_NO_LIMIT) {
        vt_json_string(json, "none");
    } else if (least == most) {
        vt_json_uint(json, least);
    } else if (least == 1 && most == VTOPO_NO_LIMIT) {
        vt_json_null(json);
    } else {
        vt_json_open(json, '{');
        vt_json_key(json, "least");
        vt_json_uint(json, least);
        vt_json_key(json, "most");
        if (most == VTOPO_NO_LIMIT)
            vt_json_null(json);
        else
            vt_json_uint(json, most);
        vt_json_close(json, '}');
    }
}

/* How sure the fact beside it is, and where it comes from; where there is
 * no fact to speak of, both are null.
 */
static void
add_source(struct page *page, const struct vt_source *source)
{
    add_string(page, "confidence", source->text != NULL
               ? vt_confidence_name(source->confidence) : NULL);
    add_string(page, "source", source->text);
    if (source->text != NULL)
        vt_buf_printf(&page->cited, "%s%s",
                      page->cited.length != 0 ? "; " : "", source->text);
}

/* {"KEY":{"value":..,"confidence":..,"source":..}}; the caller has room for
 * the value between open_fact() and close_fact().
 */
static void
open_fact(struct page *page, const char *key)
{
    vt_json_key(&page->json, key);
    vt_json_open(&page->json, '{');
}

static void
close_fact(struct page *page, const struct vt_source *source)
{
    add_source(page, source);
    vt_json_close(&page->json, '}');
}

static void
add_string_fact(struct page *page, const char *key, const char *text,
                const struct vt_source *source)
{
    open_fact(page, key);
    add_string(page, "value", text);
    close_fact(page, source);
}

static void
add_bool_fact(struct page *page, const char *key, bool value,
              const struct vt_source *source)
{
    open_fact(page, key);
    if (vt_source_is_none(source))
        add_string(page, "value", NULL);
    else
        add_bool(page, "value", value);
    close_fact(page, source);
}

static void
add_range_fact(struct page *page, const char *key, unsigned least,
               unsigned most, const struct vt_source *source)
{
    open_fact(page, key);
    add_range(page, "value", least, most);
    close_fact(page, source);
}

/* An array of the words of @words; empty for NULL or "". */
static void
add_words(struct page *page, const char *key, const char *words)
{
    struct vt_json *json = &page->json;

    vt_json_key(json, key);
    vt_json_open(json, '[');
    while (words != NULL && *words != '\0') {
        size_t length = strcspn(words, " ");

        vt_json_separate(json);
        vt_buf_add_char(json->out, '"');
        vt_buf_add(json->out, words, length);
        vt_buf_add_char(json->out, '"');
        words += length;
        words += strspn(words, " ");
    }
    vt_json_close(json, ']');
}

/* Spell out the tags that are cited (@all: every tag), and end the page. */
static void
finish_page(struct page *page, bool all)
{
    struct vt_json *json = &page->json;
    const char *cited = vt_buf_string(&page->cited);

    vt_json_key(json, "sources");
    vt_json_open(json, '{');
    for (size_t i = 0; i < vt_source_tags_count; i++) {
        if (all || vt_source_has_tag(cited, &vt_source_tags[i]))
            add_string(page, vt_source_tags[i].tag,
                       vt_source_tags[i].meaning);
    }
    vt_json_close(json, '}');
    vt_json_close(json, '}');
    json->out->failed = json->out->failed || page->cited.failed;
    vt_buf_clear(&page->cited);
}

/* -------------------------------------------------------------- systems */

static const char *
arch_name(enum vtopo_arch arch)
{
    if (arch == VTOPO_X86)
        return "x86";
    return arch == VTOPO_X86_64 ? "x86_64" : NULL;
}

static const char *
counting_name(enum vtopo_counting counting)
{
    switch (counting) {
    case VTOPO_COUNT_NOTHING:
        return "nothing";
    case VTOPO_COUNT_LOGICAL:
        return "logical-processors";
    case VTOPO_COUNT_HTT_MASK:
        return "sockets-htt-mask";
    case VTOPO_COUNT_HTT_DIVIDE:
        return "sockets-htt-divide";
    case VTOPO_COUNT_CORE_MASK:
        return "sockets-core-mask";
    case VTOPO_COUNT_CORE_MASK_POW2:
        return "sockets-core-mask-pow2";
    }
    return NULL;
}

static const char *
left_name(enum vtopo_left left)
{
    switch (left) {
    case VTOPO_LEFT_UNKNOWN:
        return NULL;
    case VTOPO_LEFT_NEVER_STARTED:
        return "never-started";
    case VTOPO_LEFT_PARKED:
        return "parked";
    }
    return NULL;
}

static const char *
numproc_name(enum vt_numproc numproc)
{
    switch (numproc) {
    case VT_NUMPROC_NONE:
        return "none";
    case VT_NUMPROC_TOTAL:
        return "logical-processors";
    case VT_NUMPROC_UNCERTAIN:
        return NULL;
    }
    return NULL;
}

/* A build of a system: null, or its generation and its most processors. */
static void
add_build(struct page *page, const char *key, const char *id,
          unsigned by_edition, const struct vt_source *edition_source)
{
    const struct vt_generation *generation =
        id != NULL ? vt_generation_lookup(id) : NULL;

    vt_json_key(&page->json, key);
    if (generation == NULL) {
        vt_json_null(&page->json);
        return;
    }
    vt_json_open(&page->json, '{');
    add_string(page, "generation", id);
    if (by_edition != 0)
        add_range_fact(page, "logical", by_edition, by_edition,
                       edition_source);
    else
        add_range_fact(page, "logical", generation->logical_least,
                       generation->logical_max, &generation->logical_source);
    vt_json_close(&page->json, '}');
}

static void
add_system(struct page *page, const struct vt_system *row)
{
    const struct vt_generation *generation =
        vt_generation_lookup(row->x86_64 != NULL ? row->x86_64 : row->x86);
    bool logical = generation != NULL
                   && generation->counting == VTOPO_COUNT_LOGICAL;

    vt_json_open(&page->json, '{');
    add_string(page, "osinfo", row->osinfo);
    add_string(page, "release", row->release);
    add_string(page, "edition", row->edition[0] != '\0' ? row->edition : NULL);
    add_words(page, "also", row->also);
    add_string(page, "name", row->name);
    add_bool(page, "apart", row->apart);
    open_fact(page, "licensed");
    add_range(page, "value", row->least, row->most);
    add_string(page, "unit", logical ? "logical-processors" : "sockets");
    close_fact(page, &row->source);
    add_build(page, "x86", row->x86, row->logical_x86, &row->logical_source);
    add_build(page, "x86_64", row->x86_64, row->logical_x86_64,
              &row->logical_source);
    vt_json_close(&page->json, '}');
}

static void
add_generation(struct page *page, const struct vt_generation *generation)
{
    vt_json_open(&page->json, '{');
    add_string(page, "id", generation->id);
    add_string(page, "name", generation->name);
    add_string(page, "arch", arch_name(generation->arch));
    add_string_fact(page, "counting", counting_name(generation->counting),
                    &generation->counting_source);
    add_bool(page, "counts_cores", generation->counts_cores);
    add_bool_fact(page, "amd_topoext", generation->amd_topoext,
                  &generation->topoext_source);
    add_bool_fact(page, "x2apic", generation->x2apic,
                  &generation->x2apic_source);
    add_range_fact(page, "logical", generation->logical_least,
                   generation->logical_max, &generation->logical_source);
    open_fact(page, "groups");
    vt_json_key(&page->json, "size");
    vt_json_uint(&page->json, generation->group_size);
    add_bool(page, "process_spans_groups", generation->process_spans_groups);
    close_fact(page, &generation->group_source);
    add_string_fact(page, "unlicensed_left",
                    left_name(generation->unlicensed_left),
                    &generation->left_source);
    add_string_fact(page, "numproc", numproc_name(generation->numproc),
                    &generation->numproc_source);
    add_bool_fact(page, "first_threads_only", generation->first_threads_only,
                  &generation->threads_source);
    add_range_fact(page, "socket_cores",
                   generation->socket_cores_max != 0
                       ? generation->socket_cores_max : 1,
                   generation->socket_cores_max != 0
                       ? generation->socket_cores_max : VTOPO_NO_LIMIT,
                   &generation->socket_cores_source);
    vt_json_close(&page->json, '}');
}

static bool
is_built_on(const struct vt_system *rows, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if ((rows[i].x86 != NULL && strcmp(rows[i].x86, id) == 0)
            || (rows[i].x86_64 != NULL && strcmp(rows[i].x86_64, id) == 0))
            return true;
    }
    return false;
}

void
vt_guests_json_systems(struct vt_buf *out, const struct vt_system *rows,
                       size_t count)
{
    struct page page = PAGE_INIT(out);

    vt_json_open(&page.json, '{');
    vt_json_key(&page.json, "systems");
    vt_json_open(&page.json, '[');
    for (size_t i = 0; i < count; i++)
        add_system(&page, &rows[i]);
    vt_json_close(&page.json, ']');
    vt_json_key(&page.json, "generations");
    vt_json_open(&page.json, '[');
    for (size_t i = 0; i < vt_generations_count; i++) {
        if (is_built_on(rows, count, vt_generations[i].id))
            add_generation(&page, &vt_generations[i]);
    }
    vt_json_close(&page.json, ']');
    finish_page(&page, false);
}

/* ------------------------------------------------- HALs, apps, sources */

static const char *
idle_name(enum vt_idle idle)
{
    switch (idle) {
    case VT_IDLE_UNKNOWN:
        return NULL;
    case VT_IDLE_HALTS:
        return "halts";
    case VT_IDLE_SPINS:
        return "spins";
    case VT_IDLE_SPINS_FIRST:
        return "spins-first";
    }
    return NULL;
}

/* 0 where the HAL is not part of those releases, null when not known. */
static void
add_cpus(struct page *page, const char *key, unsigned cpus)
{
    add_range(page, key, cpus == VTOPO_NO_LIMIT ? 1 : cpus, cpus);
}

static void
add_hal(struct page *page, const struct vt_hal *hal)
{
    vt_json_open(&page->json, '{');
    add_string(page, "id", hal->id);
    add_words(page, "also", hal->also);
    add_string(page, "file", hal->file);
    add_string(page, "hal_name", hal->hal_name);
    add_string(page, "device_name", hal->device_name);
    add_bool(page, "multiprocessor", hal->multiprocessor);
    add_bool(page, "acpi", hal->acpi);
    add_string(page, "kernel", hal->kernels);
    add_string(page, "needs", hal->needs);
    add_string(page, "releases", hal->releases);
    add_source(page, &hal->source);
    open_fact(page, "processors");
    add_cpus(page, "nt4", hal->cpus_nt4);
    add_cpus(page, "since_2000", hal->cpus);
    close_fact(page, &hal->cpus_source);
    add_string_fact(page, "idle", idle_name(hal->idle), &hal->idle_source);
    vt_json_close(&page->json, '}');
}

void
vt_guests_json_hals(struct vt_buf *out, const struct vt_hal *hals,
                    size_t count)
{
    struct page page = PAGE_INIT(out);

    vt_json_open(&page.json, '{');
    vt_json_key(&page.json, "hals");
    vt_json_open(&page.json, '[');
    for (size_t i = 0; i < count; i++)
        add_hal(&page, &hals[i]);
    vt_json_close(&page.json, ']');
    finish_page(&page, false);
}

void
vt_guests_json_apps(struct vt_buf *out, const struct vt_app *apps,
                    size_t count)
{
    struct page page = PAGE_INIT(out);

    vt_json_open(&page.json, '{');
    vt_json_key(&page.json, "apps");
    vt_json_open(&page.json, '[');
    for (size_t i = 0; i < count; i++) {
        vt_json_open(&page.json, '{');
        add_string(&page, "id", apps[i].id);
        add_string(&page, "name", apps[i].name);
        add_range(&page, "sockets", apps[i].sockets, apps[i].sockets);
        add_range(&page, "cores", apps[i].cores, apps[i].cores);
        add_source(&page, &apps[i].source);
        vt_json_close(&page.json, '}');
    }
    vt_json_close(&page.json, ']');
    finish_page(&page, false);
}

void
vt_guests_json_sources(struct vt_buf *out)
{
    struct page page = PAGE_INIT(out);

    vt_json_open(&page.json, '{');
    finish_page(&page, true);
}
