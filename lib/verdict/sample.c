/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * sample.c - one sample, read from JSON (see record.h)
 *
 * Members are as QMP gives them, in any order.  "query-stats" names vCPUs by
 * their place in QEMU's object tree, which "query-cpus-fast" may tell only
 * later, so the two are brought together at the end.
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/num.h"
#include "base/utf8.h"
#include "verdict/sample.h"

/* Seconds beyond this are nonsense: more than 30 years. */
#define SECONDS_MAX 1e9

struct stats {
    const char *path;           /* borrowed from the text */
    bool has_exits, has_halts;
    uint64_t exits, halts;
};

struct reading {
    struct vt_sample sample;
    const char **paths;         /* by vCPU; owned */
    struct stats *stats;        /* owned */
    unsigned stats_count;
    const char *path;           /* of the entry that is being read */
    unsigned index;             /* the same */
    unsigned thread;
};

void
vt_sample_clear(struct vt_sample *sample)
{
    free(sample->looks);
    free(sample->text);
    sample->looks = NULL;
    sample->text = NULL;
    sample->count = 0;
}

static void
clear(struct reading *reading)
{
    vt_sample_clear(&reading->sample);
    free(reading->paths);
    free(reading->stats);
}

/* The look at vCPU @index, made when it is first spoken of. */
static struct vt_look *
look_at(struct reading *reading, unsigned index, struct vtopo_error *err)
{
    struct vt_sample *sample = &reading->sample;
    unsigned count = vt_round_up_pow2(index + 1);
    struct vt_look *looks;

    if (index >= sample->count) {
        looks = realloc(sample->looks, count * sizeof(*looks));
        if (looks == NULL) {
            (void)vt_fail_memory(err);
            return NULL;
        }
        memset(&looks[sample->count], 0,
               (count - sample->count) * sizeof(*looks));
        sample->looks = looks;
        sample->count = count;
    }
    return &sample->looks[index];
}

/* ---------------------------------------------------------------- scalars */

/* A number of seconds, as microseconds.  Not strtod(), which reads as the
 * locale has it.
 */
static int
read_seconds(struct vt_json_reader *reader, const char *what,
             uint64_t *ret_us, struct vtopo_error *err)
{
    char text[40];
    double value = 0;
    int exponent = 0;
    const char *at = text;

    if (vt_json_read_number_text(reader, what, text, sizeof(text), err) < 0)
        return -1;
    for (; *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (*at - '0');
    if (*at == '.') {
        for (at++; *at >= '0' && *at <= '9'; at++, exponent--)
            value = value * 10 + (*at - '0');
    }
    if (*at == 'e' || *at == 'E')
        exponent += atoi(at + 1) % 1000;
    else if (*at != '\0')
        value = -1;
    for (; exponent > 0 && value <= SECONDS_MAX; exponent--)
        value *= 10;
    for (; exponent < 0 && value > 0; exponent++)
        value /= 10;
    if (text[0] == '\0' || text[0] == '-' || !(value >= 0)
        || value > SECONDS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT, "%s must be seconds from 0 to "
                       "1000000000, not '%s'", what, text);
    *ret_us = (uint64_t)(value * 1e6 + 0.5);
    return 0;
}

/* A count of any size; too large a one becomes the largest. */
static int
read_count(struct vt_json_reader *reader, const char *what,
           uint64_t *ret_value, struct vtopo_error *err)
{
    char text[40];

    if (vt_json_read_number_text(reader, what, text, sizeof(text), err) < 0)
        return -1;
    *ret_value = text[0] == '-' ? 0 : strtoull(text, NULL, 10);
    return 0;
}

static int
parse_index(const char *key, unsigned *ret_index, struct vtopo_error *err)
{
    return vt_parse_uint(key, "the number of a vCPU", 0, VTOPO_CPUS_MAX - 1,
                         ret_index, err);
}

/* -------------------------------------------------------- query-cpus-fast */

static int
read_cpu_member(struct vt_json_reader *reader, const char *key, void *to,
                struct vtopo_error *err)
{
    struct reading *reading = to;

    if (strcmp(key, "cpu-index") == 0)
        return vt_json_read_uint(reader, key, 0, VTOPO_CPUS_MAX - 1,
                                 &reading->index, err);
    if (strcmp(key, "thread-id") == 0)
        return vt_json_read_uint(reader, key, 0, ~0u, &reading->thread, err);
    if (strcmp(key, "qom-path") == 0)
        return vt_json_read_string(reader, key, &reading->path, err);
    return vt_json_skip(reader, err);
}

static int
read_cpu(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct reading *reading = to;
    struct vt_look *look;

    if (reading->paths == NULL)
        reading->paths = calloc(VTOPO_CPUS_MAX, sizeof(*reading->paths));
    if (reading->paths == NULL)
        return vt_fail_memory(err);
    reading->index = VTOPO_ABSENT;
    reading->thread = 0;
    reading->path = NULL;
    if (vt_json_read_object(reader, read_cpu_member, reading, err) < 0)
        return -1;
    if (reading->index == VTOPO_ABSENT)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a vCPU of query-cpus-fast has no 'cpu-index'");
    look = look_at(reading, reading->index, err);
    if (look == NULL)
        return -1;
    if (look->listed)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "query-cpus-fast has vCPU %u twice", reading->index);
    look->listed = true;
    look->thread = reading->thread;
    reading->paths[reading->index] = reading->path;
    reading->sample.has_list = true;
    return 0;
}

