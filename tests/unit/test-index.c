/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The cases of tests/index: each folder has the index files that a Dovecot
   made, and in "expected" what they say, as "doveadm dump" told it; or what a
   fuzzer found. They are printed, too. Then the same files broken, in every way
   that is cheap. */

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index-dir.h"
#include "index-list.h"
#include "mailbox-audit.h"
#include "unit-cache.h"
#include "unit.h"

#define INDEX_DIR_CASES SRCDIR "/../index"
/* up to where a file is cut off everywhere; then at each page */
#define CUT_SIZE 4096
/* up to where each byte and each number is changed */
#define CHANGE_SIZE 1024

static struct dirent **cases;

static const char *case_prefix(const char *name)
{
	if (strncmp(name, "list", 4) == 0)
		return "dovecot.list.index";
	return strncmp(name, "map", 3) == 0 ? "dovecot.map.index" :
		"dovecot.index";
}

static void print_header(FILE *out, const struct index_state *state)
{
	const struct index_header *hdr = &state->hdr;

	fprintf(out, "indexid %u\nuid_validity %u\nnext_uid %u\n",
		hdr->indexid, hdr->uid_validity, hdr->next_uid);
	fprintf(out, "messages %u\nseen %u\ndeleted %u\n",
		hdr->messages_count, hdr->seen_count, hdr->deleted_count);
	fprintf(out, "first_recent_uid %u\nlog %u %u\n",
		hdr->first_recent_uid, hdr->log_file_seq,
		hdr->log_head_offset);
	fprintf(out, "day %u", hdr->day_stamp);
	for (int i = 0; i < INDEX_DAYS; i++)
		fprintf(out, " %u", hdr->day_first_uid[i]);
	fprintf(out, "\n");
	for (size_t i = 0; i < state->exts.count; i++) {
		const struct index_ext_state *ext = &state->exts.exts[i];

		fprintf(out, "ext %s %u %u %u %u\n", ext->name, ext->hdr_size,
			ext->reset_id, ext->record_size, ext->record_align);
	}
	for (size_t i = 0; i < state->exts.keywords_count; i++)
		fprintf(out, "keyword %s\n", state->exts.keywords[i]);
	for (uint32_t i = 0; i < state->records.count; i++) {
		fprintf(out, "record %u 0x%02x\n", state->records.rows[i].uid,
			state->records.rows[i].flags);
	}
}

static void print_log(FILE *out, const struct index_log_scan *log)
{
	fprintf(out, "log_header %u %u/%u %u %" PRIu64 "\n", log->hdr.file_seq,
		log->hdr.prev_file_seq, log->hdr.prev_file_offset,
		log->hdr.create_stamp, log->hdr.initial_modseq);
	for (int i = 0; i < INDEX_LOG_TYPE_COUNT; i++) {
		const struct index_log_count *count = &log->counts[i];

		if (count->internal + count->external > 0) {
			fprintf(out, "log_type %s %u %u %u\n",
				index_log_type_name(i), count->internal,
				count->external, count->dsync);
		}
	}
}

static void print_cache(FILE *out, const struct index_cache *cache)
{
	fprintf(out, "cache %u %u %u %u %u\n", cache->indexid, cache->file_seq,
		cache->records, cache->continued, cache->deleted);
	for (unsigned int i = 0; i < cache->fields_count; i++) {
		const struct index_cache_field *field = &cache->fields[i];

		fprintf(out, "field %s %s\n", field->name,
			index_cache_decision_name(field->decision));
	}
}

static void print_list(FILE *out, const struct index_state *state)
{
	struct index_list *list = index_list_new(state, '/');
	struct index_list_mailbox box;

	if (list == NULL)
		return;
	ck_assert_ptr_null(index_list_problem(list));
	for (uint32_t i = 0; i < index_list_count(list); i++) {
		index_list_get(list, i, &box);
		ck_assert(!box.is_lost);
		fprintf(out, "mailbox %s %u", box.name, box.uid_validity);
		if (box.has_counts) {
			fprintf(out, " %u %u %u", box.messages, box.unseen,
				box.next_uid);
		}
		fprintf(out, "\n");
	}
	index_list_free(&list);
}

