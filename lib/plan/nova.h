/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * nova.h - the CPU topology policy of OpenStack Nova
 *
 * A flavor and an image may each limit how many sockets, cores and threads
 * a server gets, and wish for a number of each.  Nova lists every topology
 * within the limits and puts those in front that meet most wishes.  This is
 * the same policy with the same answers, as Nova has had it since Xena
 * (2021); nova/virt/hardware.py is where it is written down.
 *
 * Nova takes any number of vCPUs, and tries every product.  Here only the
 * divisors are tried, and vCPUs end at VTOPO_CPUS_MAX.
 */

#ifndef VT_NOVA_H
#define VT_NOVA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vtopo.h"

enum vt_nova_member { VT_NOVA_SOCKETS, VT_NOVA_CORES, VT_NOVA_THREADS };
#define VT_NOVA_MEMBERS 3

/* 3360 vCPUs have the most: 567 topologies, of 48 divisors.  A test counts. */
#define VT_NOVA_TOPOLOGIES_MAX 567u
#define VT_NOVA_DIVISORS_MAX 48u

/* The most digits that Python's int() reads. */
#define VT_NOVA_DIGITS_MAX 4300u

/* One value of a flavor or an image; 0 is the same as absent. */
struct vt_nova_value {
    int64_t number;             /* held at +-(2^63-1) where it is beyond */
    const char *bad;            /* text that is no integer, or NULL; borrowed */
    size_t bad_length;
};

struct vt_nova_properties {
    struct vt_nova_value wish[VT_NOVA_MEMBERS];
    struct vt_nova_value max[VT_NOVA_MEMBERS];
    const char *no_text;        /* a key with a value that Nova cannot store
                                 * in a flavor, or NULL; borrowed */
};

struct vt_nova_request {
    int64_t vcpus;
    struct vt_nova_properties flavor;   /* extra specs "hw:cpu_..." */
    struct vt_nova_properties image;    /* properties "hw_cpu_..." */
    bool allow_threads;
};

#define VT_NOVA_REQUEST_INIT { .allow_threads = true }

struct vt_nova_topology { uint16_t sockets, cores, threads; };

struct vt_nova_answer {
    int64_t preferred[VT_NOVA_MEMBERS]; /* 0: no wish */
    int64_t maximum[VT_NOVA_MEMBERS];   /* as given, not lowered to vcpus */
    unsigned count;
    struct vt_nova_topology topologies[VT_NOVA_TOPOLOGIES_MAX]; /* best first */
};

/* Memory for one request after the other.  The unlimited list of the last
 * number of vCPUs is kept, because the next request often has the same.
 */
struct vt_nova_context {
    unsigned vcpus;             /* what .all is the list of; 0: of nothing */
    unsigned count;
    struct vt_nova_topology all[VT_NOVA_TOPOLOGIES_MAX];
    struct vt_nova_answer answer;
};

#define VT_NOVA_CONTEXT_INIT { .vcpus = 0 }

/* "sockets", "cores" or "threads". */
const char *vt_nova_member_name(enum vt_nova_member member);

/* Read @length bytes at @text as Python's int() reads them: blanks around, a
 * sign, single underscores between digits.  What is no integer is kept in
 * ->bad, because Nova refuses it later, in an order of its own.  Digits and
 * blanks outside ASCII, which Python takes, are not taken.
 */
struct vt_nova_value vt_nova_value_parse(const char *text, size_t length);

/* The member of @properties that @key stands for, or NULL for a key that
 * has no part in this policy.  @prefix is "hw:cpu_" or "hw_cpu_".
 */
struct vt_nova_value *
vt_nova_value_lookup(struct vt_nova_properties *properties,
                     const char *prefix, const char *key);

/* List the topologies of @request, best first.  The answer belongs to
 * @context and stands until the next call.
 *
 * Fails with the VTOPO_NOVA_* code of the exception that Nova raises, which
 * is the first of these: an image value is no integer, a flavor limit is
 * none, an image limit is above the flavor's, a flavor wish is no integer,
 * an image wish is above the limit, nothing fits.  VTOPO_BAD_INPUT stands
 * in for the last one where there are more than VTOPO_CPUS_MAX vCPUs.
 */
int vt_nova_plan(struct vt_nova_context *context,
                 const struct vt_nova_request *request,
                 const struct vt_nova_answer **ret_answer,
                 struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* How many members of @topology are as wished for: 0 to 3. */
unsigned vt_nova_score(const int64_t preferred[VT_NOVA_MEMBERS],
                       struct vt_nova_topology topology);

#endif /* VT_NOVA_H */
