/* Rules are read as git reads a .gitignore, with one difference: what git would
   silently never match is refused, and then nothing of its source is added. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "rules-private.h"

/* Nobody writes more by hand; anything larger is the wrong file. */
#define MAX_FILE_SIZE (1024 * 1024)
/* bytes of a rule that an error message shows */
#define MAX_ERROR_RULE_LEN 200

#define UTF8_BOM "\xef\xbb\xbf"

/* Rules that aren't added until all of their source has been parsed. */
struct rules_parser {
	const char *source;
	unsigned int line;
	struct rule **rules;
	size_t count, alloc;
	char *error;
};

static void rule_free(struct rule *rule)
{
	for (size_t i = 0; i < rule->parts_count; i++)
		glob_free(&rule->parts[i].glob);
	free(rule->parts);
	free((char *)rule->pub.text);
	free((char *)rule->pub.source);
	free(rule);
}

static struct rule_part *rule_add_part(struct rule *rule)
{
	struct rule_part *part;

	rule->parts = mem_grow(rule->parts, &rule->parts_alloc,
			       rule->parts_count + 1, sizeof(*rule->parts));
	part = &rule->parts[rule->parts_count++];
	memset(part, 0, sizeof(*part));
	return part;
}

static bool is_double_star(const unsigned char *p, const unsigned char *end)
{
	return end - p > 1 && strspn((const char *)p, "*") >= (size_t)(end - p);
}

/* Turn the part just parsed into "**". If it must match at least one component,
   the star that it was follows it. */
static void rule_last_part_to_double_star(struct rule *rule, bool at_least_one)
{
	struct rule_part *part = &rule->parts[rule->parts_count - 1];
	struct glob star = part->glob;

	if (part > rule->parts && part[-1].any_depth)
		rule->parts_count--;
	else
		part->any_depth = true;
	memset(&part->glob, 0, sizeof(part->glob));
	if (at_least_one)
		rule_add_part(rule)->glob = star;
	else
		glob_free(&star);
}

/* "**" and one component is that component at any depth. */
static void rule_simplify(struct rule *rule)
{
	if (rule->parts_count == 2 && rule->parts[0].any_depth) {
		rule->parts[0] = rule->parts[1];
		rule->parts_count = 1;
		rule->anchored = false;
	}
}

static int rule_parse_parts(struct rule *rule, const unsigned char **p,
			    const unsigned char *end, const char **reason_r)
{
	const unsigned char *start;

	for (;;) {
		start = *p;
		if (glob_parse(&rule_add_part(rule)->glob, p, end,
			       reason_r) < 0)
			return -1;
		if (*p == start) {
			*reason_r = "a component is empty";
			return -1;
		}
		/* git lets "**" match no component only before a plain '/' */
		if (rule->anchored && is_double_star(start, *p))
			rule_last_part_to_double_star(rule, *p == end ||
						      **p == '\\');
		if (*p == end)
			break;
		*p += **p == '\\' ? 2 : 1;
	}
	rule_simplify(rule);
	return 0;
}

/* Parse the rule's text. Returns 0 if ok, -1 if not: *column_r is set to the
   offending byte, counted from 0. */
static int rule_parse(struct rule *rule, size_t *column_r,
		      const char **reason_r)
{
	const unsigned char *text = (const unsigned char *)rule->pub.text;
	const unsigned char *p = text, *end = text + strlen(rule->pub.text);
	int ret = -1;

	if (*p == '!') {
		rule->pub.negated = true;
		p++;
	}
	if (end > p && end[-1] == '/') {
		rule->dir_only = true;
		end--;
	}
	rule->anchored = memchr(p, '/', end - p) != NULL;
	if (p == end) {
		*reason_r = "the rule is empty";
		if (*p == '\0')
			p--;
	} else {
		if (*p == '/')
			p++;
		ret = rule_parse_parts(rule, &p, end, reason_r);
	}
	*column_r = p - text;
	return ret;
}

static void parser_error(struct rules_parser *parser, size_t column,
			 const char *reason, const char *text)
{
	parser->error = mem_printf("%s:%u:%zu: %s: %.*s", parser->source,
				   parser->line, column, reason,
				   MAX_ERROR_RULE_LEN, text);
}

/* Parse a rule that begins at a column, counted from 1. */
static int parser_add(struct rules_parser *parser, const char *data, size_t len,
		      size_t column)
{
	struct rule *rule = mem_new(sizeof(*rule));
	const char *reason;
	size_t error_column;

	parser->rules = mem_grow(parser->rules, &parser->alloc,
				 parser->count + 1, sizeof(*parser->rules));
	parser->rules[parser->count++] = rule;

	rule->pub.text = mem_printf("%.*s", (int)len, data);
	rule->pub.source = mem_strdup(parser->source);
	rule->pub.line = parser->line;
	rule->pub.column = column;
	if (rule_parse(rule, &error_column, &reason) < 0) {
		parser_error(parser, column + error_column, reason,
			     rule->pub.text);
		return -1;
	}
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

static int parser_add_words(struct rules_parser *parser, const char *words)
{
	static const char blanks[] = " \t\r\n";
	const char *p = words, *line = words;
	size_t len;

	for (;;) {
		for (; *p != '\0' && strchr(blanks, *p) != NULL; p++) {
			if (*p == '\n') {
				line = p + 1;
				parser->line++;
			}
		}
		if (*p == '\0')
			return 0;
		len = word_len(p, strlen(p), blanks, false);
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
		parser_error(parser, nul - line + column, "NUL byte", line);
		return -1;
	}
	if (len > 0 && line[0] == '#')
		return 0;
	len = word_len(line, len, " ", true);
	return len == 0 ? 0 : parser_add(parser, line, len, column);
}

static int parser_add_lines(struct rules_parser *parser, const char *data,
			    size_t size)
{
	const size_t bom_len = strlen(UTF8_BOM);
	const char *p = data, *end = data + size, *lf;
	size_t column = 1, len;

	if (size >= bom_len && memcmp(data, UTF8_BOM, bom_len) == 0) {
		p += bom_len;
		column += bom_len;
	}
	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', end - p);
		if (lf == NULL)
			lf = end;
		len = lf - p;
		if (len > 0 && lf < end && lf[-1] == '\r')
			len--;
		if (parser_add_line(parser, p, len, column) < 0)
			return -1;
		parser->line++;
		column = 1;
	}
	return 0;
}

