/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * nova.c - the CPU topology policy of OpenStack Nova (see nova.h)
 *
 * Follows nova/virt/hardware.py step by step, oddities included; where a
 * step looks wrong, Nova does it so.  The names of Nova's own functions
 * stand at ours, so that the two can be read side by side.
 */

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "plan/nova.h"

/* What Nova takes for a limit that is not given. */
#define DEFAULT_MAX 65536

/* A text of an error message is cut here. */
#define SHOWN_MAX 40

#define FLAVOR_PREFIX "the flavor's hw:cpu_"
#define IMAGE_PREFIX "the image's hw_cpu_"

static const char *const member_names[VT_NOVA_MEMBERS] = {
    "sockets", "cores", "threads",
};

const char *
vt_nova_member_name(enum vt_nova_member member)
{
    return member_names[member];
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct vt_nova_value
vt_nova_value_parse(const char *text, size_t length)
{
    const struct vt_nova_value bad = { .bad = text, .bad_length = length };
    const char *at = text;
    const char *end = text + length;
    bool negative = false;
    int64_t number = 0;
    unsigned digits = 0;

    while (at < end && is_blank(*at))
        at++;
    if (at < end && (*at == '-' || *at == '+'))
        negative = *at++ == '-';
    for (; at < end; at++) {
        if (*at == '_' && digits != 0 && at + 1 < end)
            at++;
        if (!is_digit(*at))
            break;
        if (__builtin_mul_overflow(number, 10, &number)
            || __builtin_add_overflow(number, *at - '0', &number))
            number = INT64_MAX;
        digits++;
    }
    if (digits == 0 || digits > VT_NOVA_DIGITS_MAX || at[-1] == '_')
        return bad;
    while (at < end && is_blank(*at))
        at++;
    if (at != end)
        return bad;
    return (struct vt_nova_value) { .number = negative ? -number : number };
}

struct vt_nova_value *
vt_nova_value_lookup(struct vt_nova_properties *properties,
                     const char *prefix, const char *key)
{
    struct vt_nova_value *values = properties->wish;
    size_t length = strlen(prefix);

    if (strncmp(key, prefix, length) != 0)
        return NULL;
    key += length;
    if (strncmp(key, "max_", 4) == 0) {
        key += 4;
        values = properties->max;
    }
    for (unsigned i = 0; i < VT_NOVA_MEMBERS; i++)
        if (strcmp(key, member_names[i]) == 0)
            return &values[i];
    return NULL;
}

static int
check_integers(const struct vt_nova_value values[VT_NOVA_MEMBERS],
               const char *prefix, struct vtopo_error *err)
{
    for (unsigned i = 0; i < VT_NOVA_MEMBERS; i++) {
        const struct vt_nova_value *value = &values[i];
        bool cut = value->bad_length > SHOWN_MAX;

        if (value->bad == NULL)
            continue;
        (void)vt_fail(err, VTOPO_NOVA_INVALID_REQUEST,
                      "%s%s must be a whole number, not '%.*s%s'",
                      prefix, member_names[i],
                      cut ? SHOWN_MAX : (int)value->bad_length, value->bad,
                      cut ? "..." : "");
        if (value->bad_length > VT_NOVA_DIGITS_MAX)
            (void)vt_hint(err, "Nova reads up to %u digits",
                          VT_NOVA_DIGITS_MAX);
        return -1;
    }
    return 0;
}

/* Image values come first: Nova reads them before it looks at anything. */
static int
check_before_limits(const struct vt_nova_request *request,
                    struct vtopo_error *err)
{
    if (check_integers(request->image.max, IMAGE_PREFIX "max_", err) < 0
        || check_integers(request->image.wish, IMAGE_PREFIX, err) < 0)
        return -1;
    if (request->flavor.no_text != NULL)
        return vt_fail(err, VTOPO_NOVA_INVALID_REQUEST,
                       "the flavor's '%.*s' must be a string",
                       SHOWN_MAX, request->flavor.no_text);
    return check_integers(request->flavor.max, FLAVOR_PREFIX "max_", err);
}

static int
make_maximum(const struct vt_nova_request *request,
             int64_t ret_maximum[VT_NOVA_MEMBERS], struct vtopo_error *err)
{
    for (unsigned i = 0; i < VT_NOVA_MEMBERS; i++) {
        int64_t flavor = request->flavor.max[i].number;
        int64_t image = request->image.max[i].number;

        /* An absent image limit is 0, and above a negative flavor limit. */
        if (flavor != 0 && image > flavor)
            return vt_fail(err, VTOPO_NOVA_LIMITS_EXCEEDED,
                           "the image's limit of %" PRId64 " %s is above "
                           "the flavor's limit of %" PRId64,
                           image, member_names[i], flavor);
        ret_maximum[i] = image != 0 ? image
                                    : flavor != 0 ? flavor : DEFAULT_MAX;
    }
    return 0;
}

/* One flavor wish above the limit drops all three, without a word. */
static bool
flavor_wish_fits(const struct vt_nova_request *request,
                 const int64_t maximum[VT_NOVA_MEMBERS])
{
    for (unsigned i = 0; i < VT_NOVA_MEMBERS; i++)
        if (request->flavor.wish[i].number > maximum[i])
            return false;
    return true;
}

/* The image's wish counts as a whole: if it names one member, the flavor's
 * wish is not heard for the others either.
 */
static int
make_preferred(const struct vt_nova_request *request,
               const int64_t maximum[VT_NOVA_MEMBERS],
               int64_t ret_preferred[VT_NOVA_MEMBERS],
               struct vtopo_error *err)
{
    const struct vt_nova_value *wish = request->image.wish;
    bool dropped = false;

    for (unsigned i = 0; i < VT_NOVA_MEMBERS; i++)
        if (wish[i].number > maximum[i])
            return vt_fail(err, VTOPO_NOVA_TOPOLOGY_EXCEEDED,
                           "the image's wish for %" PRId64 " %s is above "
                           "the limit of %" PRId64,
                           wish[i].number, member_names[i], maximum[i]);
    if (wish[0].number == 0 && wish[1].number == 0 && wish[2].number == 0) {
        wish = request->flavor.wish;
        dropped = !flavor_wish_fits(request, maximum);
    }
    for (unsigned i = 0; i < VT_NOVA_MEMBERS; i++)
        ret_preferred[i] = dropped ? 0 : wish[i].number;
    return 0;
}

/* get_cpu_topology_constraints() */
static int
make_constraints(const struct vt_nova_request *request,
                 int64_t ret_preferred[VT_NOVA_MEMBERS],
                 int64_t ret_maximum[VT_NOVA_MEMBERS],
                 struct vtopo_error *err)
{
    if (check_before_limits(request, err) < 0
        || make_maximum(request, ret_maximum, err) < 0
        || check_integers(request->flavor.wish, FLAVOR_PREFIX, err) < 0)
        return -1;
    return make_preferred(request, ret_maximum, ret_preferred, err);
}

/* Every divisor of @number, ascending; returns how many. */
static unsigned
list_divisors(unsigned number, unsigned divisors[VT_NOVA_DIVISORS_MAX])
{
    unsigned count = 0;
    unsigned below;

    for (unsigned i = 1; i * i <= number; i++)
        if (number % i == 0)
            divisors[count++] = i;
    for (below = count; below > 0; below--)
        if (number / divisors[below - 1] > divisors[count - 1])
            divisors[count++] = number / divisors[below - 1];
    return count;
}

/* Nova sorts by (sockets * cores, sockets, threads), the largest first.  The
 * first is vcpus / threads, so that is: fewest threads, then most sockets.
 * Enumerated in that order, nothing needs sorting.
 */
static void
list_all(struct vt_nova_context *context, unsigned vcpus)
{
    unsigned divisors[VT_NOVA_DIVISORS_MAX];
    unsigned divisor_count = list_divisors(vcpus, divisors);
    unsigned count = 0;

    for (unsigned i = 0; i < divisor_count; i++) {
        unsigned threads = divisors[i];
        unsigned rest = vcpus / threads;

        for (unsigned j = divisor_count; j-- > 0;) {
            unsigned sockets = divisors[j];

            if (rest % sockets == 0)
                context->all[count++] = (struct vt_nova_topology) {
                    .sockets = (uint16_t)sockets,
                    .cores = (uint16_t)(rest / sockets),
                    .threads = (uint16_t)threads,
                };
        }
    }
    context->count = count;
    context->vcpus = vcpus;
}

unsigned
vt_nova_score(const int64_t preferred[VT_NOVA_MEMBERS],
              struct vt_nova_topology topology)
{
    /* No member is ever 0, so no wish (0) never matches. */
    return (unsigned)(topology.sockets == preferred[VT_NOVA_SOCKETS])
           + (unsigned)(topology.cores == preferred[VT_NOVA_CORES])
           + (unsigned)(topology.threads == preferred[VT_NOVA_THREADS]);
}

static bool
fits(const int64_t limit[VT_NOVA_MEMBERS], struct vt_nova_topology topology)
{
    return topology.sockets <= limit[VT_NOVA_SOCKETS]
           && topology.cores <= limit[VT_NOVA_CORES]
           && topology.threads <= limit[VT_NOVA_THREADS];
}

/* _sort_possible_cpu_topologies(): bucket by score, the order of ->all kept
 * within a bucket.  A counting sort: count, then place.
 */
static unsigned
list_best_first(const struct vt_nova_context *context,
                const int64_t preferred[VT_NOVA_MEMBERS],
                const int64_t limit[VT_NOVA_MEMBERS],
                struct vt_nova_topology ret_list[VT_NOVA_TOPOLOGIES_MAX])
{
    enum { BUCKETS = VT_NOVA_MEMBERS + 1, NOWHERE = BUCKETS };
    unsigned char bucket[VT_NOVA_TOPOLOGIES_MAX];
    unsigned size[BUCKETS + 1] = { 0 };
    unsigned next[BUCKETS + 1] = { 0 };

    for (unsigned i = 0; i < context->count; i++) {
        bucket[i] = NOWHERE;
        if (fits(limit, context->all[i]))
            bucket[i] = (unsigned char)(VT_NOVA_MEMBERS
                        - vt_nova_score(preferred, context->all[i]));
        size[bucket[i]]++;
    }
    for (unsigned i = 1; i <= BUCKETS; i++)
        next[i] = next[i - 1] + size[i - 1];
    for (unsigned i = 0; i < context->count; i++)
        if (bucket[i] != NOWHERE)
            ret_list[next[bucket[i]]++] = context->all[i];
    return context->count - size[NOWHERE];
}

/* The limits of _get_possible_cpu_topologies(). */
static void
lower_limits(const struct vt_nova_request *request,
             const int64_t maximum[VT_NOVA_MEMBERS],
             int64_t ret_limit[VT_NOVA_MEMBERS])
{
    for (unsigned i = 0; i < VT_NOVA_MEMBERS; i++)
        ret_limit[i] = maximum[i] < request->vcpus ? maximum[i]
                                                   : request->vcpus;
    /* This replaces even a limit below zero. */
    if (!request->allow_threads)
        ret_limit[VT_NOVA_THREADS] = 1;
}

static int
nothing_fits(const struct vt_nova_request *request,
             const int64_t limit[VT_NOVA_MEMBERS], struct vtopo_error *err)
{
    return vt_fail(err, VTOPO_NOVA_IMPOSSIBLE,
                   "no topology has %" PRId64 " vCPUs within %" PRId64
                   " sockets, %" PRId64 " cores and %" PRId64 " threads",
                   request->vcpus, limit[VT_NOVA_SOCKETS],
                   limit[VT_NOVA_CORES], limit[VT_NOVA_THREADS]);
}

int
vt_nova_plan(struct vt_nova_context *context,
             const struct vt_nova_request *request,
             const struct vt_nova_answer **ret_answer,
             struct vtopo_error *err)
{
    struct vt_nova_answer *answer = &context->answer;
    int64_t limit[VT_NOVA_MEMBERS];

    if (make_constraints(request, answer->preferred, answer->maximum, err) < 0)
        return -1;
    lower_limits(request, answer->maximum, limit);
    if (request->vcpus < 1)
        return nothing_fits(request, limit, err);
    if (request->vcpus > (int64_t)VTOPO_CPUS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "vcpus must be at most %u, not %" PRId64,
                       VTOPO_CPUS_MAX, request->vcpus);
    if (context->vcpus != request->vcpus)
        list_all(context, (unsigned)request->vcpus);
    answer->count = list_best_first(context, answer->preferred, limit,
                                    answer->topologies);
    if (answer->count == 0)
        return nothing_fits(request, limit, err);
    *ret_answer = answer;
    return 0;
}
