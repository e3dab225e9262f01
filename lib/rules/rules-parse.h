/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef RULES_PARSE_H
#define RULES_PARSE_H

#include "rule.h"

/* Rules of one source on their way into a set. */
struct rules_parser {
	const char *source;
	/* what may still be added */
	size_t max_count, max_bytes;

	/* Rules, which don't know their text yet, and their texts one after
	   another, each with its NUL. */
	struct rule *rules;
	size_t count, rules_alloc;
	char *texts;
	size_t texts_size, texts_alloc;

	/* where the parser is */
	unsigned int line;
	char *error;
};

/* Parse rules between blanks, or one a line. Returns 0 if ok, -1 if a rule
   doesn't parse or there are too many: parser->error is set. */
int rules_parse_words(struct rules_parser *parser, const char *words);
int rules_parse_lines(struct rules_parser *parser, const char *data,
		      size_t size);
/* Free all but the error. */
void rules_parser_free(struct rules_parser *parser);

#endif