static void print_dir(FILE *out, const struct index_dir *dir)
{
	if (dir->result != INDEX_STATE_OK) {
		fprintf(out, "error %s\n", dir->error);
		return;
	}
	ck_assert_ptr_null(dir->state.problem);
	print_header(out, &dir->state);
	for (int i = 0; i < 2; i++) {
		if (dir->files[INDEX_DIR_LOG + i].data != NULL)
			print_log(out, &dir->logs[i]);
	}
	if (dir->has_cache)
		print_cache(out, &dir->cache);
	print_list(out, &dir->state);
	fprintf(out, "evidence %s\n", mba_evidence_name(dir->evidence.level));
}

static char *read_file(int dir_fd, const char *name, size_t *size_r)
{
	int fd = openat(dir_fd, name, O_RDONLY);
	struct stat st;
	char *data;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fstat(fd, &st), 0);
	data = calloc(1, st.st_size + 1);
	ck_assert_int_eq(read(fd, data, st.st_size), st.st_size);
	ck_assert_int_eq(close(fd), 0);
	*size_r = st.st_size;
	return data;
}

static int open_case(const char *name)
{
	char path[sizeof(INDEX_DIR_CASES) + 256 + 1];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", INDEX_DIR_CASES, name);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(fd, -1);
	return fd;
}

static void check_case(const char *name, int fd,
		       const struct stat *const seen[INDEX_DIR_FILES])
{
	struct index_dir dir;
	char *text = NULL, *expected;
	size_t size, expected_size;
	FILE *out = open_memstream(&text, &size);

	index_dir_read(fd, case_prefix(name), seen, &dir);
	print_dir(out, &dir);
	ck_assert_int_eq(fclose(out), 0);
	expected = read_file(fd, "expected", &expected_size);
	if (strcmp(text, expected) != 0)
		ck_abort_msg("%s: got\n%s\nexpected\n%s", name, text,
			     expected);
	/* far from the budget */
	ck_assert_uint_lt(dir.state.budget.steps, dir.state.budget.limit / 8);
	ck_assert_uint_le(dir.state.records.budget.steps,
			  dir.state.records.budget.limit / 8);
	index_dir_free(&dir);
	free(text);
	free(expected);
}

START_TEST(files_are_understood)
{
	const char *name = cases[_i]->d_name;
	int fd = open_case(name);

	check_case(name, fd, NULL);
	(void)close(fd);
}
END_TEST

static void look_as_it_is(struct stat *st)
{
	(void)st;
}

static void look_shorter(struct stat *st)
{
	st->st_size /= 2;
}

static void look_almost_as_long(struct stat *st)
{
	st->st_size--;
}

static void look_empty(struct stat *st)
{
	st->st_size = 0;
}

static void look_longer(struct stat *st)
{
	st->st_size *= 2;
}

static void look_too_long(struct stat *st)
{
	st->st_size = (off_t)1 << 40;
}

static void look_like_fifo(struct stat *st)
{
	st->st_mode = S_IFIFO | 0600;
}

/* Whatever a look found: the files may have changed since. */
static void (*const looks[])(struct stat *st) = {
	look_as_it_is, look_shorter, look_almost_as_long, look_empty,
	look_longer, look_too_long, look_like_fifo
};

START_TEST(files_change_after_a_look)
{
	const char *name = cases[_i]->d_name;
	const struct stat *seen[INDEX_DIR_FILES];
	struct stat st[INDEX_DIR_FILES];
	int fd = open_case(name);
	char path[64];

	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		for (int id = 0; id < INDEX_DIR_FILES; id++) {
			(void)snprintf(path, sizeof(path), "%s%s",
				       case_prefix(name),
				       index_dir_suffix(id));
			seen[id] = fstatat(fd, path, &st[id],
					   AT_SYMLINK_NOFOLLOW) < 0 ? NULL :
				&st[id];
			if (seen[id] != NULL && id != INDEX_DIR_THREAD)
				looks[i](&st[id]);
		}
		check_case(name, fd, seen);
		/* it is made after the look */
		seen[INDEX_DIR_LOG] = NULL;
		check_case(name, fd, seen);
	}
	(void)close(fd);
}
END_TEST

