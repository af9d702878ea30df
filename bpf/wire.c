/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* Never loaded: what probe and reader share, as variables, so that its BTF describes all of it (script/generate-wire.mjs). */
#include <linux/types.h>
#include "connect_event.h"
#include "context_event.h"

struct connect_event connect_event;
struct process_facts process_facts;
struct process_event process_event;
struct pending_attempt pending_attempt;
struct bucket bucket;
struct probe_state probe_state;
struct probe_filters probe_filters;
struct destination_prefix destination_prefix;
struct context_event context_event;
struct resolved_name resolved_name;