/* -------------------------------------------------------------- monitor */

static int
take_registers(unsigned index, const struct vt_registers *registers,
               void *to, struct vtopo_error *err)
{
    struct vt_look *look = look_at(to, index, err);

    if (look == NULL)
        return -1;
    look->registers = *registers;
    look->has_registers = true;
    ((struct reading *)to)->sample.has_registers = true;
    return 0;
}

static int
read_registers(struct vt_json_reader *reader, const char *key,
               struct reading *reading, struct vtopo_error *err)
{
    const char *text;

    if (vt_json_read_null(reader))
        return 0;
    if (vt_json_read_string(reader, key, &text, err) < 0)
        return -1;
    return vt_registers_parse(text, take_registers, reading, err);
}

static int
read_lapic(struct vt_json_reader *reader, const char *key, void *to,
           struct vtopo_error *err)
{
    struct vt_look *look;
    const char *text;
    unsigned index;

    if (parse_index(key, &index, err) < 0)
        return -1;
    if (vt_json_read_null(reader))
        return 0;
    if (vt_json_read_string(reader, "info lapic", &text, err) < 0)
        return -1;
    look = look_at(to, index, err);
    if (look == NULL)
        return -1;
    look->has_lapic = vt_lapic_parse(text, &look->spiv);
    return 0;
}

static int
read_time(struct vt_json_reader *reader, const char *key, void *to,
          struct vtopo_error *err)
{
    struct vt_look *look;
    unsigned index;

    if (parse_index(key, &index, err) < 0)
        return -1;
    if (vt_json_read_null(reader))
        return 0;
    look = look_at(to, index, err);
    if (look == NULL)
        return -1;
    look->has_time = true;
    return read_seconds(reader, "the time of a thread", &look->time_us, err);
}

/* ------------------------------------------------------------ query-stats */

struct stat {
    const char *name;
    bool has_value;
    uint64_t value;
};

static int
read_stat_member(struct vt_json_reader *reader, const char *key, void *to,
                 struct vtopo_error *err)
{
    struct stat *stat = to;
    char first = vt_json_peek(reader);

    if (strcmp(key, "name") == 0)
        return vt_json_read_string(reader, key, &stat->name, err);
    /* Values may also be truths, and lists (histograms). */
    if (strcmp(key, "value") != 0 || first < '0' || first > '9')
        return vt_json_skip(reader, err);
    stat->has_value = true;
    return read_count(reader, key, &stat->value, err);
}

static int
read_stat(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct stats *stats = to;
    struct stat stat = { .name = NULL };

    if (vt_json_read_object(reader, read_stat_member, &stat, err) < 0)
        return -1;
    if (stat.name == NULL || !stat.has_value)
        return 0;
    if (strcmp(stat.name, "exits") == 0) {
        stats->has_exits = true;
        stats->exits = stat.value;
    } else if (strcmp(stat.name, "halt_exits") == 0) {
        stats->has_halts = true;
        stats->halts = stat.value;
    }
    return 0;
}

static int
read_stats_member(struct vt_json_reader *reader, const char *key, void *to,
                  struct vtopo_error *err)
{
    struct stats *stats = to;

    if (strcmp(key, "qom-path") == 0)
        return vt_json_read_string(reader, key, &stats->path, err);
    if (strcmp(key, "stats") == 0)
        return vt_json_read_array(reader, read_stat, stats, err);
    return vt_json_skip(reader, err);
}

static int
read_stats(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct reading *reading = to;
    struct stats stats = { .path = NULL };

    if (vt_json_read_object(reader, read_stats_member, &stats, err) < 0)
        return -1;
    if (stats.path == NULL || !stats.has_exits)
        return 0;
    if (reading->stats == NULL)
        reading->stats = calloc(VTOPO_CPUS_MAX, sizeof(*reading->stats));
    if (reading->stats == NULL)
        return vt_fail_memory(err);
    if (reading->stats_count == VTOPO_CPUS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT, "query-stats speaks of more "
                       "than %u vCPUs", VTOPO_CPUS_MAX);
    reading->stats[reading->stats_count++] = stats;
    return 0;
}