/* Decode files that may be broken. What comes back has to make sense. */
static void decode(const struct index_state_input *input)
{
	enum index_state_result result;
	struct index_state state;
	const struct index_record *rows;
	struct index_list *list;
	struct index_list_mailbox box;
	const char *error;

	result = index_state_read(input, &state, &error);
	ck_assert_int_eq(result == INDEX_STATE_OK, error == NULL);
	ck_assert_uint_le(state.budget.limit + state.records.budget.limit,
			  (input->index.size + input->log.size +
			   input->log2.size) * CURSOR_STEPS_PER_BYTE);
	ck_assert_uint_le(state.budget.steps, state.budget.limit);
	ck_assert_uint_le(state.records.budget.steps,
			  state.records.budget.limit);
	rows = state.records.rows;
	for (uint32_t i = 1; i < state.records.count; i++)
		ck_assert_uint_gt(rows[i].uid, rows[i - 1].uid);
	list = index_list_new(&state, '/');
	for (uint32_t i = 0; list != NULL && i < index_list_count(list); i++)
		index_list_get(list, i, &box);
	index_list_free(&list);
	index_state_free(&state);
}

/* Decode a file on its own, whatever it is, and with the others. */
static void decode_all(struct index_state_input *input,
		       enum index_dir_file_id id, const void *data, size_t size)
{
	struct index_state_file *const files[] = {
		&input->index, &input->log, &input->log2
	};
	/* so that reading past its end is seen */
	void *copy = malloc(size + (size == 0 ? 1 : 0));
	struct index_log_scan scan;
	struct index_cache cache;
	const char *error;

	memcpy(copy, data, size);
	if (id == INDEX_DIR_CACHE) {
		(void)unit_cache_decode(&cache, copy, size, &error);
		index_cache_free(&cache);
	} else {
		(void)index_log_scan(copy, size, &scan, &error);
		*files[id] = (struct index_state_file) { copy, size };
		decode(input);
	}
	free(copy);
}

/* Put a number in a file's place, and decode that. */
static void decode_changed(struct index_state_input *input,
			   enum index_dir_file_id id, char *data, size_t size,
			   size_t pos, const void *number, size_t number_size)
{
	char old[4];

	if (number_size > size - pos)
		return;
	memcpy(old, data + pos, number_size);
	memcpy(data + pos, number, number_size);
	decode_all(input, id, data, size);
	memcpy(data + pos, old, number_size);
}

/* Lengths, offsets, counts and ids come to be 0, 1, as large as can be, and one
   less: numbers of 16 and 32 bits, and those that Dovecot writes last, of which
   1 is one unit of four. */
static void break_numbers(struct index_state_input *input,
			  enum index_dir_file_id id, char *data, size_t size)
{
	static const uint32_t numbers[] = { 0, 1, UINT32_MAX - 1, UINT32_MAX };
	static const uint16_t shorts[] = { 0, 1, UINT16_MAX - 1, UINT16_MAX };
	static const char *const offsets[] = {
		"\200\200\200\201", "\377\377\377\376"
	};

	for (size_t pos = 0; pos < size && pos < CHANGE_SIZE; pos += 2) {
		for (int i = 0; i < 4; i++) {
			decode_changed(input, id, data, size, pos, &shorts[i],
				       sizeof(shorts[i]));
			decode_changed(input, id, data, size, pos, &numbers[i],
				       sizeof(numbers[i]));
		}
		for (int i = 0; i < 2; i++) {
			decode_changed(input, id, data, size, pos, offsets[i],
				       4);
		}
	}
}

