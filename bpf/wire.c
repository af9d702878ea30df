/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * Never loaded. Declares the types shared by probe and reader as variables, so that the BTF describes all of them
 * (script/generate-wire.mjs).
 */
#include <linux/types.h>
#include "connect_event.h"
#include "metadata_event.h"

struct connect_event connect_event;
struct process_facts process_facts;
struct process_event process_event;
struct pending_attempt pending_attempt;
struct bucket bucket;
struct probe_state probe_state;
struct probe_config probe_config;
struct destination_prefix destination_prefix;
struct metadata_event metadata_event;
struct resolved_name resolved_name;
struct translation translation;
struct asked_address asked_address;
