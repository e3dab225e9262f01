/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Doveadm's printers, as the commands of the plugin need them.

   "table" becomes the library's table, which is the utility's. All others print
   the rows for scripts.

   Stock printers can't be relied on for a value that arrives in pieces from
   doveadm-server, as the end of its buffer has it: "formatted" crashes, "json"
   does if it is a number, and "tab" puts a tab between the pieces. So pieces
   are put together first. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "doveadm-print-private.h"
#include "doveadm-mailbox-audit.h"

#include <stdio.h>
#include <stdlib.h>

/* the value whose pieces are coming in */
static string_t *pending;

enum printer {
	PRINTER_FLOW,
	PRINTER_FORMATTED,
	PRINTER_JSON,
	PRINTER_PAGER,
	PRINTER_TAB,
	PRINTER_TABLE,

	PRINTER_COUNT
};

/* Found by their names: doveadm-server's binary, which also loads the plugin,
   hasn't all of them. vfuncs is NULL if there is none. */
static struct {
	struct doveadm_print_vfuncs *vfuncs, stock;
} printers[PRINTER_COUNT];

static void print_piece(enum printer printer, const unsigned char *piece,
			size_t size)
{
	string_t *whole;

	if (pending == NULL)
		pending = str_new(default_pool, 1024);
	if (size > 0) {
		str_append_data(pending, piece, size);
		return;
	}
	/* the end of the value */
	whole = pending;
	pending = NULL;
	printers[printer].vfuncs->print(str_c(whole));
	str_free(&whole);
}

#define PRINT_STREAM(name, printer) \
static void name(const unsigned char *piece, size_t size) \
{ \
	print_piece(printer, piece, size); \
}
PRINT_STREAM(flow_print_stream, PRINTER_FLOW)
PRINT_STREAM(formatted_print_stream, PRINTER_FORMATTED)
PRINT_STREAM(json_print_stream, PRINTER_JSON)
PRINT_STREAM(pager_print_stream, PRINTER_PAGER)
PRINT_STREAM(tab_print_stream, PRINTER_TAB)
PRINT_STREAM(table_print_stream, PRINTER_TABLE)

static const struct {
	const char *name;
	void (*print_stream)(const unsigned char *piece, size_t size);
} printer_functions[PRINTER_COUNT] = {
	[PRINTER_FLOW] = { DOVEADM_PRINT_TYPE_FLOW, flow_print_stream },
	[PRINTER_FORMATTED] = { DOVEADM_PRINT_TYPE_FORMATTED,
				formatted_print_stream },
	[PRINTER_JSON] = { DOVEADM_PRINT_TYPE_JSON, json_print_stream },
	[PRINTER_PAGER] = { DOVEADM_PRINT_TYPE_PAGER, pager_print_stream },
	[PRINTER_TAB] = { DOVEADM_PRINT_TYPE_TAB, tab_print_stream },
	[PRINTER_TABLE] = { DOVEADM_PRINT_TYPE_TABLE, table_print_stream },
};

/* Of the table: its rows and the columns that doveadm knows. */
static struct {
	const struct mba_audit_settings *set;
	enum mba_table type;
	unsigned int all_columns, columns;
	struct mba_text_table *text;
	ARRAY(char *) values;
} table;

static void table_print_line(const char *line, void *context ATTR_UNUSED)
{
	puts(line);
}

static void table_header(const struct doveadm_print_header *hdr ATTR_UNUSED)
{
	table.columns++;
}

/* The user's name is the only column that may be missing. */
static bool table_has_users(void)
{
	return table.columns == table.all_columns;
}

static void table_begin(void)
{
	if (table.text == NULL) {
		table.text = mba_text_table_init(table.set, table.type,
			table_has_users(), !doveadm_print_hide_titles,
			table_print_line, NULL);
	}
}

static void table_free_values(void)
{
	char *value;

	array_foreach_elem(&table.values, value)
		i_free(value);
	array_clear(&table.values);
}

/* Add the first value, which is doveadm's own: as it is, or there is none. */
static void table_add_user(const char *name)
{
	char *escaped = mba_escape(name), *value = i_strdup(escaped);

	array_push_back(&table.values, &value);
	free(escaped);
}

static void table_print(const char *_value)
{
	char *value;

	if (array_is_empty(&table.values)) {
		table_add_user(table_has_users() ? _value : "-");
		if (table_has_users())
			return;
	}
	value = i_strdup(_value);
	array_push_back(&table.values, &value);
	if (array_count(&table.values) < table.all_columns)
		return;
	table_begin();
	mba_text_table_row(table.text, (const char *const *)
			   array_front(&table.values));
	table_free_values();
}

/* Write what is left, unless another printer has the headers. */
static void table_end(void)
{
	if (table.columns > 0)
		table_begin();
	mba_text_table_deinit(&table.text);
}

static void printer_take(const struct doveadm_print_vfuncs *vfuncs)
{
	for (unsigned int i = 0; i < PRINTER_COUNT; i++) {
		if (strcmp(vfuncs->name, printer_functions[i].name) != 0)
			continue;
		/* what the list of them points to isn't const */
		printers[i].vfuncs = (struct doveadm_print_vfuncs *)vfuncs;
		printers[i].stock = *vfuncs;
		printers[i].vfuncs->print_stream =
			printer_functions[i].print_stream;
		if (i == PRINTER_TABLE && table.set != NULL) {
			printers[i].vfuncs->header = table_header;
			printers[i].vfuncs->print = table_print;
		}
	}
}

void doveadm_printers_init(const struct mba_audit_settings *set,
			   enum mba_table type)
{
	i_zero(&table);
	table.set = set;
	table.type = type;
	while (set != NULL && mba_column(set, type, table.all_columns) != NULL)
		table.all_columns++;
	i_array_init(&table.values, table.all_columns);
	for (unsigned int i = 0; doveadm_print_vfuncs_all[i] != NULL; i++)
		printer_take(doveadm_print_vfuncs_all[i]);
}

void doveadm_printers_deinit(void)
{
	if (!array_is_created(&table.values))
		return;
	table_end();
	for (unsigned int i = 0; i < PRINTER_COUNT; i++) {
		if (printers[i].vfuncs != NULL)
			*printers[i].vfuncs = printers[i].stock;
	}
	table_free_values();
	array_free(&table.values);
	str_free(&pending);
	i_zero(&table);
}