static void break_file(const struct index_dir *dir, enum index_dir_file_id id,
		       const char *data, size_t size)
{
	struct index_state_input input = {
		.index = { dir->files[0].data, dir->files[0].size },
		.log = { dir->files[1].data, dir->files[1].size },
		.log2 = { dir->files[2].data, dir->files[2].size },
	};
	static const unsigned char bits[] = { 0x01, 0x80, 0xff };
	char *copy = malloc(size + 1);

	for (size_t len = 0; len < size; len += len < CUT_SIZE ? 1 : CUT_SIZE)
		decode_all(&input, id, data, len);
	memcpy(copy, data, size);
	for (size_t pos = 0; pos < size && pos < CHANGE_SIZE; pos++) {
		for (int i = 0; i < 3; i++) {
			unsigned char flipped =
				(unsigned char)copy[pos] ^ bits[i];

			decode_changed(&input, id, copy, size, pos, &flipped,
				       1);
		}
	}
	break_numbers(&input, id, copy, size);
	free(copy);
}

START_TEST(broken_files_are_survived)
{
	const char *name = cases[_i]->d_name;
	int fd = open_case(name);
	struct index_dir dir;
	char path[64], *data;
	size_t size;

	index_dir_read(fd, case_prefix(name), NULL, &dir);
	for (int id = 0; id <= INDEX_DIR_CACHE; id++) {
		if (!dir.files[id].exists)
			continue;
		(void)snprintf(path, sizeof(path), "%s%s", case_prefix(name),
			       index_dir_suffix(id));
		data = read_file(fd, path, &size);
		break_file(&dir, id, data, size);
		free(data);
	}
	index_dir_free(&dir);
	(void)close(fd);
}
END_TEST

static void count_line(const char *line, void *context)
{
	unsigned int *count = context;

	for (; *line != '\0'; line++)
		ck_assert((unsigned char)*line >= ' ' && *line != 0x7f);
	(*count)++;
}

/* An administrator's view of the same, for people and for scripts. */
START_TEST(files_are_printed)
{
	struct mba_inspect_settings set = { .verify = true };
	char path[sizeof(INDEX_DIR_CASES) + 256 + 1], *error;
	unsigned int count;

	(void)snprintf(path, sizeof(path), "%s/%s", INDEX_DIR_CASES,
		       cases[_i]->d_name);
	for (int i = 0; i < 2; i++) {
		set.json = i == 1;
		count = 0;
		ck_assert_int_eq(mba_inspect(path, &set, count_line, &count,
					     &error), 0);
		if (set.json)
			ck_assert_uint_eq(count, 1);
		else
			ck_assert_uint_gt(count, 5);
	}
}
END_TEST

/* They are of machines with little endianness, and Dovecot refuses those of the
   other one. */
START_TEST(files_are_refused)
{
	const char *name = cases[_i]->d_name;
	int fd = open_case(name);
	struct index_dir dir;

	index_dir_read(fd, case_prefix(name), NULL, &dir);
	ck_assert_int_eq(dir.result, INDEX_STATE_UNKNOWN);
	ck_assert_str_eq(dir.error, "It was written by a machine with the "
			 "other endianness");
	ck_assert_uint_eq(dir.state.records.count, 0);
	index_dir_free(&dir);
	(void)close(fd);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index");
	int count = unit_cases_find(INDEX_DIR_CASES, &cases), status;

	if (IS_LITTLE_ENDIAN) {
		tcase_add_loop_test(tcase, files_are_understood, 0, count);
		tcase_add_loop_test(tcase, files_change_after_a_look, 0,
				    count);
		tcase_add_loop_test(tcase, files_are_printed, 0, count);
	} else {
		tcase_add_loop_test(tcase, files_are_refused, 0, count);
	}
	tcase_add_loop_test(tcase, broken_files_are_survived, 0, count);
	status = unit_run(tcase);
	unit_cases_free(cases, count);
	return status;
}
