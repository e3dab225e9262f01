/* Names on disk are modified UTF-7 (RFC 3501, 5.1.3) unless the location says
   UTF-8, and some of their characters may stand escaped. A component that
   doesn't decode is shown as it is: clients can't open it, but people have to
   find it. */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "name.h"

/* a byte becomes at most an escape character and two digits */
#define MAX_GROWTH 3

struct name_writer {
	const struct mba_location *location;
	char *dest;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Undoes storage_name_escape_char in place. */
static void storage_unescape(char *part, char escape_char)
{
	char *dest = part;
	int high, low;

	for (const char *p = part; *p != '\0'; p++) {
		if (*p == escape_char && (high = hex_digit(p[1])) >= 0 &&
		    (low = hex_digit(p[2])) >= 0) {
			*dest++ = high * 16 + low;
			p += 2;
		} else {
			*dest++ = *p;
		}
	}
	*dest = '\0';
}

/* Writes a code point as UTF-8. Returns the bytes written. */
static size_t utf8_write(char *dest, uint32_t chr)
{
	if (chr < 0x80) {
		dest[0] = chr;
		return 1;
	}
	if (chr < 0x800) {
		dest[0] = 0xc0 | chr >> 6;
		dest[1] = 0x80 | (chr & 0x3f);
		return 2;
	}
	if (chr < 0x10000) {
		dest[0] = 0xe0 | chr >> 12;
		dest[1] = 0x80 | (chr >> 6 & 0x3f);
		dest[2] = 0x80 | (chr & 0x3f);
		return 3;
	}
	dest[0] = 0xf0 | chr >> 18;
	dest[1] = 0x80 | (chr >> 12 & 0x3f);
	dest[2] = 0x80 | (chr >> 6 & 0x3f);
	dest[3] = 0x80 | (chr & 0x3f);
	return 4;
}

static int base64_value(char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789+,";
	const char *p = c == '\0' ? NULL : strchr(alphabet, c);

	return p == NULL ? -1 : (int)(p - alphabet);
}

/* Returns FALSE for what mUTF-7 must not encode, or Dovecot doesn't take. */
static bool utf16_is_valid(uint32_t chr)
{
	return chr >= 0x80 || (chr != 0 && (chr < 0x20 || chr == 0x7f));
}

/* Decodes what stands between '&' and '-'. *src is moved behind the '-'.
   Returns FALSE if it isn't valid. */
static bool utf7_decode_shifted(const char **src, char **dest)
{
	const char *p = *src;
	uint32_t bits = 0, unit, high = 0;
	unsigned int bits_count = 0;
	char *out = *dest;
	int value;

	for (; *p != '-'; p++) {
		if ((value = base64_value(*p)) < 0)
			return false;
		bits = bits << 6 | value;
		bits_count += 6;
		if (bits_count < 16)
			continue;
		bits_count -= 16;
		unit = bits >> bits_count & 0xffff;
		if (high != 0) {
			if (unit < 0xdc00 || unit > 0xdfff)
				return false;
			out += utf8_write(out, 0x10000 + ((high & 0x3ff) << 10 |
							  (unit & 0x3ff)));
			high = 0;
		} else if (unit >= 0xd800 && unit <= 0xdbff) {
			high = unit;
		} else if ((unit >= 0xdc00 && unit <= 0xdfff) ||
			   !utf16_is_valid(unit)) {
			return false;
		} else {
			out += utf8_write(out, unit);
		}
	}
	/* a character is cut, or another shift follows without need */
	if (high != 0 || bits_count >= 6 || (p[1] == '&' && p[2] != '-'))
		return false;
	*src = p + 1;
	*dest = out;
	return true;
}

static void write_escaped(struct name_writer *writer, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";

	*writer->dest++ = writer->location->vname_escape_char;
	*writer->dest++ = digits[c >> 4];
	*writer->dest++ = digits[c & 0x0f];
}

static bool needs_escape(const struct mba_location *location, char c)
{
	return location->vname_escape_char != '\0' &&
		(c == location->vname_escape_char || c == location->separator);
}

/* Returns FALSE if the part isn't mUTF-7 and there is no character to escape
   with. */
static bool write_utf7(struct name_writer *writer, const char *part)
{
	bool can_escape = writer->location->vname_escape_char != '\0';

	while (*part != '\0') {
		if (needs_escape(writer->location, *part)) {
			write_escaped(writer, *part++);
		} else if ((unsigned char)*part < 0x20 ||
			   (unsigned char)*part >= 0x7f) {
			if (!can_escape)
				return false;
			write_escaped(writer, *part++);
		} else if (*part != '&') {
			*writer->dest++ = *part++;
		} else if (*++part == '-') {
			*writer->dest++ = '&';
			part++;
		} else if (!utf7_decode_shifted(&part, &writer->dest)) {
			if (!can_escape)
				return false;
			write_escaped(writer, '&');
		}
	}
	return true;
}

static void write_part(struct name_writer *writer, char *part)
{
	const struct mba_location *location = writer->location;
	char *start = writer->dest;

	if (location->storage_escape_char != '\0')
		storage_unescape(part, location->storage_escape_char);
	if (location->utf8) {
		for (; *part != '\0'; part++) {
			if (needs_escape(location, *part))
				write_escaped(writer, *part);
			else
				*writer->dest++ = *part;
		}
	} else if (!write_utf7(writer, part)) {
		writer->dest = start;
		while (*part != '\0')
			*writer->dest++ = *part++;
	}
}

char *name_from_storage(const struct mba_location *location, char storage_sep,
			const char *storage_name, const char **nonprefix_r)
{
	size_t len = strlen(storage_name), prefix_len;
	struct name_writer writer = { .location = location };
	bool is_inbox = location->inbox && strcmp(storage_name, "INBOX") == 0;
	char *vname, *copy, *part, *next;

	prefix_len = is_inbox ? 0 : strlen(location->prefix);
	vname = mem_new(prefix_len + len * MAX_GROWTH + 1);
	copy = mem_strdup(storage_name);
	memcpy(vname, location->prefix, prefix_len);
	writer.dest = vname + prefix_len;
	for (part = copy; part != NULL; part = next) {
		next = strchr(part, storage_sep);
		if (next != NULL)
			*next++ = '\0';
		write_part(&writer, part);
		if (next != NULL)
			*writer.dest++ = location->separator;
	}
	*writer.dest = '\0';
	free(copy);
	*nonprefix_r = vname + prefix_len;
	return vname;
}
