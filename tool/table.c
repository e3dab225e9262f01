/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Columns are aligned by what a terminal shows: a Chinese character takes two
   columns, a combining one none. The C library tells it only for a UTF-8
   locale, and values are UTF-8 whatever the user's locale is. */

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "table.h"

/* Returns the columns that a string takes. */
static unsigned int display_width(const char *str)
{
	const char *end = str + strlen(str);
	mbstate_t state;
	unsigned int width = 0;
	wchar_t chr;
	size_t len;
	int columns;

	memset(&state, 0, sizeof(state));
	for (; str < end; str += len) {
		len = mbrtowc(&chr, str, end - str, &state);
		if (len == 0 || len > (size_t)(end - str)) {
			/* there is no UTF-8 locale */
			memset(&state, 0, sizeof(state));
			len = 1;
			columns = 1;
		} else {
			columns = wcwidth(chr);
		}
		width += columns < 0 ? 1 : columns;
	}
	return width;
}

static void print_blanks(unsigned int count)
{
	while (count-- > 0)
		putchar(' ');
}

static void print_value(const struct mba_column *column, const char *value,
			bool last)
{
	unsigned int width = display_width(value), blanks;

	blanks = width < column->width ? column->width - width : 0;
	if (column->number)
		print_blanks(blanks);
	fputs(value, stdout);
	if (!column->number && !last)
		print_blanks(blanks);
	putchar(last ? '\n' : ' ');
}

void table_print_titles(enum mba_table table)
{
	const struct mba_column *column, *next = mba_column(table, 0);

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	for (unsigned int i = 0; (column = next) != NULL; i++) {
		next = mba_column(table, i + 1);
		print_value(column, column->title, next == NULL);
	}
}

void table_print_row(const char *const *values, void *context)
{
	const enum mba_table *table = context;
	const struct mba_column *column, *next = mba_column(*table, 0);

	for (unsigned int i = 0; (column = next) != NULL; i++) {
		next = mba_column(*table, i + 1);
		print_value(column, values[i], next == NULL);
	}
}
