/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A set of rules: what its sources add, in their order. */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "rules-file.h"
#include "rules-parse.h"
#include "rules-private.h"

static void parser_init(struct rules_parser *parser,
			const struct mba_rules *rules, const char *source)
{
	memset(parser, 0, sizeof(*parser));
	parser->source = source;
	parser->max_count = MBA_MAX_RULES;
	parser->max_bytes = MBA_MAX_RULES_BYTES;
	if (!rules->is_default) {
		parser->max_count -= rules->count;
		parser->max_bytes -= rules->bytes;
	}
}

static void rules_clear(struct mba_rules *rules)
{
	struct rules_source *source;

	while ((source = rules->last) != NULL) {
		rules->last = source->prev;
		free(source);
	}
	memset(rules, 0, sizeof(*rules));
}

/* Move what was parsed to the end of the set. */
static void rules_add_parsed(struct mba_rules *rules,
			     const struct rules_parser *parser)
{
	const size_t rules_size = parser->count * sizeof(*parser->rules);
	struct rules_source *source;
	struct rule *end;
	char *text, *name;

	if (parser->count == 0)
		return;
	source = mem_new(sizeof(*source) + rules_size + parser->texts_size +
			 strlen(parser->source) + 1);
	source->prev = rules->last;
	source->first = rules->count;
	source->count = parser->count;
	memcpy(source->rules, parser->rules, rules_size);
	end = source->rules + source->count;
	text = memcpy(end, parser->texts, parser->texts_size);
	name = strcpy(text + parser->texts_size, parser->source);
	for (struct rule *rule = source->rules; rule < end; rule++) {
		rule->pub.source = name;
		rule->pub.text = text;
		text += strlen(text) + 1;
		if (rule->has_head)
			rule->head_idx = rules->heads_count++;
		if (!rule->floats || rule->levels_count > 1)
			rules->asks_depth = true;
	}
	rules->last = source;
	rules->count += parser->count;
	rules->bytes += parser->texts_size - parser->count;
}

static int parser_finish(struct rules_parser *parser, struct mba_rules *rules,
			 int ret, char **error_r)
{
	if (ret < 0)
		*error_r = parser->error;
	else {
		if (rules->is_default)
			rules_clear(rules);
		rules_add_parsed(rules, parser);
	}
	rules_parser_free(parser);
	return ret;
}

int mba_rules_add_words(struct mba_rules *rules, const char *words,
			const char *source, char **error_r)
{
	struct rules_parser parser;

	parser_init(&parser, rules, source);
	return parser_finish(&parser, rules, rules_parse_words(&parser, words),
			     error_r);
}

int mba_rules_add_file(struct mba_rules *rules, const char *path,
		       char **error_r)
{
	struct rules_parser parser;
	char *data;
	size_t size;
	int ret;

	if (rules_file_read(path, &data, &size, error_r) < 0)
		return -1;
	parser_init(&parser, rules, path);
	ret = rules_parse_lines(&parser, data, size);
	free(data);
	return parser_finish(&parser, rules, ret, error_r);
}

struct mba_rules *mba_rules_new(void)
{
	struct mba_rules *rules = mem_new(sizeof(*rules));
	char *error;

	(void)mba_rules_add_words(rules, MBA_DEFAULT_RULES, "default",
				  &error);
	rules->is_default = true;
	return rules;
}

void mba_rules_free(struct mba_rules **_rules)
{
	struct mba_rules *rules = *_rules;

	*_rules = NULL;
	if (rules == NULL)
		return;
	rules_clear(rules);
	free(rules);
}

unsigned int mba_rules_count(const struct mba_rules *rules)
{
	return rules->count;
}

const struct mba_rule *mba_rules_get(const struct mba_rules *rules,
				     unsigned int idx)
{
	const struct rules_source *source = rules->last;

	while (idx < source->first)
		source = source->prev;
	return &source->rules[idx - source->first].pub;
}
