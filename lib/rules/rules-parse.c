/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Text is taken apart into rules as git reads a .gitignore, with one
   difference: a rule that could match no name is refused. */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "rules-parse.h"

/* bytes of a rule that an error message shows */
#define MAX_ERROR_RULE_LEN 200

#define UTF8_BOM "\xef\xbb\xbf"

static void parser_error(struct rules_parser *parser, size_t column,
			 const char *reason, const char *text, size_t len)
{
	if (len > MAX_ERROR_RULE_LEN)
		len = MAX_ERROR_RULE_LEN;
	parser->error = mem_printf("%s:%u:%zu: %s: %.*s", parser->source,
				   parser->line, column, reason, (int)len,
				   text);
}

/* Returns 0 if another rule can be added, -1 if there are too many. */
static int parser_check_bounds(struct rules_parser *parser, size_t len)
{
	if (parser->count == parser->max_count) {
		parser->error = mem_printf("%s:%u: more than %u rules",
					   parser->source, parser->line,
					   MBA_MAX_RULES);
		return -1;
	}
	if (parser->texts_size - parser->count + len > parser->max_bytes) {
		parser->error = mem_printf("%s:%u: more than %u bytes of rules",
					   parser->source, parser->line,
					   MBA_MAX_RULES_BYTES);
		return -1;
	}
	return 0;
}

/* Parse a rule that begins at a column, counted from 1. */
static int parser_add(struct rules_parser *parser, const char *data, size_t len,
		      size_t column)
{
	struct rule *rule;
	const char *reason;
	size_t error_column;
	char *text;

	if (parser_check_bounds(parser, len) < 0)
		return -1;
	parser->texts = mem_grow(parser->texts, &parser->texts_alloc,
				 parser->texts_size + len + 1, 1);
	text = parser->texts + parser->texts_size;
	memcpy(text, data, len);
	text[len] = '\0';

	parser->rules = mem_grow(parser->rules, &parser->rules_alloc,
				 parser->count + 1, sizeof(*parser->rules));
	rule = &parser->rules[parser->count];
	memset(rule, 0, sizeof(*rule));
	rule->pub.text = text;
	rule->pub.line = parser->line;
	rule->pub.column = column;
	if (rule_parse(rule, &error_column, &reason) < 0) {
		parser_error(parser, column + error_column, reason, text, len);
		return -1;
	}
	parser->texts_size += len + 1;
	parser->count++;
	return 0;
}

/* Returns the length up to the first blank, or up to those that end the data.
   Blanks after '\' don't count. */
static size_t word_len(const char *data, size_t size, const char *blanks,
		       bool only_last)
{
	size_t len = 0;

	for (size_t i = 0; i < size; i++) {
		if (strchr(blanks, data[i]) != NULL) {
			if (!only_last)
				return i;
			continue;
		}
		if (data[i] == '\\' && i + 1 < size)
			i++;
		len = i + 1;
	}
	return len;
}

/* Rules that are meant to be separated by commas would be one that hides
   nothing. Returns the index of the first comma without '\', len if there is
   none. */
static size_t word_comma(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < len && word[i] != ','; i++) {
		if (word[i] == '\\' && i + 1 < len)
			i++;
	}
	return i;
}

int rules_parse_words(struct rules_parser *parser, const char *words)
{
	static const char blanks[] = " \t\r\n";
	const char *p = words, *line = words, *end = words + strlen(words);
	size_t len, comma;

	parser->line = 1;
	for (;;) {
		for (; p < end && strchr(blanks, *p) != NULL; p++) {
			if (*p == '\n') {
				line = p + 1;
				parser->line++;
			}
		}
		if (p == end)
			return 0;
		len = word_len(p, end - p, blanks, false);
		comma = word_comma(p, len);
		if (comma < len) {
			parser_error(parser, p - line + 1 + comma,
				     "blanks separate rules (a comma of a name "
				     "needs a backslash)", p, len);
			return -1;
		}
		if (parser_add(parser, p, len, p - line + 1) < 0)
			return -1;
		p += len;
	}
}

static int parser_add_line(struct rules_parser *parser, const char *line,
			   size_t len, size_t column)
{
	const char *nul = memchr(line, '\0', len);

	if (nul != NULL) {
		parser_error(parser, nul - line + column, "NUL byte", line,
			     len);
		return -1;
	}
	if (len > 0 && line[0] == '#')
		return 0;
	len = word_len(line, len, " ", true);
	return len == 0 ? 0 : parser_add(parser, line, len, column);
}

int rules_parse_lines(struct rules_parser *parser, const char *data,
		      size_t size)
{
	const size_t bom_len = strlen(UTF8_BOM);
	const char *p = data, *end = data + size, *lf;
	size_t column = 1, len;

	if (size >= bom_len && memcmp(data, UTF8_BOM, bom_len) == 0) {
		p += bom_len;
		column += bom_len;
	}
	for (parser->line = 1; p < end; p = lf + 1) {
		lf = memchr(p, '\n', end - p);
		if (lf == NULL)
			lf = end;
		len = lf - p;
		if (len > 0 && lf[-1] == '\r')
			len--;
		if (parser_add_line(parser, p, len, column) < 0)
			return -1;
		parser->line++;
		column = 1;
	}
	return 0;
}

void rules_parser_free(struct rules_parser *parser)
{
	free(parser->rules);
	free(parser->texts);
}