/* Add what was parsed, or forget it if ret is -1. */
static int parser_finish(struct rules_parser *parser, struct mba_rules *rules,
			 int ret, char **error_r)
{
	rules->rules = mem_grow(rules->rules, &rules->alloc,
				rules->count + parser->count,
				sizeof(*rules->rules));
	for (size_t i = 0; i < parser->count; i++) {
		struct rule *rule = parser->rules[i];

		if (ret < 0) {
			rule_free(rule);
			continue;
		}
		rules->rules[rules->count++] = rule;
		rule->idx = rules->count;
		rules_index_add(rules, rule);
	}
	free(parser->rules);
	if (ret < 0)
		*error_r = parser->error;
	return ret;
}

int mba_rules_add_words(struct mba_rules *rules, const char *words,
			const char *source, char **error_r)
{
	struct rules_parser parser = { .source = source, .line = 1 };

	return parser_finish(&parser, rules, parser_add_words(&parser, words),
			     error_r);
}

void mba_rules_add_default(struct mba_rules *rules)
{
	char *error;

	(void)mba_rules_add_words(rules, ".* public_html", "default", &error);
}

/* Returns TRUE for what is read without an end or a wait: a file, or
   /dev/null, which is an empty one. */
static bool is_readable_file(const struct stat *st)
{
	struct stat null_st;

	return S_ISREG(st->st_mode) ||
		(S_ISCHR(st->st_mode) && stat("/dev/null", &null_st) == 0 &&
		 null_st.st_rdev == st->st_rdev);
}

static int read_all(int fd, char *data, size_t max_size, size_t *size_r)
{
	ssize_t ret;

	*size_r = 0;
	while (*size_r < max_size) {
		ret = read(fd, data + *size_r, max_size - *size_r);
		if (ret == 0)
			break;
		if (ret < 0 && errno != EINTR)
			return -1;
		if (ret > 0)
			*size_r += ret;
	}
	return 0;
}

static int read_fd(int fd, const char *path, char *data, size_t *size_r,
		   char **error_r)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		*error_r = mem_printf("fstat(%s) failed: %s", path,
				      strerror(errno));
		return -1;
	}
	if (!is_readable_file(&st)) {
		*error_r = mem_printf("%s: not a regular file", path);
		return -1;
	}
	if (read_all(fd, data, MAX_FILE_SIZE + 1, size_r) < 0) {
		*error_r = mem_printf("read(%s) failed: %s", path,
				      strerror(errno));
		return -1;
	}
	if (*size_r > MAX_FILE_SIZE) {
		*error_r = mem_printf("%s: larger than %u bytes", path,
				      MAX_FILE_SIZE);
		return -1;
	}
	return 0;
}

int mba_rules_add_file(struct mba_rules *rules, const char *path,
		       char **error_r)
{
	struct rules_parser parser = { .source = path, .line = 1 };
	char *data;
	size_t size;
	int fd, ret;

	/* a FIFO doesn't block the open */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1) {
		*error_r = mem_printf("open(%s) failed: %s", path,
				      strerror(errno));
		return -1;
	}
	data = mem_new(MAX_FILE_SIZE + 2);
	ret = read_fd(fd, path, data, &size, error_r);
	close(fd);
	if (ret == 0) {
		ret = parser_finish(&parser, rules,
				    parser_add_lines(&parser, data, size),
				    error_r);
	}
	free(data);
	return ret;
}

struct mba_rules *mba_rules_new(void)
{
	return mem_new(sizeof(struct mba_rules));
}

void mba_rules_free(struct mba_rules **_rules)
{
	struct mba_rules *rules = *_rules;

	*_rules = NULL;
	if (rules == NULL)
		return;
	for (size_t i = 0; i < rules->count; i++)
		rule_free(rules->rules[i]);
	for (size_t i = 0; i < rules->literals_count; i++)
		free(rules->literals[i].text);
	free(rules->literals);
	free(rules->slots);
	free(rules->rules);
	free(rules);
}

unsigned int mba_rules_count(const struct mba_rules *rules)
{
	return rules->count;
}

const struct mba_rule *mba_rules_get(const struct mba_rules *rules,
				     unsigned int idx)
{
	return &rules->rules[idx]->pub;
}
