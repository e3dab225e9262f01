/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A table for people. The first rows tell how wide the columns are; what is
   wider later on shifts the rest of its row. The last column has no width.

   Columns are aligned by what a terminal shows: a Chinese character takes two
   of its columns, a combining one none. The C library tells it only in a UTF-8
   locale, and values are UTF-8 whatever the process's locale is. */

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "alloc.h"
#include "report-row.h"
#include "report-text-columns.h"

/* rows to wait for */
#define FIRST_ROWS_COUNT 100

struct mba_text_table {
	const struct text_column *columns;
	unsigned int columns_count;
	/* the values that each column is made of, by their indexes */
	unsigned int values[REPORT_MAX_COLUMNS];
	unsigned int other_values[REPORT_MAX_COLUMNS];
	size_t widths[REPORT_MAX_COLUMNS];

	/* those of the first rows, one after the other; NULL if they were
	   written */
	char **first_cells;
	unsigned int first_count;
	bool titles;

	char *line;
	size_t line_len, line_alloc;
	locale_t locale;
	mba_line_callback_t *callback;
	void *context;
};

/* Returns the columns of a terminal that a string takes. */
static size_t display_width(const struct mba_text_table *table, const char *str)
{
	const char *end = str + strlen(str);
	locale_t old = uselocale(table->locale);
	mbstate_t state;
	size_t width = 0, len;
	wchar_t chr;
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
	(void)uselocale(old);
	return width;
}

static void line_append(struct mba_text_table *table, const char *str)
{
	size_t len = strlen(str);

	table->line = mem_grow(table->line, &table->line_alloc,
			       table->line_len + len + 1, 1);
	memcpy(table->line + table->line_len, str, len + 1);
	table->line_len += len;
}

static void line_append_cell(struct mba_text_table *table, unsigned int idx,
			     const char *cell)
{
	const struct text_column *column = &table->columns[idx];
	bool last = idx + 1 == table->columns_count;
	size_t width = display_width(table, cell);

	if (!column->number)
		line_append(table, cell);
	for (; width < table->widths[idx] && (column->number || !last); width++)
		line_append(table, " ");
	if (column->number)
		line_append(table, cell);
	if (!last)
		line_append(table, " ");
}

/* Write a row; NULL are the titles. */
static void write_row(struct mba_text_table *table, char *const *cells)
{
	table->line_len = 0;
	for (unsigned int i = 0; i < table->columns_count; i++) {
		line_append_cell(table, i, cells == NULL ?
				 table->columns[i].title : cells[i]);
	}
	table->callback(table->line, table->context);
}

static void free_cells(const struct mba_text_table *table, char **cells)
{
	for (unsigned int i = 0; i < table->columns_count; i++)
		free(cells[i]);
}

/* Write the titles and the first rows. */
static void write_first(struct mba_text_table *table)
{
	char **cells = table->first_cells;
	size_t width;

	for (unsigned int i = 0; i < table->first_count; i++) {
		for (unsigned int j = 0; j < table->columns_count; j++) {
			width = display_width(table, *cells++);
			if (width > table->widths[j])
				table->widths[j] = width;
		}
	}
	if (table->titles)
		write_row(table, NULL);
	cells = table->first_cells;
	for (unsigned int i = 0; i < table->first_count; i++) {
		write_row(table, cells);
		free_cells(table, cells);
		cells += table->columns_count;
	}
	free(table->first_cells);
	table->first_cells = NULL;
}

/* Returns the index of a value for scripts; any if key is NULL. */
static unsigned int
value_idx(const struct mba_audit_settings *set, enum mba_table table,
	  const char *key)
{
	unsigned int idx = 0;

	if (key == NULL)
		return 0;
	while (strcmp(mba_column(set, table, idx)->key, key) != 0)
		idx++;
	return idx;
}

struct mba_text_table *
mba_text_table_init(const struct mba_audit_settings *set, enum mba_table type,
		    bool users, bool titles, mba_line_callback_t *callback,
		    void *context)
{
	struct mba_text_table *table = mem_new(sizeof(*table));
	const struct text_column *column;
	unsigned int i = 0;

	table->titles = titles;
	table->callback = callback;
	table->context = context;
	table->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	table->columns = report_text_columns(set, type);
	if (!users)
		table->columns++;
	for (column = table->columns; column->title != NULL; column++, i++) {
		table->values[i] = value_idx(set, type, column->key);
		table->other_values[i] = value_idx(set, type,
						   column->other_key);
		table->widths[i] = titles ? strlen(column->title) : 0;
	}
	table->columns_count = i;
	table->first_cells = mem_new(FIRST_ROWS_COUNT * i *
				     sizeof(*table->first_cells));
	return table;
}

void mba_text_table_row(struct mba_text_table *table, const char *const *values)
{
	char *cells[REPORT_MAX_COLUMNS];
	const struct text_column *column;
	const char *value;

	for (unsigned int i = 0; i < table->columns_count; i++) {
		column = &table->columns[i];
		value = values[table->values[i]];
		cells[i] = column->cell == NULL ? mem_strdup(value) :
			column->cell(value, values[table->other_values[i]]);
	}
	if (table->first_cells != NULL) {
		memcpy(table->first_cells +
		       (size_t)table->first_count * table->columns_count,
		       cells, table->columns_count * sizeof(*cells));
		if (++table->first_count == FIRST_ROWS_COUNT)
			write_first(table);
		return;
	}
	write_row(table, cells);
	free_cells(table, cells);
}

void mba_text_table_deinit(struct mba_text_table **_table)
{
	struct mba_text_table *table = *_table;

	*_table = NULL;
	if (table == NULL)
		return;
	if (table->first_cells != NULL)
		write_first(table);
	if (table->locale != (locale_t)0)
		freelocale(table->locale);
	free(table->line);
	free(table);
}
