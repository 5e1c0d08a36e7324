/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * lookup.c - find rows of the guest tables
 *
 * The tables are short and a command looks up a few rows, so all of this is
 * by linear search.
 */

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "guest/tables.h"

/* Whether @word is one of @words, which are separated by blanks. */
static bool
is_word_of(const char *word, const char *words)
{
    size_t length = strlen(word);

    while (length != 0 && words != NULL && *words != '\0') {
        size_t size = strcspn(words, " ");

        if (size == length && strncasecmp(words, word, length) == 0)
            return true;
        words += size;
        words += strspn(words, " ");
    }
    return false;
}

const struct vt_generation *
vt_generation_lookup(const char *id)
{
    for (size_t i = 0; i < vt_generations_count; i++) {
        if (strcmp(vt_generations[i].id, id) == 0)
            return &vt_generations[i];
    }
    return NULL;
}

const struct vt_app *
vt_app_lookup(const char *id)
{
    for (size_t i = 0; i < vt_apps_count; i++) {
        if (strcmp(vt_apps[i].id, id) == 0)
            return &vt_apps[i];
    }
    return NULL;
}

const struct vt_source_tag *
vt_source_tag_lookup(const char *tag, size_t length)
{
    for (size_t i = 0; i < vt_source_tags_count; i++) {
        const char *name = vt_source_tags[i].tag;

        if (strlen(name) == length && memcmp(name, tag, length) == 0)
            return &vt_source_tags[i];
    }
    return NULL;
}

const struct vt_hal *
vt_hal_lookup(const char *id)
{
    for (size_t i = 0; i < vt_hals_count; i++) {
        if (strcasecmp(vt_hals[i].id, id) == 0
            || is_word_of(id, vt_hals[i].also))
            return &vt_hals[i];
    }
    return NULL;
}

const struct vt_hal *
vt_hal_lookup_file(const char *file)
{
    for (size_t i = 0; i < vt_hals_count; i++) {
        if (strcasecmp(vt_hals[i].file, file) == 0)
            return &vt_hals[i];
    }
    return NULL;
}

bool
vt_lineage_has(const char *lineage, const char *generation)
{
    size_t length = strlen(lineage);
    char next;

    if (strncmp(generation, lineage, length) != 0)
        return false;
    next = generation[length];
    return length == 0 || next == '\0' || next == '.' || next == '-';
}

const struct vt_setup *
vt_setup_lookup(const char *generation, const char *hal)
{
    for (size_t i = 0; i < vt_setups_count; i++) {
        const struct vt_setup *setup = &vt_setups[i];

        if (vt_lineage_has(setup->lineage, generation)
            && (hal == NULL || (setup->hal != NULL
                                && vt_hal_lookup(hal)
                                   == vt_hal_lookup(setup->hal))))
            return setup;
    }
    return NULL;
}

/* Whether @osinfo is a version of @prefix: "debian12" of "debian", but not
 * "older" of "ol", nor "freebsd14" of "freebsd1".
 */
static bool
is_family(const char *osinfo, const char *prefix, size_t length)
{
    unsigned char next;

    if (strncmp(osinfo, prefix, length) != 0)
        return false;
    next = (unsigned char)osinfo[length];
    return !isalpha(next)
           && !(isdigit(next) && isdigit((unsigned char)prefix[length - 1]));
}

static const char *
resolve_family(const char *osinfo)
{
    const char *resolved = osinfo;
    size_t longest = 0;

    for (size_t i = 0; i < vt_families_count; i++) {
        const char *prefix = vt_families[i].prefix;
        size_t length = strlen(prefix);

        if (length > longest && is_family(osinfo, prefix, length)) {
            resolved = vt_families[i].osinfo;
            longest = length;
        }
    }
    return resolved;
}

static const struct vt_system *
find_rows(const char *osinfo, size_t *ret_count)
{
    size_t first = 0;
    size_t end;

    while (first < vt_systems_count
           && strcmp(vt_systems[first].osinfo, osinfo) != 0)
        first++;
    if (first == vt_systems_count)
        return NULL;
    end = first + 1;
    while (end < vt_systems_count
           && strcmp(vt_systems[end].osinfo, osinfo) == 0)
        end++;
    *ret_count = end - first;
    return &vt_systems[first];
}

const struct vt_system *
vt_systems_lookup(const char *osinfo, size_t *ret_count)
{
    const struct vt_system *rows = find_rows(osinfo, ret_count);

    return rows != NULL ? rows : find_rows(resolve_family(osinfo), ret_count);
}

bool
vt_system_has_edition(const struct vt_system *system, const char *edition)
{
    return strcasecmp(system->edition, edition) == 0
           || is_word_of(edition, system->also);
}

size_t
vt_source_tag_length(const char *piece)
{
    size_t length = 0;

    while (isupper((unsigned char)piece[length])
           || isdigit((unsigned char)piece[length]))
        length++;
    return length;
}

bool
vt_source_is_none(const struct vt_source *source)
{
    return source->text != NULL && strncmp(source->text, "NONE", 4) == 0
           && vt_source_tag_length(source->text) == 4;
}

bool
vt_source_has_tag(const char *text, const struct vt_source_tag *tag)
{
    const char *piece = text;

    while (piece != NULL) {
        size_t length = vt_source_tag_length(piece);

        if (length == strlen(tag->tag) && memcmp(piece, tag->tag, length) == 0)
            return true;
        piece = strstr(piece, "; ");
        if (piece != NULL)
            piece += 2;
    }
    return false;
}

const char *
vt_confidence_name(enum vtopo_confidence confidence)
{
    switch (confidence) {
    case VTOPO_CONFIRMED:
        return "confirmed";
    case VTOPO_WEAK:
        return "weak source";
    case VTOPO_CONTRADICTORY:
        return "sources disagree";
    case VTOPO_INFERRED:
        return "inferred";
    case VTOPO_FROM_MEMORY:
        return "from memory";
    }
    return "";
}
