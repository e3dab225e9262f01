/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What Dovecot accepts as a From_ line is neither RFC 4155 nor asctime(): the
   day of the week is never looked at, a named timezone may stand before the
   year, seconds may be missing, and a date that doesn't exist is refused only
   if a numeric timezone ends it. All of that decides whether a mailbox opens,
   so it is followed to the letter. */

#include <string.h>
#include <strings.h>
#include <time.h>

#include "mbox-from.h"

/* the shortest date: "Thu Nov  9 22:33 2001" */
#define MIN_DATE_LEN 21

struct from_parser {
	const unsigned char *p, *end;
	struct tm tm;
	/* "Thu, 9 Nov 2002 22:33:52" */
	bool alt_stamp:1;
};

/* Returns the byte at an offset, NUL after the end. */
static unsigned char peek(const struct from_parser *parser, size_t offset)
{
	return offset < (size_t)(parser->end - parser->p) ?
		parser->p[offset] : '\0';
}

static void skip(struct from_parser *parser, size_t count)
{
	size_t left = parser->end - parser->p;

	parser->p += count < left ? count : left;
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool peek_number(const struct from_parser *parser, size_t offset,
			unsigned int digits, int *number_r)
{
	int number = 0;

	for (unsigned int i = 0; i < digits; i++) {
		unsigned char c = peek(parser, offset + i);

		if (!is_digit(c))
			return false;
		number = number * 10 + (c - '0');
	}
	*number_r = number;
	return true;
}

static bool parse_number(struct from_parser *parser, unsigned int digits,
			 int *number_r)
{
	if (!peek_number(parser, 0, digits, number_r))
		return false;
	skip(parser, digits);
	return true;
}

static bool parse_char(struct from_parser *parser, unsigned char c)
{
	if (peek(parser, 0) != c)
		return false;
	skip(parser, 1);
	return true;
}

static bool parse_until_space(struct from_parser *parser)
{
	for (; parser->p < parser->end && *parser->p != ' '; parser->p++) {
		if (*parser->p == '\r' || *parser->p == '\n')
			return false;
	}
	return true;
}

static bool parse_sender(struct from_parser *parser)
{
	bool escaped = false;

	if (parse_char(parser, '"')) {
		/* "x y z"@domain */
		for (; parser->p < parser->end; parser->p++) {
			if (*parser->p == '"' && !escaped)
				break;
			if (*parser->p == '\r' || *parser->p == '\n')
				return false;
			escaped = *parser->p == '\\';
		}
		skip(parser, 1);
	}
	if (!parse_until_space(parser))
		return false;
	while (peek(parser, 0) == ' ')
		skip(parser, 1);
	return true;
}

/* Parses "Nov ". Dovecot knows one mailbox with "???" and takes it, too. */
static bool parse_month(struct from_parser *parser)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	unsigned int i;

	if (parser->end - parser->p < 4 || parser->p[3] != ' ')
		return false;
	for (i = 0; i < 12; i++) {
		if (strncasecmp(months + i * 3, (const char *)parser->p,
				3) == 0)
			break;
	}
	if (i == 12) {
		if (memcmp(parser->p, "???", 3) != 0)
			return false;
		i = 0;
	}
	parser->tm.tm_mon = i;
	skip(parser, 4);
	return true;
}

static bool parse_year(struct from_parser *parser)
{
	if (!parse_number(parser, 4, &parser->tm.tm_year))
		return false;
	parser->tm.tm_year -= 1900;
	return true;
}

/* Parses what follows the day of the week in "Thu Nov  9 ". */
static bool parse_date(struct from_parser *parser)
{
	if (!parse_month(parser))
		return false;
	if (peek(parser, 0) == ' ')
		skip(parser, 1);
	return parse_number(parser, peek(parser, 1) == ' ' ? 1 : 2,
			    &parser->tm.tm_mday) && parse_char(parser, ' ');
}

/* Parses what follows "Thu," in "Thu, 9 Nov 2002 ". */
static bool parse_alt_date(struct from_parser *parser)
{
	skip(parser, 1);
	if (!parse_number(parser, is_digit(peek(parser, 1)) ? 2 : 1,
			  &parser->tm.tm_mday) ||
	    !parse_char(parser, ' ') || !parse_month(parser) ||
	    !parse_year(parser))
		return false;
	skip(parser, 1);
	return true;
}

static bool parse_time(struct from_parser *parser)
{
	if (!parse_number(parser, 2, &parser->tm.tm_hour) ||
	    !parse_char(parser, ':') ||
	    !parse_number(parser, 2, &parser->tm.tm_min))
		return false;
	if (parse_char(parser, ':') &&
	    !parse_number(parser, 2, &parser->tm.tm_sec))
		return false;
	return parser->alt_stamp || parse_char(parser, ' ');
}

static bool parse_zone_and_year(struct from_parser *parser)
{
	int number;

	if (!peek_number(parser, 0, 4, &number)) {
		/* a timezone before the year, whatever it is */
		if (!parse_until_space(parser) ||
		    parser->end - parser->p < 5)
			return false;
		skip(parser, 1);
	}
	return parse_year(parser);
}

/* Returns FALSE if a numeric timezone follows and the date doesn't exist. */
static bool date_exists(struct from_parser *parser)
{
	struct tm tm = parser->tm, written;
	int number;

	if (peek(parser, 0) != ' ' ||
	    (peek(parser, 1) != '-' && peek(parser, 1) != '+') ||
	    !peek_number(parser, 2, 4, &number))
		return true;
	/* a leap second is taken (lib/utc-mktime.c) */
	if (tm.tm_sec == 60)
		tm.tm_sec = 59;
	written = tm;
	/* timegm() moves what doesn't exist to where it does */
	return timegm(&tm) != (time_t)-1 &&
		tm.tm_year == written.tm_year && tm.tm_mon == written.tm_mon &&
		tm.tm_mday == written.tm_mday &&
		tm.tm_hour == written.tm_hour &&
		tm.tm_min == written.tm_min && tm.tm_sec == written.tm_sec;
}

bool mbox_from_is_valid(const unsigned char *data, size_t size)
{
	struct from_parser parser = { .p = data, .end = data + size };
	const unsigned char *date;

	if (!parse_sender(&parser) || parser.end - parser.p < MIN_DATE_LEN)
		return false;
	/* the day of the week */
	skip(&parser, 4);
	date = parser.p;
	if (!parse_date(&parser)) {
		parser.p = date;
		parser.alt_stamp = true;
		if (!parse_alt_date(&parser))
			return false;
	}
	if (parser.tm.tm_mday == 0)
		parser.tm.tm_mday = 1;
	if (!parse_time(&parser))
		return false;
	if (!parser.alt_stamp && !parse_zone_and_year(&parser))
		return false;
	return date_exists(&parser);
}