/* Give every vCPU the counters of its object. */
static void
join_stats(struct reading *reading)
{
    struct vt_sample *sample = &reading->sample;

    if (reading->paths == NULL)
        return;
    for (unsigned i = 0; i < reading->stats_count; i++) {
        const struct stats *stats = &reading->stats[i];

        for (unsigned cpu = 0; cpu < sample->count; cpu++) {
            struct vt_look *look = &sample->looks[cpu];

            if (reading->paths[cpu] == NULL
                || strcmp(reading->paths[cpu], stats->path) != 0)
                continue;
            look->has_exits = true;
            look->exits = stats->exits;
            look->has_halts = stats->has_halts;
            look->halt_exits = stats->halts;
        }
    }
}

/* --------------------------------------------------- the VM and its agent */

static int
read_status(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct reading *reading = to;
    const char *status;

    if (strcmp(key, "status") != 0)
        return vt_json_skip(reader, err);
    if (vt_json_read_string(reader, key, &status, err) < 0)
        return -1;
    vt_utf8_copy_safe(reading->sample.status, sizeof(reading->sample.status),
                      status);
    return 0;
}

#define SEV_POLICY_ES 4u

struct sev {
    bool enabled, snp;
    unsigned policy;
};

static int
read_sev(struct vt_json_reader *reader, const char *key, void *to,
         struct vtopo_error *err)
{
    struct sev *sev = to;
    const char *type;

    if (strcmp(key, "enabled") == 0)
        return vt_json_read_bool(reader, key, &sev->enabled, err);
    if (strcmp(key, "policy") == 0)
        return vt_json_read_uint(reader, key, 0, ~0u, &sev->policy, err);
    if (strcmp(key, "sev-type") != 0)
        return vt_json_skip(reader, err);
    if (vt_json_read_string(reader, key, &type, err) < 0)
        return -1;
    sev->snp = strcmp(type, "sev-snp") == 0;
    return 0;
}

static int
read_agent_member(struct vt_json_reader *reader, const char *key, void *to,
                  struct vtopo_error *err)
{
    if (strcmp(key, "online") != 0)
        return vt_json_skip(reader, err);
    return vt_json_read_bool(reader, key, to, err);
}

static int
read_agent(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct reading *reading = to;
    bool online = false;

    if (vt_json_read_object(reader, read_agent_member, &online, err) < 0)
        return -1;
    reading->sample.has_agent = true;
    if (online && reading->sample.agent_online < VTOPO_CPUS_MAX)
        reading->sample.agent_online++;
    return 0;
}

/* ----------------------------------------------------------------- sample */

static int
read_sev_object(struct vt_json_reader *reader, struct reading *reading,
                struct vtopo_error *err)
{
    struct sev sev = { .enabled = false };

    if (vt_json_read_object(reader, read_sev, &sev, err) < 0)
        return -1;
    reading->sample.encrypted = sev.enabled
        && (sev.snp || (sev.policy & SEV_POLICY_ES) != 0);
    return 0;
}

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct reading *reading = to;

    if (strcmp(key, "info registers -a") == 0)
        return read_registers(reader, key, reading, err);
    if (vt_json_read_null(reader))
        return 0;
    if (strcmp(key, "at_s") == 0)
        return read_seconds(reader, key, &reading->sample.at_us, err);
    if (strcmp(key, "query-cpus-fast") == 0)
        return vt_json_read_array(reader, read_cpu, reading, err);
    if (strcmp(key, "info lapic") == 0)
        return vt_json_read_object(reader, read_lapic, reading, err);
    if (strcmp(key, "thread_s") == 0)
        return vt_json_read_object(reader, read_time, reading, err);
    if (strcmp(key, "query-stats") == 0)
        return vt_json_read_array(reader, read_stats, reading, err);
    if (strcmp(key, "query-status") == 0)
        return vt_json_read_object(reader, read_status, reading, err);
    if (strcmp(key, "query-sev") == 0)
        return read_sev_object(reader, reading, err);
    if (strcmp(key, "guest-agent") == 0)
        return vt_json_read_array(reader, read_agent, reading, err);
    return vt_json_skip(reader, err);
}

int
vt_sample_read(struct vt_json_reader *reader, struct vt_sample *ret_sample,
               struct vtopo_error *err)
{
    vt_auto(clear) struct reading reading = {
        .sample = { .at_us = ret_sample->at_us, .looks = NULL },
    };

    if (vt_json_read_object(reader, read_member, &reading, err) < 0)
        return -1;
    join_stats(&reading);
    *ret_sample = reading.sample;
    reading.sample.looks = NULL;
    return 0;
}

int
vt_sample_read_text(char *text, size_t length, bool keeps_text,
                    struct vt_sample *ret_sample, struct vtopo_error *err)
{
    struct vt_json_reader reader;
    vt_autofree char *copy = NULL;

    if (keeps_text && (copy = strndup(text, length)) == NULL)
        return vt_fail_memory(err);
    vt_json_reader_start(&reader, text, length);
    if (vt_sample_read(&reader, ret_sample, err) < 0
        || vt_json_finish(&reader, err) < 0)
        return vt_wrap(err, "the sample cannot be used");
    ret_sample->text = vt_steal(&copy);
    return 0;
}
