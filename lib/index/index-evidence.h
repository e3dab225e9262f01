/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_EVIDENCE_H
#define INDEX_EVIDENCE_H

/* What a mailbox's index proves about its use. Use can be proven; disuse only
   where messages came that nobody has selected since. */

#include "index-cache.h"
#include "index-log-scan.h"
#include "index-state.h"
#include "mailbox-audit.h"

struct index_evidence_input {
	/* nothing but one header-only log */
	bool untouched;
	/* part of the files isn't understood, which may hold a proof */
	bool partial;
	/* NULL if it can't be told */
	const struct index_state *state;
	/* the log and the older log; NULL if there is none */
	const struct index_log_scan *log, *log2;
	/* NULL if there is none */
	const struct index_cache *cache;
	/* whether there is a dovecot.index.thread */
	bool has_thread;
	/* that file's and the logs' times: 0 if they aren't known */
	int64_t thread_mtime, log_mtime, log2_mtime;
};

struct index_evidence {
	enum mba_evidence level;
	/* Somebody used it then or later. 0: there is no proof. Epoch seconds,
	   as all of them. */
	int64_t last_used;
	/* what proves that: "cache-field", "change", "first-recent-uid",
	   "thread", "sort"; and the field's or extension's name. NULL if there
	   is no proof. */
	const char *proof, *proof_name;
	/* there is no evidence of what was before; 0 if that isn't known */
	int64_t since;
	/* Nobody selected it since then: there are newer messages. 0: that
	   isn't known. */
	int64_t not_opened_since;
};

/* Strings live as long as the input. */
void index_evidence_find(const struct index_evidence_input *input,
			 struct index_evidence *evidence_r);

#endif
